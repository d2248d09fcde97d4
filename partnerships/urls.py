from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from partnerships.editable import CONVENTION, NEED, OFFER, ORGANISATION, PARTNERSHIP, Kind
from partnerships.views import (
    conventions,
    editing,
    history,
    home,
    knowhow,
    memberships,
    organisations,
    parties,
    partnerships,
)


def edited(kind: Kind, folder: str) -> list[URLPattern]:
    """The pages on which officers edit what exists of one kind of record."""
    record, given = f"{folder}/<slug:slug>", {"kind": kind}
    return [
        path(f"{record}/historique/", history.history, {"rows": kind.rows}, name=f"{kind.name}-history"),
        path(f"{record}/modifier/", editing.edit, given, name=f"{kind.name}-edit"),
        path(f"{record}/supprimer/", editing.delete, given, name=f"{kind.name}-delete"),
    ]


def edited_with_parts(kind: Kind, folder: str, new: str) -> list[URLPattern]:
    """The same with what hangs on the record, and the page that adds one; `new` comes before the slugs."""
    part, given = f"{folder}/<slug:slug>/<slug:part>", {"kind": kind}
    return [
        path(f"{folder}/{new}/", editing.add, given, name=f"{kind.name}-add"),
        *edited(kind, folder),
        path(f"{part}/ajouter/", editing.add_part, given, name=f"{kind.name}-part-add"),
        path(f"{part}/<int:pk>/modifier/", editing.edit_part, given, name=f"{kind.name}-part-edit"),
        path(f"{part}/<int:pk>/supprimer/", editing.delete_part, given, name=f"{kind.name}-part-delete"),
        *(published(kind, f"{folder}/<slug:slug>") if kind.has_drafts else []),
    ]


def published(kind: Kind, record: str) -> list[URLPattern]:
    return [
        path(f"{record}/{verb}/", editing.publish, {"kind": kind, "is_published": state}, name=f"{kind.name}-{name}")
        for verb, state, name in (("publier", True, "publish"), ("retirer", False, "unpublish"))
    ]


def downloads(place: str, view: Callable[..., Any], name: str) -> list[URLPattern]:
    """The files of a list: `export.csv`, `export.xlsx`."""
    return [
        path(f"{place}/export.{kind}", view, {"extension": kind}, name=f"{name}-{kind}") for kind in ("csv", "xlsx")
    ]


MEMBERS = "collectivites/<slug:slug>/membres"

urlpatterns = [
    path("rejoindre/", memberships.join, name="join"),
    path("invitations/<str:token>/", memberships.invitation, name="invitation"),
    path(f"{MEMBERS}/", memberships.members, name="members"),
    path(f"{MEMBERS}/inviter/", memberships.invite, name="member-invite"),
    path(f"{MEMBERS}/invitations/<int:pk>/retirer/", memberships.withdraw, name="invitation-withdraw"),
    path(f"{MEMBERS}/demandes/<int:pk>/repondre/", memberships.answer_request, name="join-request-answer"),
    path(f"{MEMBERS}/<int:pk>/role/", memberships.change_role, name="member-role"),
    path(f"{MEMBERS}/<int:pk>/retirer/", memberships.end, name="member-end"),
    *edited_with_parts(PARTNERSHIP, "partenariats", "nouveau"),
    *edited_with_parts(CONVENTION, "conventions", "nouvelle"),
    *edited_with_parts(ORGANISATION, "organisations", "nouvelle"),
    *edited(OFFER, "savoir-faire/offres"),
    *edited(NEED, "savoir-faire/besoins"),
    path("parties-proposees/", parties.proposals, name="proposals"),
    path("parties-proposees/<int:pk>/accepter/", parties.answer, {"is_accepted": True}, name="proposal-accept"),
    path("parties-proposees/<int:pk>/decliner/", parties.answer, {"is_accepted": False}, name="proposal-decline"),
    path("parties-proposees/<int:pk>/retirer/", parties.withdraw, name="proposal-withdraw"),
    path("corbeille/", editing.trash_can, name="trash"),
    path("corbeille/<str:model>/<int:event>/", editing.restore, name="restore"),
    path("", home.home, name="home"),
    path("partenariats/", partnerships.partnerships, name="partnerships"),
    path("partenariats/comparer/", partnerships.compare, name="partnerships-compare"),
    *downloads("partenariats", partnerships.partnerships_file, "partnerships"),
    path("partenariats/<slug:slug>/", partnerships.partnership, name="partnership"),
    path(
        "partenariats/<slug:slug>/conventions/nouvelle/",
        editing.add_convention,
        {"kind": PARTNERSHIP},
        name="partnership-convention-add",
    ),
    path("conventions/", conventions.conventions, name="conventions"),
    *downloads("conventions", conventions.conventions_file, "conventions"),
    path("conventions/<slug:slug>/", conventions.convention, name="convention"),
    path("conventions/<slug:slug>/renouveler/", editing.renew, {"kind": CONVENTION}, name="convention-renew"),
    path("conventions/<slug:slug>/avenant/", editing.amend, {"kind": CONVENTION}, name="convention-amend"),
    path("collectivites/", organisations.collectivities, name="collectivities"),
    *downloads("collectivites", organisations.collectivities_file, "collectivities"),
    path("collectivites/<slug:slug>/", organisations.organisation, {"is_local": True}, name="collectivity"),
    path("collectivites/<slug:slug>/savoir-faire/ajouter/", knowhow.add_entry, name="entry-add"),
    path("savoir-faire/", knowhow.offers, name="offers"),
    *downloads("savoir-faire", knowhow.offers_file, "offers"),
    path("savoir-faire/besoins/", knowhow.needs, name="needs"),
    *downloads("savoir-faire/besoins", knowhow.needs_file, "needs"),
    path("savoir-faire/besoins/<slug:slug>/", knowhow.need, name="need"),
    path("savoir-faire/offres/<slug:slug>/", knowhow.offer, name="offer"),
    path("savoir-faire/offres/<slug:slug>/preparer/<slug:need_slug>/", knowhow.prepare, name="match-prepare"),
    path("organisations/<slug:slug>/", organisations.organisation, {"is_local": False}, name="organisation"),
]
