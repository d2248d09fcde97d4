"""Made-up APD lines, for trying and for measuring: real collectivities and codes, invented spending.

One seed gives one sample: nothing depends on row ids, on the clock, or on the order rows come in. Each line is
marked as fictitious, its title begins with « [Fictif] » and its identifier with `FICTIF-`.
"""

import datetime
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from random import Random
from typing import TypeVar

from django.db import transaction

from funding.choices import BiMulti, OnePercentFund
from funding.models import AidType, ApdLine, Channel, Code, DacListing, FinanceType, FlowType, PurposeCode
from funding.services import copy_lines, request_totals
from partnerships.choices import OrganisationKind, PartyRole, Scheme, Side
from partnerships.models import Country, Identifier, Organisation, Party

PREFIX = "FICTIF-"
YEARS = range(2016, 2025)
#: What a year's lines add up to, in millions of euros: aid proper, and the reception of refugees. Round figures.
AID = Decimal(50)
REFUGEES = {2016: 35, 2017: 50, 2018: 65, 2019: 70, 2020: 70, 2021: 75, 2022: 95, 2023: 120, 2024: 150}
MEXICO = Decimal("0.4")
CEILING = 1_000_000_00  # cents an average line may reach, so that a small sample stays believable
PORTIONS = (5, 15, 40, 100, 250, 600, 1500)  # relative sizes of lines

#: Who gives: how many of each kind take part (the most populous, or the first by SIREN), and their weight.
PAYERS = {
    OrganisationKind.REGION: (None, 37),
    OrganisationKind.DEPARTEMENT: (None, 19),
    OrganisationKind.SPECIAL_STATUS: (None, 3),
    OrganisationKind.METROPOLE: (None, 14),
    OrganisationKind.CU: (None, 3),
    OrganisationKind.CA: (60, 6),
    OrganisationKind.CC: (20, 2),
    OrganisationKind.EPT: (None, 1),
    OrganisationKind.COMMUNE: (150, 15),
}
#: Paris, La Rochelle, Grand Angoulême, Bordeaux Métropole, Cannes, Carcassonne: those linked with Mexico.
MEXICAN_LINKS = ("217500016", "241700434", "200071827", "243300316", "210600292", "211100698")
#: Where aid goes; every other listed country weighs 1.
RECIPIENTS = {"SN": 30, "MG": 30, "BF": 20, "ML": 20, "BJ": 18, "MA": 15, "HT": 15, "TG": 12, "CM": 12, "PS": 12}
RECIPIENTS |= {"VN": 10, "LB": 10, "AM": 8, "TN": 8, "UA": 6, "KH": 5, "LA": 5, "NE": 5, "CI": 5, "PE": 3, "CO": 3}
UNLISTED = ("CA", "US", "DE", "JP", "PL")

#: Sectors: weight, what the title says, the goals (ODD) it serves.
SECTORS = {
    "14030": (14, "Accès à l’eau potable et à l’assainissement", [6]),
    "14032": (6, "Assainissement de base", [6, 11]),
    "14050": (6, "Collecte et traitement des déchets", [11, 12]),
    "15112": (12, "Appui à la décentralisation", [16]),
    "15128": (4, "Finances locales", [16, 17]),
    "11220": (8, "Enseignement primaire", [4]),
    "11330": (6, "Formation professionnelle", [4, 8]),
    "11420": (4, "Échanges universitaires", [4]),
    "12220": (7, "Soins de santé de base", [3]),
    "16061": (6, "Culture et patrimoine", [11]),
    "23210": (4, "Énergies renouvelables", [7, 13]),
    "31120": (8, "Développement agricole", [2]),
    "33210": (3, "Tourisme durable", [8, 12]),
    "41010": (5, "Protection de l’environnement", [13, 15]),
    "43030": (7, "Gestion urbaine", [11]),
    "72010": (5, "Aide d’urgence", [1, 2]),
}
MEXICAN_SECTORS = ("14030", "43030", "15112", "11420", "16061", "41010", "33210")
REFUGEE_PURPOSE, AWARENESS_PURPOSE, ADMINISTRATION_PURPOSE = "93010", "99820", "91010"

