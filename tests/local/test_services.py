"""Real servers: they come up after a kill -9 with their data, and go when the one that started them goes."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import environ
import psycopg2
import pytest
import redis

from aect.local import places, processes, programs
from aect.local.services import Failed, services

RUN = [sys.executable, "-m", "aect.local", "run", "--"]


@pytest.fixture
def start(home, account):
    """Durable services with their data in one folder: calling it again finds the same data."""
    return lambda: services(home, home=home, account=account, durable=True, from_env=False)


def query(database_url: str, sql: str):
    config = environ.Env.db_url_config(database_url)
    connection = psycopg2.connect(host=config["HOST"], user=config["USER"], dbname=config["NAME"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()


def alive(pid: int) -> bool:
    """Whether a process exists and is more than a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(params=["best", "wheels"])
def programs_used(request, monkeypatch):
    """The best programs of this machine, which may be the wheels' as well, and surely the wheels'."""
    if request.param == "wheels":
        found = [each for each in programs.postgres_candidates() if each.wheel]
        monkeypatch.setattr(programs, "postgres_candidates", lambda: iter(found))
        monkeypatch.setattr(programs, "choose_redis", partial(programs.choose_redis, path=""))


def test_data_outlive_kill_9_of_both_servers(programs_used, start):
    with start() as running:
        assert running.fresh
        query(running.database_url, "CREATE TABLE kept AS SELECT lower('ÉTÉ') AS word")
        redis.Redis.from_url(running.redis_url).set("kept", "yes")
        for child in running.children:
            child.process.kill()
    with start() as running:
        assert not running.fresh
        assert query(running.database_url, "SELECT word FROM kept") == [("été",)]
        assert redis.Redis.from_url(running.redis_url).get("kept") == b"yes"


def test_a_stale_pid_file_that_names_another_program_is_no_obstacle(start, home):
    with start():
        pass
    (home / "postgres/data/postmaster.pid").write_text(f"{os.getppid()}\n{home}/postgres/data\n")
    with start() as running:
        assert query(running.database_url, "SELECT 1") == [(1,)]


def test_the_database_has_what_the_application_asks_of_it(start):
    """Its role may make the extensions and test databases, and is no superuser; nothing listens on TCP."""
    with start() as running:
        for name in ("unaccent", "pg_trgm", "btree_gist"):
            query(running.database_url, f"CREATE EXTENSION {name}")
        sql = "SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        assert query(running.database_url, sql) == [(False, True)]
        assert query(running.database_url, "SHOW listen_addresses") == [("",)]
        assert redis.Redis.from_url(running.redis_url).config_get("port") == {"port": "0"}
        for url in (running.database_url, running.redis_url):
            folder = Path(unquote(url.split("//")[-1])).parent
            assert Path("/", folder).stat().st_mode & 0o077 == 0


def test_a_server_that_cannot_start_shows_its_log(start, home, account, monkeypatch):
    with start():
        pass
    (home / "postgres/data/postgresql.conf").write_text("no_such_setting = 1\n")
    monkeypatch.setattr("aect.local.services.PATIENCE", 0.5)
    with pytest.raises(Failed, match="no_such_setting"), start():
        pass


def test_run_gives_services_and_returns_the_exit_code(bare_env):
    script = "import os, sys; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL']); sys.exit(7)"
    done = subprocess.run(
        [*RUN, sys.executable, "-c", script],
        cwd=places.CHECKOUT,
        env=bare_env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 7
    database_url, redis_url = done.stdout.split()
    assert database_url.startswith("postgres://aect@//")
    assert not Path(redis_url.removeprefix("unix://")).exists()


def test_run_leaves_services_of_the_environment_alone(bare_env):
    given = {"DATABASE_URL": "postgres://elsewhere/db", "REDIS_URL": "redis://elsewhere"}
    done = subprocess.run(
        [*RUN, "sh", "-c", "echo $DATABASE_URL $REDIS_URL"],
        cwd=places.CHECKOUT,
        env={**bare_env, **given},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == list(given.values())


SERVERS = """
import os, pathlib, sys, time
me = os.getppid()
children = pathlib.Path(f"/proc/{me}/task/{me}/children").read_text().split()
print(*children, flush=True)
time.sleep(60)
"""


@pytest.fixture
def two_running(bare_env):
    """Two commands at once in the same checkout, each with the ids of its children (servers and command)."""
    started = [
        subprocess.Popen(
            [*RUN, sys.executable, "-c", SERVERS], cwd=places.CHECKOUT, env=bare_env, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    yield [(process, [int(pid) for pid in process.stdout.readline().split()]) for process in started]
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def test_everything_ends_with_its_starter_however_that_ends(two_running):
    (first, of_first), (second, of_second) = two_running
    assert len(of_first) == len(of_second) == 3
    first.send_signal(signal.SIGTERM)
    assert first.wait(10) == 128 + signal.SIGTERM
    assert not any(map(alive, of_first))
    assert all(map(alive, of_second))
    second.kill()
    assert processes.wait_until(lambda: not any(map(alive, of_second)), seconds=10)
