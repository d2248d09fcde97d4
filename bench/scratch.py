"""A database of the benchmark's own, and how results are timed and written down."""

import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
from environ import Env

RESULTS = Path(__file__).parent / "results"


@contextmanager
def database() -> Iterator[None]:
    """Creates a database beside the one that DATABASE_URL names, sets Django up on it, and drops it at the end."""
    url = os.environ["DATABASE_URL"]
    name = f"aect_bench_{os.getpid()}"
    _execute(url, f"CREATE DATABASE {name}")
    os.environ.update(DATABASE_URL=f"{url.rpartition('/')[0]}/{name}", DJANGO_SETTINGS_MODULE="aect.settings")
    os.environ.setdefault("SECRET_KEY", "bench")
    try:
        import django
        from django.core.management import call_command
        from django.db import connection

        django.setup()
        call_command("migrate", verbosity=0)
        yield
        connection.close()
    finally:
        _execute(url, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(url: str, statement: str) -> None:
    server = Env.db_url_config(url)
    admin = psycopg2.connect(
        dbname="postgres",
        host=server["HOST"],
        port=server["PORT"] or None,
        user=server["USER"],
        password=server["PASSWORD"] or None,
    )
    admin.autocommit = True
    try:
        admin.cursor().execute(statement)
    finally:
        admin.close()


def ratio(slow: Callable[[], Any], fast: Callable[[], Any], *, rounds: int) -> float:
    """How many times longer `slow` takes than `fast`: medians of alternating rounds, after one unmeasured."""
    times: tuple[list[float], list[float]] = ([], [])
    slow(), fast()
    for _round in range(rounds):
        for place, work in enumerate((slow, fast)):
            started = time.perf_counter()
            work()
            times[place].append(time.perf_counter() - started)
    return round(statistics.median(times[0]) / statistics.median(times[1]), 1)


def write(name: str, lines: int, ratios: dict[str, dict[str, Any]], **more: Any) -> int:
    """Prints the ratios and writes them to `results/`, with what `more` was measured; 1 when one misses its goal."""
    RESULTS.mkdir(exist_ok=True)
    result = {
        "name": name,
        "measured_at": datetime.now(UTC).isoformat("T", "seconds"),
        "lines": lines,
        "ratios": ratios,
        **more,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    missed = 0
    for key, found in ratios.items():
        holds = found["value"] >= found["goal"] if found["better"] == "higher" else found["value"] <= found["goal"]
        missed |= not holds
        print(f"{name}: {key} = {found['value']} (goal {found['goal']}, {found['against']})")
    return int(missed)
