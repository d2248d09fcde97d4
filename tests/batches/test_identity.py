"""What is exported is imported again without a change: every kind, every profile, whatever the texts."""

import io
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aect.accounts.models import Role
from aect.batches import services
from aect.batches.exports import export, template
from aect.batches.kinds import KINDS
from aect.batches.lines import with_quote, without_quote
from aect.text import readable
from partnerships.models import Organisation, Partnership
from tests import factories
from tests.batches.files import FORMS, again, officer, written

odd = st.text(
    st.one_of(
        st.sampled_from(list("=+-@'\"|;,\t\n\r ()éÉœ’«»0")),
        st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"),
    ),
    max_size=30,
).map(readable)
ODD_TEXTS = [
    "=1+1",
    "'=1+1",
    "＝1+1",
    "'－1",
    "\n=1+1",
    "''+x",
    "(vide)",
    "-",
    "  é  ",
    "a\r\nb",
    '"',
    "1e3000000",
    "_x000D_",
    "|",
    "07/2015",
    "00123",
]


@pytest.mark.parametrize(("form", "profile"), FORMS)
def test_odd_texts_come_back_unchanged(form, profile):
    for number, text in enumerate(ODD_TEXTS):
        factories.PartnershipFactory(slug=f"p-{number}", name=f"n {number}", summary=text, source_place=text)
    batch, problems = again("partnerships", form, profile)
    assert problems == []
    assert batch.unchanged_count == len(ODD_TEXTS)


@pytest.mark.parametrize(("form", "profile"), FORMS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(odd, min_size=4, max_size=4))
def test_any_text_comes_back_unchanged(form, profile, texts):
    Partnership.objects.all().delete()
    for number, text in enumerate(texts):
        factories.PartnershipFactory(slug=f"p-{number}", name=text or "x", summary=text)
    batch, problems = again("partnerships", form, profile)
    assert problems == []
    assert batch.unchanged_count == len(texts)


@given(odd)
def test_the_apostrophe_comes_and_goes(text):
    """What the writer of `excel-fr` does to a text is undone by the reading."""
    quoted = f"'{text}" if text[:1] in {*"=+@-\t\r"} else with_quote(text)
    assert without_quote(quoted) == text


def test_numbers_dates_and_flags_come_back_unchanged():
    factories.OrganisationFactory(latitude=-0.1 + 0.3, longitude=1e-7, population=0)
    link = factories.PartnershipFactory()
    factories.ConventionFactory(partnership=link, provisional_amount="0.10", is_tacitly_renewed=True, renewal_years=1)
    for form, profile in FORMS:
        for kind in ("organisations", "conventions"):
            batch, problems = again(kind, form, profile)
            assert problems == []
            assert batch.unchanged_count == 1


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_template_is_read_as_no_line_at_all(kind, form):
    file = io.BytesIO()
    template(kind, form).write(file)
    batch, problems = services.import_now(file, name=f"a.{form}", kind=kind, mode="add", by=officer(), is_trial=True)
    assert problems == []
    assert batch.rows.count() == 0


# Commands


def imported(path, *options: str) -> str:
    factories.UserFactory(email="officer@demo.test", role=Role.OFFICER)
    out = StringIO()
    call_command("import_registry", "partnerships", path, "--by", "officer@demo.test", *options, stdout=out)
    return out.getvalue()


def test_the_commands_export_and_import(tmp_path):
    factories.PartnershipFactory(slug="un", name="Un")
    call_command("export_registry", "partnerships", "--output", tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text((tmp_path / "a.csv").read_text().replace("Un", "Autre"))
    said = imported(tmp_path / "a.csv", "--mode", "update", "--dry-run")
    assert "1 changed" in said
    assert Partnership.objects.get().name == "Un"


def test_the_command_writes_an_import_that_can_be_undone(tmp_path):
    (tmp_path / "a.csv").write_text("name\nUn\n")
    assert "Written as import" in imported(tmp_path / "a.csv", "--mode", "add")
    assert Partnership.objects.get().name == "Un"


def test_the_command_tells_each_problem_on_a_line(tmp_path, capsys):
    (tmp_path / "a.csv").write_text("name,began_on\n,2015\nUn,jamais\n")
    out = StringIO()
    officer()
    with pytest.raises(CommandError, match=r"2 problem\(s\)"):
        call_command(
            "import_registry", "partnerships", tmp_path / "a.csv", "--mode", "add", "--by", officer().email, stdout=out
        )
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("2, name, , ")
    assert lines[1].startswith("3, began_on, jamais, ")
    assert not Partnership.objects.exists()


@pytest.mark.parametrize("path", ["missing.csv", "a.txt"])
def test_the_command_says_what_it_cannot_read(tmp_path, path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(CommandError):
        imported(tmp_path / path, "--mode", "add")


def test_an_export_of_nothing_is_a_header():
    file = io.BytesIO()
    export("organisations", "csv").write(file)
    assert file.getvalue().startswith(b"slug,name,kind,country,siren")
    assert not Organisation.objects.exists()


def test_a_written_import_exports_what_it_was_given():
    written("partnerships", "add", {"name": "=Formule", "summary": "deux\nlignes"})
    file = io.BytesIO()
    export("partnerships", "csv", "excel-fr").write(file)
    assert "'=Formule" in file.getvalue().decode("utf-8-sig")
