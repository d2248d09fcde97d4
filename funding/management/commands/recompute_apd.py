"""Rebuilds APD totals now, without a worker."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from funding.models import ApdLine
from funding.services import reassess_lines, rebuild


class Command(BaseCommand):
    help = "Rebuilds the APD totals of changed lines, or all of them, and prints lines read, rows written, seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--year", type=int, help="Only this year.")
        parser.add_argument("--full", action="store_true", help="Assess every line again and rebuild every total.")

    def handle(self, *args: Any, year: int | None, full: bool, **options: Any) -> None:
        if full:
            lines = ApdLine.objects.all() if year is None else ApdLine.objects.in_year(year)
            self.stdout.write(f"lines reassessed: {reassess_lines(lines)}")
        result = rebuild(full=full, year=year)
        self.stdout.write(f"lines read: {result.lines_read}")
        self.stdout.write(f"rows written: {result.rows_written}")
        self.stdout.write(f"seconds: {result.seconds}")
