from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from partnerships import permissions
from partnerships.editable import CONVENTION, ORGANISATION, PARTNERSHIP, Kind
from partnerships.views import conventions, editing, history, home, knowhow, organisations, partnerships


def edited(kind: Kind, folder: str, new: str) -> list[URLPattern]:
    """The pages on which officers edit one kind of record; `new` comes before the slugs."""
    record, given = f"{folder}/<slug:slug>", {"kind": kind}
    part = f"{record}/<slug:part>"
    return [
        path(f"{folder}/{new}/", editing.add, given, name=f"{kind.name}-add"),
        path(f"{record}/historique/", history.history, {"rows": kind.rows}, name=f"{kind.name}-history"),
        path(f"{record}/modifier/", editing.edit, given, name=f"{kind.name}-edit"),
        path(f"{record}/supprimer/", editing.delete, given, name=f"{kind.name}-delete"),
        path(f"{part}/ajouter/", editing.add_part, given, name=f"{kind.name}-part-add"),
        path(f"{part}/<int:pk>/modifier/", editing.edit_part, given, name=f"{kind.name}-part-edit"),
        path(f"{part}/<int:pk>/supprimer/", editing.delete_part, given, name=f"{kind.name}-part-delete"),
    ]


OFFERS = {"rows": permissions.editable_offers}
NEEDS = {"rows": permissions.editable_needs}


def downloads(place: str, view: Callable[..., Any], name: str) -> list[URLPattern]:
    """The files of a list: `export.csv`, `export.xlsx`."""
    return [
        path(f"{place}/export.{kind}", view, {"extension": kind}, name=f"{name}-{kind}") for kind in ("csv", "xlsx")
    ]


urlpatterns = [
    *edited(PARTNERSHIP, "partenariats", "nouveau"),
    *edited(CONVENTION, "conventions", "nouvelle"),
    *edited(ORGANISATION, "organisations", "nouvelle"),
    path("corbeille/", editing.trash_can, name="trash"),
    path("corbeille/<str:model>/<int:event>/", editing.restore, name="restore"),
    path("", home.home, name="home"),
    path("partenariats/", partnerships.partnerships, name="partnerships"),
    path("partenariats/comparer/", partnerships.compare, name="partnerships-compare"),
    *downloads("partenariats", partnerships.partnerships_file, "partnerships"),
    path("partenariats/<slug:slug>/", partnerships.partnership, name="partnership"),
    path("conventions/", conventions.conventions, name="conventions"),
    *downloads("conventions", conventions.conventions_file, "conventions"),
    path("conventions/<slug:slug>/", conventions.convention, name="convention"),
    path("collectivites/", organisations.collectivities, name="collectivities"),
    *downloads("collectivites", organisations.collectivities_file, "collectivities"),
    path("collectivites/<slug:slug>/", organisations.organisation, {"is_local": True}, name="collectivity"),
    path("collectivites/<slug:slug>/savoir-faire/ajouter/", knowhow.add_entry, name="entry-add"),
    path("savoir-faire/", knowhow.offers, name="offers"),
    *downloads("savoir-faire", knowhow.offers_file, "offers"),
    path("savoir-faire/besoins/", knowhow.needs, name="needs"),
    *downloads("savoir-faire/besoins", knowhow.needs_file, "needs"),
    path("savoir-faire/besoins/<slug:slug>/", knowhow.need, name="need"),
    path("savoir-faire/besoins/<slug:slug>/historique/", history.history, NEEDS, name="need-history"),
    path("savoir-faire/besoins/<slug:slug>/modifier/", knowhow.edit_need, name="need-edit"),
    path("savoir-faire/offres/<slug:slug>/", knowhow.offer, name="offer"),
    path("savoir-faire/offres/<slug:slug>/historique/", history.history, OFFERS, name="offer-history"),
    path("savoir-faire/offres/<slug:slug>/modifier/", knowhow.edit_offer, name="offer-edit"),
    path("savoir-faire/offres/<slug:slug>/preparer/<slug:need_slug>/", knowhow.prepare, name="match-prepare"),
    path("organisations/<slug:slug>/", organisations.organisation, {"is_local": False}, name="organisation"),
]
