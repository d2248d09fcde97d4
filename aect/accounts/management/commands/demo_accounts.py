"""Creates the demonstration accounts, where `AECT_DEMO=1` only."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from aect.accounts.demo import ACCOUNTS, PASSWORD
from aect.accounts.models import User


class Command(BaseCommand):
    help = "Creates the demonstration accounts (only where AECT_DEMO=1). Idempotent."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.AECT_DEMO:
            raise CommandError("Demonstration accounts are created only where AECT_DEMO=1.")
        for email, fields in ACCOUNTS.items():
            user, _ = User.objects.update_or_create(email=email, defaults=fields)
            user.set_password(PASSWORD)
            user.save()
            self.stdout.write(f"{email} ({user.get_role_display()})")
