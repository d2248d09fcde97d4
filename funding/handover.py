"""What somebody who leaves a collectivity holds there of project records: see `partnerships.handover`."""

from aect.accounts.models import User
from funding.filing import hand_over_all
from partnerships.models import Organisation


def hand_over(user: User, organisation: Organisation, *, by: User) -> None:
    hand_over_all(user, organisation, by=by)
