"""Whatever people type is text wherever it is printed: never an element, an attribute, a script or a formula.

Every text column of the access matrix's world gets a hostile text, and every address is asked as each person.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.test import Client, override_settings

from tests.partnerships.test_editing import filled
from tests.test_access import PEOPLE, people, read_lines  # noqa: F401  # a fixture
from tests.world import made_world

pytestmark = pytest.mark.django_db

EVIL = "</script></title></textarea><evil-tag onclick=evil()>\"'><button form=undo formaction=/evil>"
APPS = ("accounts", "partnerships", "funding", "saved", "batches", "proconnect")
#: Texts that the application reads itself; a hostile one would change what is done, not what is printed.
READ = re.compile(r"slug|code|state|kind|role|status|side|mode|key|language|task|file|sha256|password|query|list_name")

ALERT = re.compile(r'<div role="alert".*?</div>', re.DOTALL)
FORM = ("form", "version", "typed_by")
LEAST = {"agent_of_a": 5, "officer": 5}  # messages that name what was acted on


def typed(model: type[models.Model]) -> Iterator[models.Field]:
    """The columns that hold what somebody typed."""
    for field in model._meta.concrete_fields:
        is_text = isinstance(field, models.CharField | models.TextField) and not field.choices
        if is_text and not field.generated and not field.primary_key and not READ.search(field.name):
            yield field


def poison() -> set[str]:
    """Puts the hostile text into every such column that takes it; returns which took it."""
    taken = set()
    for model in (m for app in APPS for m in apps.get_app_config(app).get_models() if not hasattr(m, "pgh_label")):
        for field in typed(model):
            table, column = (connection.ops.quote_name(name) for name in (model._meta.db_table, field.column))
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    statement = f"UPDATE {table} SET {column} = left(%s || {column}, %s)"  # noqa: S608  # our names
                    cursor.execute(statement, [EVIL, field.max_length])
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                    taken |= {f"{model._meta.label_lower}.{field.name}"} if cursor.rowcount else set()
            except DatabaseError:
                continue  # a code, an address, a number: the database refuses such a text there
    return taken


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[SimpleNamespace]:
    with django_db_blocker.unblock(), transaction.atomic():
        found = made_world()
        found.taken = poison()
        yield found
        transaction.set_rollback(True)


def test_the_texts_that_people_type_are_hostile(world):
    named = {"partnerships.partnership.name", "partnerships.convention.title", "partnerships.organisation.name"}
    assert {
        *named,
        "funding.project.title",
        "funding.attachment.name",
        "accounts.user.first_name",
    } - world.taken == set()


def printed(response: Any) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"".join(archive.read(name) for name in archive.namelist() if name.endswith((".xml", ".rels")))
    return body.decode(errors="replace")


@pytest.mark.parametrize("person", PEOPLE)
def test_no_page_prints_what_was_typed_as_markup(people, world, person):  # noqa: F811
    shown = 0
    for address in {line.address for line in read_lines() if line.method == "GET"}:
        with transaction.atomic():
            response = people[person].get(address.format_map(vars(world)))
            text = printed(response)
            transaction.set_rollback(True)
        if not response.headers.get("Content-Type", "").startswith(("text/csv", "text/plain", "application/octet")):
            assert "<evil-tag" not in text, address
            assert "formaction=/evil>" not in text, address
        shown += "evil-tag" in text
    assert shown > 20


def acts(client: Client, world: SimpleNamespace, person: str) -> Iterator[tuple[str, str]]:
    """The address and the page reached by each form and button that this person may send; each is undone."""
    for line in read_lines():
        if line.method != "POST":
            continue
        address = line.address.format_map(vars(world))
        cookies = deepcopy(client.cookies)
        with transaction.atomic():
            response = client.post(address, body(client, address), follow=True)
            yield line.address, printed(response)
            transaction.set_rollback(True)
        client.cookies = cookies


def body(client: Client, address: str) -> dict[str, Any]:
    """The form that stands at this address as a browser would send it, else what most buttons send."""
    page = client.get(address)
    if page.status_code == 200 and page.context and all(name in page.context for name in FORM):
        return {name: value for name, value in filled(client, address).items() if value is not None}
    return {"version": 1, "role": "editor", "text": "Vu.", "comment": "À revoir.", "to": "", "projet": []}


@pytest.mark.parametrize("person", ["agent_of_a", "officer"])
def test_no_message_prints_what_was_typed_as_markup(people, world, person):  # noqa: F811
    told = set()
    for address, page in acts(people[person], world, person):
        assert "<evil-tag" not in page, address
        told |= {address} if "evil-tag" in "".join(ALERT.findall(page)) else set()
    assert len(told) >= LEAST[person], sorted(told)


@override_settings(DSFR_CONTENT_IS_SAFE=True)
def test_control_a_design_system_that_trusts_its_text_prints_markup(people, world):  # noqa: F811
    assert any("<evil-tag" in page for _address, page in acts(people["officer"], world, "officer"))
