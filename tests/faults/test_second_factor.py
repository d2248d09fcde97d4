"""One code given twice at once. The lock on the device lets one of them in."""

import threading
from contextlib import suppress

import pytest
from django.db import connection
from django.db.models import QuerySet
from django_otp.plugins.otp_totp.models import TOTPDevice

from aect.second_factor import services
from tests import factories
from tests.faults.conftest import in_threads
from tests.second_factor import KEY, settled, shown


@pytest.fixture
def twice():
    """The first to have accepted the code waits for the other to have looked at the device."""
    user = factories.UserFactory()
    TOTPDevice.objects.create(user=user, name="TOTP", key=KEY)
    both = threading.Barrier(2)

    def give(code):
        def pause(execute, sql, params, many, context):
            if sql.startswith('UPDATE "otp_totp_totpdevice"'):
                with suppress(threading.BrokenBarrierError):  # the other one waits for the lock
                    both.wait(1)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(pause):
            return services.verify(user, code)

    settled()
    code = shown()
    return lambda: in_threads(lambda: give(code), lambda: give(code))


def test_one_of_them_is_let_in(twice):
    assert sorted(map(str, twice())) == ["None", "totp"]


def test_control_without_the_lock_both_would_be(twice, monkeypatch):
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **options: self)
    assert twice() == ["totp", "totp"]
