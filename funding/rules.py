"""What a project's record must say before it is submitted: a pure function, without database, request or clock."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from aect.templatetags.aect import euros


class Dossier(NamedTuple):
    """A record as far as the rules look at it; `plan` are the amounts of its financing plan, None where not known."""

    has_partnership: bool
    objective: str
    begins_on: date | None
    ends_on: date | None
    budget: Decimal | None
    sectors: int
    goals: int
    plan: Sequence[Decimal | None]


Problem = tuple[str, str]


def to_submit(dossier: Dossier) -> list[Problem]:
    """What is still missing or wrong, as (field of the form, message); empty when the record may be submitted.

    The goals: the collectivities' action « prend en compte » the programme 2030 (CGCT, art. L. 1115-1). A financing
    plan balances: who pays adds up to the budget.
    """
    missing = [
        ("partnership", dossier.has_partnership, _("Choisissez le partenariat dont le projet relève.")),
        ("objective", dossier.objective.strip(), _("Dites l’objectif du projet.")),
        ("begins_on", dossier.begins_on, _("Dites quand le projet commence.")),
        ("ends_on", dossier.ends_on, _("Dites quand le projet prend fin.")),
        ("sectors", dossier.sectors, _("Choisissez au moins un secteur.")),
        ("sdg_goals", dossier.goals, _("Choisissez au moins un objectif de développement durable.")),
        ("budget_amount", dossier.budget is not None, _("Donnez le budget total.")),
        ("plan", dossier.plan, _("Dites qui finance le projet : une ligne au moins.")),
    ]
    return [(field, message) for field, there, message in missing if not there] + _balance(dossier)


def _balance(dossier: Dossier) -> list[Problem]:
    known = [amount for amount in dossier.plan if amount is not None]
    if len(known) < len(dossier.plan):
        return [("plan", _("Donnez le montant de chaque ligne du plan de financement."))]
    if not known or dossier.budget is None or sum(known) == dossier.budget:
        return []
    totals = {"plan": euros(sum(known, Decimal(0))), "budget": euros(dossier.budget)}
    return [
        (
            "plan",
            _("Le plan de financement fait %(plan)s, le budget total %(budget)s : ils doivent être égaux.") % totals,
        )
    ]
