"""The same import of the registry as the screen's: checked whole, written whole or not at all."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from aect.accounts.models import User
from aect.batches import services
from aect.batches.kinds import KINDS
from aect.batches.models import Mode
from aect.tabular.reading import Unreadable


class Command(BaseCommand):
    help = "Imports one kind of rows. A refused file: exit code 1, and `row, column, value, message` a line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS))
        parser.add_argument("file", type=Path)
        parser.add_argument("--mode", required=True, choices=Mode.values)
        parser.add_argument("--dry-run", action="store_true", help="Check, and write nothing.")
        parser.add_argument("--by", required=True, metavar="EMAIL", help="The account in whose name it is done.")

    def handle(self, *args: Any, kind: str, file: Path, mode: str, dry_run: bool, by: str, **options: Any) -> None:
        user = User.objects.filter(email=by.lower()).first()
        if user is None:
            raise CommandError(f"No account has the address {by}.")
        try:
            with file.open("rb") as opened:
                batch, problems = services.import_now(
                    opened, name=file.name, kind=kind, mode=mode, by=user, is_trial=dry_run
                )
        except (OSError, Unreadable) as error:
            raise CommandError(str(error)) from error
        except IntegrityError as error:
            raise CommandError("Somebody writes the same rows just now. Nothing was written: try again.") from error
        if problems:
            for problem in problems:
                self.stdout.write(", ".join(" ".join(str(part).split()) for part in problem))
            raise CommandError(f"{len(problems)} problem(s). Nothing was written.")
        done = "Nothing was written (--dry-run)" if dry_run else f"Written as import {batch.pk}"
        counts = f"{batch.new_count} new, {batch.changed_count} changed, {batch.unchanged_count} unchanged"
        self.stdout.write(f"{counts}. {done}.")
