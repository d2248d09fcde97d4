"""What of the registry can be found from anywhere."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from aect.search import Kind, Result
from partnerships.choices import LOCAL_KINDS, NameKind, OrganisationKind, Scheme
from partnerships.models import Convention, Identifier, Need, Offer, Organisation, Partnership, Succession, Theme
from partnerships.permissions import visible, visible_conventions, visible_partnerships

FOUND_AS = {
    NameKind.TRANSLATION: _("%(text)s, traduction de %(of)s"),
    NameKind.FORMER: _("%(text)s, ancien nom de %(of)s"),
    NameKind.ACRONYM: _("%(text)s, sigle de %(of)s"),
    NameKind.USUAL: _("%(text)s, nom d’usage de %(of)s"),
}


def found_as(row: Any) -> str:
    """By which other name it was found, if by one: see `OrganisationNameQuerySet.telling`."""
    told = getattr(row, "found_as", None)
    return str(FOUND_AS[NameKind(told["kind"])] % told) if told else ""


def partnerships(user: User | AnonymousUser) -> QuerySet[Partnership]:
    return visible_partnerships(user).with_status()


def partnership(row: Any) -> Result:
    since = _("depuis %(date)s") % {"date": row.began} if row.began else ""
    detail = ", ".join(filter(None, [row.status_label, str(since)]))
    return Result(row.name, row.get_absolute_url(), detail, found_as(row))


def organisations() -> QuerySet[Organisation]:
    successors = Succession.objects.filter(predecessor=OuterRef("pk")).order_by("pk").values("successor__name")
    communes = Identifier.objects.filter(organisation=OuterRef("pk"), scheme=Scheme.COG_COMMUNE).order_by("pk")
    return Organisation.objects.select_related("country", "region").annotate(
        successors=ArraySubquery(successors), commune_code=Subquery(communes.values("code")[:1])
    )


def collectivities(user: User | AnonymousUser) -> QuerySet[Organisation]:
    return organisations().filter(kind__in=LOCAL_KINDS)


def other_bodies(user: User | AnonymousUser) -> QuerySet[Organisation]:
    return organisations().filter(kind__in=set(OrganisationKind) - LOCAL_KINDS)


def organisation(row: Any) -> Result:
    """An ended one says what it became; a commune its code, which tells it from others of that name."""
    code = row.commune_code and f"COG {row.commune_code}"
    place = ", ".join(str(each) for each in (row.get_kind_display(), code, row.region, row.country) if each)
    became = ", ".join(row.successors)
    told = ". ".join(filter(None, [found_as(row), became and f"{row.name} → {became}"]))
    return Result(row.name, row.get_absolute_url(), place, told)


def conventions(user: User | AnonymousUser) -> QuerySet[Convention]:
    return visible_conventions(user).select_related("partnership")


def convention(row: Any) -> Result:
    return Result(row.title, row.get_absolute_url(), f"{row.get_kind_display()}, {row.partnership}")


def offers(user: User | AnonymousUser) -> QuerySet[Offer]:
    return visible(Offer.objects.select_related("organisation", "theme"), user, timezone.localdate())


def needs(user: User | AnonymousUser) -> QuerySet[Need]:
    return visible(Need.objects.select_related("organisation", "theme"), user, timezone.localdate())


def entry(row: Any) -> Result:
    return Result(row.title, row.get_absolute_url(), f"{row.organisation}, {row.theme}")


def themes(user: User | AnonymousUser) -> QuerySet[Theme]:
    """Those that a partnership has."""
    return Theme.objects.filter(pk__in=visible_partnerships(user).order_by().values("themes"))


def theme(row: Any) -> Result:
    return Result(row.name, f"{reverse('partnerships')}?theme={row.slug}", str(_("Ses partenariats")))


KINDS = (
    Kind("partenariats", _("Partenariats"), partnerships, partnership, "partnerships"),
    Kind("collectivites", _("Collectivités"), collectivities, organisation, "collectivities", (("toutes", "1"),)),
    Kind("organisations", _("Autres organisations"), other_bodies, organisation),
    Kind("conventions", _("Conventions"), conventions, convention, "conventions"),
    Kind("offres", _("Offres de savoir-faire"), offers, entry, "offers"),
    Kind("besoins", _("Besoins de savoir-faire"), needs, entry, "needs"),
    Kind("themes", _("Thèmes"), themes, theme),
)
