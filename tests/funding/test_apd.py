"""The rules of `funding.apd`, one test a rule."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funding import apd
from funding.apd import Declared, assess
from funding.choices import ApdReason, BiMulti
from funding.models import ApdLine
from funding.services import reassess_lines
from tests import factories

DAC = {"MX": [(1990, None)], "CL": [(1990, 2017)], "SN": [(1990, 2000), (2005, None)]}
TO_MEXICO = Declared(year=2018, purpose="14030", recipient="MX", paid=Decimal(1000))
IN_FRANCE = replace(TO_MEXICO, recipient=None)


def reason(line: Declared, **changes) -> ApdReason:
    return assess(replace(line, **changes), DAC).reason


@pytest.mark.parametrize(
    ("paid", "refunded", "receipts", "net"),
    [
        ("1000", None, None, "1000"),
        ("1000", "100.50", None, "899.50"),
        ("1000", None, "400.01", "599.99"),
        ("0", "50", None, "-50"),  # a refund of an earlier year
        (None, "50", "20", None),
        (None, None, None, None),
    ],
)
def test_net_is_paid_less_refunds_and_public_receipts_and_unknown_without_a_payment(paid, refunded, receipts, net):
    known = [None if amount is None else Decimal(amount) for amount in (paid, refunded, receipts, net)]
    line = replace(TO_MEXICO, paid=known[0], refunded=known[1], public_receipts=known[2])
    assert apd.net_amount(line) == known[3]


def test_a_country_counts_in_the_years_it_is_listed():
    assert reason(TO_MEXICO) == ApdReason.RECIPIENT
    assert reason(TO_MEXICO, recipient="CL", year=2017) == ApdReason.RECIPIENT
    assert reason(TO_MEXICO, recipient="CL", year=2018) == ApdReason.UNLISTED_COUNTRY
    assert reason(TO_MEXICO, recipient="SN", year=2003) == ApdReason.UNLISTED_COUNTRY
    assert reason(TO_MEXICO, recipient="SN", year=2005) == ApdReason.RECIPIENT


@pytest.mark.parametrize("aid", ["E01", "E02", "G01", "H01", "H02", "H03", "H04", "H05", "H06"])
def test_the_dac_admits_some_spending_in_the_donor_country(aid):
    assert reason(IN_FRANCE, aid_type=aid) == ApdReason.IN_DONOR
    assert reason(IN_FRANCE, aid_type=aid, recipient="FR") == ApdReason.IN_DONOR
    assert reason(IN_FRANCE, aid_type=aid, recipient="MX") == ApdReason.IN_DONOR


def test_students_count_when_they_come_from_a_listed_country():
    assert reason(TO_MEXICO, aid_type="E01", recipient="CA") == ApdReason.UNLISTED_COUNTRY
    assert reason(TO_MEXICO, aid_type="H03", recipient="RU") == ApdReason.IN_DONOR  # refugees, from wherever


def test_other_spending_without_a_country_does_not_count():
    assert reason(IN_FRANCE) == ApdReason.NO_RECIPIENT
    assert reason(IN_FRANCE, recipient="FR") == ApdReason.NO_RECIPIENT
    assert reason(IN_FRANCE, bi_multi=BiMulti.MULTILATERAL) == ApdReason.MULTILATERAL


def test_only_oda_flows_and_grants_count():
    assert reason(TO_MEXICO, flow_type="21") == ApdReason.FLOW_NOT_ODA
    assert reason(TO_MEXICO, finance_type="421") == ApdReason.LOAN_TERMS_UNKNOWN
    assert reason(TO_MEXICO, finance_type="211") == ApdReason.NOT_CONCESSIONAL
    assert reason(TO_MEXICO, finance_type="510") == ApdReason.NOT_CONCESSIONAL
    assert reason(TO_MEXICO, finance_type="210") == ApdReason.RECIPIENT


def test_refugees_are_told_by_aid_type_or_purpose_or_the_line_itself():
    ways = ({"aid_type": "H05"}, {"purpose": "93010"}, {"refugee_costs": True})
    for changes in ways:
        found = assess(replace(IN_FRANCE, **changes), DAC)
        assert (found.refugees, found.reason, found.apd) == (True, ApdReason.IN_DONOR, Decimal(1000))
    assert not assess(TO_MEXICO, DAC).refugees
    abroad = assess(replace(TO_MEXICO, recipient="CA", refugee_costs=True), DAC)
    assert (abroad.refugees, abroad.reason) == (True, ApdReason.UNLISTED_COUNTRY)


amounts = st.none() | st.decimals(0, 10**9, places=2)
lines = st.builds(
    Declared,
    year=st.integers(1990, 2100),
    purpose=st.sampled_from(["14030", "93010", "11420"]),
    recipient=st.sampled_from([None, "FR", "MX", "CL", "CA"]),
    aid_type=st.sampled_from(["B01", "C01", "E01", "G01", "H01", "H02", "H04", "H06"]),
    finance_type=st.sampled_from(["110", "111", "210", "421", "610"]),
    flow_type=st.sampled_from(["10", "21"]),
    bi_multi=st.sampled_from(BiMulti.values),
    refugee_costs=st.booleans(),
    paid=amounts,
    refunded=amounts,
    public_receipts=amounts,
)


@given(lines)
def test_apd_is_the_net_of_what_counts_and_nothing_else(line):
    found = assess(line, DAC)
    assert found.apd == (found.net if found.reason in apd.ELIGIBLE else None)
    assert (found.net is None) == (line.paid is None)
    assert found.net is None or found.net <= line.paid


@given(lines)
def test_amounts_never_change_the_reason(line):
    assert assess(line, DAC).reason == assess(replace(line, paid=None, refunded=None), DAC).reason


@pytest.mark.django_db
class TestLine:
    def test_saving_assesses(self):
        factories.DacListingFactory()
        line = factories.ApdLineFactory(refunded_amount=Decimal("0.01"))
        line.refresh_from_db()
        assert (line.net_amount, line.apd_amount) == (Decimal("999.99"), Decimal("999.99"))
        line.paid_amount = None
        line.save(update_fields=["paid_amount"])
        line.refresh_from_db()
        assert (line.net_amount, line.apd_amount, line.apd_reason) == (None, None, "recipient")

    def test_a_voluntary_purpose_counts_as_its_parent(self):
        parent = factories.PurposeCodeFactory(code="93010")
        child = factories.PurposeCodeFactory(code="93011", parent=parent)
        line = factories.ApdLineFactory(purpose=child, recipient=None)
        assert (line.counts_as_refugees, line.apd_reason) == (True, ApdReason.IN_DONOR)

    def test_bulk_create_assesses_in_two_queries(self, django_assert_num_queries):
        factories.DacListingFactory()
        model = factories.ApdLineFactory()
        new = [ApdLine(**_copied(model), line_id=f"B{number}") for number in range(3)]
        with django_assert_num_queries(2 + 1):
            ApdLine.objects.bulk_create(new)
        assert set(ApdLine.objects.values_list("apd_amount", flat=True)) == {Decimal(1000)}

    def test_lines_are_assessed_again_when_the_list_changes(self):
        line = factories.ApdLineFactory()
        assert line.apd_reason == ApdReason.UNLISTED_COUNTRY
        factories.DacListingFactory()
        assert reassess_lines(ApdLine.objects.all()) == 1
        assert reassess_lines(ApdLine.objects.all()) == 0
        line.refresh_from_db()
        assert (line.apd_reason, line.apd_amount) == (ApdReason.RECIPIENT, Decimal(1000))


def _copied(line: ApdLine) -> dict:
    names = ["year", "collectivity_id", "title", "recipient_id", "purpose_id", "paid_amount"]
    return {name: getattr(line, name) for name in names}
