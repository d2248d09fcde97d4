import pytest
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from aect.accounts.models import Role, User
from aect.second_factor import services
from tests.second_factor import KEY, PASSWORD


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def as_in_service(settings):
    """The other tests sign people in without a second factor; here officers need one."""
    settings.SECOND_FACTOR_REQUIRED = True


@pytest.fixture
def person(db) -> User:
    """An agent of a collectivity: a second factor is theirs to choose."""
    return User.objects.create_user("person@demo.test", PASSWORD)


@pytest.fixture
def officer(db) -> User:
    return User.objects.create_user("officer@demo.test", PASSWORD, role=Role.OFFICER)


@pytest.fixture
def device(person) -> TOTPDevice:
    return TOTPDevice.objects.create(user=person, name="TOTP", key=KEY)


@pytest.fixture
def recovery_codes(person, device) -> list[str]:
    return services.renew_recovery_codes(person)


@pytest.fixture
def halfway(client, person, device) -> Client:
    """A browser where the person gave their password, and no code yet."""
    client.post("/connexion/", {"username": person.email, "password": PASSWORD, "next": "/taches/"})
    return client
