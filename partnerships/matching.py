"""Whether an offer of know-how answers a need, and why, in words.

Pure functions: no row, no request, no clock. An offer answers a need of the same field, in a country that it is open
to. What else they share ranks the match and is told, and so is what may stand in its way; no mark is given.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partnerships.choices import KnowHowLabel, PartnerSize, Sdg, WorkingLanguage

#: Two populations are comparable when the larger is at most so many times the smaller.
COMPARABLE = 5
#: Inhabitants, the first and the last of each size; None where it is open.
SIZES: dict[str, tuple[int, int | None]] = {
    PartnerSize.SMALL: (0, 19_999),
    PartnerSize.MEDIUM: (20_000, 99_999),
    PartnerSize.LARGE: (100_000, 499_999),
    PartnerSize.VERY_LARGE: (500_000, None),
}


class Criterion(TextChoices):
    """What a match is judged by, in the order in which it ranks."""

    THEME = "theme", gettext_lazy("Domaine")
    GOALS = "goals", gettext_lazy("ODD communs")
    LANGUAGE = "language", gettext_lazy("Langue")
    COUNTRY = "country", gettext_lazy("Pays")
    SIZE = "size", gettext_lazy("Taille")
    LABEL = "label", gettext_lazy("Label")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An offer, as it is judged. No country named: all are welcome. A population that is not known is None."""

    theme: str
    goals: frozenset[int] = frozenset()
    languages: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    population: int | None = None
    label: str = ""
    label_year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """A need, as it is judged; `country` is a code, `country_name` what the reader calls it."""

    theme: str
    country: str
    country_name: str = ""
    goals: frozenset[int] = frozenset()
    languages: frozenset[str] = frozenset()
    population: int | None = None
    size: str = ""


class Reason(NamedTuple):
    criterion: Criterion
    words: str


class Match(NamedTuple):
    """Why an offer answers a need (`reasons`), what may stand in its way (`cautions`), and how it ranks.

    `score` compares from the left: the number of shared goals, then a common language, a country that the offer
    names, a fitting size, a label. It orders matches, and is never shown.
    """

    score: tuple[int, ...]
    reasons: tuple[Reason, ...]
    cautions: tuple[Reason, ...]


def match(offer: Offered, need: Needed) -> Match | None:
    """None when the offer does not answer the need: another field, or a country that it is not open to."""
    if offer.theme != need.theme or (offer.countries and need.country not in offer.countries):
        return None
    goals = offer.goals & need.goals
    languages = offer.languages & need.languages
    fits = size_fits(offer.population, need)
    reasons = [Reason(Criterion.THEME, _("Même domaine : %(theme)s") % {"theme": need.theme})]
    cautions = []
    if goals:
        reasons.append(Reason(Criterion.GOALS, goal_words(goals)))
    if languages:
        reasons.append(Reason(Criterion.LANGUAGE, _("Langue commune : %(names)s") % {"names": named(languages)}))
    elif offer.languages and need.languages:
        cautions.append(Reason(Criterion.LANGUAGE, _("Aucune langue commune parmi celles qui sont dites")))
    if offer.countries:
        words = _("%(country)s : pays que l’offre souhaite") % {"country": need.country_name}
        reasons.append(Reason(Criterion.COUNTRY, words))
    if fits is not None:
        (reasons if fits else cautions).append(Reason(Criterion.SIZE, size_words(offer.population, need, fits)))
    if offer.label:
        reasons.append(Reason(Criterion.LABEL, label_words(offer.label, offer.label_year)))
    score = (len(goals), bool(languages), bool(offer.countries), bool(fits), bool(offer.label))
    return Match(tuple(map(int, score)), tuple(reasons), tuple(cautions))


def size_fits(population: int | None, need: Needed) -> bool | None:
    """Whether a population is of the size that the need asks for or, when it asks for none, comparable to its own.

    None when a population is not known.
    """
    if need.size and population is not None:
        first, last = SIZES[need.size]
        return first <= population and (last is None or population <= last)
    return None if need.size else are_comparable(population, need.population)


def are_comparable(one: int | None, other: int | None) -> bool | None:
    """Whether the larger of two populations is at most `COMPARABLE` times the smaller; None when one is not known."""
    if not one or not other:
        return None
    return max(one, other) <= COMPARABLE * min(one, other)


def size_words(population: int | None, need: Needed, fits: bool) -> str:
    told = {"one": inhabitants(population), "other": inhabitants(need.population)}
    if need.size:
        told["size"] = str(PartnerSize(need.size).label)
        if fits:
            return _("Taille souhaitée : %(one)s habitants") % told
        return _("%(one)s habitants, quand le besoin souhaite : %(size)s") % told
    if fits:
        return _("Tailles comparables : %(one)s et %(other)s habitants") % told
    return _("Tailles éloignées : %(one)s et %(other)s habitants") % told


def goal_words(goals: Iterable[int]) -> str:
    """`ODD commun : 6 (Eau propre et assainissement)`."""
    shared = [f"{number} ({Sdg(number).label})" for number in sorted(goals)]
    told = {"goals": ", ".join(shared)}
    return ngettext("ODD commun : %(goals)s", "ODD communs : %(goals)s", len(shared)) % told


def label_words(label: str, year: int | None) -> str:
    """`Label PACT3 (2018)`."""
    name = str(KnowHowLabel(label).label)
    return f"{name} ({year})" if year else name


def named(languages: Iterable[str]) -> str:
    return ", ".join(str(language.label) for language in WorkingLanguage if language in languages)


def inhabitants(population: int | None) -> str:
    return "" if population is None else number_format(population, force_grouping=True)
