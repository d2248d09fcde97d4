"""A world in which every text that people can type is an attack, and a reader that finds where one came to life."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.http.response import HttpResponseBase
from django.test import Client

from aect.accounts.models import Role, User
from aect.accounts.sessions import AGENT
from aect.proconnect.models import Identity
from aect.uploads import neutral
from funding import filing
from funding.choices import Metric
from funding.models import Channel, Project, PublishedFigure
from funding.services import rebuild
from partnerships.models import Convention, JoinRequest, Organisation, Partnership
from tests import factories
from tests.world import made_world

HOSTILE = (
    "=1+1\"'><aectx-a aectx-b=1 onerror=alert(1)>{{7*7}}%s%(n)s{0}</script></title></textarea>"
    "<a href=//aectx.test>\r\nBcc: aectx@demo.test"
)
ADDRESS = '"<aectx-a\'onerror=x>{0}"@demo.test'  # what an e-mail address may be
FILE = "=1+1\"'><aectx-a onerror=alert(1)>{{7*7}}.pdf"
URL = "https://example.org/\"'><aectx-a/onerror=alert(1)>"
ESCAPED = "&lt;aectx-a"  # how it stands where it is shown
APPS = ("accounts", "partnerships", "funding", "saved", "jobs", "batches", "mail", "proconnect")
#: What nobody types: addresses, codes of published lists, digests, what programs name things by.
NOT_TYPED = {
    *("slug", "iso2", "iso3", "code", "category", "key", "sha256", "digest", "password", "language", "currency"),
    *("session_key", "session_data", "task", "template", "kind", "list_name", "query", "week", "to", "issuer", "acr"),
}


def hostile_world() -> SimpleNamespace:
    """The world of the access matrix, with a row of everything else, and each text of it hostile."""
    world = made_world()
    add_the_rest(world)
    embitter()
    rebuild()
    return world


def add_the_rest(world: SimpleNamespace) -> None:
    """What the matrix needs no row of, but pages, charts and files tell of."""
    source = factories.SourceFactory(publisher="Qui publie", url="https://example.org/")
    theme = factories.ThemeFactory()
    partnership = Partnership.objects.get(slug=world.partnership)
    place, other = Organisation.objects.get(slug=world.place_a), Organisation.objects.get(slug=world.other)
    there = factories.MexicanMunicipalityFactory(latitude=19, longitude=-90, source=source, source_place="p. 1")
    Organisation.objects.filter(pk=place.pk).update(latitude=45, longitude=1, source=source)
    factories.PartyFactory(partnership=partnership, organisation=there, side="foreign", source=source, part="Part")
    Partnership.objects.filter(pk=partnership.pk).update(source=source, initiative="internal")
    Convention.objects.filter(slug=world.convention).update(
        source=source,
        deliberated_on="2020-01-05",
        signed_on="2020-02-05",
        transmitted_on="2020-02-06",
        sre_notified_on="2020-03-05",
        ends_on="2099-01-01",
    )
    partnership.themes.add(theme)
    milestone = factories.MilestoneFactory(partnership=partnership, source=source, status_after="active")
    milestone.organisations.add(other)
    action = factories.ActionFactory(partnership=partnership, source=source, description="Ce qui fut fait")
    factories.IndicatorFactory(action=action, unit="élus")
    factories.SdgContributionFactory(partnership=partnership, contribution="Part", source=source)
    factories.StaffContributionFactory(partnership=partnership, organisation=place, department="Service", year=2020)
    factories.OrganisationNameFactory(organisation=place, source=source)
    factories.SuccessionFactory(predecessor=factories.OrganisationFactory(), successor=place, source=source)
    factories.NetworkMembershipFactory(member=place, source=source)
    add_money(world, partnership, place, source)
    JoinRequest.objects.update(message="Qui je suis")
    Identity.objects.create(user=world.agent_of_a, issuer="https://example.org", subject="camille", acr="eidas1")


def add_money(world: SimpleNamespace, partnership: Partnership, place: Organisation, source: Any) -> None:
    factories.DacListingFactory()
    factories.ApdLineFactory(collectivity=place, description="Ligne")
    project = Project.objects.get(slug=world.project)
    call = factories.CallFactory(source=source, first_year=2012, last_year=2012)
    Project.objects.filter(pk=project.pk).update(call=call, source=source, objective="But")
    factories.ProjectFactory(partnership=partnership, call=factories.CallFactory())
    filing.comment_on(project, "Un commentaire", by=world.agent_of_a)
    Channel.objects.create(code="12004")
    PublishedFigure.objects.create(key="apd-2018", metric=Metric.APD, year=2018, value=1, source=source)
    PublishedFigure.objects.create(key="pact3-2018-laureats", metric=Metric.COUNT, unit="count", value=1, source=source)


def embitter() -> None:
    """Every text of every row becomes hostile, as much of it as the column holds."""
    for model in typed_models():
        for row in model._base_manager.all():
            for name, text in bitter(model, row.pk).items():
                with suppress(IntegrityError), transaction.atomic():  # a number without the date that it goes with
                    model._base_manager.filter(pk=row.pk).update(**{name: text})


def typed_models() -> Iterator[type[models.Model]]:
    for app in APPS:
        for model in apps.get_app_config(app).get_models():
            if not hasattr(model, "pgh_tracked_model"):
                yield model


def bitter(model: type[models.Model], pk: Any) -> dict[str, str]:
    """By field; the row's key stands in what must differ from row to row."""
    found = {}
    for field in model._meta.concrete_fields:
        if not isinstance(field, models.CharField | models.TextField) or field.choices or field.name in NOT_TYPED:
            continue
        text = ADDRESS.format(f"{model._meta.model_name}{pk}") if isinstance(field, models.EmailField) else HOSTILE
        text = URL if isinstance(field, models.URLField) else text
        is_file = model._meta.label in {"funding.Attachment", "batches.Batch"} and field.name == "name"
        text = neutral(FILE) if is_file else text
        found[field.name] = (f"{pk}{text}" if field.unique and text == HOSTILE else text)[: field.max_length]
    return found


