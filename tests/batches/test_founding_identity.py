"""The founding cases, exported, are imported again without a change. Their data stay for the whole of this module."""

import pytest

from aect.batches.kinds import KINDS
from tests.batches.files import FORMS, again


@pytest.mark.usefixtures("founding")
@pytest.mark.parametrize(("form", "profile"), FORMS)
@pytest.mark.parametrize("kind", ["partnerships", "parties", "conventions", "milestones", "actions"])
def test_the_founding_cases_come_back_unchanged(kind, form, profile):
    batch, problems = again(kind, form, profile)
    assert problems == []
    assert (batch.new_count, batch.changed_count) == (0, 0)
    assert batch.unchanged_count == KINDS[kind].model.objects.count() > 0
