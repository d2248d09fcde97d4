"""A person's own second factor: added, renewed, removed; lost."""

import re
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from aect.accounts.models import Role, User
from aect.accounts.persons import erase_person, export_person
from aect.journal.models import Entry
from aect.mail.services import send_waiting
from aect.second_factor import services
from aect.second_factor.views import KEY as SHOWN
from tests.factories import UserFactory
from tests.second_factor import KEY, PASSWORD, STEP, give, is_in, settled, shown

pytestmark = pytest.mark.django_db
OWN = "/compte/second-facteur/"


@pytest.fixture
def inside(client, person) -> Client:
    client.force_login(person)
    return client


def test_a_person_adds_a_device_and_is_shown_ten_codes_once(inside, person):
    page = inside.get(OWN).content.decode()
    key = inside.session[SHOWN]
    assert services.spelt(key) in page
    assert "<svg" in page
    assert "style=" not in page[page.index("<svg") : page.index("</svg>")]
    settled()
    codes = re.findall(r"<code>([a-z2-9-]{11})</code>", give(inside, shown(key), OWN).content.decode())
    assert len(codes) == 10
    again = inside.get(OWN).content.decode()
    assert "10 sur 10" in again
    assert codes[0] not in again
    assert key not in str(dict(inside.session))
    inside.post("/deconnexion/")
    assert inside.post("/connexion/", {"username": person.email, "password": PASSWORD}).url == STEP
    assert give(inside, codes[0]).status_code == 302


def test_the_same_key_waits_for_its_code(inside):
    inside.get(OWN)
    key = inside.session[SHOWN]
    inside.get(OWN)
    assert inside.session[SHOWN] == key


def test_a_wrong_code_adds_nothing(inside):
    inside.get(OWN)
    settled()
    key = inside.session[SHOWN]
    page = give(inside, f"{(int(shown(key)) + 1) % 1_000_000:06d}", OWN).content.decode()
    assert "Code refusé" in page
    assert services.spelt(key) in page
    assert not TOTPDevice.objects.exists()


def test_a_code_without_a_key_shown_adds_nothing(inside):
    assert give(inside, shown(), OWN).status_code == 200
    assert not TOTPDevice.objects.exists()


def test_a_second_click_adds_no_second_device(person, device):
    assert services.enrol(person, key=KEY, code=shown()) is None
    assert TOTPDevice.objects.count() == 1


def test_sessions_opened_without_it_are_closed(inside, person):
    other = Client()
    other.force_login(person)
    inside.get(OWN)
    settled()
    give(inside, shown(inside.session[SHOWN]), OWN)
    assert is_in(inside)
    assert not is_in(other)


@pytest.mark.parametrize("page", ["codes/", "retirer/"])
def test_what_weakens_it_asks_for_the_password(inside, recovery_codes, page):
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert "Mot de passe refusé." in inside.post(OWN + page, {"password": "wrong"}).content.decode()
    assert TOTPDevice.objects.exists()
    assert set(StaticToken.objects.values_list("token", flat=True)) == kept


def test_passwords_tried_there_count_as_failed_sign_ins(inside, device):
    for _attempt in range(5):
        answer = inside.post(OWN + "retirer/", {"password": "wrong"})
    assert answer.status_code == 429
    assert inside.post(OWN + "retirer/", {"password": PASSWORD}).status_code == 429
    assert TOTPDevice.objects.exists()


def test_new_codes_replace_the_old(inside, person, recovery_codes):
    page = inside.post(OWN + "codes/", {"password": PASSWORD}).content.decode()
    assert len(re.findall(r"<code>[a-z2-9-]{11}</code>", page)) == 10
    assert StaticToken.objects.count() == 10
    assert services.verify(person, recovery_codes[0]) is None


def test_removed_it_is_asked_for_no_more(inside, person, recovery_codes):
    other = Client()
    other.force_login(person)
    assert inside.post(OWN + "retirer/", {"password": PASSWORD}).url == "/compte/"
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert is_in(inside)
    assert not is_in(other)
    assert client_signs_in(person).url == "/"


