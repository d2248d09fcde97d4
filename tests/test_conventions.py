"""The house's own rules, so that they hold when nobody looks."""

import ast
import importlib.metadata
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import CheckConstraint, UniqueConstraint

ROOT = Path(settings.BASE_DIR)
APPS = ("accounts", "proconnect", "journal", "jobs", "mail", "saved", "batches", "partnerships", "funding")
MODULES = [p for name in ("aect", "partnerships", "funding") for p in (ROOT / name).rglob("*.py")]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def test_psycopg_3_is_not_installed_beside_psycopg_2():
    """Django would silently use it, and `copy_expert` would be gone."""
    names = {distribution.metadata["Name"].lower() for distribution in importlib.metadata.distributions()}
    assert not names & {"psycopg", "psycopg-binary", "psycopg-c"}
    assert "psycopg2-binary" in names


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
    return found


@pytest.mark.parametrize(("below", "above"), [("aect", {"partnerships", "funding"}), ("partnerships", {"funding"})])
def test_imports_go_down_the_stairs_only(below, above):
    site_maps = {ROOT / "aect" / "urls.py", ROOT / "aect" / "api.py"}
    looking_up = [p for p in (ROOT / below).rglob("*.py") if p not in site_maps and imports(p) & above]
    assert looking_up == []


@pytest.mark.parametrize("name", APPS)
def test_constraints_are_named_after_their_model_and_speak_french(name):
    for model in apps.get_app_config(name).get_models():
        for constraint in model._meta.constraints:
            assert constraint.name.startswith(f"{model._meta.model_name}_"), constraint.name
            if isinstance(constraint, CheckConstraint | UniqueConstraint) and model.__name__ != "ApdTotal":
                assert constraint.violation_error_message != constraint.default_violation_error_message, constraint.name


FORBIDDEN_NAMES = {"utils", "helpers", "managers", "selectors", "signals", "mixins", "constants"}


def test_no_module_has_a_name_that_says_nothing():
    assert [p for p in MODULES if p.stem in FORBIDDEN_NAMES] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_templates_hold_no_inline_style_script_or_other_host(path):
    text = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"(src|href)=\"(https?:)?//(?!www\.|github)", text)


@pytest.mark.parametrize("path", sorted((ROOT / "templates" / "components").glob("*.html")), ids=lambda p: p.name)
def test_components_open_with_their_parameters(path):
    assert re.match(r"(\{% load [^%]*%\}\s*)?\{% comment %\}", path.read_text())


def test_the_project_stands_alone():
    """Nothing names the folder beside it, nor this workplace."""
    names = re.compile(r"\.\./shared|/work/|\.library")
    texts = [*MODULES, *TEMPLATES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "Makefile"]
    assert [str(p) for p in texts if p.exists() and names.search(p.read_text())] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: str(p.relative_to(ROOT / "templates")))
def test_no_template_tag_runs_over_a_line(path):
    """Django takes such a tag for text, and shows it."""
    assert not re.search(r"\{%(?:(?!%\}).)*\n(?:(?!\{%).)*%\}", path.read_text())
