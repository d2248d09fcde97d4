"""Whatever people type is shown as they typed it: no page, file or answer takes it for markup, a formula or a header.

`tests/test_hostile_messages.py` does the same for what is said after an action, and for e-mails.
"""

import csv
import io
from collections.abc import Iterator
from copy import deepcopy
from types import SimpleNamespace
from urllib.parse import quote, urlencode

import pytest
from django.contrib import admin
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse

from aect import urls  # noqa: F401  # the site map settles what is administered
from aect.batches.kinds import KINDS
from tests.batches.files import send
from tests.hostile_names import (
    ESCAPED,
    FILE,
    HOSTILE,
    Reader,
    bitter,
    body_of,
    entered,
    hostile_world,
    in_page,
    somebody,
    troubles,
    typed_models,
)
from tests.test_access import PEOPLE, read_lines

pytestmark = pytest.mark.django_db
WITH_TEXT = {"200", "302", "400", "409", "410"}
#: Pages beside those of the matrix, and parameters that tell what others do not.
MORE = [
    "/partenariats/?affichage=tableau",
    "/partenariats/?affichage=carte",
    "/partenariats/comparer/?partenariat={partnership}&partenariat={draft_partnership}",
    "/collectivites/?affichage=carte&toutes=1",
    "/collectivites/?affichage=tableau&toutes=1",
    "/conventions/?vue=fin-proche",
    "/recherche/?q=aectx",
    "/recherche/suggestions/?q=aectx",
    "/collectivites/{place_a}/historique/",
    "/organisations/{place_a}/historique/",
    "/organisations/{place_a}/modifier/",
    "/projets/{draft_project}/modifier/",
]
FILES = [
    "/partenariats/export.csv?profil=excel-fr",
    "/conventions/export.csv?profil=excel-fr",
    "/collectivites/export.csv?profil=excel-fr&toutes=1",
    "/projets/export.csv?profil=excel-fr",
    "/savoir-faire/export.csv?profil=excel-fr",
    "/savoir-faire/besoins/export.csv?profil=excel-fr",
    "/apd/export.csv?profil=excel-fr",
    "/apd/export.csv?profil=excel-fr&contenu=lignes",
    "/journal/export.csv?profil=excel-fr",
    "/imports/export/partnerships.csv?profil=excel-fr",
    "/indicateurs/appels.csv?profil=excel-fr",
]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[SimpleNamespace]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield hostile_world()
        transaction.set_rollback(True)


def asked(method: str, who: str, world: SimpleNamespace) -> list[str]:
    """The addresses of the matrix where this person gets an answer of their own."""
    place = PEOPLE.index(who)
    lines = (line for line in read_lines() if line.method == method and line.answers[place] in WITH_TEXT)
    return [line.address.format_map(vars(world)) for line in lines]


def pages(who: str, world: SimpleNamespace) -> list[str]:
    return [*asked("GET", who, world), *(address.format_map(vars(world)) for address in MORE)]


@pytest.fixture(scope="module")
def people(world) -> dict[str, Client]:
    """Those of the matrix, by e-mail addresses as hostile as the rest."""
    clients = {"anonymous": Client()}
    for name in PEOPLE[1:]:
        if user := getattr(world, name, None):
            user.refresh_from_db()
        clients[name] = entered(user or somebody(name))
    return clients


def answered(client: Client, method: str, address: str, data: object = None, **more: bool) -> HttpResponseBase:
    """The answer; what it changed is undone."""
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        response = client.get(address) if method == "GET" else client.post(address, data, **more)
        transaction.set_rollback(True)
    client.cookies = cookies
    return response


def test_every_column_that_people_type_into_is_hostile(people, world):
    sweet = [
        f"{model._meta.label}.{name}"
        for model in typed_models()
        for name in bitter(model, 0)
        if not model._base_manager.filter(**{f"{name}__contains": "<aectx-a"}).exists()
    ]
    assert sweet == []


