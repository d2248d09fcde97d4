"""Puts a backup back: the database, the files that people sent, and the application role's rights."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from aect.backups.services import NotDone, grant, restore


class Command(BaseCommand):
    help = "Restores a backup into an empty database; stop the web and the workers first."
    requires_system_checks: list[str] = []  # some of them read tables

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--over", action="store_true", help="Replace what the database and the folder hold.")

    def handle(self, *args: Any, file: Path, over: bool, **options: Any) -> None:
        application = dict(connection.settings_dict)
        try:
            told = restore(file, over=over)
        except NotDone as reason:
            raise CommandError(str(reason)) from reason
        grant(application)
        self.stdout.write(f"Restored what was backed up on {told['made_at']}: {len(told['files']) - 1} file(s).")
