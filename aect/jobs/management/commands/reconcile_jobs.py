"""Rings again for jobs whose message was lost or whose worker died."""

import tempfile
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, close_old_connections

from aect.jobs.services import reconcile


class Command(BaseCommand):
    help = "Rings again for jobs left behind, once or every so many seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=int, metavar="SECONDS", help="Go on, with this pause between rounds.")

    def handle(self, *args: Any, every: int | None, **options: Any) -> None:
        self.round()
        while every:
            time.sleep(every)
            close_old_connections()
            try:
                self.round()
            except OperationalError as error:  # the database restarts: the next round finds it
                self.stderr.write(str(error))

    def round(self) -> None:
        """Once, and a word for whoever watches this process (see docker-compose.yml)."""
        if rung := reconcile():
            self.stdout.write(f"{rung} job(s) rung for again.")
        Path(tempfile.gettempdir(), "reconciler-alive").touch()