CHANNELS = ("11002", "12002", "22000", "51000")
#: The codes without which no line can be made.
NEEDED: dict[type[Code], Collection[str]] = {
    PurposeCode: {*SECTORS, REFUGEE_PURPOSE, AWARENESS_PURPOSE, ADMINISTRATION_PURPOSE},
    AidType: {"B01", "C01", "D02", "E01", "G01", "H01", "H02", "H03", "H05"},
    FinanceType: {"110"},
    FlowType: {"10"},
    Channel: CHANNELS,
}

#: Kinds of line, and their weight.
KINDS = {"aid": 66, "refugees": 20, "mexico": 6, "students": 2, "awareness": 2, "administration": 1, "outside": 3}


Programmes = dict[int, list[tuple[str, str]]]  # payer to its (recipient, purpose) pairs
PROGRAMMES = 5  # how many a collectivity runs
T = TypeVar("T")
Weighted = tuple[list[T], list[int]]  # values, and their weights added up: what `Random.choices` reads fastest


class MissingReference(Exception):
    """The code lists or the collectivities are not there: `load_reference` loads them."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What lines are made of, each list in an order that does not depend on the database."""

    payers: Weighted[int]
    mexican_links: list[int]
    projects: dict[int, list[int]]  # payer to its projects with Mexican partners, by slug
    recipients: Weighted[str]
    names: dict[str, str]
    unlisted: list[str]
    channels: list[str]


@transaction.atomic
def replace_sample(*, lines: int, seed: int) -> int:
    """Writes a sample in place of the former one, and asks for its totals; returns how many lines it has.

    Raises MissingReference. Real lines are never touched.
    """
    reference = read_reference()
    ApdLine.objects.filter(is_fictitious=True, line_id__startswith=PREFIX).delete()
    written = copy_lines(sample(lines, seed, reference))
    request_totals(by=None)
    return written


def read_reference() -> Reference:
    """Reads what is there. Raises MissingReference when a line could not be made of it."""
    names = dict(Country.objects.order_by("pk").values_list("pk", "name_fr"))
    listed = sorted(set(DacListing.objects.values_list("country", flat=True)))
    payers = _payers()
    if not (listed and payers and all(_holds(model, codes) for model, codes in NEEDED.items())):
        raise MissingReference
    return Reference(
        payers=_weighted(payers),
        mexican_links=_by_siren(MEXICAN_LINKS),
        projects=_projects(),
        recipients=_weighted([(country, RECIPIENTS.get(country, 1)) for country in listed]),
        names=names,
        unlisted=[country for country in UNLISTED if country in names],
        channels=sorted(Channel.objects.filter(pk__in=CHANNELS).values_list("pk", flat=True)),
    )


def _holds(model: type[Code], codes: Collection[str]) -> bool:
    return model._default_manager.filter(pk__in=codes).count() == len(codes)