def client_signs_in(user: User):
    return Client().post("/connexion/", {"username": user.email, "password": PASSWORD})


def test_an_officer_who_removes_it_is_asked_for_another(client, officer):
    TOTPDevice.objects.create(user=officer, name="TOTP", key=KEY)
    client.post("/connexion/", {"username": officer.email, "password": PASSWORD})
    give(client, shown())
    assert "vous serez déconnecté" in client.get(OWN + "retirer/").content.decode()
    client.post(OWN + "retirer/", {"password": PASSWORD})
    assert not is_in(client)
    assert client_signs_in(officer).url == STEP


@pytest.mark.parametrize("page", ["codes/", "retirer/"])
def test_without_a_device_there_is_nothing_to_renew_or_remove(inside, page):
    assert inside.get(OWN + page).url == OWN


def test_an_account_without_a_password_has_no_use_for_it(client):
    client.force_login(UserFactory())
    User.objects.update(password="!")
    client.force_login(User.objects.get())
    assert client.get(OWN).url == "/compte/"
    assert "second facteur" not in client.get("/compte/").content.decode()


def test_an_administrator_removes_a_lost_one_and_sees_no_secret(client, person, recovery_codes):
    there = Client()
    there.force_login(person)
    administrator = UserFactory(role=Role.ADMINISTRATOR, is_staff=True, is_superuser=True)
    client.force_login(administrator)
    session = client.session
    session[services.NOTED] = "totp"
    session.save()
    answer = client.post(
        "/admin/accounts/user/", {"action": "remove_second_factor", "_selected_action": [person.pk]}, follow=True
    )
    assert "1 second facteur retiré." in answer.content.decode()
    assert not TOTPDevice.objects.exists()
    assert not is_in(there)
    assert client.get("/admin/otp_totp/totpdevice/").status_code == 404
    assert client.get("/admin/otp_static/staticdevice/").status_code == 404


def test_a_command_removes_the_last_administrator_s(person, device):
    call_command("remove_second_factor", "Person@demo.test", stdout=StringIO())
    assert not TOTPDevice.objects.exists()
    with pytest.raises(CommandError, match="no second factor"):
        call_command("remove_second_factor", "person@demo.test")
    with pytest.raises(CommandError, match=r"nobody@demo\.test"):
        call_command("remove_second_factor", "nobody@demo.test")


def test_a_person_s_copy_holds_no_secret_and_an_erased_one_no_device(person, recovery_codes):
    told = str(export_person(person))
    assert "otp_totp.totpdevice" in told
    assert KEY not in told
    assert StaticToken.objects.first().token not in told
    erase_person(person)
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()


def noted(**fields: object) -> list[tuple[int | None, dict[str, object]]]:
    return list(Entry.objects.filter(**fields).order_by("pk").values_list("actor_id", "details"))


def test_the_journal_knows_what_became_of_it(inside, person):
    inside.get(OWN)
    settled()
    give(inside, shown(inside.session[SHOWN]), OWN)
    inside.post(OWN + "retirer/", {"password": PASSWORD})
    told = [details["what"] for actor, details in noted(action="account_changed") if actor == person.pk]
    assert told == ["second_factor_added", "recovery_codes_made", "second_factor_removed"]


def test_the_journal_knows_refused_codes_but_not_each_that_came_too_soon(halfway, person, recovery_codes):
    wrong = "000000" if shown() != "000000" else "000001"
    for _attempt in range(3):
        give(halfway, wrong)
    assert noted(action="sign_in_failed") == [(None, {"account": person.pk, "factor": "totp"})]
    give(halfway, recovery_codes[0])
    assert noted(details__what="recovery_code_used")[0][0] == person.pk


def test_whoever_loses_it_is_written_to(person, device):
    services.remove(person, by=None)
    services.remove(person, by=None)  # nothing left to remove, nothing to tell
    send_waiting()
    (message,) = mail.outbox
    assert message.to == [person.email]
    assert message.subject == "Votre second facteur a été retiré"
    assert "/compte/" in message.body
