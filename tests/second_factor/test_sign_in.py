"""Between the password and the session: nobody is anybody before the right code."""

import datetime
import re

import pytest
from django.contrib.auth import get_user
from django.core import mail
from django.test import Client, override_settings
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from aect.accounts.models import Role, User
from aect.mail.services import send_waiting
from aect.second_factor import awaiting, services
from tests.second_factor import ENROL, PASSWORD, STEP, give, is_in, settled, shown

pytestmark = pytest.mark.django_db


def sign_in(client: Client, user: User, **fields: str):
    return client.post("/connexion/", {"username": user.email, "password": PASSWORD, **fields})


def rested(**fields: object) -> None:
    """As the clock would: the refusals are long ago."""
    long_ago = timezone.now() - datetime.timedelta(hours=1)
    for model in (TOTPDevice, StaticDevice):
        model.objects.filter(throttling_failure_count__gt=0).update(throttling_failure_timestamp=long_ago)


def test_whoever_has_no_device_and_needs_none_signs_in_as_before(client, person):
    assert sign_in(client, person).url == "/"
    assert is_in(client)


def test_the_password_alone_opens_nothing(halfway):
    assert get_user(halfway).is_anonymous
    assert not is_in(halfway)
    assert "Se déconnecter" not in halfway.get("/").content.decode()


def test_the_code_opens_the_session_and_leads_where_one_wanted_to_go(halfway, person):
    answer = give(halfway, shown())
    assert answer.url == "/taches/"
    assert get_user(halfway) == person
    assert halfway.session[services.NOTED] == "totp"


def test_the_code_may_be_written_with_a_space(halfway):
    code = shown()
    assert give(halfway, f" {code[:3]} {code[3:]} ").status_code == 302


def test_a_code_is_taken_once(halfway, person):
    settled()
    give(halfway, code := shown())
    other = Client()
    sign_in(other, person)
    assert give(other, code).status_code == 200
    assert not is_in(other)


def test_control_a_code_that_was_not_taken_yet_would_do(halfway, person):
    settled()
    give(halfway, code := shown())
    TOTPDevice.objects.update(last_t=-1)  # the guard off
    other = Client()
    sign_in(other, person)
    assert give(other, code).status_code == 302


@pytest.mark.parametrize("steps", [-3, 3])
def test_a_code_of_another_time_is_refused(halfway, steps):
    assert give(halfway, shown(steps=steps)).status_code == 200
    assert not is_in(halfway)


def test_every_refusal_reads_the_same(halfway, recovery_codes):
    """Wrong, malformed, used, too soon after another: the answer says nothing of which."""
    settled()
    wrong = f"{(int(shown()) + 500_000) % 1_000_000:06d}"
    pages = []
    for code in (wrong, shown(), "zzzzz-zzzzz", recovery_codes[0], "٣٤٥٦٧٨", "1" * 20):
        answer = give(halfway, code)
        assert answer.status_code == 200, code
        page = answer.content.decode().replace(code, "CODE")
        pages.append(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page))
    assert len(set(pages)) == 1
    assert not is_in(halfway)


def test_a_refusal_makes_the_next_try_wait(halfway):
    """The right code comes too soon after a wrong one; an hour later it would do."""
    settled()
    give(halfway, "000000" if shown() != "000000" else "000001")
    assert give(halfway, shown()).status_code == 200
    rested()
    assert give(halfway, shown()).status_code == 302


def test_waiting_doubles(device):
    for _attempt in range(6):
        TOTPDevice.objects.update(throttling_failure_timestamp=timezone.now() - datetime.timedelta(hours=1))
        assert services.verify(device.user, "000000" if shown() != "000000" else "000001") is None
    device.refresh_from_db()
    allowed, told = device.verify_is_allowed()
    assert not allowed
    assert told["locked_until"] - device.throttling_failure_timestamp == datetime.timedelta(seconds=32)


def test_a_recovery_code_opens_the_session_once(halfway, person, recovery_codes):
    code = recovery_codes[3]
    page = halfway.post(STEP, {"code": code.upper().replace("-", " ")}, follow=True).content.decode()
    assert is_in(halfway)
    assert "Il vous reste 9 codes de secours." in page
    assert halfway.session[services.NOTED] == "recovery"
    other = Client()
    sign_in(other, person)
    assert give(other, code).status_code == 200
    assert not is_in(other)


def test_another_person_s_codes_are_worth_nothing(halfway, officer):
    TOTPDevice.objects.create(user=officer, name="TOTP", key="ab" * 20)
    theirs = services.renew_recovery_codes(officer)
    assert give(halfway, shown("ab" * 20)).status_code == 200
    rested()
    assert give(halfway, theirs[0]).status_code == 200
    assert not is_in(halfway)


def test_recovery_codes_are_kept_as_fingerprints_only(recovery_codes):
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert len(kept) == len(set(recovery_codes)) == 10
    assert not kept & {code.replace("-", "") for code in recovery_codes}
    with override_settings(SECRET_KEY="another secret"):
        assert not kept & {services.fingerprint(code) for code in recovery_codes}


