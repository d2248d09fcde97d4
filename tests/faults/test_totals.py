"""Changes that race with a rebuild. Each guard of `funding.totals` has its negative control."""

import threading
from decimal import Decimal

import pytest
from django.db import connection, transaction

from funding import services, totals
from funding.models import ApdLine, ApdTotal, StaleTotal
from tests import factories
from tests.faults.conftest import in_threads


def change(line: ApdLine, amount: int) -> None:
    line.paid_amount = Decimal(amount)
    line.save()


def agree() -> bool:
    lines = ApdLine.objects.values_list("paid_amount", flat=True)
    return ApdTotal.objects.grand_total()["paid_eur"] == sum(lines)


@pytest.fixture
def line() -> ApdLine:
    line = factories.ApdLineFactory()
    services.rebuild()
    return line


def rebuild_while(line: ApdLine, monkeypatch, moment: str) -> None:
    """A rebuild during which another connection changes the line and commits, just after the statement `moment`."""
    change(line, 5)
    statement = getattr(totals, moment)

    class Watched:
        def __call__(self, execute, sql, params, many, context):
            result = execute(sql, params, many, context)
            if sql == statement:
                in_threads(lambda: change(line, 7))
            return result

    with connection.execute_wrapper(Watched()):
        services.rebuild()


@pytest.mark.parametrize("moment", ["TAKE_MARKS", "CLEAR", "SUM_AGAIN"])
def test_a_change_that_commits_during_a_rebuild_keeps_its_mark(line, monkeypatch, moment):
    rebuild_while(line, monkeypatch, moment)
    assert StaleTotal.objects.exists()
    services.rebuild()
    assert agree()
    assert not StaleTotal.objects.exists()


def test_control_without_marks_of_its_own_the_change_would_be_lost(line, monkeypatch):
    """One mark a key, deleted after the sums: the change made meanwhile is forgotten."""
    look = totals.TAKE_MARKS.replace("DELETE", "SELECT collectivity_id, is_published").partition("RETURNING")[0]
    monkeypatch.setattr(totals, "TAKE_MARKS", look)
    rebuild_while(line, monkeypatch, "SUM_AGAIN")
    StaleTotal.objects.all().delete()
    services.rebuild()
    assert not agree()


def two_workers(line: ApdLine) -> list:
    """Two full rebuilds: one waits before it sums, the other comes meanwhile. No mark that both take stops them."""
    inside, go_on = threading.Event(), threading.Event()

    def pause(execute, sql, params, many, context):
        if sql == totals.SUM_AGAIN:
            inside.set()
            go_on.wait(3)
        return execute(sql, params, many, context)

    def slow():
        with connection.execute_wrapper(pause):
            return totals.rebuild_year(line.year, full=True)

    def second():
        inside.wait(5)
        threading.Timer(0.5, go_on.set).start()
        return totals.rebuild_year(line.year, full=True)

    return in_threads(slow, second)


def test_two_workers_rebuild_one_year_in_turn(line):
    assert two_workers(line) == [totals.Tally(1, 1)] * 2
    assert agree()


def test_control_without_the_lock_two_workers_collide(line, monkeypatch):
    monkeypatch.setattr(totals, "LOCK_YEAR", "SELECT %s, %s")
    assert [error for error in two_workers(line) if isinstance(error, Exception)]


def test_a_rebuild_that_dies_gives_its_marks_back(line, monkeypatch):
    change(line, 11)
    monkeypatch.setattr(totals, "SUM_AGAIN", "SELECT 1 / 0")
    with pytest.raises(Exception, match="division by zero"):
        services.rebuild()
    monkeypatch.undo()
    assert StaleTotal.objects.exists()
    services.rebuild()
    assert agree()


def test_control_marks_taken_in_a_transaction_of_their_own_would_be_lost(line, monkeypatch):
    change(line, 13)
    with transaction.atomic():
        StaleTotal.objects.all().delete()
    services.rebuild()
    assert not agree()