@pytest.mark.parametrize("who", PEOPLE)
def test_no_page_or_file_of_the_matrix_takes_a_name_for_markup(people, world, who):
    found, shown = {}, 0
    for address in pages(who, world):
        response = answered(people[who], "GET", address)
        if told := troubles(response):
            found[address] = told
        shown += not response.streaming and ESCAPED in response.content.decode(errors="replace")
    assert found == {}
    assert shown >= (20 if who == "anonymous" else 30), "the names are hardly shown: this looks at nothing"


def test_what_was_typed_for_a_record_that_is_gone_is_text(people, world):
    form = read(people["officer"], f"/partenariats/{world.partnership}/modifier/")
    typed = {name: HOSTILE for name in form.names if name not in form.hidden}
    response = answered(people["officer"], "POST", "/partenariats/rien/modifier/", {**form.hidden, **typed})
    assert response.status_code == 404
    assert ESCAPED in response.content.decode()
    assert troubles(response) == []


#: Pages whose buttons and small forms lead to addresses that show no page.
WITH_BUTTONS = [
    "/projets/{draft_project}/",
    "/collectivites/{place_a}/membres/",
    "/collectivites/{place_a}/savoir-faire/ajouter/",
    "/mes-vues/",
    "/instruction/",
    "/instruction/{project}/",
    "/partenariats/",
]


def read(client: Client, address: str) -> Reader:
    """The page at this address; nothing where there is none."""
    response = answered(client, "GET", address)
    is_page = response.status_code == 200 and response.get("Content-Type", "").startswith("text/html")
    return Reader(body_of(response).decode() if is_page else "")


@pytest.mark.parametrize("who", ["officer", "agent_of_a"])
def test_no_form_sent_back_takes_what_was_typed_for_markup(people, world, who):
    """Every field is wrong: each answer shows what was typed, beside what is wrong with it."""
    client, found, shown = people[who], {}, 0
    names = set().union(*(read(client, address.format_map(vars(world))).names for address in WITH_BUTTONS))
    assert len(names) > 20
    for address in asked("POST", who, world):
        page = read(client, address)
        data = dict.fromkeys(names | page.names, HOSTILE) | {"file": SimpleUploadedFile(FILE, HOSTILE.encode())}
        for sent in (data, data | page.hidden) if page.hidden else (data,):
            response = answered(client, "POST", address, sent)
            if told := troubles(response):
                found[address] = told
            shown += not response.streaming and ESCAPED in response.content.decode(errors="replace")
    assert found == {}
    assert shown >= 20, "what is typed is hardly shown: this looks at nothing"


def test_no_list_takes_what_its_address_asks_for_markup(people, world):
    client, found = people["officer"], {}
    records = set(vars(world).values())
    for address in [*asked("GET", "officer", world), f"/{quote(HOSTILE)}/", f"/es/{quote(HOSTILE)}/"]:
        queries = [{"q": HOSTILE, "tri": HOSTILE, HOSTILE: HOSTILE}]
        if records.isdisjoint(address.split("/")):  # a list rather than a record's page
            names = read(client, address).names | {"page", "colonnes", "affichage", "profil"}
            queries.append(dict.fromkeys(names, HOSTILE))
        for query in queries:
            if told := troubles(answered(client, "GET", f"{address}?{urlencode(query)}")):
                found[address, len(query)] = told
    assert found == {}


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_no_page_of_the_administration_takes_a_name_for_markup(people, world, model):
    client = people["administrator"]
    addresses = [reverse(admin_urlname(model._meta, "changelist"))]
    for row in model._default_manager.all()[:2]:
        addresses += [reverse(admin_urlname(model._meta, n), args=[row.pk]) for n in ("change", "delete", "history")]
    responses = {address: answered(client, "GET", address) for address in addresses}
    assert {address: found for address, response in responses.items() if (found := in_administration(response))} == {}


