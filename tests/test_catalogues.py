"""Every visible string is translated: nothing missing, nothing stale, no placeholder lost."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages import pofile
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
LANGUAGES = ["es", "en"]


def catalogue(root: Path, language: str) -> pofile.Catalog:
    with (root / "aect" / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return pofile.read_po(file, locale=language)


def key(message) -> tuple[object, object]:
    return message.id, message.context


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language):
    messages = [m for m in catalogue(ROOT, language) if m.id]
    assert len(messages) > 200
    strings = {key(m): (m.string if isinstance(m.string, tuple) else (m.string,)) for m in messages}
    assert [k for k, translations in strings.items() if not all(translations)] == []
    assert [key(m) for m in messages if m.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_survive_translation(language):
    for message in catalogue(ROOT, language):
        assert list(message.check()) == []


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="GNU gettext is not installed: strings are not extracted")
def test_the_catalogues_hold_just_the_strings_of_the_code(tmp_path):
    for name in ("aect", "partnerships", "funding", "templates"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    languages = [f"--locale={language}" for language in LANGUAGES]
    subprocess.run(
        [sys.executable, "manage.py", "makemessages", *languages, "--no-location", "--no-obsolete"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    for language in LANGUAGES:
        kept, extracted = ({key(m) for m in catalogue(root, language) if m.id} for root in (ROOT, tmp_path))
        assert extracted - kept == set(), "run makemessages (see CONTRIBUTING.md)"
        assert kept - extracted == set(), "run makemessages (see CONTRIBUTING.md)"
