"""Totals agree with their lines to the cent, whatever happened to the lines."""

import random
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from aect.accounts.models import Role
from aect.jobs.models import Job, JobState
from funding import services, totals
from funding.models import ApdLine, ApdTotal, StaleTotal
from funding.permissions import visible_totals
from funding.tasks import refresh_stale_totals
from partnerships.choices import MemberRole
from partnerships.models import Organisation
from tests import factories

pytestmark = pytest.mark.django_db

PLAIN_SUMS = """
SELECT year, collectivity_id, count(*), sum(committed_amount), sum(paid_amount), sum(net_amount), sum(apd_amount),
       sum(apd_amount) FILTER (WHERE NOT counts_as_refugees), count(*) FILTER (WHERE is_fictitious),
       count(*) FILTER (WHERE NOT is_published)
FROM funding_apdline WHERE is_published OR collectivity_id = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 2
"""
NAMES = [
    "lines", "committed_eur", "paid_eur", "net_eur", "apd_eur", "apd_without_refugees_eur",
    "fictitious_lines", "unpublished_lines",
]  # fmt: skip


def plain_sums(own=None) -> list[tuple]:
    """What is published, and what is not of these collectivities, or of all of them."""
    with connection.cursor() as cursor:
        cursor.execute(PLAIN_SUMS, [[place.pk for place in Organisation.objects.all() if own is None or place in own]])
        return cursor.fetchall()


def summed(user=None) -> list[tuple]:
    """As this person reads them, or as they are."""
    rows = visible_totals(user) if user else ApdTotal.objects.all()
    collectivities = sorted(set(rows.values_list("year", "collectivity")))
    return [
        (year, pk, *(rows.filter(year=year, collectivity=pk).grand_total()[name] for name in NAMES))
        for year, pk in collectivities
    ]


@pytest.fixture
def places():
    factories.DacListingFactory()
    factories.PurposeCodeFactory(code="15112")
    factories.PurposeCodeFactory(code="15128", parent_id="15112")
    return factories.OrganisationFactory.create_batch(3)


def random_line(rng: random.Random, places: list) -> ApdLine:
    return factories.ApdLineFactory(
        year=rng.choice([2017, 2018]),
        collectivity=rng.choice(places),
        recipient_id=rng.choice(["MX", None]),
        purpose=factories.PurposeCodeFactory(code=rng.choice(["14030", "15112"])),
        refugee_costs=rng.random() < 0.3,
        is_fictitious=rng.random() < 0.3,
        is_published=rng.random() < 0.6,
        paid_amount=rng.choice([None, Decimal(rng.randrange(10**9)) / 100]),
        refunded_amount=rng.choice([None, Decimal(rng.randrange(10**4)) / 100]),
        committed_amount=rng.choice([None, Decimal(rng.randrange(10**9)) / 100]),
    )


@pytest.mark.parametrize("seed", range(4))
def test_totals_agree_to_the_cent_after_random_edits(places, seed):
    rng = random.Random(seed)  # noqa: S311
    for _round in range(5):
        for _ in range(8):
            random_line(rng, places)
        for line in ApdLine.objects.order_by("?")[:5]:
            line.year, line.collectivity = rng.choice([2017, 2018]), rng.choice(places)
            line.paid_amount = rng.choice([None, Decimal(rng.randrange(10**6)) / 100])
            line.is_published = rng.random() < 0.6
            line.save()
        ApdLine.objects.filter(pk__in=list(ApdLine.objects.order_by("?").values_list("pk", flat=True)[:3])).delete()
        services.rebuild()
        assert summed() == plain_sums()
        assert not StaleTotal.objects.exists()
    services.rebuild(full=True)
    assert summed() == plain_sums()
    agent = factories.MembershipFactory(organisation=places[0], role=MemberRole.READER).user
    readers = {AnonymousUser(): [], factories.UserFactory(): [], agent: places[:1]}
    readers |= {factories.UserFactory(role=role): None for role in set(Role) - {Role.AGENT}}
    for reader, own in readers.items():
        assert summed(reader) == plain_sums(own), reader


def test_only_marked_keys_are_rebuilt(places):
    first, second = (factories.ApdLineFactory(collectivity=place) for place in places[:2])
    assert services.rebuild()[:2] == (2, 2)
    untouched = ApdTotal.objects.get(collectivity=second.collectivity)
    first.paid_amount = Decimal(5)
    first.save()
    assert services.rebuild()[:2] == (1, 1)
    assert ApdTotal.objects.get(collectivity=second.collectivity).pk == untouched.pk
    assert services.rebuild()[:2] == (0, 0)


def test_what_the_public_reads_is_neither_marked_nor_rebuilt_for_the_rest(places):
    factories.ApdLineFactory(collectivity=places[0])
    draft = factories.ApdLineFactory(collectivity=places[0], is_published=False)
    assert services.rebuild()[:2] == (2, 2)
    read = ApdTotal.objects.get(is_published=True)
    draft.paid_amount = Decimal(5)
    draft.save()
    assert StaleTotal.objects.filter(is_published=True).since() is None
    assert services.rebuild()[:2] == (1, 1)
    assert ApdTotal.objects.get(is_published=True).pk == read.pk
    draft.is_published = True
    draft.save()
    assert set(StaleTotal.objects.values_list("is_published", flat=True)) == {False, True}
    assert services.rebuild()[:2] == (2, 1)
    assert not ApdTotal.objects.filter(is_published=False).exists()


