"""The same APD export as the screen's, and the lines themselves."""

import sys
from pathlib import Path
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.http import QueryDict

from aect.tabular.writing import QueryCsv
from funding import exports
from funding.filters.figures import ApdFilter
from funding.models import ApdLine, ApdTotal
from funding.permissions import visible_lines, visible_totals

PARAMETERS = [name for name in ApdFilter.base_filters if name not in {"page", "profil"}]


class Command(BaseCommand):
    help = "Writes APD totals (or lines) as CSV. Filters are those of the screen: --annee 2018 --pays MX --pays SN …"

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--summary", action="store_true", help="Totals (the default).")
        what.add_argument("--lines", action="store_true", help="The lines, as import_apd reads them.")
        parser.add_argument("--all", action="store_true", help="Lines that are not published, too.")
        parser.add_argument("--profile", default="standard", metavar="standard|excel-fr")
        parser.add_argument("--output", required=True, metavar="FILE|-")
        for name in PARAMETERS:
            parser.add_argument(f"--{name}", action="append", default=[], metavar="VALUE")

    def handle(self, *args: Any, lines: bool, profile: str, output: str, **options: Any) -> None:
        asked = QueryDict(mutable=True)
        asked["profil"] = profile
        for name in PARAMETERS:
            if options[name]:
                asked.setlist(name, options[name])
        rows: QuerySet[Any] = (visible_lines if lines else visible_totals)(AnonymousUser())
        if options["all"]:
            rows = (ApdLine if lines else ApdTotal).objects.all()
        filterset = ApdFilter(asked, rows, unpublished=options["all"])
        if filterset.unknown_parameters:
            raise CommandError("--publication goes with --all.")
        if filterset.problems:
            raise CommandError("\n".join(filterset.problems))
        self._write((exports.lines if lines else exports.summary)(filterset), output)

    def _write(self, export: QueryCsv, output: str) -> None:
        if output == "-":
            export.write(sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return
        try:
            export.save(Path(output))
        except OSError as error:
            raise CommandError(str(error)) from error
