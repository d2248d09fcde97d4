"""Writes a backup of the database and of the files that people sent."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aect.backups.services import NotDone, back_up
from aect.journal.roles import as_owner


class Command(BaseCommand):
    help = "Backs up the database and the uploaded files into one file, readable by its owner only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            with as_owner():
                told = back_up(file.absolute())
        except NotDone as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(f"{file}: the database and {len(told['files']) - 1} file(s), {file.stat().st_size} bytes.")
