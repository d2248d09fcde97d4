"""Another collectivity's drafts are nowhere: every address answers, byte for byte, as if they did not exist.

The same addresses are asked before and after the drafts are written. Drafts hang wherever one can: beside what is
published, between what is published, named by it and naming it.
"""

import datetime
import io
import re
import uuid
from collections.abc import Iterator
from decimal import Decimal
from itertools import product

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver
from django.utils.translation import override
from python_calamine import CalamineWorkbook

from aect.accounts.models import Role
from aect.spelling.services import gather
from funding.indicators import INDICATORS
from funding.models import Call
from funding.services import rebuild
from partnerships.choices import MemberRole, PartyRole, Side
from partnerships.columns import COLLECTIVITIES, CONVENTIONS, OFFERS, PARTNERSHIPS
from partnerships.models import Convention, Organisation, PartnershipOrigin
from tests import factories
from tests.test_site import routes

pytestmark = pytest.mark.django_db

WORD = "Zxyqualle"
SOUGHT = f"q={WORD}".encode()
MISTYPED = "Zxyqulale"  # two letters exchanged
ALIKE = "Zxyqulals"  # what is published, and found for want of better
SLUG, ABSENT = "zxyqualle", "zxyabsent"  # a draft's address and that of nothing, as long
#: What stands for a part of an address, by the route it is in; the first that fits.
SAMPLES = (
    ("recherche", "x"),
    ("partenariats/", "eau-de-a"),
    ("conventions/", "convention-de-a"),
    ("organisations/", "universite"),
    ("projets/", "projet-a"),
    ("collectivites/", "ville-a"),
    ("savoir-faire/offres/", "offre-de-a"),
    ("savoir-faire/besoins/", "besoin"),
    ("", "eau-de-a"),
)


def filled(route: str) -> Iterator[str]:
    """Addresses of a route, each of its parts given a value."""
    if "<slug:key>" in route:
        yield from (f"/{route.replace('<slug:key>', key)}" for key in INDICATORS)
        return
    slug = next(value for start, value in SAMPLES if route.startswith(start))
    path = route.replace("<slug:need_slug>", "besoin").replace("<slug:part>", "parties").replace("<form:form>", "csv")
    path = re.sub(r"<uuid:\w+>", str(uuid.UUID(int=7)), path)
    path = re.sub(r"<int:\w+>", "1", path)
    yield "/" + re.sub(r"<[^>]+>", slug, path)


def addresses() -> list[str]:
    with override("fr"):
        named = [route for route, _view in routes(get_resolver()) if not route.startswith(("healthz", "readyz"))]
    paths = [path for route in named for path in filled(route)]
    lists = {
        "/partenariats/": PARTNERSHIPS,
        "/conventions/": CONVENTIONS,
        "/collectivites/": COLLECTIVITIES,
        "/savoir-faire/": OFFERS,
    }
    for address, columns in lists.items():
        names = ",".join(column.name for column in columns)
        paths += [f"{address}?affichage=tableau&colonnes={names}", f"{address}export.csv?colonnes={names}"]
        paths += [f"{address}?q={WORD}", f"{address}?q={MISTYPED}", f"{address}?q=ville"]
    paths += [
        "/partenariats/?affichage=carte",
        "/partenariats/?silence=12",
        "/partenariats/?appel=appel-zxy",
        "/partenariats/?pays=SN&type=region&theme=climat&odd=13",
        "/partenariats/eau-de-a/?tri=nom",
        f"/partenariats/comparer/?partenariat=eau-de-a&partenariat={SLUG}",
        "/partenariats/comparer/?partenariat=eau-de-a&partenariat=eau-de-b",
        "/conventions/?vue=non-transmises",
        "/conventions/?vue=fin-proche",
        "/collectivites/?affichage=carte",
        "/collectivites/?tri=-partenariats&affichage=tableau",
        "/collectivites/?toutes=1&q=ville",
        "/collectivites/ville-b/",
        "/collectivites/region/",
        "/collectivites/municipio/",
        "/organisations/reseau/",
        "/indicateurs/?pays=MX",
        "/es/partenariats/",
    ]
    for query in (WORD, MISTYPED, "climat", "eau", "ville"):
        paths += [f"/recherche/?q={query}", f"/recherche/suggestions/?q={query}"]
    paths += [f"/recherche/?q={WORD}&genre={kind}" for kind in ("partenariats", "conventions", "projets", "themes")]
    return paths


