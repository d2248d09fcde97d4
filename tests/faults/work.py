"""Steady work on the whole service, through its pages, and what must be found of it afterwards.

Each piece has a word of its own. A word whose sending was answered with success must be found once; one whose answer
was lost or bad at most once.
"""

import hashlib
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
import requests

from tests.faults.stack import Person, Stack

ROWS = 20  # of an imported file
PATIENCE = 150  # seconds, after which nothing more is expected
PAUSE = 0.1

#: How often each word is found, by what was done with it.
FOUND = {
    "saved": "SELECT objective, count(*) FROM funding_projectevent GROUP BY 1",
    "drafted": "SELECT title, count(*) FROM funding_project GROUP BY 1",
    "attached": "SELECT name, count(*) FROM funding_attachment GROUP BY 1",
    "commented": "SELECT comment, count(*) FROM funding_projectstep GROUP BY 1",
    "imported": "SELECT name, count(*) FROM partnerships_partnership GROUP BY 1",
    "declared": "SELECT line_id, count(*) FROM funding_apdline GROUP BY 1",
}
SENT = """
SELECT step.comment, message.id::text FROM funding_projectstep AS step
JOIN mail_message AS message ON message.key LIKE 'project-step-' || step.id || '-%%' AND message.state = 'sent'
WHERE step.comment LIKE 'commented-%%'
"""
KEPT = "SELECT name, file, sha256 FROM funding_attachment UNION ALL SELECT name, file, sha256 FROM batches_batch"
UNFINISHED = "SELECT count(*) FROM jobs_job WHERE state IN ('pending', 'running')"
WAITING = "SELECT count(*) FROM mail_message WHERE state = 'waiting'"
SUMS = "SELECT year, collectivity_id, recipient_id, is_published, {lines}, sum(apd_amount), sum(net_amount)"
DIFFERENT = f"""
WITH found AS ({SUMS.format(lines="sum(lines)")} FROM funding_apdtotal GROUP BY 1, 2, 3, 4),
real AS ({SUMS.format(lines="count(*)")} FROM funding_apdline GROUP BY 1, 2, 3, 4)
SELECT count(*) FROM ((TABLE found EXCEPT TABLE real) UNION ALL (TABLE real EXCEPT TABLE found)) AS different
"""  # noqa: S608  # of constants
DECLARE = """
INSERT INTO funding_apdline SELECT (jsonb_populate_record(line, jsonb_build_object(
    'id', nextval(pg_get_serial_sequence('funding_apdline', 'id')), 'line_id', %s::text))).*
FROM (SELECT each FROM funding_apdline AS each ORDER BY id LIMIT 1) AS one (line)
"""
PLACE = """
SELECT slug FROM partnerships_organisation WHERE id = (
    SELECT organisation_id FROM partnerships_membership JOIN accounts_user ON accounts_user.id = user_id
    WHERE email = 'agent.bordeaux@demo.test')
"""
RECORD = """
SELECT slug FROM funding_project JOIN accounts_user ON holder_id = accounts_user.id
WHERE email = %s AND state = %s ORDER BY funding_project.id LIMIT 1
"""


@dataclass
class Ledger:
    """The words that were sent, and those of them that were answered with success."""

    sent: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in FOUND})
    answered: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in FOUND})
    read: int = 0
    refused_files: int = 0
    statuses: Counter[int] = field(default_factory=Counter)

    def count(self) -> int:
        return sum(map(len, self.answered.values()))

    def unanswered(self) -> int:
        return sum(len(self.sent[kind] - self.answered[kind]) for kind in FOUND)

    def lost_and_twice(self, stack: Stack) -> tuple[int, int]:
        lost = twice = 0
        for kind, statement in FOUND.items():
            found = dict(stack.sql(statement))
            lost += sum(word not in found for word in self.answered[kind])
            twice += sum(found.get(word, 0) > 1 for word in self.sent[kind])
        return lost + self.lost_files(stack) + self.lost_mails(stack), twice

    def lost_files(self, stack: Stack) -> int:
        """Rows whose file is missing or cut."""
        return sum(digest(stack.media / file) != sha256 for name, file, sha256 in stack.sql(KEPT))

    def lost_mails(self, stack: Stack) -> int:
        sent = dict(stack.sql(SENT))
        copies = copies_of_mails(stack)
        return sum(f"{sent.get(word)}" not in copies for word in self.answered["commented"])


def copies_of_mails(stack: Stack) -> Counter[str]:
    """How many copies left of each message, by its Message-ID."""
    texts = (path.read_text() for path in stack.mails.iterdir())
    return Counter(found for text in texts for found in re.findall(r"^Message-ID: <(.*)@", text, re.MULTILINE))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def unnamed_files(stack: Stack) -> set[str]:
    """Files that no row names: cut ones, and for a moment those whose row is not committed yet."""
    kept = {file for name, file, sha256 in stack.sql(KEPT)}
    found = {str(path.relative_to(stack.media)) for path in stack.media.rglob("*") if path.is_file()}
    return found - kept - {stack.disk.ballast.name}


