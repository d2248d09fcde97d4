"""Lines that are not published: who reads them, counts them and is told of them. For all others they do not exist."""

import csv
import io
import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from aect.accounts.models import Role
from aect.jobs.models import Job
from aect.journal.models import Entry
from funding import services
from funding.models import ApdLine, ApdTotal, StaleTotal
from partnerships.choices import MemberRole
from partnerships.models import Identifier, Organisation
from tests import factories
from tests.test_leaks import body

pytestmark = pytest.mark.django_db
TITLE, AMOUNT = "Zxyqualle", Decimal("987654.32")
SIREN = "217500016"
SHOWN = "987\u00a0654,32"


def client_of(reader: str) -> Client:
    client = Client()
    if reader == "public":
        return client
    if " of " in reader:
        place = Organisation.objects.get(slug=f"ville-{reader[-1].lower()}")
        role = MemberRole.READER if reader.startswith("reader") else MemberRole.SIGNATORY
        user = factories.MembershipFactory(organisation=place, role=role).user
    else:
        user = factories.UserFactory(role=Role.AGENT if reader == "no place" else reader)
    client.force_login(user)
    return client


@pytest.fixture
def lines() -> None:
    """Published lines of A and B, computed yesterday."""
    factories.DacListingFactory()
    factories.DacListingFactory(country=factories.CountryFactory(iso2="SN"))
    for letter in "ab":
        town = factories.OrganisationFactory(slug=f"ville-{letter}", name=f"Ville {letter}")
        factories.ApdLineFactory(collectivity=town, paid_amount=Decimal("100.10"))
    Identifier.objects.create(organisation=Organisation.objects.get(slug="ville-a"), scheme="siren", code=SIREN)
    services.rebuild()
    ApdTotal.objects.update(computed_at=timezone.now() - timedelta(days=1))


def hide_a_line(**fields) -> ApdLine:
    """A line of A that is not published, in a country of its own."""
    town = Organisation.objects.get(slug="ville-a")
    country = factories.CountryFactory(iso2="SN")
    line = {"collectivity": town, "title": TITLE, "paid_amount": AMOUNT, "recipient": country, **fields}
    return factories.ApdLineFactory(**line, is_published=False)


ADDRESSES = [
    "/",
    "/apd/",
    "/es/apd/?annee=2018&type=commune&refugies=sans",
    "/apd/?publication=non-publiees",
    "/apd/?pays=SN",
    f"/apd/?collectivite={SIREN}",
    "/apd/export.csv",
    "/apd/export.csv?profil=excel-fr&grouper=pays&tri=-apd",
    "/apd/export.csv?publication=non-publiees",
    "/financements/",
    "/collectivites/ville-a/",
]


def test_nothing_tells_the_others_of_a_line_that_is_not_published(lines):
    asked = [(client_of(reader), path) for reader in ("public", "agent of B") for path in ADDRESSES]
    asked.append((client_of("no place"), "/apd/"))
    before = [body(client, path) for client, path in asked]
    hide_a_line()
    hide_a_line(year=1999, recipient=None)
    stale = [body(client, path) for client, path in asked if path == "/apd/"]
    assert set(stale) <= set(before)
    services.rebuild()
    told = [path for (client, path), said in zip(asked, before, strict=True) if body(client, path) != said]
    assert told == []


@pytest.mark.parametrize("reader", ["reader of A", "officer", "analyst"])
def test_who_may_read_it_counts_it_and_is_told(lines, reader):
    """The control: the line is where the test above looks for it."""
    client = client_of(reader)
    before = {path: body(client, path) for path in ADDRESSES if path != "/"}
    hide_a_line()
    assert "ne sont plus à jour" in body(client, "/apd/").decode()
    services.rebuild()
    after = {path: body(client, path) for path in before}
    assert [path for path in before if after[path] == before[path]] == []
    for path in ("/apd/", "/financements/", "/collectivites/ville-a/"):
        assert re.search(r"1 ligne sur \d n’est pas publiée", after[path].decode()), path
    assert SHOWN in after["/apd/?publication=non-publiees"].decode()
    public = body(client, "/apd/?publication=publiees").decode()
    assert SHOWN not in public
    assert "n’est pas publiée" not in public
    assert "NON-PUBLIE.csv" in client.get("/apd/export.csv")["Content-Disposition"]
    assert "NON-PUBLIE" not in client.get("/apd/export.csv?publication=publiees")["Content-Disposition"]


@pytest.mark.parametrize("reader", ["public", "no place", "agent of A", "analyst"])
def test_only_who_may_read_such_lines_chooses_among_them(lines, reader):
    client, is_known = client_of(reader), reader not in {"public", "no place"}
    assert client.get("/apd/export.csv?publication=lune").status_code == (400 if is_known else 200)
    page = client.get("/apd/?publication=publiees").content.decode()
    assert ("Paramètre inconnu" in page) != is_known
    assert ('name="publication"' in page) == is_known


