import pytest


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    """Files go to a folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(autouse=True)
def database(db):
    """Every import needs the database."""
