"""Tests of `aect.local`: they start servers of their own, in a folder of their own, and need no Django database."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from aect.local import places


@pytest.fixture
def account():
    return places.server_account(places.CHECKOUT)


@pytest.fixture
def home(account):
    """A folder that the servers' user can reach (pytest's tmp_path is for its owner only)."""
    folder = Path(tempfile.mkdtemp(prefix="local-", dir=places.data_home(places.CHECKOUT, account)))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def bare_env():
    """The environment without services: the commands must start their own."""
    return {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
