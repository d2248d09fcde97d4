import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import override_settings

from aect.accounts.demo import ACCOUNTS, PASSWORD
from aect.accounts.models import Role, User
from aect.accounts.throttling import account_of
from aect.mail import quotas
from tests import factories

pytestmark = pytest.mark.django_db


def test_an_account_is_known_by_its_address_in_lower_case():
    user = User.objects.create_user("Somebody@Demo.TEST", "a long enough password")
    assert user.email == "somebody@demo.test"
    assert user.role == Role.AGENT
    assert User.objects.get_by_natural_key("SOMEBODY@demo.test") == user


def test_the_database_refuses_a_second_account_with_other_capitals():
    User.objects.create_user("a@demo.test")
    with pytest.raises(IntegrityError):
        User.objects.create(email="A@demo.test")


def test_an_administrator_may_administer():
    admin = User.objects.create_superuser("admin@demo.test", "a long enough password")
    assert admin.is_superuser
    assert admin.is_staff
    assert admin.oversees


@override_settings(AECT_DEMO=True)
def test_demo_accounts_are_made_once_and_can_sign_in(client):
    call_command("demo_accounts")
    call_command("demo_accounts")
    assert set(User.objects.values_list("email", flat=True)) == set(ACCOUNTS)
    response = client.post("/connexion/", {"username": "agent.daect@demo.test", "password": PASSWORD})
    assert response.status_code == 302
    assert response.url == "/"


@override_settings(AECT_DEMO=False)
def test_demo_accounts_never_exist_outside_the_demonstration(client):
    with pytest.raises(CommandError, match="AECT_DEMO"):
        call_command("demo_accounts")
    assert PASSWORD not in client.get("/connexion/").content.decode()


def test_a_wrong_password_keeps_the_address_typed(client):
    response = client.post("/connexion/", {"username": "typed@demo.test", "password": "wrong"})
    assert response.status_code == 200
    page = response.content.decode()
    assert 'value="typed@demo.test"' in page
    assert "fr-error-text" in page or "fr-alert--error" in page


def test_signing_in_never_leads_to_another_host(client):
    User.objects.create_user("a@demo.test", "a long enough password")
    response = client.post(
        "/connexion/",
        {"username": "a@demo.test", "password": "a long enough password", "next": "https://evil.test/"},
    )
    assert response.url == "/"


@pytest.mark.parametrize("alike", ["mılan@demo.test", "milan@demo.teſt", "ｍilan@demo.test"])
def test_who_is_looked_for_is_who_is_counted(alike):
    """PostgreSQL takes `ı` and `ſ` for other cases of `i` and `s`: a look-alike had limits of its own."""
    user = factories.UserFactory(email="milan@demo.test")
    assert User.objects.filter(email__iexact="mılan@demo.teſt").get() == user
    if account_of(alike) == user.email:
        assert User.objects.get_by_natural_key(alike) == user
    else:
        with pytest.raises(User.DoesNotExist):
            User.objects.get_by_natural_key(alike)


def test_messages_to_look_alikes_count_for_one_recipient():
    assert quotas.to_one("milan@demo.teſt", "x").key == quotas.to_one("Milan@demo.test", "x").key
    assert quotas.to_one("milan@demo.test", "x").key != quotas.to_one("milano@demo.test", "x").key
