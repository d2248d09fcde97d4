"""The same export of the registry as the screen's."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aect.batches.exports import FORMATS, export
from aect.batches.kinds import KINDS
from aect.tabular.writing import DELIMITERS


class Command(BaseCommand):
    help = "Writes one kind of the registry's rows, in the columns that import_registry reads."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS))
        parser.add_argument("--profile", default="standard", choices=sorted(DELIMITERS), help="Of a CSV.")
        parser.add_argument("--output", required=True, metavar="FILE|-", help="FILE.csv or FILE.xlsx; - is a CSV.")

    def handle(self, *args: Any, kind: str, profile: str, output: str, **options: Any) -> None:
        form = "csv" if output == "-" else Path(output).suffix.removeprefix(".").lower()
        if form not in FORMATS:
            raise CommandError("The file's name must end with .csv or .xlsx.")
        file = export(kind, form, profile)
        try:
            if output == "-":
                file.write(sys.stdout.buffer)
                sys.stdout.buffer.flush()
            else:
                file.save(Path(output))
        except OSError as error:
            raise CommandError(str(error)) from error
