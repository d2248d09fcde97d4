"""What our code may take for markup, and how it is made: read in the source, whatever the tests happen to run."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

PACKAGES = ("aect", "funding", "partnerships")
SAFE = re.compile(r"\|\s*safe\b|safeseq|autoescape off|mark_safe|SafeString\(|SafeText|__html__|html_safe")
INTO_PAGE = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|createContextualFragment")


def files(folder: str, pattern: str) -> Iterator[tuple[str, str]]:
    """Each file's path in the tree, and its text."""
    for path in sorted(Path(settings.BASE_DIR, folder).rglob(pattern)):
        yield str(path.relative_to(settings.BASE_DIR)), path.read_text()


def test_nothing_is_declared_safe_but_what_is_known_to_be():
    """Each place was read: the layout of an e-mail, which is plain text, and a drawing made of digits."""
    sources = [*files("templates", "*.*"), *(each for package in PACKAGES for each in files(package, "*.py"))]
    found = {path for path, text in sources if SAFE.search(text)}
    assert found == {"templates/mail/base.txt", "templates/second_factor/enrol.html"}


def test_markup_is_built_around_constant_texts():
    """`format_html(f"…{name}…")` would escape nothing."""
    found = []
    for path, text in (each for package in PACKAGES for each in files(package, "*.py")):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "").startswith("format_html"):
                texts = node.args[: 2 if node.func.id == "format_html_join" else 1]
                found += [] if all(isinstance(each, ast.Constant) for each in texts) else [f"{path}:{node.lineno}"]
    assert found == []


def test_scripts_put_no_text_into_the_page_as_markup():
    """Two take a fragment that our own templates made; all else is `textContent`."""
    found = {path: len(INTO_PAGE.findall(text)) for path, text in files("static/js", "*.js")}
    assert {path: count for path, count in found.items() if count} == {"static/js/jobs.js": 1, "static/js/search.js": 1}
