"""Both profiles to the byte, and the sums that come out of them."""

import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.http import QueryDict
from django.urls import reverse

from aect.jobs.models import Job
from aect.tabular.writing import DELIMITERS
from funding import exports, services
from funding.filters.figures import ApdFilter
from funding.models import ApdLine, ApdTotal
from partnerships.models import Identifier
from tests import factories

pytestmark = pytest.mark.django_db
NASTY = '=1+1;"x"\r\n@suite\n-fin\rdernière, ligne'


@pytest.fixture
def lines():
    factories.DacListingFactory()
    town = factories.OrganisationFactory(name="+Ville, d’Émile")
    Identifier.objects.create(organisation=town, scheme="siren", code="217500016")
    factories.ApdLineFactory(
        line_id="A1",
        collectivity=town,
        title="-Eau; « potable »",
        description=NASTY,
        committed_amount=Decimal("1234567.5"),
        paid_amount=Decimal("1000.10"),
        refunded_amount=Decimal("2000"),
        sdg_goals=[6, 13],
        starts_on=date(2018, 1, 31),
        is_fictitious=True,
    )
    factories.ApdLineFactory(line_id="A2", collectivity=town, recipient=None, paid_amount=None, title="Accueil")
    services.rebuild()


def written(make, query: str, queryset=None) -> bytes:
    file = io.BytesIO()
    make(ApdFilter(QueryDict(query), queryset=queryset)).write(file)
    return file.getvalue()


def test_standard_summary_to_the_byte(lines):
    assert written(exports.summary, "", ApdTotal.objects.all()).decode() == (
        "year,collectivity_siren,collectivity,collectivity_type,recipient_iso2,recipient,purpose_code,purpose,"
        "lines,committed_eur,paid_eur,net_eur,apd_eur,apd_without_refugees_eur,fictitious_lines,unpublished_lines\n"
        '2018,217500016,"+Ville, d’Émile",commune,MX,Mexique,14030,Secteur 14030,'
        "1,1234567.50,1000.10,-999.90,-999.90,-999.90,1,0\n"
        '2018,217500016,"+Ville, d’Émile",commune,,,14030,Secteur 14030,1,,,,,,0,0\n'
    )


def test_excel_summary_to_the_byte(lines):
    assert (
        written(exports.summary, "profil=excel-fr&grouper=annee,collectivite", ApdTotal.objects.all())
        == (
            "\ufeffAnnée;SIREN;Collectivité;Type de collectivité;Lignes;Engagé (€);Versé (€);Net (€);APD (€);"
            "APD hors réfugiés (€);Lignes fictives;Lignes non publiées\r\n"
            "2018;217500016;'+Ville, d’Émile;Commune;2;1234567,50;1000,10;-999,90;-999,90;-999,90;1;0\r\n"
        ).encode()
    )


def test_standard_lines_are_raw(lines):
    text = written(exports.lines, "", ApdLine.objects.all()).decode()
    header, *_rest = text.split("\n")
    assert header == (
        "line_id,year,collectivity_siren,project_reference,title,description,recipient_iso2,purpose_code,aid_type,"
        "finance_type,flow_type,channel_code,bi_multi,currency,committed_amount,paid_amount,refunded_amount,"
        "public_receipts_amount,one_percent_fund,sdg_goals,refugee_costs,starts_on,ends_on,is_fictitious,is_published"
    )
    first, second = csv.DictReader(io.StringIO(text, newline=""))
    assert first["description"] == NASTY
    assert (first["sdg_goals"], first["refunded_amount"], first["starts_on"]) == ("6|13", "2000.00", "2018-01-31")
    assert (first["refugee_costs"], first["is_fictitious"]) == ("false", "true")
    assert text.endswith("A2,2018,217500016,,Accueil,,,14030,C01,110,10,,1,EUR,,,,,,,false,,,false,true\n")
    assert second["paid_amount"] == ""


def test_a_line_does_not_name_a_project_that_is_not_published():
    hidden, shown = factories.DraftFactory(slug="cache"), factories.ProjectFactory(slug="public")
    for project in (hidden, shown):
        factories.ApdLineFactory(project=project)
    text = written(exports.lines, "", ApdLine.objects.all()).decode()
    assert "public" in text
    assert "cache" not in text


