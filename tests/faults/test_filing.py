"""Two officers act on one record at the same moment, on real connections. Each guard has its negative control."""

import datetime
import threading
from contextlib import suppress

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from funding import filing
from funding.models import Project, ProjectStep
from partnerships.choices import MemberRole
from tests import factories
from tests.faults.conftest import in_threads
from tests.funding.test_filing import whole_draft

NEXT_YEAR = datetime.date.today() + datetime.timedelta(days=365)  # noqa: DTZ011  # any day to come


@pytest.fixture
def filed() -> Project:
    signatory = factories.MembershipFactory(role=MemberRole.SIGNATORY).user
    draft = whole_draft(signatory)
    return filing.submit(draft, by=signatory, version=draft.version)


def act_at_once(filed: Project) -> list[int]:
    """One publishes while the other returns; both wait before they write until the other is there, if it may come."""
    people = [factories.UserFactory(role="officer") for _n in range(2)]
    both = threading.Barrier(2)
    sent = [
        ("publier", {"version": filed.version}),
        ("renvoyer", {"version": filed.version, "comment": "…", "due_on": f"{NEXT_YEAR:%d/%m/%Y}"}),
    ]

    def meet(execute, sql, params, many, context):
        if sql.startswith('UPDATE "funding_project"'):
            with suppress(threading.BrokenBarrierError):
                both.wait(3)
        return execute(sql, params, many, context)

    def send(person, action, data) -> int:
        client = Client()
        client.force_login(person)
        with connection.execute_wrapper(meet):
            return client.post(f"/projets/{filed.slug}/{action}/", data).status_code

    calls = [lambda each=each: send(*each) for each in ((p, *s) for p, s in zip(people, sent, strict=True))]
    return sorted(in_threads(*calls))


def decisions() -> int:
    return ProjectStep.objects.filter(kind__in=["published", "returned"]).count()


def test_of_two_officers_one_decides_and_the_other_is_told(filed):
    assert act_at_once(filed) == [302, 409]
    assert decisions() == 1
    step = ProjectStep.objects.get(kind__in=["published", "returned"])
    assert Project.objects.get().state == step.kind


def test_control_without_the_lock_both_decide(filed, monkeypatch):
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **how: rows)
    assert act_at_once(filed) == [302, 302]
    assert decisions() == 2
