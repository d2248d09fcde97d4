"""How many messages somebody may cause in an hour. Called in the transaction that queues them; raises Exceeded."""

from datetime import timedelta

from django.conf import settings

from aect.accounts.models import User
from aect.accounts.throttling import account_of, network_of
from aect.limits.services import Limit, take

HOUR = timedelta(hours=1)


def by_stranger(address: str | None, *, to: str, about: str, is_owner: bool = False) -> None:
    """A message that somebody asks for without signing in. `is_owner`: they were seen to be who it is for."""
    network = network_of(address, 24, 48)
    limits = [
        Limit("mails-address", str(address), settings.MAILS_PER_ADDRESS, HOUR),
        Limit("mails-network", str(network), settings.MAILS_PER_NETWORK, HOUR),
    ]
    if not is_owner:
        limits.append(to_one(to, about))
    take(limits)


def by_person(person: User, *, about: str) -> None:
    """One act of a person that others are written to about. The delegation's work has no such limit."""
    if not person.oversees:
        take([of_person(person), Limit("mails-about", f"{person.pk} {about}", settings.MAILS_PER_RECIPIENT, HOUR)])


def invitation(person: User, *, to: str) -> None:
    """An invitation, to whoever has that address; the delegation invites as many as it likes, but not one too often."""
    take([to_one(to, "invitation"), *([] if person.oversees else [of_person(person)])])


def of_person(person: User) -> Limit:
    return Limit("mails-person", str(person.pk), settings.MAILS_PER_PERSON, HOUR)


def to_one(recipient: str, about: str) -> Limit:
    return Limit("mails-recipient", f"{about} {account_of(recipient)}", settings.MAILS_PER_RECIPIENT, HOUR)
