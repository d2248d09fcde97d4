"""Gives the demonstration's agents their collectivities, where `AECT_DEMO=1` only."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from aect.accounts.models import User
from partnerships.choices import MemberRole, Scheme
from partnerships.models import Membership, Organisation

SIRENS = {"agent.larochelle@demo.test": "241700434", "agent.bordeaux@demo.test": "243300316"}


class Command(BaseCommand):
    help = "Makes the demonstration's agents signatories of their collectivities (only where AECT_DEMO=1). Idempotent."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.AECT_DEMO:
            raise CommandError("Demonstration accounts act for collectivities only where AECT_DEMO=1.")
        for email, siren in SIRENS.items():
            user = User.objects.filter(email=email).first()
            place = Organisation.objects.filter(identifiers__scheme=Scheme.SIREN, identifiers__code=siren).first()
            if user is None or place is None:
                raise CommandError(
                    f"No account {email} or no SIREN {siren}: run demo_accounts and load_founding first."
                )
            Membership.objects.get_or_create(user=user, organisation=place, defaults={"role": MemberRole.SIGNATORY})
            self.stdout.write(f"{email}: {place}")
