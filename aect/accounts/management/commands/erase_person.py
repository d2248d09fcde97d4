"""Erases a person: what is theirs is deleted, the account's number stays without a name."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aect.accounts.models import User
from aect.accounts.persons import erase_person


class Command(BaseCommand):
    help = (
        "Erases a person for good: name, address, password, sessions, failed sign-ins and personal rows go; the "
        "account's number stays in the history, which must say who did what, and leads to nobody."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"No account has the address {email}.")
        erase_person(user)
        self.stdout.write(f"Erased; what account {user.pk} did keeps that number.")