def test_excel_lines_neutralise_text_and_keep_every_break_crlf(lines):
    data = written(exports.lines, "profil=excel-fr", ApdLine.objects.all())
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.replace(b"\r\n", b"").count(b"\n") == data.replace(b"\r\n", b"").count(b"\r") == 0
    first, _second = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";")
    assert first["Description"] == "'" + NASTY.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
    assert (first["Intitulé"], first["Début"], first["Donnée fictive"]) == ("'-Eau; « potable »", "31/01/2018", "oui")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_run_is_neutralised(start):
    factories.ApdLineFactory(title=f"{start}x", committed_amount=Decimal(0), paid_amount=0, refunded_amount=1)
    services.rebuild()
    for profile, expected in (("standard", f"{start}x"), ("excel-fr", f"'{start}x".replace("\r", "\r\n"))):
        text = written(exports.lines, f"profil={profile}", ApdLine.objects.all()).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[profile]))
        assert rows[1][4] == expected
    totals = written(exports.summary, "profil=excel-fr&grouper=annee", ApdTotal.objects.all()).decode("utf-8-sig")
    assert ";-1,00;" in totals  # a negative number is a number


def test_dashboard_file_and_lines_agree_to_the_cent(lines, client):
    response = client.get(reverse("apd-export"), {"grouper": "annee,pays"})
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    table = ApdTotal.objects.summed("annee", "pays")
    for row, shown in zip(rows, table, strict=True):
        of_country = ApdLine.objects.filter(recipient=row["recipient_iso2"] or None)
        plain = sum((line.apd_amount for line in of_country if line.apd_amount is not None), Decimal(0))
        assert Decimal(row["apd_eur"] or 0) == (shown["apd_eur"] or 0) == plain


def test_the_file_is_an_attachment_whose_name_tells_its_scope(lines, client):
    response = client.get(reverse("apd-export"))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="apd-synthese-2018-FICTIF.csv"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert len(b"".join(response.streaming_content)) == int(response["Content-Length"])
    response = client.get(reverse("apd-export"), {"pays": "MX", "collectivite": "217500016", "annee": 2018})
    assert "apd-synthese-mx-217500016-2018-FICTIF.csv" in response["Content-Disposition"]
    ApdTotal.objects.filter(is_fictitious=True).delete()
    assert "apd-synthese-2018.csv" in client.get(reverse("apd-export"))["Content-Disposition"]


def test_nothing_found_is_a_file_with_a_header(client):
    response = client.get(reverse("apd-export"), {"profil": "excel-fr"})
    assert b"".join(response.streaming_content).endswith("Lignes fictives;Lignes non publiées\r\n".encode())


def test_a_bad_parameter_is_named_in_plain_text(client):
    response = client.get(reverse("apd-export"), {"annee": "abc", "pays": "zz"})
    assert (response.status_code, response["Content-Type"]) == (400, "text/plain; charset=utf-8")
    first, second = response.content.decode().splitlines()
    assert first.startswith("annee: ")
    assert second.startswith("pays: « zz »")


def test_a_query_that_fails_gives_no_part_of_a_file(lines, tmp_path):
    broken = ApdTotal.objects.extra(where=["1 / (lines - lines) = 1"])
    export = exports.summary(ApdFilter(QueryDict(""), queryset=ApdTotal.objects.all()))
    export = replace(export, rows=export.rows.filter(pk__in=broken.values("pk")))
    with pytest.raises(DatabaseError):
        export.save(tmp_path / "x.csv")
    assert not list(tmp_path.iterdir())


def test_the_command_writes_what_the_screen_does(lines, client, tmp_path):
    for profile in DELIMITERS:
        screen = b"".join(client.get(reverse("apd-export"), {"profil": profile, "pays": "MX"}).streaming_content)
        call_command("export_apd", "--profile", profile, "--pays", "MX", "--output", str(tmp_path / "f.csv"))
        assert (tmp_path / "f.csv").read_bytes() == screen
    call_command("export_apd", "--lines", "--annee", "2018", "--output", str(tmp_path / "l.csv"))
    assert (tmp_path / "l.csv").read_bytes().count(b"A") >= 2
    with pytest.raises(CommandError, match="annee: "):
        call_command("export_apd", "--annee", "abc", "--output", "-")
    with pytest.raises(CommandError, match="No such file"):
        call_command("export_apd", "--output", str(tmp_path / "nowhere" / "f.csv"))


def test_only_those_who_oversee_may_ask_for_a_computation(client, agent, officer_client):
    address = reverse("apd-recompute")
    assert client.post(address).status_code == 302
    client.force_login(agent)
    assert client.post(address).status_code == 403
    assert not Job.objects.exists()
    assert officer_client.get(address).status_code == 405
    assert officer_client.post(address).url == reverse("jobs")
    assert Job.objects.get().arguments == {"full": True}
