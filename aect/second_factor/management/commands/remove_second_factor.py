"""Takes a lost second factor away, for the last administrator too, who has nobody to ask."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aect.accounts.models import User
from aect.second_factor.services import remove


class Command(BaseCommand):
    help = (
        "Takes away the second factor and the recovery codes of somebody who lost their device, and closes their "
        "sessions. Make sure first that it is really they who ask."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"No account has the address {email}.")
        if not remove(user, by=None):
            raise CommandError(f"{email} has no second factor.")
        self.stdout.write("Removed; the password, or ProConnect, still opens the account.")