class Team:
    """People who are signed in, each busy with one thing while the block lasts."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.agent, self.neighbour, self.officer, self.admin, self.analyst = (
            Person(stack.site, f"{name}@demo.test")
            for name in ("agent.larochelle", "agent.bordeaux", "agent.daect", "admin", "analyste")
        )
        self.place = stack.sql(PLACE)[0][0]
        self.draft = self.record("agent.larochelle", "draft")
        self.folder = self.record("agent.bordeaux", "draft")
        self.submitted = self.record("agent.larochelle", "submitted")
        self.ledger, self.over, self.threads = Ledger(), threading.Event(), []

    def record(self, holder: str, state: str) -> str:
        return str(self.stack.sql(RECORD, f"{holder}@demo.test", state)[0][0])

    def __enter__(self) -> Ledger:
        self.ledger, self.over = Ledger(), threading.Event()
        works = (self.save, self.make_draft, self.attach, self.comment, self.import_file, self.declare, self.read)
        self.threads = [threading.Thread(target=self.go_on, args=[work], daemon=True) for work in works]
        for thread in self.threads:
            thread.start()
        return self.ledger

    def __exit__(self, *raised: object) -> None:
        self.over.set()
        assert self.stack.wait(lambda: not any(thread.is_alive() for thread in self.threads), PATIENCE)

    def go_on(self, work: Callable[[], object]) -> None:
        while not self.over.wait(PAUSE):
            with suppress(requests.RequestException, psycopg2.Error):  # the word stays unanswered
                work()

    def word(self, kind: str, ending: str = "") -> str:
        word = f"{kind}-{uuid.uuid4().hex}{ending}"
        self.ledger.sent[kind].add(word)
        return word

    def note(self, kind: str, word: str, answer: requests.Response, status: int = 302) -> None:
        self.ledger.statuses[answer.status_code] += 1
        if answer.status_code == status:
            self.ledger.answered[kind].add(word)

    # What they do

    def save(self) -> None:
        """A form that saves itself: what was not answered is sent again, over the version that was known."""
        page = self.agent.visit(f"/projets/{self.draft}/modifier/").text
        if not (version := re.search(r'name="version" value="(\d+)"', page)):
            return
        word, answer = self.word("saved"), None
        data = {"version": version[1], "title": "[Fictif] Pistes cyclables", "objective": word}
        data |= {"plan-TOTAL_FORMS": 0, "plan-INITIAL_FORMS": 0}
        while answer is None or answer.status_code != 200:
            try:
                answer = self.agent.send_form(f"/projets/{self.draft}/enregistrer/", data)
                self.note("saved", word, answer, 200)
            except requests.RequestException:
                time.sleep(PAUSE)
            if self.over.is_set():
                return

    def make_draft(self) -> None:
        word = self.word("drafted")
        self.note(
            "drafted",
            word,
            self.neighbour.send_form("/espace/projets/nouveau/", {"title": word, "collectivity": self.place}),
        )

    def attach(self) -> None:
        word = self.word("attached", ".csv")
        files = {"file": (word, f"{word}\n".encode() * 1000)}
        answer = self.neighbour.send_form(f"/projets/{self.folder}/pieces/", {"kind": "other"}, files=files)
        self.note("attached", word, answer)
        self.ledger.refused_files += answer.status_code != 302

    def comment(self) -> None:
        word = self.word("commented")
        self.note("commented", word, self.officer.send_form(f"/projets/{self.submitted}/commenter/", {"comment": word}))

    def import_file(self) -> None:
        """Sent, checked, written."""
        names = [self.word("imported") for _row in range(ROWS)]
        text = "\n".join(["name", *names])
        answer = self.admin.send_form(
            "/imports/nouveau/", {"kind": "partnerships", "mode": "add"}, files={"file": ("a.csv", text.encode())}
        )
        self.ledger.statuses[answer.status_code] += 1
        if answer.status_code != 302:
            return
        batch = answer.headers["Location"]
        if self.reached(batch, "ready") and self.pressed(f"{batch}ecrire/"):
            self.ledger.answered["imported"].update(names)
            self.reached(batch, "written")

    def pressed(self, path: str) -> bool:
        """A button that may be pressed again until it answers."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if self.admin.send_form(path, {}).status_code == 302:
                    return True
            except requests.RequestException:
                pass
            time.sleep(PAUSE)
        return False

    def reached(self, batch: str, state: str) -> bool:
        pk, end = batch.rstrip("/").rpartition("/")[2], time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.stack.number("SELECT state FROM batches_batch WHERE id = %s", pk) == state:
                return True
            time.sleep(PAUSE)
        return False

    def declare(self) -> None:
        """A line of APD, written as a load from elsewhere would: only the database's trigger sees it."""
        word = self.word("declared")
        self.stack.sql(DECLARE, word)
        self.ledger.answered["declared"].add(word)

    def read(self) -> None:
        for path in ("/", "/projets/", "/apd/", "/apd/export.csv", "/partenariats/export.csv"):
            answer = self.analyst.visit(path)
            self.ledger.statuses[answer.status_code] += 1
            self.ledger.read += 1
