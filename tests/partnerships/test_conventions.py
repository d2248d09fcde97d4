"""Conventions: what the database refuses, which lists they are in, and what their pages tell."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aect.fields import first_day
from partnerships import law
from partnerships.choices import Side
from partnerships.filters import ConventionFilter
from partnerships.models import Commitment, Convention, Partnership
from tests import factories
from tests.partnerships.test_models import convention, refused

pytestmark = pytest.mark.django_db
DAY = date(2015, 7, 15)
BEFORE = DAY - timedelta(days=1)
TODAY = date(2026, 6, 15)


@pytest.mark.parametrize(
    ("fields", "constraint", "message"),
    [
        ({"receipt_number": "017-1"}, "receipt_needs_transmission", "suppose la date de transmission"),
        ({"referred_on": DAY}, "referred_after_transmission", "qui lui a été transmise"),
        ({"referred_on": BEFORE, "transmitted_on": DAY}, "referred_after_transmission", "qui lui a été transmise"),
        ({"annulled_on": BEFORE, "signed_on": DAY}, "annulled_after_signature", "après sa signature"),
        (
            {"annulled_on": BEFORE, "referred_on": DAY, "transmitted_on": DAY},
            "annulled_after_signature",
            "et son déféré",
        ),
        ({"sre_opinion_on": BEFORE, "sre_notified_on": DAY}, "opinion_after_notice", "après avoir été notifiée"),
        (
            {"sre_opinion": "unfavourable", "sre_registration_number": "1"},
            "registered_on_favourable_opinion",
            "La SRE n’inscrit pas",
        ),
        ({"authorised_on": DAY, "signed_on": BEFORE}, "authorised_before_signature", "précède la signature"),
        ({"renewal_years": 3}, "renewal_years_are_of_tacit_renewal", "celle de la tacite reconduction"),
        (
            {"renewal_years": 0, "is_tacitly_renewed": True},
            "renewal_years_are_of_tacit_renewal",
            "celle de la tacite reconduction",
        ),
        ({"ends_on": BEFORE, "signed_on": DAY}, "ends_after_signature", "prend fin après sa signature"),
        (
            {"ends_on": date(2014, 1, 1), "ends_on_precision": "year", "signed_on": DAY},
            "ends_after_signature",
            "prend fin après sa signature",
        ),
        (
            {"ends_on": date(2015, 6, 1), "ends_on_precision": "month", "signed_on": DAY},
            "ends_after_signature",
            "prend fin après sa signature",
        ),
    ],
)
def test_the_database_keeps_the_order_of_dates(fields, constraint, message):
    refused(convention(**fields), f"convention_{constraint}", message)


@pytest.mark.parametrize(("precision", "stored"), [("year", date(2015, 1, 1)), ("month", date(2015, 7, 1))])
def test_a_date_known_to_the_year_or_the_month_stands_for_all_of_it(precision, stored):
    row = convention(signed_on=DAY, ends_on=stored, ends_on_precision=precision)
    row.validate_constraints()
    row.save()
    other = convention(authorised_on=DAY, signed_on=stored, signed_on_precision=precision)
    other.validate_constraints()
    other.save()


def test_commitments_are_amounts_one_a_year_and_party():
    row = factories.CommitmentFactory()
    second = factories.CommitmentFactory.build(convention=row.convention, party=row.party)
    refused(second, "commitment_one_a_year_and_party", "déjà un engagement cette année-là")
    alone = factories.CommitmentFactory.build(
        convention=row.convention, party=row.party, year=2027, service_resources_amount=Decimal(1)
    )
    refused(alone, "commitment_resources_are_of_a_service", "celles d’un service")
    old = factories.CommitmentFactory.build(convention=row.convention, party=row.party, year=1789)
    refused(old, "commitment_year_has_four_digits", "de 1900 à 2999")
    negative = factories.CommitmentFactory.build(
        convention=row.convention, party=row.party, year=2027, amount=Decimal(-1)
    )
    refused(negative, "commitment_amount_is_an_amount", "Un montant est")


def test_a_foreign_state_needs_its_exception_and_a_federated_state_does_not():
    row = convention(kind="cooperation")
    mexico = factories.CountryFactory(iso2="MX")
    federated = factories.OrganisationFactory(kind="mx_state", country=mexico)
    factories.PartyFactory(partnership=row.partnership, organisation=federated, side=Side.FOREIGN)
    row.full_clean()
    assert row.has_mexican_party
    ministry = factories.OrganisationFactory(kind="state", country=mexico)
    factories.PartyFactory(partnership=row.partnership, organisation=ministry, side=Side.FOREIGN)
    with pytest.raises(ValidationError) as told:
        row.full_clean()
    assert "L. 1115-5" in told.value.message_dict["state_exception"][0]


def test_a_renewal_stays_in_its_partnership():
    other = factories.ConventionFactory()
    with pytest.raises(ValidationError) as told:
        convention(renews=other).full_clean()
    assert "du même partenariat" in told.value.message_dict["renews"][0]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    step=st.lists(st.dates(date(2023, 1, 1), date(2027, 12, 31)), min_size=6, max_size=6).map(sorted),
    known=st.lists(st.booleans(), min_size=6, max_size=6),
    precision=st.sampled_from(["day", "month", "year"]),
    renewed=st.booleans(),
    today=st.dates(date(2023, 1, 1), date(2028, 12, 31)),
)
def test_the_database_and_the_law_agree_on_the_state(db, step, known, precision, renewed, today):
    names = ["deliberated_on", "signed_on", "transmitted_on", "referred_on", "annulled_on", "ends_on"]
    dates = {name: day for name, day, is_known in zip(names, step, known, strict=True) if is_known}
    if "transmitted_on" not in dates:
        dates.pop("referred_on", None)
    if "ends_on" in dates:
        dates["ends_on"] = first_day(dates["ends_on"], precision)
    in_force = {"in_force_on": dates["transmitted_on"]} if "transmitted_on" in dates and known[0] else {}
    row = factories.ConventionFactory(**dates, **in_force, ends_on_precision=precision, is_tacitly_renewed=renewed)
    found = Convention.objects.with_state(today).get(pk=row.pk)
    assert found.state == law.french_state(row.terms, today)
    assert Convention.objects.in_force(today).filter(pk=row.pk).exists() == (found.state in law.BINDING)
    assert Convention.objects.not_over(today).filter(pk=row.pk).exists() == (found.state not in law.OVER)


def test_ending_before_a_day():
    for title, fields in {
        "jour": {"ends_on": date(2026, 12, 14)},
        "le jour même": {"ends_on": date(2026, 12, 15)},
        "mois": {"ends_on": date(2026, 12, 1), "ends_on_precision": "month"},
        "année": {"ends_on": date(2026, 1, 1), "ends_on_precision": "year"},
        "passée": {"ends_on": date(2026, 1, 1)},
        "reconduite": {"ends_on": date(2026, 7, 1), "is_tacitly_renewed": True},
        "inconnue": {},
    }.items():
        factories.ConventionFactory(title=title, **fields)
    ending = Convention.objects.ending_before(date(2026, 12, 15))
    assert {row.title for row in ending} == {"jour", "passée"}
    assert {row.title for row in ending.not_over(TODAY)} == {"jour"}


def test_signed_never_transmitted():
    factories.ConventionFactory(title="Projet")
    factories.ConventionFactory(title="Signée", signed_on=DAY)
    factories.ConventionFactory(title="Transmise", signed_on=DAY, transmitted_on=DAY)
    assert [row.title for row in Convention.objects.signed_never_transmitted()] == ["Signée"]


def test_silent_partnerships():
    since = date(2024, 6, 15)
    factories.PartnershipFactory(name="Muet")
    factories.PartnershipFactory(name="Ancien", began_on=date(1990, 1, 1), began_on_precision="year")
    factories.PartnershipFactory(name="Récent", began_on=date(2024, 1, 1), began_on_precision="year")
    factories.MilestoneFactory(partnership__name="Repère passé", happened_on=since - timedelta(days=1))
    factories.MilestoneFactory(partnership__name="Repère", happened_on=since)
    factories.MilestoneFactory(partnership=None, happened_on=since)
    factories.ConventionFactory(partnership__name="Échéance seule", ends_on=date(2030, 1, 1))
    factories.ConventionFactory(partnership__name="Signature", signed_on=since)
    factories.ConventionFactory(partnership__name="SRE", sre_notified_on=since)
    factories.ProjectFactory(partnership__name="Projet", begins_on=date(2024, 6, 1), begins_on_precision="month")
    factories.ProjectFactory(partnership__name="Projet passé", begins_on=date(2024, 5, 1), begins_on_precision="month")
    silent = {row.name for row in Partnership.objects.silent_since(since)}
    assert silent == {"Muet", "Ancien", "Repère passé", "Échéance seule", "Projet passé"}


def test_silence_is_a_filter_with_its_chip(client):
    today = timezone.localdate()
    factories.PartnershipFactory(name="Muet")
    factories.PartnershipFactory(name="Parlant", began_on=law.months_later(today, -24))
    page = client.get("/partenariats/?silence=24")
    assert [row.name for row in page.context["page"]] == ["Muet"]
    assert [(chip.label, chip.value) for chip in page.context["filterset"].chips] == [
        ("Silence", "Aucun fait daté depuis 24 mois")
    ]
    assert client.get("/partenariats/?silence=25").status_code == 400


# Pages


def whole_convention(**fields) -> Convention:
    """A renewed convention with a Mexican party, every step and two commitments."""
    partnership = factories.SdgContributionFactory(partnership__name="La Rochelle – Campeche").partnership
    french, mexican = factories.OrganisationFactory(name="La Rochelle"), factories.MexicanMunicipalityFactory()
    factories.PartyFactory(partnership=partnership, organisation=french)
    factories.PartyFactory(partnership=partnership, organisation=mexican, side=Side.FOREIGN)
    first = factories.ConventionFactory(partnership=partnership, title="Accord premier")
    row = factories.ConventionFactory(
        partnership=partnership,
        renews=first,
        source=factories.SourceFactory(),
        **{
            "title": "Accord second",
            "provisional_amount": Decimal(50000),
            "deliberated_on": date(2024, 1, 5),
            "signed_on": date(2024, 1, 15),
            "transmitted_on": date(2024, 1, 20),
            "receipt_number": "017-2024",
            "in_force_on": date(2024, 1, 20),
            "sre_notified_on": date(2024, 1, 2),
            "sre_opinion": "favourable",
            "ends_on": date(2099, 1, 1),
            "ends_on_precision": "year",
        }
        | fields,
    )
    factories.CommitmentFactory(convention=row, party=french, year=2024, amount=Decimal(20000))
    factories.CommitmentFactory(convention=row, party=mexican, year=2025, amount=Decimal(30000))
    return row


def test_a_page_asks_as_much_for_many_facts_as_for_few(client, django_assert_num_queries):
    row = whole_convention()
    with django_assert_num_queries(9):
        client.get(row.get_absolute_url())
    for year in (2026, 2027, 2028):
        factories.CommitmentFactory(convention=row, year=year)
        row = factories.ConventionFactory(partnership=row.partnership, renews=row, source=row.source)
        factories.CommitmentFactory(convention=row, year=year)
        factories.PartyFactory(partnership=row.partnership, side=Side.FOREIGN)
    with django_assert_num_queries(9):
        client.get(row.get_absolute_url())


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["Récente", "Ancienne", "Sans date"]),
        ("q=ASSAINISSEMENT", ["Ancienne"]),
        ("q=dakar", ["Sans date"]),
        ("pays=SN", ["Sans date"]),
        ("nature=twinning", ["Ancienne"]),
        ("etat=in_force", ["Récente"]),
        ("etat=draft", ["Sans date"]),
        ("vue=fin-proche", ["Récente"]),
        ("vue=non-transmises", ["Ancienne"]),
        ("vue=non-transmises&nature=cooperation", []),
        ("tri=signature", ["Ancienne", "Récente", "Sans date"]),
        ("tri=fin", ["Récente", "Ancienne", "Sans date"]),
        ("tri=titre", ["Ancienne", "Récente", "Sans date"]),
    ],
)
def test_parameters_select(client, query, titles):
    today = timezone.localdate()
    factories.ConventionFactory(title="Ancienne", kind="twinning", object="Assainissement", signed_on=date(1994, 1, 1))
    factories.ConventionFactory(
        title="Récente",
        signed_on=date(2024, 1, 1),
        transmitted_on=date(2024, 1, 2),
        in_force_on=date(2024, 1, 2),
        ends_on=today + timedelta(days=90),
    )
    partnership = factories.PartnershipFactory(name="Île-de-France – Dakar")
    dakar = factories.OrganisationFactory(kind="foreign_authority", country=factories.CountryFactory(iso2="SN"))
    factories.PartyFactory(partnership=partnership, organisation=dakar, side=Side.FOREIGN)
    factories.ConventionFactory(title="Sans date", partnership=partnership)
    page = client.get(f"/conventions/?{query}")
    assert [row.title for row in page.context["page"]] == titles


def test_the_lists_to_follow_are_counted_among_the_rows_asked_for(client):
    factories.ConventionFactory(title="Eau", signed_on=DAY)
    factories.ConventionFactory(
        title="Port", object="", kind="twinning", ends_on=timezone.localdate() + timedelta(days=30)
    )

    def counts(query: str) -> list[int]:
        return [count for _code, _label, count in client.get(f"/conventions/?{query}").context["filterset"].views]

    assert counts("") == counts("vue=non-transmises") == [2, 1, 1]
    assert counts("nature=twinning") == [1, 1, 0]
    assert counts("q=eau&vue=fin-proche&tri=fin") == [1, 0, 1]


@pytest.mark.parametrize("query", ["vue=x", "etat=x", "nature=x", "tri=x", "page=0", "pays=ZZ"])
def test_a_bad_value_gives_400(client, query):
    assert client.get(f"/conventions/?{query}").status_code == 400


def test_every_kind_and_state_can_be_asked_for():
    fields = ConventionFilter.base_filters
    assert {"amendment", "state"} <= {code for code, _ in fields["nature"].choices}
    assert len(fields["etat"].choices) == 8


def told(client, row: Convention) -> str:
    return " ".join(client.get(row.get_absolute_url()).content.decode().split())


def test_the_page_shows_both_clocks_amounts_chain_and_sources(client):
    row = whole_convention()
    text = told(client, row)
    for words in [
        "En vigueur",
        "Accusé de réception n° 017-2024",
        "20 mars 2024 · Délai écoulé",
        "15 janvier 2024 · Fait",
        "2 janvier 2024 · Fait",
        "Favorable",
        "2099 · À venir",
        "Rien à signaler",
        "20 000,00 €",
        "cette convention",
        "Accord premier",
        "Étude d’exemple",
    ]:
        assert words in text, words
    table = client.get(row.get_absolute_url()).context["commitments"]
    assert [column.label for column in table.columns][1:-1] == ["2024", "2025"]
    assert [(cells[1], cells[2]) for cells in table.rows] == [(Decimal(20000), ""), ("", Decimal(30000))]
    assert table.total[1:] == [Decimal(20000), Decimal(30000), Decimal(50000)]


def test_the_page_says_what_is_unknown_and_what_is_wrong(client):
    row = factories.ConventionFactory(object="", signed_on=date(1990, 1, 1), signed_on_precision="year")
    text = told(client, row)
    for words in ["non renseigné", "1990 · Fait", "Sans objet : aucune partie mexicaine", "À vérifier", "L. 1115-1"]:
        assert words in text, words
    assert "Renouvellements" not in text


def test_a_tacitly_renewed_convention_tells_its_next_term(client):
    row = whole_convention(ends_on=date(2025, 1, 1), is_tacitly_renewed=True, renewal_years=99)
    text = told(client, row)
    assert "par périodes de 99 ans" in text
    assert "Prochaine échéance : 2124" in text


def test_the_ceiling_counts_all_conventions_of_the_year(client):
    row = whole_convention()
    mine = Commitment.objects.get(convention=row, year=2024)
    Commitment.objects.filter(pk=mine.pk).update(service="water", service_resources_amount=Decimal(2_000_000))
    assert "plus de 1 %" not in told(client, row)
    other = factories.ConventionFactory()
    factories.CommitmentFactory(convention=other, party=mine.party, year=2024, service="water", amount=Decimal("0.01"))
    assert "La Rochelle, 2024 : plus de 1 % des ressources du service (Eau et assainissement)." in told(client, row)


def test_a_chain_that_turns_round_is_still_shown(client):
    row = whole_convention()
    Convention.objects.filter(pk=row.renews_id).update(renews=row)
    assert "Renouvellements" in told(client, row)


def test_the_partnership_leads_to_its_conventions(client):
    row = whole_convention()
    assert f'href="{row.get_absolute_url()}"' in client.get(row.partnership.get_absolute_url()).content.decode()


def test_unknown_convention_is_a_404(client):
    assert client.get("/conventions/nulle/").status_code == 404


# The form of administrators


@pytest.fixture
def administrator(client):
    client.force_login(factories.UserFactory(is_staff=True, is_superuser=True))
    return client


def sent(administrator, row: Convention, **changes: str):
    address = reverse("admin:partnerships_convention_change", args=[row.pk])
    form = administrator.get(address).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value not in (None, False)}
    inline = {"commitments-TOTAL_FORMS": "0", "commitments-INITIAL_FORMS": "0"}
    return administrator.post(address, {**data, **inline, **changes}, follow=True)


def test_the_form_says_an_error_of_the_law_on_its_field(administrator):
    row = factories.ConventionFactory(object="", signed_on=DAY, transmitted_on=DAY)
    page = sent(administrator, row, in_force_on="2015-07-14")
    errors = page.context["adminform"].form.errors
    assert set(errors) == {"object", "provisional_amount", "in_force_on"}
    assert "L. 1115-1" in errors["object"][0]


def test_the_form_saves_and_says_the_warnings(administrator):
    row = factories.ConventionFactory(signed_on=DAY)
    page = sent(administrator, row, title="Autre titre")
    row.refresh_from_db()
    assert row.title == "Autre titre"
    assert any("sans transmission connue" in str(message) for message in page.context["messages"])


def test_commitments_are_typed_beside_the_convention(administrator):
    row = whole_convention(provisional_amount=Decimal(100))
    party = factories.OrganisationFactory()
    page = sent(
        administrator,
        row,
        **{
            "commitments-TOTAL_FORMS": "1",
            "commitments-0-year": "2030",
            "commitments-0-party": str(party.pk),
            "commitments-0-amount": "1 234,50",
        },
    )
    assert row.commitments.get(party=party).amount == Decimal("1234.50")
    assert any("dépassent le montant prévisionnel" in str(message) for message in page.context["messages"])