def test_a_line_that_moves_or_goes_takes_its_total_along(places):
    line = factories.ApdLineFactory(collectivity=places[0], year=2017)
    services.rebuild()
    line.collectivity, line.year = places[1], 2018
    line.save()
    services.rebuild()
    assert list(ApdTotal.objects.values_list("year", "collectivity")) == [(2018, places[1].pk)]
    ApdLine.objects.all().delete()
    services.rebuild()
    assert not ApdTotal.objects.exists()


def test_one_year_leaves_the_marks_of_others(places):
    for year in (2017, 2018):
        factories.ApdLineFactory(collectivity=places[0], year=year)
    services.rebuild(year=2018)
    assert list(StaleTotal.objects.values_list("year", flat=True)) == [2017]


def test_a_voluntary_code_counts_under_its_parent_and_moves_with_it(places):
    code = factories.PurposeCodeFactory(code="15128")
    factories.ApdLineFactory(purpose=code)
    services.rebuild()
    assert ApdTotal.objects.get().purpose_id == "15112"
    code.parent = None
    code.save()
    services.rebuild()
    assert ApdTotal.objects.get().purpose_id == "15128"


def test_truncating_lines_marks_every_total(places):
    factories.ApdLineFactory()
    services.rebuild()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE funding_apdline")
    services.rebuild()
    assert not ApdTotal.objects.exists()


def test_copied_lines_are_assessed_and_marked(places):
    text = "=1+1\t\\N \\ é\r\nligne"
    line = factories.ApdLineFactory.build(
        collectivity=places[0],
        recipient_id="MX",
        purpose_id="15112",
        title=text[:20],
        description=text,
        sdg_goals=[6, 13],
    )
    line.recipient, line.purpose, line.aid_type = None, None, None
    line.recipient_id, line.purpose_id, line.aid_type_id = "MX", "15112", "C01"
    factories.ApdLineFactory()  # makes the codes
    services.add_lines([line], by=None)
    copied = ApdLine.objects.get(line_id=line.line_id)
    assert (copied.description, copied.sdg_goals, copied.apd_amount) == (text, [6, 13], Decimal(1000))
    services.rebuild()
    assert summed() == plain_sums()
    assert Job.objects.filter(key=services.TOTALS_KEY).count() == 1


def test_sums_of_nothing_known_are_unknown(places):
    factories.ApdLineFactory(paid_amount=None)
    services.rebuild()
    nothing = {**dict.fromkeys(NAMES), "lines": 0, "fictitious_lines": 0, "unpublished_lines": 0}
    assert ApdTotal.objects.grand_total() == {**nothing, "lines": 1}
    assert ApdTotal.objects.none().grand_total() == ApdTotal.objects.filter(year=1990).grand_total() == nothing


def test_rows_carry_the_contracts_columns(places):
    factories.ApdLineFactory(collectivity__name="Ville")
    services.rebuild()
    row = ApdTotal.objects.summed("annee", "collectivite", "pays", "secteur").get()
    assert list(row)[:8] == [
        "year", "collectivity_siren", "collectivity", "collectivity_type", "recipient_iso2", "recipient",
        "purpose_code", "purpose",
    ]  # fmt: skip
    assert list(row)[8:] == NAMES
    assert (row["collectivity_siren"], row["collectivity"], row["recipient"]) == (None, "Ville", "Mexique")
    english = ApdTotal.objects.summed("pays", "secteur", language="es").get()
    assert (english["recipient"], english["purpose"]) == ("México", "Sector 14030")


def test_two_collectivities_of_one_name_stay_apart(places):
    for _ in range(2):
        factories.ApdLineFactory(collectivity__name="Saint-Denis")
    services.rebuild()
    assert len(ApdTotal.objects.summed("collectivite")) == 2


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "-0.01", "1e15"])
@pytest.mark.parametrize("column", ["paid_amount", "committed_amount", "refunded_amount", "public_receipts_amount"])
def test_an_amount_is_a_number_of_euros(amount, column):
    line = factories.ApdLineFactory()
    update = f"UPDATE funding_apdline SET {column} = %s WHERE id = %s"  # noqa: S608
    refused = rf"apdline_{column}_is_an_amount|overflow"
    with pytest.raises(DatabaseError, match=refused), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(update, [amount, line.pk])


def test_saving_through_the_service_asks_for_totals(officer):
    line = factories.ApdLineFactory()
    services.save_line(line, by=officer)
    assert Job.objects.get().requested_by == officer
    line.currency = "USD"
    with pytest.raises(ValidationError, match="EUR"):
        services.save_line(line, by=officer)
    assert services.delete_lines(ApdLine.objects.all(), by=officer) == 1
    assert Job.objects.count() == 1


def test_the_clock_asks_once_and_only_when_marks_wait():
    refresh_stale_totals()
    assert not Job.objects.exists()
    factories.ApdLineFactory()
    refresh_stale_totals()
    refresh_stale_totals()
    job = Job.objects.get()
    Job.objects.update(state=JobState.FAILED, finished_at=job.created_at)
    refresh_stale_totals()
    assert Job.objects.count() == 1  # a job that failed is left alone for a while
    Job.objects.update(finished_at=job.created_at - 2 * services.RESPITE)
    refresh_stale_totals()
    assert Job.objects.count() == 2


def test_the_command_says_what_it_did(places, capsys):
    factories.ApdLineFactory()
    call_command("recompute_apd")
    call_command("recompute_apd", full=True, year=2018)
    said = capsys.readouterr().out
    assert said.count("lines read: 1") == said.count("rows written: 1") == 2
    assert "seconds: " in said


def test_a_full_rebuild_drops_totals_that_have_no_line(places):
    factories.ApdLineFactory()
    services.rebuild()
    ApdTotal.objects.update(year=1999)
    assert totals.years(full=True) == [1999, 2018]
    services.rebuild(full=True)
    assert summed() == plain_sums()