def test_the_password_is_worth_ten_minutes(halfway):
    session = halfway.session
    session[awaiting.KEY]["at"] = (timezone.now() - awaiting.LASTS - datetime.timedelta(seconds=1)).isoformat()
    session.save()
    answer = halfway.post(STEP, {"code": shown()}, follow=True)
    assert answer.redirect_chain == [("/connexion/", 302)]
    assert "Donnez d’abord votre mot de passe" in answer.content.decode()
    assert not is_in(halfway)


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "md5$other$other"}])
def test_an_account_closed_or_changed_meanwhile_is_not_entered(halfway, change):
    User.objects.update(**change)
    assert give(halfway, shown()).url == "/connexion/"
    assert not is_in(halfway)


@pytest.mark.parametrize("address", [STEP, ENROL])
def test_without_a_password_there_is_no_second_step(client, device, address):
    assert client.get(address).url == "/connexion/"
    assert give(client, shown(), address).url == "/connexion/"


def test_a_wrong_password_never_reaches_the_second_step(client, person, device):
    assert sign_in(client, person, password="wrong").status_code == 200
    assert client.get(STEP).url == "/connexion/"


def test_the_way_never_leads_to_another_host(client, person, device):
    sign_in(client, person, next="https://evil.test/")
    assert give(client, shown()).url == "/"


def test_a_new_password_by_mail_leaves_the_second_factor(client, person, device):
    client.post("/mot-de-passe-oublie/", {"email": person.email})
    send_waiting()
    link = re.search(r"https?://[^/\s]+(/\S+)", mail.outbox[0].body)[1]
    form = client.get(link, follow=True)
    client.post(
        form.redirect_chain[-1][0], {"new_password1": "another " + PASSWORD, "new_password2": "another " + PASSWORD}
    )
    assert sign_in(client, person, password="another " + PASSWORD).url == STEP
    assert not is_in(client)


def test_an_officer_without_a_device_is_nobody_until_one_is_added(client, officer):
    """Public pages are read as anybody reads them; no other page opens."""
    assert sign_in(client, officer, next="/imports/").url == STEP
    assert client.get(STEP).url == ENROL
    assert client.get("/partenariats/").status_code == 200
    for address in ("/compte/", "/imports/", "/taches/", "/compte/second-facteur/"):
        assert client.get(address).url.startswith("/connexion/")
    page = client.get(ENROL).content.decode()
    settled()
    key = re.search(r"<code[^>]*>([A-Z2-7 ]+)</code>", page)[1]
    codes = give(client, shown(hexadecimal(key)), ENROL)
    assert codes.status_code == 200
    assert 'href="/imports/"' in codes.content.decode()
    assert get_user(client) == officer
    assert is_in(client)


def hexadecimal(key: str) -> str:
    from base64 import b32decode

    return b32decode(key.replace(" ", "")).hex()


@pytest.mark.parametrize(
    ("role", "asked"),
    [(Role.OFFICER, True), (Role.ADMINISTRATOR, True), (Role.AGENT, False), (Role.ANALYST, False)],
)
def test_the_role_says_who_must(client, person, role, asked):
    User.objects.update(role=role)
    assert (sign_in(client, person).url == STEP) is asked


def test_staff_must_whatever_the_role(client, person):
    User.objects.update(is_staff=True)
    assert sign_in(client, person).url == STEP


def test_the_demonstration_asks_nobody_and_says_so(client, officer, settings):
    settings.AECT_DEMO, settings.SECOND_FACTOR_REQUIRED = True, False
    assert "n’exige pas le second facteur" in client.get("/connexion/").content.decode()
    assert sign_in(client, officer).url == "/"
    assert is_in(client)


def test_a_session_opened_before_it_was_required_ends(client, officer, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    sign_in(client, officer)
    assert is_in(client)
    settings.SECOND_FACTOR_REQUIRED = True
    assert client.get("/compte/").url == "/connexion/?next=/compte/"
    page = client.get("/connexion/").content.decode()
    assert "Un second facteur est maintenant demandé" in page
    assert not officer.sessions.exists()


def test_a_session_opened_before_the_role_was_given_ends(client, person):
    sign_in(client, person)
    User.objects.update(role=Role.ADMINISTRATOR)
    assert not is_in(client)


def test_control_with_the_factor_noted_the_session_goes_on(client, person):
    sign_in(client, person)
    session = client.session
    session[services.NOTED] = "totp"
    session.save()
    User.objects.update(role=Role.ADMINISTRATOR)
    assert is_in(client)


def test_a_text_typed_before_the_session_ended_comes_back_after_both_steps(person, device, officer, client):
    """The form was sent too late; it waits through the password and the code."""
    from aect import typed

    late = {"typed_by": typed.token(person), "title": "Un long texte"}
    answer = client.post("/taches/", late)
    assert answer.url == "/connexion/?next=/taches/"
    sign_in(client, person, next="/taches/")
    assert give(client, shown()).url == "/taches/"
    assert client.session[typed.KEY]["data"].endswith("title=Un+long+texte")


def test_the_pages_with_secrets_are_not_kept_by_the_browser(halfway, client, officer):
    assert "no-store" in halfway.get(STEP).headers["Cache-Control"]
    sign_in(fresh := Client(), officer)
    assert "no-store" in fresh.get(ENROL).headers["Cache-Control"]