def test_no_message_of_the_administration_takes_a_name_for_markup(people, world):
    client, found, shown = people["administrator"], {}, 0
    for model in admin.site._registry:
        for row in model._default_manager.all()[:1]:
            change = reverse(admin_urlname(model._meta, "change"), args=[row.pk])
            several = {"action": "delete_selected", "_selected_action": [row.pk]}
            for address, data in (
                (change, sent_by(answered(client, "GET", change))),
                (reverse(admin_urlname(model._meta, "delete"), args=[row.pk]), {"post": "yes"}),
                (reverse(admin_urlname(model._meta, "changelist")), several),
                (reverse(admin_urlname(model._meta, "changelist")), {**several, "post": "yes"}),
            ):
                response = answered(client, "POST", address, data, follow=True)
                found |= {address: told} if (told := in_administration(response)) else {}
                shown += any("aectx" in str(each) for each in (response.context or {}).get("messages") or ())
    assert found == {}
    assert shown >= 10, "the names are hardly said: this looks at nothing"


def sent_by(response: HttpResponseBase) -> dict[str, object]:
    """What a page of the administration sends of its forms, left as they are."""
    if "adminform" not in (response.context or {}):
        return {}
    sets = [each.formset for each in response.context["inline_admin_formsets"]]
    rows = [form for each in sets for form in (each.management_form, *each.forms)]
    forms = [response.context["adminform"].form, *rows]
    values = {bound.html_name: bound.value() for form in forms for bound in form}
    return {name: value for name, value in values.items() if value not in (None, False)}


def in_administration(response: HttpResponseBase) -> list[str]:
    """Its own pages have `onclick` and such of their own: what came from a text is looked for."""
    return [each for each in troubles(response) if "aectx" in each or not each.startswith("<")]


@pytest.mark.parametrize("kind", KINDS)
def test_no_page_or_file_of_an_import_takes_a_cell_for_markup(people, world, kind):
    """Every cell is an attack, and so are the file's own name and the title of a column that is not known."""
    columns, client = KINDS[kind]().columns, Client()
    row = {name: HOSTILE for name, column in columns.items()}
    with transaction.atomic():
        sent = send(kind, "add", row, {**row, "name": "Aix"}, name=FILE.replace(".pdf", ".csv"))
        other = send(kind, "add", {**row, HOSTILE: HOSTILE})
        client.force_login(sent.uploaded_by)
        pages = ["", "a-corriger.csv", "fichier", "etat/", "lignes/2/", "?page=1"]
        addresses = [f"/imports/{batch.pk}/{page}" for batch in (sent, other) for page in pages]
        answers = {address: client.get(address) for address in [*addresses, "/imports/"]}
        found = {address: told for address, answer in answers.items() if (told := troubles(answer))}
        shown = [a for a, answer in answers.items() if not answer.streaming and ESCAPED in answer.content.decode()]
        name = answers[f"/imports/{sent.pk}/fichier"].headers["Content-Disposition"]
        transaction.set_rollback(True)
    assert found == {}
    assert len(shown) >= 4
    assert name.startswith('attachment; filename="=1+1\\"')


@pytest.mark.parametrize("address", FILES)
def test_a_file_for_readers_holds_no_formula(people, world, address):
    response = people["administrator"].get(address)
    assert response.status_code == 200
    rows = list(csv.reader(io.StringIO(body_of(response).decode("utf-8-sig"), newline=""), delimiter=";"))
    cells = [cell for row in rows[1:] for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r", "\n", "＝"))] == []
    assert any("<aectx-a" in cell for cell in cells), "no name is in it: this looks at nothing"


def test_what_is_looked_for_is_found_where_it_is():
    """The control of all the tests above."""
    assert in_page("<p>&lt;aectx-a&gt; =1+1</p>") == []
    for alive in (
        "<p><aectx-a></p>",
        "<input value=x aectx-b=1>",
        "<img onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=//aectx.test>x</a>",
        '<script type="application/json">["\\u003Caectx-a>"]</script>',
        "<p>&gt;49%s</p>",
    ):
        assert in_page(alive), alive
