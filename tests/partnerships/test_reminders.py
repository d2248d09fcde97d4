"""Who is reminded that a convention ends, when, and until when."""

from datetime import date

import pytest
from django.core import mail

from aect.mail.models import Message, MessageState
from aect.mail.services import send_waiting
from partnerships.choices import MemberRole, Side
from partnerships.models import Convention
from partnerships.reminders import remind
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 15)


@pytest.fixture
def town():
    return factories.OrganisationFactory(name="Aix", kind="commune")


@pytest.fixture
def convention(town) -> Convention:
    made = factories.ConventionFactory(slug="pacte", title="Pacte", signed_on="2023-09-15", ends_on="2026-09-14")
    factories.PartyFactory(partnership=made.partnership, organisation=town, side=Side.FRENCH)
    return made


def member(town, role: str = MemberRole.EDITOR, **account):
    person = factories.MembershipFactory(organisation=town, role=role).user
    for name, value in account.items():
        setattr(person, name, value)
    person.save()
    return person


def reminded() -> set[str]:
    return set(Message.objects.values_list("to", flat=True))


@pytest.mark.parametrize(
    ("ends_on", "precision", "is_due"),
    [
        ("2026-09-14", "day", True),
        ("2026-09-15", "day", False),
        ("2026-09-08", "day", True),
        ("2026-09-07", "day", False),
        ("2026-05-14", "day", True),
        ("2026-03-20", "day", False),
        ("2026-08-01", "month", False),
        ("2026-04-01", "month", False),
    ],
)
def test_six_and_two_months_before_the_last_day(town, convention, ends_on, precision, is_due):
    member(town)
    Convention.objects.update(ends_on=ends_on, ends_on_precision=precision)
    remind(TODAY)
    assert bool(reminded()) is is_due


def test_a_month_ends_with_its_last_day(town, convention):
    member(town)
    Convention.objects.update(ends_on="2026-08-01", ends_on_precision="month")
    assert not remind(date(2026, 2, 28))
    assert remind(date(2026, 3, 1))


def test_each_day_asks_again_and_each_message_leaves_once(town, convention):
    member(town)
    for day in (15, 16, 17):
        remind(date(2026, 3, day))
    assert len(reminded()) == Message.objects.count() == 1
    remind(date(2026, 7, 15))
    assert Message.objects.count() == 2


def test_those_who_edit_for_a_french_party_are_told_and_nobody_else(town, convention, officer):
    told = {member(town).email, member(town, MemberRole.SIGNATORY).email}
    member(town, MemberRole.READER)
    member(town, is_active=False)
    member(factories.OrganisationFactory(kind="commune"))
    foreign = factories.MexicanMunicipalityFactory()
    factories.PartyFactory(partnership=convention.partnership, organisation=foreign, side=Side.FOREIGN)
    member(foreign)
    associate = factories.OrganisationFactory(kind="commune")
    factories.PartyFactory(partnership=convention.partnership, organisation=associate, side="french", role="associate")
    member(associate)
    remind(TODAY)
    assert reminded() == told


@pytest.mark.parametrize(
    "fact",
    [
        {"is_tacitly_renewed": True},
        {"transmitted_on": "2023-10-01", "referred_on": "2023-11-01", "annulled_on": "2024-01-01"},
    ],
)
def test_what_renews_itself_or_was_annulled_needs_no_reminder(town, convention, fact):
    member(town)
    Convention.objects.update(**fact)
    remind(TODAY)
    assert reminded() == set()


def test_a_convention_with_a_successor_needs_none(town, convention):
    member(town)
    factories.ConventionFactory(partnership=convention.partnership, renews=convention)
    remind(TODAY)
    assert reminded() == set()


def test_it_says_what_ends_and_where_to_go_on(town, convention):
    person = member(town, language="es")
    remind(TODAY)
    assert send_waiting() == 1
    (sent,) = mail.outbox
    assert sent.to == [person.email]
    assert "Pacte" in sent.subject
    assert "/es/conventions/pacte/renouveler/" in sent.body
    assert "14" in sent.body


@pytest.mark.parametrize("change", ["renewed", "left", "closed"])
def test_it_is_dropped_when_there_is_nothing_left_to_do(town, convention, change):
    person = member(town)
    remind(TODAY)
    if change == "renewed":
        factories.ConventionFactory(partnership=convention.partnership, renews=convention)
    elif change == "left":
        person.memberships.all().delete()
    else:
        type(person).objects.update(is_active=False)
    assert send_waiting() == 0
    assert Message.objects.get().state == MessageState.DROPPED
