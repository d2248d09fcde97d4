import pytest


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Real hashes are slow on purpose; what is tested here is not the hash."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
