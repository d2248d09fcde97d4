"""What the law says of a convention: how far it is on each side, and what is missing or wrong.

Pure functions: no row, no request, and today is an argument. The form, the list and the page ask the same ones.
CGCT is the French code général des collectivités territoriales; the Mexican text is the Ley sobre la Celebración
de Tratados. Public groupings of communes (EPCI) follow the rules of communes.
"""

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from aect.fields import Precision, first_day, last_day
from partnerships.choices import (
    AUTHORISED_EXCEPTIONS,
    ConventionKind,
    ConventionState,
    LocalService,
    SreOpinion,
    SreState,
    StateException,
)

OBJECT_AND_AMOUNT = TRANSMISSION = GOALS = "CGCT, art. L. 1115-1"
#: The day from which art. L. 1115-1 has the 2030 Agenda considered (law no. 2021-1031 of 4 August 2021).
GOALS_SINCE = date(2021, 8, 6)
STATE = "CGCT, art. L. 1115-5"
DELIBERATION = "CGCT, art. L. 2121-29, L. 3211-1, L. 4221-1"
REFERRAL = "CGCT, art. L. 2131-6, L. 3132-1, L. 4142-1"
TREATIES = "Ley sobre la Celebración de Tratados, art. 7"
#: Water and energy: art. L. 1115-1-1; household waste: art. L. 1115-2. All: 1 % of the service's own resources.
CEILINGS = {
    LocalService.WATER: "CGCT, art. L. 1115-1-1",
    LocalService.ENERGY: "CGCT, art. L. 1115-1-1",
    LocalService.WASTE: "CGCT, art. L. 1115-2",
}
CEILING = Decimal("0.01")
REFERRAL_MONTHS = 2


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Check(NamedTuple):
    """Something missing or wrong: which article, about which field, in words for the reader."""

    article: str
    field: str
    message: str | Promise
    level: Level = Level.ERROR


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the law looks at in a convention; the names are those of the model."""

    kind: str = ConventionKind.COOPERATION
    object: str = ""
    provisional_amount: Decimal | None = None
    deliberated_on: date | None = None
    signed_on: date | None = None
    signed_on_precision: str = Precision.DAY
    transmitted_on: date | None = None
    receipt_number: str = ""
    in_force_on: date | None = None
    referred_on: date | None = None
    annulled_on: date | None = None
    ends_on: date | None = None
    ends_on_precision: str = Precision.DAY
    is_tacitly_renewed: bool = False
    sre_notified_on: date | None = None
    sre_opinion_on: date | None = None
    sre_opinion: str = ""
    sre_registration_number: str = ""
    state_exception: str = ""
    authorised_on: date | None = None
    has_state_party: bool = False
    has_mexican_party: bool = False
    states_goals: bool = True


@dataclass(frozen=True, kw_only=True)
class Charge:
    """A year's commitment of one party. `spent` is all that its `service` commits that year, in every convention."""

    year: int
    party: str
    amount: Decimal
    service: str = ""
    spent: Decimal | None = None
    resources: Decimal | None = None


# How far it is


#: What has happened, the last word first: the state, and the date that brings it about.
FRENCH_STEPS = (
    (ConventionState.ANNULLED, "annulled_on"),
    (ConventionState.ENDED, "ends_on"),
    (ConventionState.REFERRED, "referred_on"),
    (ConventionState.IN_FORCE, "in_force_on"),
    (ConventionState.TRANSMITTED, "transmitted_on"),
    (ConventionState.SIGNED, "signed_on"),
    (ConventionState.DELIBERATED, "deliberated_on"),
)
#: A referral suspends nothing by itself.
BINDING = frozenset({ConventionState.IN_FORCE, ConventionState.REFERRED})
OVER = frozenset({ConventionState.ENDED, ConventionState.ANNULLED})


def french_state(terms: Terms, today: date) -> ConventionState:
    """The state on the French side; a date still to come has not happened."""
    for state, field in FRENCH_STEPS:
        day: date | None = getattr(terms, field)
        is_reached = is_over(terms, today) if state == ConventionState.ENDED else day is not None and day <= today
        if is_reached:
            return state
    return ConventionState.DRAFT


def is_over(terms: Terms, today: date) -> bool:
    """Whether its last day is past; an end known to the year lasts to 31 December. Tacit renewal has no end."""
    if terms.ends_on is None or terms.is_tacitly_renewed:
        return False
    return terms.ends_on < first_day(today, terms.ends_on_precision)  # type: ignore[no-any-return]


def sre_state(terms: Terms, today: date) -> SreState:
    """The state on the Mexican side: notice to the SRE, its opinion (dictamen), its registration (art. 7)."""
    if not terms.has_mexican_party:
        return SreState.NOT_CONCERNED
    if terms.sre_registration_number:
        return SreState.REGISTERED
    if terms.sre_opinion or (terms.sre_opinion_on and terms.sre_opinion_on <= today):
        return SreState.OPINION_GIVEN
    return SreState.NOTIFIED if terms.sre_notified_on and terms.sre_notified_on <= today else SreState.TO_NOTIFY


