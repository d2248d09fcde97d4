"""Where data and sockets go, and who may reach them."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aect.local import places
from aect.local.processes import Account
from aect.local.programs import Postgres

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as another user")


def test_a_short_socket_stays_beside_its_data(tmp_path):
    with places.socket_folder(tmp_path, None) as folder:
        assert folder == tmp_path


def test_a_socket_too_long_for_the_kernel_moves_to_a_short_private_folder(tmp_path):
    deep = tmp_path / ("é" * 60)  # 120 bytes, though 60 letters
    with places.socket_folder(deep, None) as folder:
        assert len(os.fsencode(folder / places.SOCKET_NAME)) <= places.LONGEST_SOCKET
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()


def test_servers_of_an_ordinary_user_run_as_that_user(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert places.server_account(tmp_path) is None


@as_root
def test_servers_of_root_run_as_the_owner_of_the_checkout_or_as_nobody_in_particular(tmp_path):
    anyone = places.server_account(tmp_path)
    assert anyone.uid != 0
    daemon = pwd.getpwnam("daemon")
    os.chown(tmp_path, daemon.pw_uid, 0)
    assert places.server_account(tmp_path) == Account(daemon.pw_uid, daemon.pw_gid)
    os.chown(tmp_path, 54321, 54321)  # a user without a name, for whom initdb would not work
    assert places.server_account(tmp_path) == anyone


@as_root
def test_data_go_elsewhere_when_the_servers_cannot_reach_the_checkout(tmp_path):
    tmp_path.chmod(0o700)
    nobody = Account(65534, 65534)
    home = places.data_home(tmp_path, nobody)
    try:
        assert home.parent == Path("/var/tmp")  # noqa: S108
        assert places.may(nobody, home, os.X_OK)
        assert not places.may(nobody, home, os.W_OK)
        assert places.data_home(tmp_path, nobody) == home
    finally:
        shutil.rmtree(home)


@as_root
def test_programs_that_the_servers_user_cannot_run_are_copied_once(tmp_path, home):
    tmp_path.chmod(0o700)
    wheel = tmp_path / "pginstall"
    (wheel / "bin").mkdir(parents=True, mode=0o700)
    (wheel / "share").mkdir(mode=0o700)
    (wheel / "share/postgres.bki").touch(mode=0o600)
    (wheel / "bin/postgres").touch(mode=0o700)
    nobody = Account(65534, 65534)
    copied = places.runnable_postgres(Postgres(wheel / "bin", 17, wheel), home, nobody)
    assert copied.bin.is_relative_to(home)
    assert places.may(nobody, copied.bin / "postgres", os.X_OK)
    assert places.may(nobody, copied.bin.parent / "share/postgres.bki", os.R_OK)
    written_at = copied.bin.stat().st_ctime_ns
    places.runnable_postgres(Postgres(wheel / "bin", 17, wheel), home, nobody)
    assert copied.bin.stat().st_ctime_ns == written_at


def test_a_lock_says_who_holds_it(tmp_path):
    holder = "import sys; sys.path[:0] = [sys.argv[1]]\nfrom pathlib import Path\nfrom aect.local import places\n"
    holder += "with places.locked(Path(sys.argv[2])): print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(places.CHECKOUT), str(tmp_path / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(places.Busy, match=f"^{process.pid}$"), places.locked(tmp_path / "lock"):
            pass
        process.kill()
    with places.locked(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_what_a_killed_run_left_is_removed_and_what_a_living_one_uses_is_not(tmp_path):
    (tmp_path / "test-1").mkdir()
    (tmp_path / "test-2").mkdir()
    with places.locked(tmp_path / "test-2/lock"), places.throw_away_folder(tmp_path) as folder:
        assert sorted(path.name for path in tmp_path.glob("test-*")) == sorted(["test-2", folder.name])
    assert not folder.exists()