def world() -> None:
    """What is published: a partnership of A, one of B, and what hangs on them."""
    region = factories.OrganisationFactory(slug="region", name="Région", kind="region", latitude=46, longitude=2)
    a, b = (
        factories.OrganisationFactory(
            slug=f"ville-{letter}", name=f"Ville {letter}", region=region, latitude=45, longitude=1
        )
        for letter in "ab"
    )
    there = factories.MexicanMunicipalityFactory(slug="municipio", name="Municipio", latitude=19, longitude=-90)
    factories.OrganisationFactory(slug="universite", name=f"Université {ALIKE}", kind="university")
    factories.NetworkMembershipFactory(
        network=factories.OrganisationFactory(slug="reseau", name="Réseau", kind="network"), member=a
    )
    factories.ThemeFactory(slug="climat", name="Climat")
    factories.CountryFactory(iso2="SN")
    factories.CallFactory(slug="appel-zxy", title="Appel", first_year=2012, last_year=2012)
    call = factories.CallFactory(slug="appel-2014", first_year=2014, last_year=2014)
    for town in (a, b):
        letter = town.slug[-1]
        row = factories.PartnershipFactory(slug=f"eau-de-{letter}", name=f"Eau de {letter}")
        row.themes.add(factories.ThemeFactory(slug="eau", name="Eau"))
        factories.PartyFactory(partnership=row, organisation=town)
        factories.PartyFactory(partnership=row, organisation=there, side=Side.FOREIGN)
        factories.MilestoneFactory(partnership=row, status_after="active")
        convention = factories.ConventionFactory(
            partnership=row,
            slug=f"convention-de-{letter}",
            title=f"Convention de {letter}",
            signed_on=datetime.date(2015, 7, 15),
        )
        factories.CommitmentFactory(
            convention=convention, party=town, service="water", service_resources_amount=Decimal(1_500_000)
        )
        project = factories.ProjectFactory(partnership=row, slug=f"projet-{letter}", title="Projet", call=call)
        factories.CofinancingFactory(project=project, funder=town)
        factories.ApdLineFactory(collectivity=town)
    rebuild()
    before = factories.CallFactory(slug="appel-2010", first_year=2010, last_year=2010)  # so that renewals are told
    factories.ProjectFactory(partnership=row, slug="projet-2010", title="Projet", call=before)
    factories.OfferFactory(organisation=a, slug="offre-de-a", title="Réseaux d’eau")
    factories.NeedFactory(organisation=there, slug="besoin", title="Besoin d’eau")
    gather()


def drafts() -> None:
    """A draft of A that hangs on everything that is published, and a draft convention of A's published partnership."""
    a, region, there, university, network = (
        Organisation.objects.get(slug=slug) for slug in ("ville-a", "region", "municipio", "universite", "reseau")
    )
    draft = factories.PartnershipFactory(
        slug=SLUG, name=WORD, summary=WORD, began_on=datetime.date(2026, 1, 5), published_at=None
    )
    draft.themes.add(factories.ThemeFactory(slug="climat"), factories.ThemeFactory(slug="eau"))
    for place, role in ((a, PartyRole.PARTY), (region, PartyRole.ASSOCIATE), (university, PartyRole.ACTOR)):
        factories.PartyFactory(partnership=draft, organisation=place, role=role, part=WORD)
    factories.PartyFactory(partnership=draft, organisation=there, side=Side.FOREIGN)
    milestone = factories.MilestoneFactory(
        partnership=draft, title=WORD, status_after="ended", reason="majority", happened_on=datetime.date(2016, 1, 1)
    )
    milestone.organisations.add(a, university, network)
    action = factories.ActionFactory(partnership=draft, title=WORD, soil=Side.FRENCH)
    factories.IndicatorFactory(action=action, name=WORD)
    factories.SdgContributionFactory(partnership=draft, goal=13, contribution=WORD)
    factories.StaffContributionFactory(partnership=draft, organisation=a, department=WORD, year=2016, days=12)
    factories.ConventionFactory(
        partnership=draft, slug=f"convention-{SLUG}", title=f"Convention {WORD}", signed_on=datetime.date(2024, 1, 5)
    )  # published, of a partnership that is not
    published = Convention.objects.get(slug="convention-de-a")
    renewal = factories.ConventionFactory(
        partnership=published.partnership,
        slug=f"suite-{SLUG}",
        title=f"Suite {WORD}",
        renews=published,
        signed_on=datetime.date(2026, 7, 15),
        published_at=None,
    )
    factories.ConventionFactory(
        partnership=published.partnership,
        slug=f"avenant-{SLUG}",
        title=f"Avenant {WORD}",
        kind="amendment",
        amends=published,
        published_at=None,
    )
    renewal.signatories.add(a, there)
    factories.CommitmentFactory(convention=renewal, party=a, service="water", amount=Decimal(987_654))
    factories.ApdLineFactory(
        collectivity=region,
        title=WORD,
        year=2012,
        recipient=factories.CountryFactory(iso2="SN"),
        paid_amount=Decimal(987_654),
        is_published=False,
    )
    rebuild()
    offer, need = a.offers.get(), there.needs.get()
    offer.partnerships.add(draft)
    offer.actions.add(action)
    PartnershipOrigin.objects.create(
        partnership=draft, offer=offer, need=need, prepared_by=factories.UserFactory(role=Role.OFFICER)
    )
    factories.OfferFactory(organisation=a, slug=f"offre-{SLUG}", title=f"Offre {WORD}", published_on=None)
    for number, of_call in enumerate((Call.objects.get(slug="appel-zxy"), published.partnership.projects.get().call)):
        project = factories.ProjectFactory(
            partnership=draft, slug=f"projet-{SLUG}{number or ''}", title=f"Projet {WORD}", call=of_call
        )
        factories.CofinancingFactory(project=project, funder=a, amount=Decimal(123_456))
    gather()


