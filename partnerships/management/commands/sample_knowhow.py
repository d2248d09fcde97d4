"""Loads made-up offers of know-how and needs, marked as fictitious wherever they show."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from partnerships.samples import MissingReference, replace_sample

MOST = 100_000


def size(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 <= int(text[:8]) <= MOST:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a number from 0 to {MOST}")
    return int(text)


class Command(BaseCommand):
    help = "Replaces the fictitious offers of know-how and needs by others, the same for the same N, M and S."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--offers", type=size, required=True, metavar="N")
        parser.add_argument("--needs", type=size, required=True, metavar="M")
        parser.add_argument("--seed", type=int, required=True, metavar="S")

    def handle(self, *args: Any, offers: int, needs: int, seed: int, **options: Any) -> None:
        try:
            written = replace_sample(offers=offers, needs=needs, seed=seed)
        except MissingReference as error:
            raise CommandError("No organisations or themes: run load_reference and load_founding first.") from error
        self.stdout.write("fictitious offers written: {}, needs: {}".format(*written))
