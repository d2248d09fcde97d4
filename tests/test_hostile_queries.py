"""Whatever a list's address asks, the answer is rows or a refusal: never a fault, never a long wait."""

import time
from urllib.parse import quote

import pytest

from partnerships.choices import Side
from tests import factories
from tests.hostile import LISTS, ODD, QUERIES, VALUES

pytestmark = pytest.mark.django_db
GUARD = 20  # seconds: a hang, not a slow machine


@pytest.fixture
def rows():
    for _ in range(3):
        party = factories.PartyFactory()
        foreign = factories.MexicanMunicipalityFactory()
        factories.PartyFactory(partnership=party.partnership, organisation=foreign, side=Side.FOREIGN)
        factories.ConventionFactory(partnership=party.partnership)


def asked(client, address: str) -> float:
    """How long the answer took, which is neither a fault nor anything but rows, a tidier address or a refusal."""
    started = time.perf_counter()
    response = client.get(address, follow=True)
    if response.streaming:
        list(response.streaming_content)
    took = time.perf_counter() - started
    assert response.status_code in {200, 400}, address[:200]
    assert took < GUARD, address[:200]
    return took


@pytest.mark.parametrize("path", LISTS)
def test_two_hundred_hostile_queries(client, rows, path):
    client.raise_request_exception = False
    slowest = max((asked(client, f"{path}?{query}"), query[:80]) for query in QUERIES)
    print(f"{path}: {len(QUERIES)} queries, the slowest {slowest[0]:.2f} s, {slowest[1]!r}")  # noqa: T201


def test_files_records_and_comparisons_stand_them_too(client, rows):
    client.raise_request_exception = False
    for query in [*QUERIES[::14], *ODD[:4]]:
        for path in ("/partenariats/export.csv", "/conventions/export.xlsx", "/collectivites/export.csv"):
            asked(client, f"{path}?{query}")
    for query, value in zip(QUERIES[::7], VALUES, strict=False):
        asked(client, f"/partenariats/comparer/?{query}&partenariat={quote(value)}&partenariat=x")


def test_a_record_stays_whole_whatever_its_query(client, rows):
    address = factories.PartnershipFactory().get_absolute_url()
    for query in QUERIES[::8]:
        response = client.get(f"{address}?{query}")
        assert response.status_code == 200, query[:200]


def test_there_are_two_hundred_queries_at_least():
    assert len(QUERIES) * len(LISTS) >= 200
