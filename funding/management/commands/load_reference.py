from pathlib import Path
from typing import Any

import pghistory
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from aect.fixtures import BadFixture
from aect.spelling.services import gather
from funding.imports import load_reference


class Command(BaseCommand):
    help = "Loads code lists, countries, the DAC list by year, French and Mexican authorities. Idempotent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "fixtures", help="default: fixtures/")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            with pghistory.context(command="load_reference"):
                loaded = load_reference(folder)
        except BadFixture as problem:
            raise CommandError(f"{problem}. Nothing was written.") from problem
        gather()
        for name, changes in loaded.items():
            self.stdout.write(f"{name}: {changes}")
