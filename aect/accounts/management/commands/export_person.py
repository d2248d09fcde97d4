"""Writes all that is kept of a person, as JSON."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aect.accounts.models import User
from aect.accounts.persons import export_person


class Command(BaseCommand):
    help = "Writes what is kept of a person, as JSON, without the secrets that would open the account."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"No account has the address {email}.")
        self.stdout.write(json.dumps(export_person(user), ensure_ascii=False, indent=2))
