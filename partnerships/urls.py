from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from partnerships import permissions
from partnerships.views import conventions, history, home, organisations, partnerships

PARTNERSHIPS = {"rows": permissions.editable_partnerships}
CONVENTIONS = {"rows": permissions.editable_conventions}
ORGANISATIONS = {"rows": permissions.editable_organisations}


def downloads(place: str, view: Callable[..., Any], name: str) -> list[URLPattern]:
    """The files of a list: `export.csv`, `export.xlsx`."""
    return [
        path(f"{place}/export.{kind}", view, {"extension": kind}, name=f"{name}-{kind}") for kind in ("csv", "xlsx")
    ]


urlpatterns = [
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
    path("organisations/<slug:slug>/", organisations.organisation, {"is_local": False}, name="organisation"),
    path("partenariats/<slug:slug>/historique/", history.history, PARTNERSHIPS, name="partnership-history"),
    path("conventions/<slug:slug>/historique/", history.history, CONVENTIONS, name="convention-history"),
    path("organisations/<slug:slug>/historique/", history.history, ORGANISATIONS, name="organisation-history"),
]
