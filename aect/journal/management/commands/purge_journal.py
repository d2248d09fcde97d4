"""Deletes the journal's old rows, as the owner of the tables: the application's own role cannot."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError, transaction
from django.utils import timezone

from aect.journal import roles
from aect.journal.models import Action, Entry
from aect.journal.services import record

LEAST = 180  # days: a younger row is never deleted


class Command(BaseCommand):
    help = "Deletes the journal's rows older than so many days, and notes that in the journal. The history stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=3 * 365, help=f"{LEAST} at least; three years when not said.")

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        if days < LEAST:
            raise CommandError(f"The journal keeps {LEAST} days at least.")
        try:
            with roles.as_owner(), transaction.atomic():
                deleted, _each = Entry.objects.filter(at__lt=timezone.now() - timedelta(days=days)).delete()
                record(Action.PURGED, by=None, days=days, rows=deleted)
        except ProgrammingError as error:
            raise CommandError(f"Name the owner of the tables in MIGRATION_DATABASE_URL: {error}") from error
        self.stdout.write(f"{deleted} row(s) deleted.")