def entered(user: User) -> Client:
    """Signed in, by a browser that says a hostile name of its own."""
    client = Client()
    client.force_login(user)
    session = client.session
    session[AGENT] = HOSTILE
    session.save()
    return client


def somebody(role: str) -> User:
    is_administrator = role == Role.ADMINISTRATOR
    rights = {"role": role, "is_staff": is_administrator, "is_superuser": is_administrator}
    return factories.UserFactory(email=ADDRESS.format(next(NUMBERS)), **rights)


NUMBERS = iter(range(10**6, 10**7))


class Reader(HTMLParser):
    """What a browser would make of a page: `born` is what came from a hostile text, `names` its fields' names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.born: list[str] = []
        self.names: set[str] = set()
        self.hidden: dict[str, str] = {}
        self.json = ""
        self.reads_json = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.reads_json = tag == "script" and told.get("type") == "application/json"
        if tag in {"input", "select", "textarea"} and told.get("name"):
            self.names.add(str(told["name"]))
        if told.get("type") == "hidden" and told.get("name"):
            self.hidden[str(told["name"])] = told.get("value") or ""
        if "aectx" in tag or any("aectx" in name or name.startswith("on") for name in told):
            self.born.append(self.get_starttag_text() or tag)
        leads = [told.get(name) or "" for name in ("href", "src", "action", "formaction", "data-address")]
        self.born += [each for each in leads if each.startswith(("//", "javascript:")) or "http-equiv" in told]

    def handle_data(self, data: str) -> None:
        if self.reads_json:
            self.born += [text for text in texts(json.loads(data)) if "<aectx" in text or "<a " in text]
        self.reads_json = False


def texts(value: Any) -> Iterator[str]:
    """All that a JSON value says."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts(part)


def body_of(response: HttpResponseBase) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def troubles(response: HttpResponseBase) -> list[str]:
    """What a hostile text did in this answer: nothing, or what came to life."""
    found = []
    if response.status_code >= 500:
        found.append(f"status {response.status_code}")
    if any("\n" in value or "\r" in value for value in response.headers.values()):
        found.append("a header of several lines")
    kind = response.get("Content-Type", "").partition(";")[0]
    body = body_of(response)
    if kind == "text/html":
        found += in_page(body.decode())
    elif kind.endswith("spreadsheetml.sheet"):
        found += in_workbook(body)
    return found


def in_page(page: str) -> list[str]:
    found = Reader(page).born
    found += ["a tag"] if "<aectx" in page.lower() else []
    return found + (["an expression"] if re.search(r"(>|gt;)49[%.]", page) else [])


def in_workbook(body: bytes) -> list[str]:
    """Formulas and links of a workbook."""
    archive = zipfile.ZipFile(io.BytesIO(body))
    sheets = [archive.read(name).decode() for name in archive.namelist() if "/worksheets/" in name]
    return [mark for mark in ("<f>", "<f ", "<hyperlink") if any(mark in sheet for sheet in sheets)]