def months_later(day: date, months: int) -> date:
    """The same day, months later; the last one of a month that is too short. Raises ValueError past year 9999."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def referral_ends_on(transmitted_on: date) -> date:
    """The last day on which the prefect may refer the act to the court: two months after its transmission.

    CGCT, art. L. 2131-6 (communes), L. 3132-1 (départements), L. 4142-1 (régions). A court counts clear months and
    skips holidays, which may add days; a request to withdraw the act starts the time anew.
    """
    return months_later(transmitted_on, REFERRAL_MONTHS)


def next_term(ends_on: date, years: int, today: date) -> date:
    """The end of the period under way of a convention that renews itself every `years` years."""
    periods = max(0, (today.year - ends_on.year) // years)
    term = months_later(ends_on, 12 * years * periods)
    return term if term >= today else months_later(ends_on, 12 * years * (periods + 1))


# What is missing or wrong


def checks(terms: Terms, charges: Iterable[Charge] = ()) -> list[Check]:
    """All that the law has to say, errors first."""
    charges = list(charges)
    found = [
        *_content(terms, charges),
        *_goals(terms),
        *_order(terms),
        *_foreign_state(terms),
        *_transmission(terms),
        *_mexican_side(terms),
        *ceilings(charges),
    ]
    return sorted(found, key=lambda check: check.level != Level.ERROR)


def _content(terms: Terms, charges: list[Charge]) -> Iterator[Check]:
    if terms.in_force_on and not terms.object.strip():
        yield Check(OBJECT_AND_AMOUNT, "object", _("Une convention en vigueur précise son objet."))
    if terms.in_force_on and terms.provisional_amount is None:
        yield Check(
            OBJECT_AND_AMOUNT,
            "provisional_amount",
            _("Une convention en vigueur précise le montant prévisionnel des engagements (0 si elle n’engage rien)."),
        )
    if terms.provisional_amount is not None and sum(charge.amount for charge in charges) > terms.provisional_amount:
        yield Check(
            OBJECT_AND_AMOUNT,
            "provisional_amount",
            _("Les engagements par année et par partie dépassent le montant prévisionnel."),
            Level.WARNING,
        )


def _goals(terms: Terms) -> Iterator[Check]:
    """Of a signature known to the year or month, its first day: the law may not have been in force yet."""
    signed_on = terms.signed_on or terms.transmitted_on
    if signed_on and signed_on >= GOALS_SINCE and not terms.states_goals:
        yield Check(
            GOALS,
            "partnership",
            _("Aucun objectif de développement durable n’est renseigné : le programme 2030 est à prendre en compte."),
            Level.WARNING,
        )


def _order(terms: Terms) -> Iterator[Check]:
    if terms.in_force_on and (terms.transmitted_on is None or terms.in_force_on < terms.transmitted_on):
        yield Check(
            TRANSMISSION, "in_force_on", _("Une convention n’entre pas en vigueur avant sa transmission au préfet.")
        )
    if terms.deliberated_on and terms.signed_on and _signed_by(terms) < terms.deliberated_on:
        yield Check(
            DELIBERATION,
            "signed_on",
            _("La convention est signée avant la délibération qui l’autorise."),
            Level.WARNING,
        )
    if terms.transmitted_on and terms.referred_on and terms.referred_on > referral_ends_on(terms.transmitted_on):
        yield Check(
            REFERRAL,
            "referred_on",
            _("Le préfet défère l’acte dans les deux mois de sa transmission."),
            Level.WARNING,
        )


def _signed_by(terms: Terms) -> date:
    """The latest day that the signature may be of."""
    day: date = last_day(terms.signed_on, terms.signed_on_precision)
    return day


def _foreign_state(terms: Terms) -> Iterator[Check]:
    """A federated state, as in Mexico, is a local authority and no foreign State."""
    if not terms.has_state_party and terms.kind != ConventionKind.STATE:
        return
    if not terms.state_exception:
        yield Check(
            STATE, "state_exception", _("Aucune convention n’est passée avec un État étranger, sauf exception à citer.")
        )
    elif StateException(terms.state_exception) in AUTHORISED_EXCEPTIONS:
        yield from _authorisation(terms)


def _authorisation(terms: Terms) -> Iterator[Check]:
    if terms.authorised_on is None:
        level = Level.ERROR if terms.signed_on else Level.WARNING
        yield Check(STATE, "authorised_on", _("Le préfet autorise cette convention avant sa signature."), level)
    elif terms.signed_on and _signed_by(terms) < terms.authorised_on:
        yield Check(STATE, "authorised_on", _("L’autorisation du préfet précède la signature."))


def _transmission(terms: Terms) -> Iterator[Check]:
    if terms.signed_on and terms.transmitted_on is None:
        yield Check(
            TRANSMISSION,
            "transmitted_on",
            _("Signée, sans transmission connue au préfet : elle n’entre en vigueur qu’une fois transmise."),
            Level.WARNING,
        )
    if terms.transmitted_on and not terms.receipt_number:
        yield Check(
            TRANSMISSION, "receipt_number", _("L’accusé de réception du préfet n’est pas renseigné."), Level.WARNING
        )


def _mexican_side(terms: Terms) -> Iterator[Check]:
    notified = terms.sre_notified_on or terms.sre_opinion_on or terms.sre_opinion or terms.sre_registration_number
    if terms.has_mexican_party and terms.signed_on and not notified:
        yield Check(
            TREATIES,
            "sre_notified_on",
            _("La partie mexicaine notifie l’accord à la SRE ; aucune notification n’est connue."),
            Level.WARNING,
        )
    if terms.sre_opinion == SreOpinion.UNFAVOURABLE and terms.signed_on:
        yield Check(
            TREATIES, "sre_opinion", _("La convention est signée malgré un avis défavorable de la SRE."), Level.WARNING
        )


def ceilings(charges: Iterable[Charge]) -> Iterator[Check]:
    """A service of water, energy or waste gives at most 1 % of its resources of the year, all conventions together."""
    for charge in charges:
        spent = charge.amount if charge.spent is None else charge.spent
        if charge.service and charge.resources is not None and spent > charge.resources * CEILING:
            message = _("%(party)s, %(year)s : plus de 1 %% des ressources du service (%(service)s).")
            words = {"party": charge.party, "year": charge.year, "service": LocalService(charge.service).label}
            yield Check(CEILINGS[LocalService(charge.service)], "commitments", message % words, Level.WARNING)