MASKED = re.compile(
    rb'nonce-[^\'"; ]+|nonce="[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"|[0-9a-f-]{36}|'
    rb'name="typed_by" value="[^"]*"'
)


def body(client: Client, address: str) -> bytes:
    cache.clear()
    return answer(client.get(address))


def answer(response) -> bytes:
    """Status, address and text, but for what differs at each reading."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    if "spreadsheet" in response.get("Content-Type", ""):
        content = repr(CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()).encode()
    return b"%d %s %s" % (response.status_code, response.get("Location", "").encode(), MASKED.sub(b"", content))


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def member_of(slug: str) -> Client:
    place = Organisation.objects.get(slug=slug)
    return signed_in(factories.MembershipFactory(organisation=place, role=MemberRole.SIGNATORY).user)


def analyst() -> Client:
    return signed_in(factories.UserFactory(role=Role.ANALYST))


def test_another_s_drafts_change_no_answer():
    world()
    every = addresses()
    asked = [
        *((client, path) for client in (Client(), member_of("ville-b")) for path in every),
        *((analyst(), path) for path in SEEN if SLUG not in path),  # who read all figures, elsewhere
    ]
    before = [body(client, path) for client, path in asked]
    drafts()
    told = [path for (client, path), said in zip(asked, before, strict=True) if body(client, path) != said]
    assert told == []


SEEN = [
    "/",
    "/partenariats/",
    "/partenariats/export.csv",
    f"/partenariats/{SLUG}/",
    f"/partenariats/comparer/?partenariat=eau-de-a&partenariat={SLUG}",
    "/partenariats/eau-de-a/",
    "/conventions/",
    "/conventions/export.csv",
    f"/conventions/suite-{SLUG}/",
    "/conventions/convention-de-a/",
    "/collectivites/ville-a/",
    "/collectivites/municipio/",
    "/organisations/universite/",
    "/organisations/reseau/",
    "/savoir-faire/",
    "/savoir-faire/offres/offre-de-a/",
    "/savoir-faire/besoins/besoin/",
    f"/recherche/?q={WORD}",
    f"/recherche/suggestions/?q={WORD}",
]


def test_their_own_collectivity_and_officers_read_them():
    """The control: the drafts are where the test above looks for them."""
    world()
    drafts()
    for client in (member_of("ville-a"), signed_in(factories.UserFactory(role=Role.OFFICER))):
        assert [
            path for path in SEEN if WORD.encode() not in body(client, path).replace(f"q={WORD}".encode(), b"")
        ] == []


def test_figures_count_drafts_for_those_who_may_count_them():
    world()
    drafts()
    counts = {}
    readers = {"public": Client(), "agent of B": member_of("ville-b"), "agent of A": member_of("ville-a")}
    for name, client in {**readers, "analyst": analyst()}.items():
        counts[name] = body(client, "/indicateurs/portee.csv")
    assert counts["public"] == counts["agent of B"]
    assert counts["analyst"] == counts["agent of A"] != counts["public"]
    assert "1 brouillon, que la liste ne montre pas" in body(analyst(), "/indicateurs/").decode()


def test_the_figures_of_who_counts_drafts_do_not_spell_them():
    """A text is sought in what its reader may read, whatever they may count."""
    world()
    drafts()
    client = analyst()
    for text, address in product((WORD, WORD[:3], WORD[1:4]), ("/indicateurs/portee.csv?q={}", "/indicateurs/?q={}")):
        told, untold = (body(client, address.format(each)) for each in (text, ABSENT))
        assert told.replace(text.encode(), b"") == untold.replace(ABSENT.encode(), b""), (address, text)


#: By the beginning of a route, those of the drafts' addresses that stand in it.
DRAFTS = {
    "projets/": ("projet-",),
    "conventions/": ("suite-", "avenant-", "convention-"),
    "savoir-faire/offres/": ("offre-",),
}


def test_the_addresses_of_a_draft_answer_as_those_of_nothing():
    world()
    drafts()
    with override("fr"):
        named = [route for route, _view in routes(get_resolver()) if "<slug:slug>" in route]
    told = []
    for client, route in product((Client(), member_of("ville-b"), analyst()), named):
        for start in next((starts for place, starts in DRAFTS.items() if route.startswith(place)), ("",)):
            draft, nothing = (answers(client, route, start + slug) for slug in (SLUG, ABSENT))
            told += [route] if draft != nothing else []
    assert told == []


def answers(client: Client, route: str, slug: str) -> list[bytes]:
    """To both methods, at the address of this slug, which is left out of them."""
    address = next(filled(route.replace("<slug:slug>", slug)))
    return [answer(ask(address)).replace(slug.encode(), b"") for ask in (client.get, client.post)]
