"""A load on the whole site: 80 % reads, 15 % searches, 5 % writes on 8 connections, against a real gunicorn.

`python -m bench load --seconds 20` tries it. An almost empty page is asked for in the same way in the same run: what
counts is how many times more the load costs. Clients and servers share the machine.
"""

import argparse
import http.client
import json
import os
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from bench import scratch, search

LINES = int(os.environ.get("BENCH_LINES", "200000"))
SECONDS = 180
CONNECTIONS = 8
SHARES = {"public": 40, "signed_in": 40, "search": 15, "write": 5}
EMPTY = "/mentions-legales/"
GOALS = {"errors": 0, "empty_page_vs_load": 20}
CSRF = "a" * 32  # of the visitor's own choice: the cookie and the header must agree
PUBLIC = (
    "/",
    "/partenariats/",
    "/partenariats/?pays=SN&pays=MX&tri=-depuis",
    "/partenariats/?statut=active&type=commune&page=3",
    "/partenariats/bench-7/",
    "/conventions/",
    "/conventions/bench-7/",
    "/collectivites/",
    "/savoir-faire/",
    "/projets/",
    "/projets/bench-9/",
    "/apd/",
    "/apd/?pays=MX",
    "/financements/",
    "/indicateurs/",
    "/es/partenariats/",
)
SIGNED_IN = ("/", "/espace/", "/taches/", "/partenariats/?q=ville", "/projets/", "/apd/", "{draft}", "{draft}modifier/")
SEARCHES = ("/recherche/?q=", "/recherche/suggestions/?q=")


class Visitor:
    """One connection of an agent's browser, who has a draft and writes it."""

    def __init__(self, port: int, number: int) -> None:
        from tests import factories

        place = factories.OrganisationFactory(slug=f"load-{number}", name=f"Commune d’essai {number}")
        user = factories.MembershipFactory(organisation=place, role="signatory").user
        self.draft = factories.DraftFactory(slug=f"load-{number}", collectivity=place, holder=user)
        self.version, self.port, self.link = self.draft.version, port, http.client.HTTPConnection("localhost", port)
        self.cookies = f"csrftoken={CSRF}; sessionid={session_of(user)}"
        self.chance = random.Random(number)  # noqa: S311  # the same visits at each run
        self.took: dict[str, list[float]] = defaultdict(list)
        self.pages: dict[str, list[float]] = defaultdict(list)
        self.errors: dict[str, int] = defaultdict(int)

    def visit(self, kind: str) -> None:
        started, self.page = time.perf_counter(), ""
        try:
            status = getattr(self, f"ask_{kind}")()
        except (OSError, http.client.HTTPException):
            status = 0
            self.link.close()
        self.took[kind].append(time.perf_counter() - started)
        self.pages[f"{kind} {self.page}"].append(self.took[kind][-1])
        self.errors[kind] += status != 200

    def ask(self, path: str, *, cookies: str = "", data: dict[str, Any] | None = None) -> tuple[int, bytes]:
        self.page = re.sub(r"load-\d+|(?<=q=).*", "…", path)
        headers = {"Cookie": cookies, "Accept-Encoding": "gzip"}
        if data is not None:
            headers |= {"X-CSRFToken": CSRF, "Content-Type": "application/x-www-form-urlencoded"}
        self.link.request("GET" if data is None else "POST", path, data and urlencode(data), headers)
        answer = self.link.getresponse()
        return answer.status, answer.read()

    def ask_empty(self) -> int:
        return self.ask(EMPTY)[0]

    def ask_public(self) -> int:
        return self.ask(self.chance.choice(PUBLIC))[0]

    def ask_signed_in(self) -> int:
        path = self.chance.choice(SIGNED_IN).format(draft=f"/projets/{self.draft.slug}/")
        return self.ask(path, cookies=self.cookies)[0]

    def ask_search(self) -> int:
        text = self.chance.choice(search.TEXTS)[: search.LONGEST]
        return self.ask(self.chance.choice(SEARCHES) + quote(text))[0]

    def ask_write(self) -> int:
        """The draft saves itself, with another text each time."""
        data = {"version": self.version, "title": self.draft.title, "objective": f"Essai {self.chance.random()}"}
        path = f"/projets/{self.draft.slug}/enregistrer/"
        status, body = self.ask(
            path, cookies=self.cookies, data={**data, "plan-TOTAL_FORMS": 0, "plan-INITIAL_FORMS": 0}
        )
        if status == 200:
            self.version = json.loads(body)["version"]
        return status


