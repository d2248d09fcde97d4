from pathlib import Path
from typing import Any

import pghistory
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from aect.fixtures import BadFixture
from aect.spelling.services import gather
from funding.imports import load_founding


class Command(BaseCommand):
    help = "Loads the founding cases with their sources; needs the reference data. Idempotent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "fixtures", help="default: fixtures/")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            with pghistory.context(command="load_founding"):
                loaded = load_founding(folder)
        except BadFixture as problem:
            raise CommandError(f"{problem}. Nothing was written.") from problem
        gather()
        for name, changes in loaded.items():
            self.stdout.write(f"{name}: {changes}")
