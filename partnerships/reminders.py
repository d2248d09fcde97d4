"""Reminders that a convention ends soon, to those who would renew it."""

from datetime import date, timedelta

from django.db import transaction
from django.db.models import QuerySet

from aect.accounts.models import Role, User
from aect.mail.services import queue
from partnerships.choices import MemberRole, PartyRole, Side
from partnerships.law import months_later
from partnerships.models import Convention, Membership, Party
from partnerships.models.conventions import ConventionQuerySet

MONTHS = (6, 2)  # before the end
LATE = timedelta(days=7)  # that a reminder may be, when the clock stood still


def to_renew(today: date, months: int) -> ConventionQuerySet:
    """Conventions that end in so many months and have no successor; those that renew themselves do not end."""
    day = months_later(today, months)
    ending = Convention.objects.not_over(today).ending_before(day)
    return ending.exclude(pk__in=Convention.objects.ending_before(day - LATE).values("pk")).filter(renewed_by=None)


@transaction.atomic
def remind(today: date) -> int:
    """Asks for the messages that are due, each once; returns for how many conventions and persons."""
    due = [(found, person, months) for months in MONTHS for found in to_renew(today, months) for person in told(found)]
    for found, person, months in due:
        key = f"convention-ending-{found.pk}-{found.ends_on}-{months}-{person.pk}"
        context = {"convention": found.pk, "person": person.pk}
        queue("partnerships/convention_ending", to=person.email, language=person.language, context=context, key=key)
    return len(due)


def told(convention: Convention) -> QuerySet[User]:
    """Who edits for a French party of its partnership."""
    parties = Party.objects.filter(partnership=convention.partnership_id, side=Side.FRENCH, role=PartyRole.PARTY)
    members = Membership.objects.filter(
        organisation__in=parties.values("organisation"), role__in=[MemberRole.EDITOR, MemberRole.SIGNATORY]
    )
    return User.objects.filter(is_active=True, role=Role.AGENT, pk__in=members.values("user")).order_by("pk")