def session_of(user: Any) -> str:
    from django.test import Client

    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def fill() -> None:
    from django.core.management import call_command
    from django.db import connection

    search.fill()
    call_command("sample_apd", lines=LINES, seed=1, verbosity=0)
    call_command("recompute_apd", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def gunicorn() -> Iterator[tuple[int, int]]:
    """The web as it is deployed; its port and its process."""
    from tests.children import free_port

    port = free_port()
    command = [str(Path(sys.executable).with_name("gunicorn")), "--config", "aect/gunicorn.py"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    env = {**os.environ, "HTTPS": "0", "STATEMENT_TIMEOUT_MS": "10000", "LOG_LEVEL": "ERROR"}
    process = subprocess.Popen(command, env=env, cwd=scratch.RESULTS.parents[1])
    try:
        while not _answers(port):
            time.sleep(0.2)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    link = http.client.HTTPConnection("localhost", port, timeout=30)
    try:
        link.request("GET", EMPTY)
        return link.getresponse().status == 200
    except OSError:
        return False
    finally:
        link.close()


def go_on(visitors: list[Visitor], seconds: float, kind_of: Callable[[Visitor], str]) -> float:
    """All visit for so long, each as fast as it is answered; how long it took."""
    started = time.perf_counter()

    def run(visitor: Visitor) -> None:
        while time.perf_counter() - started < seconds:
            visitor.visit(kind_of(visitor))

    threads = [threading.Thread(target=run, args=[visitor]) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def figures(visitors: list[Visitor], kinds: list[str], seconds: float) -> dict[str, float]:
    took = sorted(each for visitor in visitors for kind in kinds for each in visitor.took[kind])
    errors = sum(visitor.errors[kind] for visitor in visitors for kind in kinds)
    cuts = statistics.quantiles(took, n=100, method="inclusive")
    return {
        "requests": len(took),
        "errors": errors,
        "per_second": round(len(took) / seconds, 1),
        **{f"p{part}_ms": round(1000 * cuts[part - 1], 1) for part in (50, 95, 99)},
        "worst_ms": round(1000 * took[-1], 1),
    }


def medians(visitors: list[Visitor]) -> dict[str, float]:
    """What each page takes under the load, in ms, the slowest first."""
    took: dict[str, list[float]] = defaultdict(list)
    for visitor in visitors:
        for page, found in visitor.pages.items():
            took[page] += found
    halves = {page: round(1000 * statistics.median(found), 1) for page, found in took.items()}
    return dict(sorted(halves.items(), key=lambda item: -item[1]))


def peaks(parent: int) -> list[int]:
    """The most memory that each process of the web has used, in MB: the parent's first."""
    found = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=True).stdout
    texts = (Path(f"/proc/{pid}/status").read_text() for pid in (parent, *found.split()))
    return [int(text.partition("VmHWM:")[2].split()[0]) // 1024 for text in texts]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    asked = parser.parse_args().seconds
    os.environ.update(HTTPS="0", LOG_LEVEL="ERROR")
    with scratch.database():
        fill()
        with gunicorn() as (port, pid):
            visitors = [Visitor(port, number) for number in range(CONNECTIONS)]
            kinds, weights = list(SHARES), list(SHARES.values())

            def mixed(visitor: Visitor) -> str:
                return visitor.chance.choices(kinds, weights)[0]

            go_on(visitors, asked / 9, mixed)  # each process's first answers are not the site's
            for visitor in visitors:
                visitor.took.clear(), visitor.errors.clear(), visitor.pages.clear()
            empty_for = go_on(visitors, asked / 9, lambda visitor: "empty")
            seconds = go_on(visitors, asked, mixed)
            empty, load = figures(visitors, ["empty"], empty_for), figures(visitors, kinds, seconds)
            by_kind = {kind: figures(visitors, [kind], seconds) for kind in kinds}
            more = {"peak_memory_mb": peaks(pid), "page_medians_ms": medians(visitors)}
    return told(asked, {"empty_page": empty, "load": load, **by_kind}, more)


def told(seconds: float, measured: dict[str, dict[str, float]], more: dict[str, Any]) -> int:
    for kind, found in measured.items():
        print(f"{kind:<12}" + "".join(f"{name} {value:<10}" for name, value in found.items()))
    values = {
        "errors": measured["load"]["errors"],
        "empty_page_vs_load": round(measured["empty_page"]["per_second"] / measured["load"]["per_second"], 1),
    }
    against = {"errors": "answers other than 200", "empty_page_vs_load": f"requests a second of {EMPTY}"}
    ratios = {
        name: {"value": value, "goal": GOALS[name], "better": "lower", "against": against[name]}
        for name, value in values.items()
    }
    conditions = {"seconds": seconds, "connections": CONNECTIONS, "processors": os.cpu_count()}
    return scratch.write("load", LINES, ratios, **conditions, measured=measured, **more)


if __name__ == "__main__":
    sys.exit(main())
