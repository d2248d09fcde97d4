"""Two signatories leave at the same moment, on real connections. The guard has its negative control."""

import threading
from contextlib import suppress

from django.db import connection

from partnerships import joining
from partnerships.choices import MemberRole
from partnerships.models import Membership
from tests import factories
from tests.faults.conftest import in_threads


def leave_at_once() -> int:
    """Both wait, before their place is deleted, until the other is there too, if it may come so far."""
    first = factories.MembershipFactory(role=MemberRole.SIGNATORY)
    second = factories.MembershipFactory(role=MemberRole.SIGNATORY, organisation=first.organisation)
    both = threading.Barrier(2)

    def meet(execute, sql, params, many, context):
        if sql.startswith('DELETE FROM "partnerships_membership"'):
            with suppress(threading.BrokenBarrierError):
                both.wait(2)
        return execute(sql, params, many, context)

    def leave(member) -> None:
        with connection.execute_wrapper(meet), suppress(joining.Refused):
            joining.end(member, by=member.user)

    in_threads(*(lambda member=member: leave(member) for member in (first, second)))
    return Membership.objects.count()


def test_of_two_signatories_who_leave_at_once_one_stays():
    assert leave_at_once() == 1


def test_control_without_the_lock_nobody_is_left(monkeypatch):
    monkeypatch.setattr(joining, "locked", lambda organisation: organisation)
    assert leave_at_once() == 0
