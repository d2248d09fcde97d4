"""What is noted in the journal, and of whom."""

import json
from io import StringIO

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client, override_settings

from aect.accounts.models import User
from aect.journal.middleware import shortened
from aect.journal.models import Action, Entry
from aect.journal.services import record, refused
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("a@demo.test", PASSWORD)


def sign_in(client: Client, password: str = PASSWORD, email: str = "a@demo.test", **request: str):
    return client.post("/connexion/", {"username": email, "password": password}, **request)


def actions() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("action", flat=True))


def test_a_row_says_who_did_what_on_what(officer):
    convention = factories.ConventionFactory(title="Eau potable")
    town = factories.OrganisationFactory(name="Aix")
    entry = record(
        Action.STATE_CHANGED, by=officer, on=convention, organisation=town, before="draft", after="published"
    )
    entry.refresh_from_db()
    assert entry.at is not None
    assert (entry.actor_id, entry.record_kind, entry.record_id) == (
        officer.pk,
        "partnerships.convention",
        str(convention.pk),
    )
    assert (entry.record_label, entry.organisation_id, entry.organisation) == (str(convention), town.pk, str(town))
    assert entry.details == {"before": "draft", "after": "published"}


def test_it_stands_only_with_what_it_tells_of(officer):
    with transaction.atomic():
        record(Action.GRANTED, by=officer)
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


def test_an_action_that_is_not_known_is_refused(officer):
    with pytest.raises(ValueError, match="nonsense"):
        record("nonsense", by=officer)


def test_no_address_of_a_person_is_kept(user):
    record(Action.GRANTED, by=user, on=user, to="b@demo.test", all=["c@demo.test", {"d": user}], role="editor")
    entry = Entry.objects.get()
    assert entry.details == {"to": "…", "all": ["…", {"d": user.pk}], "role": "editor"}
    assert "@" not in json.dumps(list(Entry.objects.values()), default=str)


def test_sign_in_and_out(client, user):
    sign_in(client, REMOTE_ADDR="192.0.2.77")
    client.post("/deconnexion/")
    assert actions() == ["signed_in", "signed_out"]
    assert set(Entry.objects.values_list("actor_id", flat=True)) == {user.pk}
    assert Entry.objects.earliest("pk").address == "192.0.2.0/24"


def test_failed_sign_ins_name_the_account_by_its_number_and_never_what_was_typed(client, user):
    sign_in(client, "wrong")
    sign_in(client, "wrong", email="my-passw0rd")
    known, unknown = Entry.objects.order_by("pk")
    assert (known.action, known.actor_id, known.details) == ("sign_in_failed", None, {"account": user.pk})
    assert set(unknown.details) == {"typed"}
    assert "passw0rd" not in json.dumps(list(Entry.objects.values()), default=str)


def test_a_throttled_sign_in_is_noted_once_however_many_knock(client, user):
    for _attempt in range(9):
        sign_in(client, "wrong")
    assert actions() == [*["sign_in_failed"] * 4, "sign_in_throttled"]  # the fifth shuts the door


def test_a_changed_password_is_noted_a_refused_one_is_not(client, user):
    client.force_login(user)
    fields = {
        "old_password": "no",
        "new_password1": "another sound password",
        "new_password2": "another sound password",
    }
    client.post("/compte/mot-de-passe/", fields)
    client.post("/compte/mot-de-passe/", {**fields, "old_password": PASSWORD})
    entry = Entry.objects.get(action=Action.PASSWORD_CHANGED)
    assert (entry.actor_id, entry.record_kind, entry.record_id) == (user.pk, "accounts.user", str(user.pk))
    assert "sound" not in json.dumps(list(Entry.objects.values()), default=str)


