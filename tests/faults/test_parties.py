"""A proposal is accepted, withdrawn and accepted anew at the same moment, on real connections."""

import threading
from contextlib import suppress

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from partnerships import parties
from partnerships.models import Party, PartyProposal
from tests import factories
from tests.faults.conftest import in_threads

WORDS = [("accept", "withdraw"), ("accept", "decline"), ("accept", "accept"), ("withdraw", "withdraw")]
AGAIN = "a déjà reçu une réponse, ou a été retirée"


def answers_at_once(*words: str) -> list[str]:
    """What each reads who answers so; they wait, before the proposal is looked at again, until both are there."""
    host = factories.MembershipFactory()
    place = factories.PartyFactory(organisation=host.organisation, side="french")
    other = factories.MembershipFactory()
    given = {"partnership": place.partnership, "organisation": other.organisation, "side": "french"}
    proposal = PartyProposal.objects.create(proposed_by=host.user, **given)
    both, seen = threading.Barrier(2), set()

    def meet(execute, sql, params, many, context):
        is_met = sql.startswith('DELETE FROM "partnerships_partyproposal"') or "FOR NO KEY UPDATE" in sql
        if is_met and threading.get_ident() not in seen:
            seen.add(threading.get_ident())
            with suppress(threading.BrokenBarrierError):
                both.wait(2)
        return execute(sql, params, many, context)

    def press(word: str) -> str:
        client = Client()
        client.force_login(host.user if word == "withdraw" else other.user)
        with connection.execute_wrapper(meet):
            answer = client.post(reverse(f"proposal-{word}", args=[proposal.pk]))
        assert answer.status_code == 302
        return client.get(answer.url).content.decode()

    pages = in_threads(*(lambda word=word: press(word) for word in words))
    return [repr(page) if isinstance(page, BaseException) else page for page in pages]


@pytest.mark.parametrize("words", WORDS)
def test_of_two_answers_at_once_one_wins_and_the_other_is_told(words):
    pages = answers_at_once(*words)
    assert [AGAIN in page for page in pages].count(True) == 1
    assert not PartyProposal.objects.exists()
    winner = next(word for word, page in zip(words, pages, strict=True) if AGAIN not in page)
    assert Party.objects.count() == (2 if winner == "accept" else 1)


def test_control_without_the_lock_both_win(monkeypatch):
    monkeypatch.setattr(parties, "_held", lambda proposal: proposal)
    pages = answers_at_once("accept", "withdraw")
    assert not any(AGAIN in page for page in pages)