def _payers() -> list[tuple[int, int]]:
    """Read plainly and joined here: right after a load, PostgreSQL has no statistics to join 35 000 rows well."""
    sirens = dict(Identifier.objects.filter(scheme=Scheme.SIREN).values_list("organisation", "code"))
    ranked: dict[str, list[tuple[int, str, int]]] = {}
    for pk, kind, population in Organisation.objects.filter(kind__in=PAYERS).values_list("pk", "kind", "population"):
        if pk in sirens:
            ranked.setdefault(kind, []).append((-(population or 0), sirens[pk], pk))
    found = []
    for kind, (most, weight) in PAYERS.items():
        largest = sorted(ranked.get(kind, []))[:most]
        found += [(pk, weight * 1000 // len(largest)) for _population, _siren, pk in largest]
    return found


def _by_siren(codes: Sequence[str]) -> list[int]:
    holders = Organisation.objects.filter(identifiers__scheme=Scheme.SIREN, identifiers__code__in=codes)
    return list(holders.order_by("identifiers__code").values_list("pk", flat=True))


def _projects() -> dict[int, list[int]]:
    """French parties of partnerships with Mexico, and their projects."""
    with_mexico = Party.objects.filter(organisation__country="MX", side=Side.FOREIGN).values("partnership")
    parties = Party.objects.filter(
        partnership__in=with_mexico, side=Side.FRENCH, role=PartyRole.PARTY, partnership__projects__state="published"
    )
    found: dict[int, list[int]] = {}
    rows = parties.order_by("partnership__projects__slug").values_list("organisation", "partnership__projects")
    for organisation, project in rows:
        found.setdefault(organisation, []).append(project)
    return found


def sample(lines: int, seed: int, reference: Reference) -> Iterator[ApdLine]:
    """The lines, year by year, their amounts scaled so that a year adds up to a plausible sum."""
    rng = Random(f"{lines}/{seed}")  # noqa: S311  # a sample, not a secret
    programmes: Programmes = {}
    number = 0
    for place, year in enumerate(YEARS):
        count = lines * (place + 1) // len(YEARS) - lines * place // len(YEARS)
        drawn = [_Draw(rng, reference, year, programmes) for _ in range(count)]
        for group in ("aid", "mexico", "refugees"):
            _scale([draw for draw in drawn if draw.group == group], year)
        for draw in drawn:
            number += 1
            yield draw.line(f"{PREFIX}{seed}-{number:07}")


def _scale(drawn: list["_Draw"], year: int) -> None:
    millions = {"aid": AID, "mexico": MEXICO, "refugees": Decimal(REFUGEES[year])}
    whole = min(int(millions[drawn[0].group] * 100_000_000), len(drawn) * CEILING) if drawn else 0
    portions = sum(draw.portion for draw in drawn)
    for draw in drawn:
        draw.cents = whole * draw.portion // portions


class _Draw:
    """One line while it is being made."""

    def __init__(self, rng: Random, reference: Reference, year: int, programmes: Programmes) -> None:
        self.rng, self.reference, self.year, self.programmes = rng, reference, year, programmes
        self.kind = _pick(rng, LINE_KINDS)
        self.portion = rng.choice(PORTIONS) * rng.randint(50, 150)
        self.cents = 0

    @property
    def group(self) -> str:
        return self.kind if self.kind in {"mexico", "refugees"} else "aid"

    def line(self, line_id: str) -> ApdLine:
        line = ApdLine(
            line_id=line_id,
            year=self.year,
            is_fictitious=True,
            is_published=True,
            collectivity_id=self._payer(),
            channel_id=self.rng.choice(self.reference.channels),
            description="Donnée inventée pour la démonstration.",
        )
        getattr(self, f"_{self.kind}")(line)
        self._amounts(line)
        self._dates(line)
        return line

    def _payer(self) -> int:
        if self.kind == "mexico" and self.reference.mexican_links and self.rng.randrange(10) < 8:
            return self.rng.choice(self.reference.mexican_links)
        return _pick(self.rng, self.reference.payers)

    def _aid(self, line: ApdLine) -> None:
        self._project(line, *self.rng.choice(self._programmes(line.collectivity_id)))
        line.aid_type_id = _pick(self.rng, PROJECT_AID)
        line.bi_multi = BiMulti.NGO_CORE if line.aid_type_id == "B01" else BiMulti.BILATERAL

    def _programmes(self, payer: int) -> list[tuple[str, str]]:
        """Where and in what a collectivity works: the same few places and sectors from year to year."""
        if payer not in self.programmes:
            recipients = [_pick(self.rng, self.reference.recipients) for _ in range(PROGRAMMES)]
            self.programmes[payer] = [(country, _pick(self.rng, ANY_SECTOR)) for country in recipients]
        return self.programmes[payer]

    def _mexico(self, line: ApdLine) -> None:
        self._project(line, "MX", _pick(self.rng, MEXICAN_SECTOR))
        projects = self.reference.projects.get(line.collectivity_id, [])
        line.project_id = self.rng.choice(projects) if projects and self.rng.randrange(2) else None

    def _refugees(self, line: ApdLine) -> None:
        line.title, line.purpose_id, line.refugee_costs = "[Fictif] Accueil de réfugiés", REFUGEE_PURPOSE, True
        line.aid_type_id = _pick(self.rng, REFUGEE_AID)
        line.sdg_goals = [1, 10]

    def _students(self, line: ApdLine) -> None:
        line.title, line.purpose_id, line.aid_type_id = "[Fictif] Bourses d’étudiants étrangers", "11420", "E01"
        line.recipient_id = _pick(self.rng, self.reference.recipients)
        line.sdg_goals = [4]

    def _awareness(self, line: ApdLine) -> None:
        line.title, line.purpose_id = "[Fictif] Éducation à la citoyenneté mondiale", AWARENESS_PURPOSE
        line.aid_type_id, line.sdg_goals = "H01", [4, 17]

    def _administration(self, line: ApdLine) -> None:
        line.title, line.purpose_id = "[Fictif] Frais de suivi du service international", ADMINISTRATION_PURPOSE
        line.aid_type_id = "G01"

    def _outside(self, line: ApdLine) -> None:
        """Declared, and not APD: a country off the list, or no country at all."""
        country = self.rng.choice([*self.reference.unlisted, None])
        self._project(line, country, _pick(self.rng, ANY_SECTOR))

    def _project(self, line: ApdLine, country: str | None, code: str) -> None:
        _weight, what, goals = SECTORS[code]
        place = f" ({self.reference.names[country]})" if country else ""
        line.title, line.recipient_id, line.purpose_id = f"[Fictif] {what}{place}", country, code
        line.sdg_goals = list(goals)
        funds = {"140": OnePercentFund.WATER, "232": OnePercentFund.ENERGY}
        fund = OnePercentFund.WASTE if code == "14050" else funds.get(code[:3], "")
        line.one_percent_fund = fund if fund and self.rng.randrange(10) < 4 else ""

    def _amounts(self, line: ApdLine) -> None:
        """Mostly known; sometimes a refund, more often a grant received for the very expense."""
        rng, paid = self.rng, self.cents
        line.committed_amount = _euros(paid * rng.randint(100, 130) // 100) if rng.randrange(100) >= 6 else None
        line.paid_amount = _euros(paid) if rng.randrange(100) >= 4 else None
        line.refunded_amount = _euros(paid * rng.randint(1, 10) // 100) if rng.randrange(100) < 2 else None
        line.public_receipts_amount = _euros(paid * rng.randint(10, 40) // 100) if rng.randrange(100) < 10 else None

    def _dates(self, line: ApdLine) -> None:
        if self.rng.randrange(3):
            line.starts_on = datetime.date(self.year, self.rng.randint(1, 12), 1)
            line.ends_on = datetime.date(self.year + self.rng.randint(0, 3), 12, 31)


def _euros(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def _weighted(pairs: Sequence[tuple[T, int]]) -> Weighted[T]:
    return [value for value, _weight in pairs], list(accumulate(weight for _value, weight in pairs))


def _pick(rng: Random, weighted: Weighted[T]) -> T:
    values, cumulated = weighted
    return rng.choices(values, cum_weights=cumulated)[0]


LINE_KINDS = _weighted(list(KINDS.items()))
PROJECT_AID = _weighted([("C01", 80), ("D02", 12), ("B01", 8)])
REFUGEE_AID = _weighted([("H02", 50), ("H03", 20), ("H05", 30)])
ANY_SECTOR = _weighted([(code, weight) for code, (weight, _what, _goals) in SECTORS.items()])
MEXICAN_SECTOR = _weighted([(code, SECTORS[code][0]) for code in MEXICAN_SECTORS])