def test_a_forged_form_is_noted_once_a_minute(user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    for _attempt in range(3):
        assert client.post("/compte/", {"language": "es"}).status_code == 403
    entry = Entry.objects.get(action=Action.REFUSED)
    assert (entry.actor_id, entry.details) == (user.pk, {"why": "csrf", "path": "/compte/"})


def test_noting_a_refusal_never_stands_in_the_way(monkeypatch):
    def fails(*args, **kwargs):
        raise DatabaseError

    monkeypatch.setattr(Entry.objects, "filter", fails)
    refused(by=AnonymousUser(), why="csrf")
    assert not Entry.objects.exists()


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_a_file_taken_away_is_noted_with_its_filters_and_rows(officer_client, officer, extension):
    factories.PartnershipFactory(name="Eau douce")
    factories.PartnershipFactory(name="Autre")
    officer_client.get(f"/partenariats/export.{extension}?q=eau&page=")
    entry = Entry.objects.get(action=Action.EXPORTED)
    assert (entry.actor_id, entry.details) == (
        officer.pk,
        {"path": f"/partenariats/export.{extension}", "filters": {"q": ["eau"]}, "rows": 1},
    )


def test_every_kind_of_file_is_noted(officer_client):
    for address in ("/apd/export.csv", "/conventions/export.csv", "/indicateurs/silences.csv"):
        assert officer_client.get(address).status_code in {200, 404}
    assert Entry.objects.filter(action=Action.EXPORTED).count() >= 2


def test_what_a_stranger_takes_a_page_or_a_refused_query_is_not_noted(client, officer_client):
    client.get("/partenariats/export.csv")
    officer_client.get("/partenariats/")
    assert officer_client.get("/partenariats/export.csv?statut=faux").status_code == 400
    assert not Entry.objects.filter(action=Action.EXPORTED).exists()


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2::5", "2001:db8:1::/48"), (None, "")],
)
def test_an_address_is_shortened(address, network):
    assert shortened(address) == network


@override_settings(BEHIND_PROXY=True)
def test_a_header_that_is_no_address_is_none(client, user):
    sign_in(client, HTTP_X_FORWARDED_FOR="'; DROP TABLE x")
    assert Entry.objects.get().address == ""


def test_what_administrators_change_of_an_account_is_noted(user):
    administrator = factories.UserFactory(role="administrator", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(administrator)
    address = f"/admin/accounts/user/{user.pk}/change/"
    initial = client.get(address).context["adminform"].form.initial
    data = {name: value for name, value in initial.items() if value not in (None, False) and name != "password"}
    joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    saved = client.post(address, {**data, **joined, "role": "officer", "email": "other@demo.test"})
    assert saved.status_code == 302
    passwords = dict.fromkeys(["password1", "password2"], "another sound password")
    assert client.post(f"/admin/accounts/user/{user.pk}/password/", passwords).status_code == 302
    changed, password = Entry.objects.exclude(action=Action.SIGNED_IN).order_by("pk")
    assert (changed.action, changed.actor_id, changed.record_id) == ("account_changed", administrator.pk, str(user.pk))
    assert changed.details["role"] == ["agent", "officer"]
    assert "email" in changed.details["others"]
    assert (password.action, password.actor_id, password.record_id) == (
        "password_changed",
        administrator.pk,
        str(user.pk),
    )
    client.post(f"/admin/accounts/user/{user.pk}/delete/", {"post": "yes"})
    assert Entry.objects.latest("pk").details == {"deleted": True}
    assert "@" not in json.dumps(list(Entry.objects.values()), default=str)


def test_an_erased_person_leaves_a_number_and_nothing_to_rewrite(client, user):
    sign_in(client)
    out = StringIO()
    call_command("export_person", "a@demo.test", stdout=out)
    assert [row["action"] for row in json.loads(out.getvalue())["journal.entry"]] == ["signed_in"]
    call_command("erase_person", "a@demo.test", stdout=StringIO())
    assert actions() == ["signed_in", "person_exported", "person_erased"]
    assert Entry.objects.latest("pk").record_id == str(user.pk)
    assert "a@demo.test" not in json.dumps(list(Entry.objects.values()), default=str)
