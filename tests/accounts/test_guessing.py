"""Many accounts tried from one place, and one account from many places."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from aect.accounts.models import User
from aect.journal.models import Entry
from aect.limits.models import Count
from aect.limits.services import forget
from aect.second_factor import services as second_factor

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"
NO_LIMIT = {"GUESSES_PER_ADDRESS": 9999, "GUESSES_PER_NETWORK": 9999, "GUESSES_PER_ACCOUNT": 9999}


@pytest.fixture
def user() -> User:
    return User.objects.create_user("a@demo.test", PASSWORD)


WRONG = "wrong"


def sign_in(email: str = "a@demo.test", password: str = WRONG, address: str = "192.0.2.1", **more: str):
    return Client().post("/connexion/", {"username": email, "password": password}, REMOTE_ADDR=address, **more)


def statuses(times: int, address: str = "192.0.2.1", email: str = "{}@demo.test") -> list[int]:
    """Of that many tries; `{}` in the address or the e-mail is the number of the try."""
    return [sign_in(email.format(n), address=address.format(n)).status_code for n in range(times)]


def test_many_accounts_are_not_tried_from_one_address():
    assert statuses(40) == [200] * 20 + [429] * 20


def test_control_without_the_limits_they_are(settings):
    for name, value in NO_LIMIT.items():
        setattr(settings, name, value)
    assert statuses(40) == [200] * 40


@pytest.mark.parametrize("address", ["192.0.2.{}", "2001:db8:1:{}::1"], ids=["/24", "/48"])
def test_nor_from_one_network(settings, address):
    settings.GUESSES_PER_NETWORK = 8
    assert statuses(10, address) == [200] * 8 + [429] * 2


@pytest.mark.parametrize("address", ["2001:db8::{}", "::ffff:192.0.2.1"])
def test_other_ways_to_write_an_address_are_no_other_address(settings, address):
    """Whoever has one address of IPv6 has its /64; IPv4 within IPv6 is IPv4."""
    settings.GUESSES_PER_ADDRESS = 3
    assert statuses(2, address) == [200] * 2
    last = "192.0.2.1" if "ffff" in address else "2001:db8::ffff"
    assert statuses(2, last, "other-{}@demo.test") == [200, 429]


def test_one_account_and_one_64_have_five_tries(user):
    assert statuses(6, "2001:db8::{}", "a@demo.test") == [200] * 4 + [429] * 2


def test_one_account_is_not_tried_from_a_thousand_networks(settings, user):
    settings.GUESSES_PER_ACCOUNT = 6
    assert statuses(8, "192.0.{}.1", "a@demo.test") == [200] * 6 + [429] * 2


def test_inventing_addresses_does_not_help(settings):
    settings.BEHIND_PROXY, settings.GUESSES_PER_ADDRESS = True, 3
    tried = [sign_in(f"{n}@demo.test", HTTP_X_FORWARDED_FOR=f"203.0.113.{n}, 192.0.2.7").status_code for n in range(5)]
    assert tried == [200] * 3 + [429] * 2


def test_who_signed_in_from_there_before_is_not_shut_out_by_a_guesser(user):
    assert sign_in(password=PASSWORD).status_code == 302
    statuses(30)
    statuses(30, "192.0.{}.1", "a@demo.test")
    assert sign_in(password=PASSWORD).status_code == 302
    assert sign_in(password=PASSWORD, address="192.0.2.99").status_code == 302  # the same office


def test_but_has_five_tries_as_everybody(user):
    sign_in(password=PASSWORD)
    assert statuses(6, email="a@demo.test") == [200] * 4 + [429] * 2


def test_a_password_chosen_by_link_opens_the_door_again(settings, user):
    statuses(21)
    assert sign_in(password=PASSWORD).status_code == 429
    Entry.objects.create(action="password_changed", actor_id=user.pk, address="192.0.2.0/24")
    assert sign_in(password=PASSWORD).status_code == 302


def test_right_passwords_do_not_count_and_do_not_reset(settings):
    settings.GUESSES_PER_ADDRESS = 3
    for n in range(5):
        User.objects.create_user(f"right-{n}@demo.test", PASSWORD)
    for n in range(4):
        assert sign_in(f"right-{n}@demo.test", PASSWORD).status_code == 302
    assert statuses(3) == [200] * 3
    assert sign_in("right-4@demo.test", PASSWORD).status_code == 429
    assert sign_in("right-0@demo.test", PASSWORD).status_code == 302  # was here before


def test_who_is_over_the_limit_costs_no_hash(settings, monkeypatch):
    settings.GUESSES_PER_ADDRESS = 2
    statuses(2)
    monkeypatch.setattr("aect.accounts.guessing.Hasher.encode", lambda *arguments: pytest.fail("hashed"))
    settings.PASSWORD_HASHERS = ["aect.accounts.guessing.Hasher"]
    assert sign_in("another@demo.test").status_code == 429


def test_the_page_says_until_when_and_the_ways_in(settings):
    settings.GUESSES_PER_ADDRESS = 0
    answer = sign_in()
    page = answer.content.decode()
    assert 0 < int(answer["Retry-After"]) <= 15 * 60
    assert "heure de Paris" in page
    assert "ProConnect" in page
    assert "/mot-de-passe-oublie/" in page
    assert Entry.objects.filter(action="refused", details__limit__startswith="guess-").count() == 1


def test_the_time_that_was_told_comes(settings):
    settings.GUESSES_PER_ADDRESS = 2
    assert statuses(3) == [200, 200, 429]
    Count.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert statuses(1, email="later@demo.test") == [200]


def test_counts_hold_no_address_and_are_forgotten():
    statuses(1)
    assert not [count for count in Count.objects.all() if "192.0.2" in count.key or "@" in count.key]
    Count.objects.update(ends_at=timezone.now() - timedelta(days=2))
    forget()
    assert not Count.objects.exists()


# Every other place where a password or a code is tried


def change(password: str) -> dict[str, str]:
    return {
        "old_password": password,
        "new_password1": "another sound password",
        "new_password2": "another sound password",
    }


def with_device(user: User) -> None:
    second_factor.TOTPDevice.objects.create(user=user, name="TOTP", key="31" * 20)


PLACES = {
    "/compte/mot-de-passe/": change("wrong"),
    "/compte/second-facteur/codes/": {"password": "wrong"},
    "/compte/second-facteur/retirer/": {"password": "wrong"},
}


@pytest.mark.parametrize("place", PLACES)
def test_one_s_own_password_is_guessed_five_times(user, place):
    with_device(user)
    client = Client()
    client.force_login(user)
    assert [client.post(place, PLACES[place]).status_code for _time in range(6)] == [200] * 4 + [429] * 2
    assert client.post(place, change(PASSWORD) | {"password": PASSWORD}).status_code == 429


@pytest.mark.parametrize("place", PLACES)
def test_and_counts_with_what_else_is_tried_from_there(settings, user, place):
    settings.GUESSES_PER_ADDRESS = 3
    with_device(user)
    client = Client(REMOTE_ADDR="192.0.2.1")
    client.force_login(user)  # noted from nowhere: it makes no network known
    statuses(3)
    assert client.post(place, PLACES[place]).status_code == 429


def test_codes_count_too(settings, user):
    settings.GUESSES_PER_ADDRESS = 3
    with_device(user)
    client = Client(REMOTE_ADDR="192.0.2.1")
    client.post("/connexion/", {"username": user.email, "password": PASSWORD})
    tried = [client.post("/connexion/second-facteur/", {"code": f"00000{n}"}).status_code for n in range(5)]
    assert tried == [200] * 3 + [429] * 2


def test_the_right_old_password_changes_it(user):
    client = Client()
    client.force_login(user)
    assert client.post("/compte/mot-de-passe/", change(PASSWORD)).url == "/compte/"
