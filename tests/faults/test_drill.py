"""The whole service under steady work, struck by one fault after another: `make faults` runs it, `make test` does not.

Of each fault: the seconds until it is ready again and has done all that was asked before and just after, what was lost
of what it answered with success, and what was done twice.
"""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from bench.scratch import RESULTS
from tests.faults.stack import Stack, whole_stack
from tests.faults.work import DIFFERENT, PATIENCE, UNFINISHED, WAITING, Ledger, Team, copies_of_mails, unnamed_files

pytestmark = pytest.mark.drill

MOST = 60  # seconds
RUNNING = "SELECT count(*) FROM jobs_job WHERE state = 'running'"
LEFT = f"{UNFINISHED} AND created_at <= %s"
FAILED = "SELECT count(*) FROM jobs_job WHERE state = 'failed'"
SLOWEST_MAIL = """
SELECT coalesce(extract(epoch FROM max(sent_at - created_at)), 0)::float FROM mail_message WHERE created_at >= %s
"""


def kill_child(stack: Stack, team: Team) -> None:
    """Those who work, while at least one has a job."""
    assert stack.wait(lambda: bool(stack.number(RUNNING)), MOST)
    stack.kill(*stack.children("worker"))


def kill_parent(stack: Stack, team: Team) -> None:
    assert stack.wait(lambda: bool(stack.number(RUNNING)), MOST)
    stack.kill(stack.pid("worker"), *stack.children("worker"))


def kill_web(stack: Stack, team: Team) -> None:
    stack.kill(stack.children("web")[0])


def kill_postgres(stack: Stack, team: Team) -> None:
    stack.kill(stack.pid("postgres"), *stack.children("postgres"))


def kill_redis(stack: Stack, team: Team) -> None:
    stack.kill(stack.pid("redis"))
    stack.programs["redis"].process.wait()
    stack.empty_redis()


def flush_redis(stack: Stack, team: Team) -> None:
    stack.redis.flushall()


def hang_postgres(stack: Stack, team: Team) -> None:
    stack.hang("postgres", 10)


def hang_redis(stack: Stack, team: Team) -> None:
    stack.hang("redis", 10)


def fill_disk(stack: Stack, team: Team) -> None:
    """Until some files were refused, of which nothing may stay."""
    web, before = [stack.pid("web"), *stack.children("web")], team.ledger.refused_files
    kept = unnamed_files(stack)
    stack.disk.fill(web)
    try:
        assert stack.wait(lambda: team.ledger.refused_files >= before + 3, MOST)
    finally:
        stack.disk.free(web)
    assert stack.wait(lambda: unnamed_files(stack) <= kept, MOST)


FAULTS: dict[str, Callable[[Stack, Team], None]] = {
    "worker's children killed": kill_child,
    "worker's parent killed": kill_parent,
    "web's process killed": kill_web,
    "PostgreSQL killed": kill_postgres,
    "Redis killed, empty": kill_redis,
    "Redis flushed": flush_redis,
    "PostgreSQL hangs 10 s": hang_postgres,
    "Redis hangs 10 s": hang_redis,
    "disk full": fill_disk,
}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with whole_stack() as found:
        yield found


@pytest.fixture(scope="module")
def team(stack) -> Team:
    return Team(stack)


@pytest.fixture(scope="module")
def table(request) -> Iterator[dict[str, dict[str, Any]]]:
    """What was measured, by fault: told at the end, and written down when it is whole."""
    rows: dict[str, dict[str, Any]] = {}
    yield rows
    manager = request.config.pluginmanager
    with manager.get_plugin("capturemanager").global_and_fixture_disabled():
        manager.get_plugin("terminalreporter").write_line(f"\n{told(rows)}")
    if rows.keys() == FAULTS.keys():
        result = {"name": "faults", "measured_at": datetime.now(UTC).isoformat("T", "seconds"), "most": MOST}
        (RESULTS / "faults.json").write_text(json.dumps(result | {"faults": rows}, indent=2, ensure_ascii=False) + "\n")


def told(rows: dict[str, dict[str, Any]]) -> str:
    heads = list(next(iter(rows.values()), {}))
    lines = [("fault", heads), *((name, list(cells.values())) for name, cells in rows.items())]
    return "\n".join(f"{name:<26}" + "".join(f"{cell:>11}" for cell in cells) for name, cells in lines)


def seconds_until_recovered(stack: Stack, team: Team, since: float) -> tuple[float, float]:
    """Until it is ready; and until a job asked then is done, with all that were asked before."""
    assert stack.wait(stack.is_ready, PATIENCE)
    ready = time.monotonic() - since
    assert stack.wait(lambda: asks_for_totals(team), PATIENCE)
    now = stack.sql("SELECT now()")[0][0]
    assert stack.wait(lambda: stack.number(LEFT, now) == 0, PATIENCE)
    return round(ready, 1), round(time.monotonic() - since, 1)


def asks_for_totals(team: Team) -> bool:
    try:
        return team.officer.send_form("/apd/recalculer/", {}).status_code == 302
    except requests.RequestException:
        return False


def settle(stack: Stack, team: Team) -> None:
    """Until nothing waits any more, and the totals are computed once more."""
    assert stack.wait(lambda: stack.number(WAITING) == 0 and stack.number(UNFINISHED) == 0, PATIENCE)
    assert asks_for_totals(team)
    assert stack.wait(lambda: stack.number(UNFINISHED) == 0, PATIENCE)


def has_worked(stack: Stack, ledger: Ledger) -> bool:
    """Each of them has done something."""
    return stack.wait(lambda: all(ledger.answered.values()) and ledger.read > 0, MOST)


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_and_nothing_done_twice(stack, team, table, fault):
    began = stack.sql("SELECT now()")[0][0]
    with team as ledger:
        assert has_worked(stack, ledger)
        struck = time.monotonic()
        FAULTS[fault](stack, team)
        ready, done = seconds_until_recovered(stack, team, struck)
    settle(stack, team)
    lost, twice = ledger.lost_and_twice(stack)
    table[fault] = {
        "ready": ready,
        "seconds": done,
        "writes": ledger.count(),
        "unanswered": ledger.unanswered(),
        "errors": sum(count for status, count in ledger.statuses.items() if status >= 500 and status not in {503, 507}),
        "busy": sum(count for status, count in ledger.statuses.items() if status in {429, 503}),
        "lost": lost,
        "twice": twice,
        "again": sum(count - 1 for count in copies_of_mails(stack).values()),
        "mail": round(stack.sql(SLOWEST_MAIL, began)[0][0], 1),
    }
    assert (lost, twice) == (0, 0)
    assert done <= MOST
    assert stack.number(FAILED) == 0
    assert stack.number(DIFFERENT) == 0


def test_the_clock_alone_computes_what_changed(stack, team):
    """After all those faults beat still rings: a line that nobody asked for is in the totals."""
    team.declare()
    assert stack.number(DIFFERENT) > 0  # the control: so a total that is wrong is seen
    assert stack.wait(lambda: stack.number(DIFFERENT) == 0, PATIENCE)


def test_control_what_is_taken_away_is_lost_and_what_is_there_again_is_twice(stack, team):
    with team as ledger:
        assert has_worked(stack, ledger)
    settle(stack, team)
    assert ledger.lost_and_twice(stack) == (0, 0)
    gone, *_others = ledger.answered["declared"]
    stack.sql("DELETE FROM funding_apdline WHERE line_id = %s", gone)
    twice, *_others = ledger.answered["drafted"]
    stack.sql("UPDATE funding_project SET title = %s WHERE slug = %s", twice, team.folder)
    assert ledger.lost_and_twice(stack) == (1, 1)