def sum_of_lines(condition: str) -> Decimal:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sum(apd_amount) FROM funding_apdline AS line WHERE {condition}")  # noqa: S608
        return cursor.fetchone()[0]


OF_A = "collectivity_id = (SELECT id FROM partnerships_organisation WHERE slug = 'ville-a')"
OF_B = OF_A.replace("ville-a", "ville-b")
READ = {
    "public": "is_published",
    "no place": "is_published",
    "reader of A": f"is_published OR {OF_A}",
    "agent of A": f"is_published OR {OF_A}",
    "agent of B": f"is_published OR {OF_B}",
    "officer": "true",
    "analyst": "true",
    "administrator": "true",
}


def euros(amount: Decimal) -> str:
    return f"{amount:,.2f}".replace(",", "\u00a0").replace(".", ",") + "\u00a0€"


def test_key_figure_chart_table_file_and_sql_agree_for_each_reader(lines):
    hide_a_line()
    hide_a_line(recipient=factories.CountryFactory(iso2="MX"), paid_amount=Decimal("0.01"))
    hide_a_line(collectivity=Organisation.objects.get(slug="ville-b"), paid_amount=Decimal("5000.55"))
    services.rebuild()
    totals = set()
    for reader, condition in READ.items():
        client, total = client_of(reader), sum_of_lines(condition)
        page = client.get("/apd/").content.decode()
        figure = re.search(r'<p class="aect-figure__value">([^<]*)</p>', page).group(1)
        drawn = json.loads(re.search(r'<script id="apd-by-year-figure"[^>]*>(.*?)</script>', page).group(1))
        foot = re.search(r'id="apd-by-type.*?<tfoot>(.*?)</tfoot>', page, re.DOTALL).group(1)
        assert figure == euros(total), reader
        assert sum(Decimal(str(y)) for trace in drawn["data"] for y in trace["y"] if y) == total, reader
        assert euros(total) in foot, reader
        for profile, delimiter, column in (("standard", ",", "apd_eur"), ("excel-fr", ";", "APD (€)")):
            text = client.get("/apd/export.csv", {"profil": profile}).getvalue().decode("utf-8-sig")
            rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
            assert sum(Decimal(row[column].replace(",", ".")) for row in rows if row[column]) == total, reader
        assert euros(total) in client.get("/financements/").content.decode(), reader
        totals.add(total)
    assert len(totals) == 4  # published; with A's; with B's; all


@pytest.mark.parametrize(("reader", "queries"), [("public", 13), ("agent of A", 16), ("officer", 15)])
def test_a_page_takes_the_same_queries_whatever_is_not_published(lines, django_assert_num_queries, reader, queries):
    client = client_of(reader)
    for _ in range(2):
        hide_a_line()
        services.rebuild()
        cache.clear()
        with django_assert_num_queries(queries):
            client.get("/apd/")


def test_the_command_writes_what_is_published_unless_told_otherwise(lines, capfdbinary):
    def written(*options: str) -> str:
        call_command("export_apd", "--output", "-", *options)
        return capfdbinary.readouterr().out.decode()

    hide_a_line()
    services.rebuild()
    for what in ("--lines", "--summary"):
        assert "987654.32" not in written(what)
        assert "987654.32" in written(what, "--all")
        assert written(what, "--all", "--publication", "publiees") == written(what)
    assert TITLE in written("--lines", "--all")
    with pytest.raises(CommandError, match="--all"):
        written("--publication", "non-publiees")


def test_publishing_moves_a_line_to_the_public_totals_and_is_noted(lines, officer):
    line = hide_a_line()
    services.rebuild()
    Job.objects.all().delete()
    for act, published in ((services.publish_lines, True), (services.unpublish_lines, False)):
        assert act(ApdLine.objects.all(), by=officer) == (1 if published else 3)
        assert act(ApdLine.objects.all(), by=officer) == 0
        line.refresh_from_db()
        assert line.is_published == published
        assert set(StaleTotal.objects.values_list("is_published", flat=True)) == {True, False}
        assert Job.objects.count() == 1
        services.rebuild()
        assert (SHOWN in Client().get("/apd/").content.decode()) == published
    noted = Entry.objects.order_by("pk").values_list("actor_id", "organisation", "details")
    assert noted[0] == (
        officer.pk,
        "Ville a",
        {"apd_lines": 1, "year": 2018, "before": "draft", "after": "published"},
    )
    assert len(noted) == 3  # then one for each collectivity's year


def test_a_line_is_not_published_unless_told(lines):
    shown = ApdLine.objects.first()
    shown.pk, shown.line_id, shown.is_published = None, "neuve", ApdLine._meta.get_field("is_published").get_default()
    shown.save(force_insert=True)
    assert not ApdLine.objects.get(line_id="neuve").is_published
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_default FROM information_schema.columns WHERE column_name = 'is_published'"
                       " AND table_name = 'funding_apdline'")  # fmt: skip
        assert cursor.fetchone() == ("false",)
