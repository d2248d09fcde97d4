"""What happens in the registry beside the saving of one row."""

from datetime import date
from itertools import product
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from aect.accounts.models import User
from aect.journal import services as journal
from aect.journal.models import Action
from partnerships import matching
from partnerships.choices import MilestoneKind, PartnershipStatus, Side
from partnerships.models import (
    Convention,
    Milestone,
    Need,
    Offer,
    Organisation,
    Partnership,
    PartnershipOrigin,
    Party,
    SdgContribution,
)


class NoMatch(Exception):
    """The offer does not answer the need, or one of them is not published."""


#: Words that stand in addresses where a slug would.
RESERVED = frozenset({"nouveau", "nouvelle", "comparer"})


def free_slug(model: Any, text: str) -> str:
    """An address made of this text that no record of the model has; the first one taken, its number follows: `…-2`."""
    stem = slugify(text)[: model._meta.get_field("slug").max_length - 6].strip("-") or "fiche"
    taken = {*RESERVED, *model._default_manager.filter(slug__startswith=stem).values_list("slug", flat=True)}
    return next(slug for n in range(1, len(taken) + 3) if (slug := stem if n == 1 else f"{stem}-{n}") not in taken)


class NotPublished(Exception):
    """A record that cannot be published yet; the message says why, to the reader."""


@transaction.atomic
def publish(record: Partnership | Convention, *, by: User, is_published: bool = True) -> None:
    """Puts the record before everybody, or makes a draft of it again. Done already, it changes nothing.

    Raises NotPublished for a convention of a draft: nobody would see it.
    """
    model: Any = type(record)
    held = model.objects.select_for_update(of=("self",), no_key=True).get(pk=record.pk)
    if held.is_draft != is_published:
        return
    if is_published and isinstance(held, Convention) and held.partnership.is_draft:
        raise NotPublished(_("Publiez d’abord le partenariat de cette convention : il est encore un brouillon."))
    held.published_at = timezone.now() if is_published else None
    held.save(update_fields=["published_at"])
    journal.record(Action.STATE_CHANGED, by=by, on=held, state="published" if is_published else "draft")


@transaction.atomic
def prepare_partnership(offer: Offer, need: Need, *, by: User) -> Partnership:
    """The partnership in preparation between both organisations; a second call gives the one that exists.

    Raises NoMatch. Whoever comes at the same time waits for the French collectivity's row, then finds what was made.
    """
    Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=offer.organisation_id)
    if origin := PartnershipOrigin.objects.filter(offer=offer, need=need).select_related("partnership").first():
        return origin.partnership
    today = timezone.localdate()
    with translation.override("fr"):  # what is written down is French, whatever the officer reads
        offer, need, match = _match(offer, need, today)
        partnership = _prepared(offer, need)
        Milestone.objects.create(
            partnership=partnership,
            happened_on=today,
            kind=MilestoneKind.EVENT,
            title=_("Mise en préparation à partir du répertoire des savoir-faire"),
            description=" ".join(_told(offer, need, match)),
            status_after=PartnershipStatus.PREPARATION,
        )
    PartnershipOrigin.objects.create(partnership=partnership, offer=offer, need=need, prepared_by=by)
    return partnership


def _match(offer: Offer, need: Need, on: date) -> tuple[Offer, Need, matching.Match]:
    """Both as they now are, and why they match. Raises NoMatch."""
    offers = Offer.objects.published(on).for_list().filter(pk=offer.pk)
    needs = Need.objects.published(on).for_list().filter(pk=need.pk)
    for offered, needed in product(offers, needs):
        if found := matching.match(offered.terms, needed.terms):
            return offered, needed, found
    raise NoMatch


def _prepared(offer: Offer, need: Need) -> Partnership:
    is_fictitious = offer.is_fictitious or need.is_fictitious
    name = f"{offer.organisation} – {need.organisation}"
    partnership = Partnership.objects.create(
        slug=free_slug(Partnership, name),
        name=(f"[Fictif] {name}" if is_fictitious else name)[:200],
        is_fictitious=is_fictitious,
    )
    partnership.themes.add(offer.theme)
    sides = {Side.FRENCH: offer.organisation, Side.FOREIGN: need.organisation}
    for side, organisation in sides.items():
        Party.objects.create(partnership=partnership, organisation=organisation, side=side)
    shared = sorted(set(offer.sdg_goals) & set(need.sdg_goals))
    SdgContribution.objects.bulk_create(SdgContribution(partnership=partnership, goal=goal) for goal in shared)
    return partnership


def _told(offer: Offer, need: Need, match: matching.Match) -> list[str]:
    """The match in words, a line each."""
    return [
        _("Offre : %(title)s (%(organisation)s).") % {"title": offer.title, "organisation": offer.organisation},
        _("Besoin : %(title)s (%(organisation)s).") % {"title": need.title, "organisation": need.organisation},
        *(f"{reason.words}." for reason in (*match.reasons, *match.cautions)),
    ]
