"""The money's lists, of which a reader can save a view."""

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from aect.filters import UrlFilterSet
from aect.saved.listings import Listing
from funding.filters.projects import ProjectFilter
from funding.permissions import visible_projects


def projects(data: QueryDict, user: User) -> UrlFilterSet:
    return ProjectFilter(data, visible_projects(user).for_list().latest_first())


LISTINGS = (Listing("projects", _("Projets"), projects),)
