"""The made-up lines: deterministic, marked, and never in the way of real ones."""

import io
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count, Q, Sum
from django.http import QueryDict

from funding import exports
from funding.choices import ApdReason
from funding.filters.figures import ApdFilter
from funding.models import ApdLine
from funding.models.apd import ASSESSED_FIELDS

pytestmark = pytest.mark.django_db


def exported() -> bytes:
    file = io.BytesIO()
    exports.lines(ApdFilter(QueryDict(""), queryset=ApdLine.objects.all())).write(file)
    return file.getvalue()


def load(lines: int, seed: int) -> None:
    call_command("sample_apd", lines=lines, seed=seed, verbosity=0)


def test_reference_data_are_asked_for():
    with pytest.raises(CommandError, match="load_reference"):
        load(1, 1)


def test_one_seed_gives_one_sample(reference):
    load(300, 1)
    first = exported()
    load(300, 2)
    assert exported() != first
    load(300, 1)  # other row ids by now
    assert exported() == first


def test_a_new_sample_takes_the_place_of_the_former_only(reference):
    load(20, 1)
    real = ApdLine.objects.get(line_id="FICTIF-1-0000001")
    real.pk, real.line_id, real.is_fictitious = None, "REAL-1", False
    real.save(force_insert=True)
    load(10, 2)
    assert ApdLine.objects.filter(is_fictitious=True).count() == 10
    assert ApdLine.objects.filter(line_id="REAL-1").exists()
    load(0, 2)
    assert ApdLine.objects.get().line_id == "REAL-1"


def test_lines_look_like_a_country_s_and_say_that_they_are_made_up(reference):
    load(2000, 1)
    lines = ApdLine.objects.all()
    assert not lines.exclude(title__startswith="[Fictif]", line_id__startswith="FICTIF-", is_fictitious=True).exists()
    for line in lines[:200]:
        line.full_clean(exclude=ASSESSED_FIELDS)
    counts = lines.aggregate(
        all=Count("pk"),
        unknown=Count("pk", filter=Q(paid_amount=None)),
        outside=Count("pk", filter=Q(apd_amount=None, paid_amount__isnull=False)),
        mexico=Count("pk", filter=Q(recipient="MX", apd_reason=ApdReason.RECIPIENT)),
        refugees=Count("pk", filter=Q(counts_as_refugees=True)),
        voluntary=Count("pk", filter=Q(purpose__parent__isnull=False)),
    )
    assert all(counts.values())
    assert set(lines.values_list("year", flat=True)) == set(range(2016, 2025))
    apd = lines.filter(year=2018).aggregate(
        all=Sum("apd_amount"), rest=Sum("apd_amount", filter=Q(counts_as_refugees=False))
    )
    assert Decimal(60_000_000) < apd["all"] < Decimal(130_000_000)
    assert Decimal(30_000_000) < apd["rest"] < Decimal(60_000_000)
