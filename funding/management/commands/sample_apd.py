"""Loads made-up APD lines, marked as fictitious wherever they show."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from funding.samples import MissingReference, replace_sample

MOST = 2_000_000


def size(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 <= int(text[:8]) <= MOST:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a number of lines from 0 to {MOST}")
    return int(text)


class Command(BaseCommand):
    help = "Replaces the fictitious APD lines by N others, the same for the same N and S."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--lines", type=size, required=True, metavar="N")
        parser.add_argument("--seed", type=int, required=True, metavar="S")

    def handle(self, *args: Any, lines: int, seed: int, **options: Any) -> None:
        try:
            written = replace_sample(lines=lines, seed=seed)
        except MissingReference as error:
            raise CommandError("No code lists or collectivities to draw from: run load_reference first.") from error
        self.stdout.write(f"fictitious lines written: {written}")
