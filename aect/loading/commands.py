"""What the commands that load `fixtures/` share."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pghistory
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.urls import reverse

from aect.loading.merging import BadFixture, Changes
from aect.loading.models import Difference
from aect.spelling.services import gather

MANY = 1000  # new rows after which PostgreSQL's picture of the tables is wrong, and its plans with it


class LoadCommand(BaseCommand):
    """Loads a folder whole, or nothing of it; the history then says that this command did it."""

    name: ClassVar[str]

    def load(self, folder: Path) -> Mapping[str, Changes]:
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "fixtures", help="default: fixtures/")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and write nothing")

    def handle(self, *args: Any, folder: Path, dry_run: bool, **options: Any) -> None:
        try:
            with pghistory.context(command=self.name), transaction.atomic():
                loaded = self.load(folder)
                waiting = Difference.objects.to_decide().count()
                transaction.set_rollback(dry_run)
        except BadFixture as problem:
            raise CommandError(f"{problem}. Nothing was written.") from problem
        if not dry_run:
            gather()
            if sum(changes.created for changes in loaded.values()) >= MANY:
                with connection.cursor() as cursor:
                    cursor.execute("ANALYZE")
        for name, changes in loaded.items():
            self.stdout.write(f"{name}: {changes}")
        if waiting:
            address = f"{settings.SITE_URL}{reverse('differences')}"
            self.stdout.write(f"Between people and the files, {waiting} to decide: {address}")
        if dry_run:
            self.stdout.write("Dry run: nothing was written.")
