"""What people type and send loses what nobody sees of it."""

import pytest
from django.core.files.base import ContentFile

from aect.tabular.reading import read_table
from aect.text import readable
from partnerships.models import Partnership
from tests import factories
from tests.partnerships.test_editing import filled

TURNED = "Coopé\u202eration\u202c"
HIDDEN = (
    "\u202e",
    "\u202d",
    "\u2066",
    "\u2069",
    "\u200f",
    "\u061c",
    "\u200b",
    "\ufeff",
    "\x1b",
    "\x07",
    "\x9f",
    "\u2028",
)


@pytest.mark.parametrize("letter", [*HIDDEN, "\U000e0041"])
def test_what_nobody_sees_is_left_out(letter):
    assert readable(f"Pa{letter}ris") == "Paris"


@pytest.mark.parametrize(
    "text", ["", "deux\nlignes\r\n\tici", "L’Haÿ-les-Roses", "می\u200cخواهم", "👩\u200d🌾", "الرباط"]
)
def test_what_scripts_need_stays(text):
    assert readable(text) == text


@pytest.mark.django_db
def test_a_form_keeps_what_one_sees(client):
    client.force_login(factories.UserFactory(role="officer"))
    record = factories.PartnershipFactory()
    address = f"{record.get_absolute_url()}modifier/"
    client.post(address, filled(client, address) | {"name": TURNED})
    record = Partnership.objects.get(pk=record.pk)
    assert record.name == "Coopération"


@pytest.mark.django_db
def test_a_name_of_which_nothing_is_seen_is_none(client):
    client.force_login(factories.UserFactory(role="officer"))
    record = factories.PartnershipFactory()
    address = f"{record.get_absolute_url()}modifier/"
    answer = client.post(address, filled(client, address) | {"name": "\u202e\u200b"})
    assert answer.status_code == 400
    assert "obligatoire" in answer.content.decode()


def test_a_file_keeps_what_one_sees():
    table = read_table(ContentFile(f"na\u202eme\n{TURNED}\n".encode()), "a.csv")
    assert (table.header, table.rows[0].cells) == (["name"], ["Coopération"])


def test_a_password_stays_as_it_was_typed(client, db):
    user = factories.UserFactory()
    user.set_password(f"{TURNED}-bien-longue")
    user.save()
    answer = client.post("/connexion/", {"username": user.email, "password": f"{TURNED}-bien-longue"})
    assert answer.status_code == 302
