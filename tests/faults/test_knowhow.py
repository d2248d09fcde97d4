"""Two officers who prepare a partnership from one match at once, and what guards them from making two."""

import secrets
import threading
from contextlib import suppress

import pytest
from django.db import IntegrityError, connection
from django.db.models import QuerySet

from aect.accounts.models import Role
from partnerships import services
from partnerships.models import Partnership, PartnershipOrigin
from tests import factories
from tests.faults.conftest import in_threads

UNIQUE = "partnershiporigin_match_gives_one"


@pytest.fixture
def two_clicks():
    """Both prepare the same match; the one that has made its partnership waits for the other to have looked."""
    offer, need = factories.OfferFactory(), factories.NeedFactory()
    officers = [factories.UserFactory(role=Role.OFFICER) for _ in range(2)]
    both = threading.Barrier(2)

    def prepare(officer):
        def pause(execute, sql, params, many, context):
            if sql.startswith('INSERT INTO "partnerships_partnershiporigin"'):
                with suppress(threading.BrokenBarrierError):  # the other one waits for a lock, or is done
                    both.wait(2)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(pause):
            return services.prepare_partnership(offer, need, by=officer)

    return lambda: in_threads(*(lambda officer=officer: prepare(officer) for officer in officers))


@pytest.fixture
def unlocked(monkeypatch):
    """`select_for_update` without effect, and addresses that are never the same: they would be a guard too."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self)
    monkeypatch.setattr(services, "free_slug", lambda model, text: secrets.token_hex(8))


def test_both_are_led_to_one_partnership(two_clicks):
    first, second = two_clicks()
    assert first == second == Partnership.objects.get()
    assert PartnershipOrigin.objects.count() == 1


@pytest.mark.usefixtures("unlocked")
def test_control_without_the_lock_one_of_them_meets_an_error(two_clicks):
    """And the constraint still lets only one be made."""
    outcomes = two_clicks()
    assert [UNIQUE in str(outcome) for outcome in outcomes if isinstance(outcome, IntegrityError)] == [True]
    assert Partnership.objects.count() == 1


@pytest.mark.usefixtures("unlocked")
def test_control_without_the_constraint_either_two_would_be_made(two_clicks):
    constraint = next(each for each in PartnershipOrigin._meta.constraints if each.name == UNIQUE)
    with connection.schema_editor() as editor:
        editor.remove_constraint(PartnershipOrigin, constraint)
    try:
        two_clicks()
        assert PartnershipOrigin.objects.count() == 2
    finally:
        PartnershipOrigin.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(PartnershipOrigin, constraint)
