"""The two clocks of a convention as its page shows them: steps with their date, and in words what became of each."""

from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _

from aect.fields import last_day, partial_date
from partnerships import law
from partnerships.models import Convention


class Step(NamedTuple):
    """`when` is the date as it is known, `said` what became of it; `is_done` only chooses the colour."""

    label: str
    when: str
    said: str
    is_done: bool
    detail: str = ""


def french(convention: Convention, today: date) -> list[Step]:
    """Deliberation, signature, transmission and its receipt, entry into force, referral, annulment, end."""
    receipt = _("Accusé de réception n° %(number)s") % {"number": convention.receipt_number}
    return [
        dated(_("Délibération"), convention.deliberated_on, today),
        dated(_("Signature"), convention.signed_on, today)._replace(when=convention.signed),
        dated(_("Transmission au préfet"), convention.transmitted_on, today)._replace(
            detail=receipt if convention.receipt_number else ""
        ),
        dated(_("Entrée en vigueur"), convention.in_force_on, today),
        *referral(convention, today),
        *[dated(_("Annulation"), convention.annulled_on, today)] * bool(convention.annulled_on),
        end(convention, today),
    ]


def mexican(convention: Convention, today: date) -> list[Step]:
    """Notice to the SRE, its opinion, its registration; nothing when no party is Mexican."""
    if not convention.has_mexican_party:
        return []
    opinion = dated(_("Avis de la SRE"), convention.sre_opinion_on, today)
    if convention.sre_opinion:
        opinion = opinion._replace(is_done=True, said=convention.get_sre_opinion_display())
    number = convention.sre_registration_number
    registered = Step(_("Inscription au registre de la SRE"), "", _("Fait") if number else "", bool(number))
    return [
        dated(_("Notification à la SRE"), convention.sre_notified_on, today),
        opinion,
        registered._replace(detail=_("N° %(number)s") % {"number": number} if number else ""),
    ]


def dated(label: str, day: date | None, today: date) -> Step:
    if day is None:
        return Step(label, "", "", is_done=False)
    is_done = day <= today
    return Step(label, partial_date(day, "day"), _("Fait") if is_done else _("À venir"), is_done)


def referral(convention: Convention, today: date) -> list[Step]:
    """The referral, or the period left for it; nothing while the prefect has not received the act."""
    if convention.referred_on:
        return [dated(_("Déféré au juge"), convention.referred_on, today)]
    if convention.transmitted_on is None:
        return []
    last = law.referral_ends_on(convention.transmitted_on)
    said = _("Délai écoulé") if last < today else _("Délai en cours")
    return [Step(_("Fin du délai de déféré"), partial_date(last, "day"), said, last < today)]


def end(convention: Convention, today: date) -> Step:
    is_over = law.is_over(convention.terms, today)
    said = _("Passée") if is_over else _("À venir")
    if convention.is_tacitly_renewed:
        said = _("Tacite reconduction")
    return Step(_("Échéance"), convention.ends, said if convention.ends_on else "", is_over)


def next_term(convention: Convention, today: date) -> str:
    """When the period under way of a tacitly renewed convention ends; empty when that is not known."""
    if not (convention.is_tacitly_renewed and convention.renewal_years and convention.ends_on):
        return ""
    precision = convention.ends_on_precision
    term = law.next_term(last_day(convention.ends_on, precision), convention.renewal_years, today)
    return partial_date(term, precision)
