"""A difference is taken while its record is edited, on real connections. The guard has its negative control."""

import threading
from contextlib import suppress

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from aect.accounts.models import Role
from aect.loading import services
from tests import factories
from tests.faults.conftest import in_threads
from tests.partnerships.test_editing import edit, filled
from tests.test_loading import both_changed, difference, files, partnership  # noqa: F401  # fixtures

TAKEN, EDITED = "Nouveau résumé.", "Résumé relu."


def signed_in() -> Client:
    client = Client()
    client.force_login(factories.UserFactory(role=Role.OFFICER))
    return client


def at_once() -> tuple[bool, bool]:
    """Whether the difference was taken, and the edit saved; both read the record before either writes it, if they may.

    Who has not won reads why.
    """
    taker, editor, found = signed_in(), signed_in(), difference("summary")
    page = taker.get(reverse("differences"))
    marks = {c.difference.pk: c.stamp for r in page.context["page"].object_list for c in r.cells}
    form = {**filled(editor, edit(partnership())), "summary": EDITED}
    both, seen = threading.Barrier(2), set()

    def meet(execute, sql, params, many, context):
        is_met = sql.startswith('UPDATE "partnerships_partnership"')
        if is_met and threading.get_ident() not in seen:
            seen.add(threading.get_ident())
            with suppress(threading.BrokenBarrierError):
                both.wait(2)
        return execute(sql, params, many, context)

    def take() -> bool:
        address = reverse("difference-take", args=[found.row_id])
        with connection.execute_wrapper(meet):
            answer = taker.post(address, {"difference": f"{found.pk}:{marks[found.pk]}"})
        said = taker.get(answer.url).content.decode()
        assert ("Pris." in said) is not ("Relisez" in said)
        return "Pris." in said

    def save() -> bool:
        with connection.execute_wrapper(meet):
            answer = editor.post(edit(partnership()), form)
        assert answer.status_code in (302, 409)
        return answer.status_code == 302

    return tuple(in_threads(take, save))


@pytest.mark.usefixtures("both_changed")
def test_of_a_taking_and_an_edit_at_once_one_wins_and_the_other_is_told():
    taken, saved = at_once()
    assert (taken, saved) in ((True, False), (False, True))
    assert partnership().summary == (TAKEN if taken else EDITED)


@pytest.mark.usefixtures("both_changed")
def test_control_without_the_lock_one_overwrites_the_other(monkeypatch):

    def unlocked(loaded):
        return loaded.model_class._default_manager.filter(pk=loaded.object_id).first()

    monkeypatch.setattr(services, "_held", unlocked)
    assert at_once() == (True, True)
