"""What of the money can be found from anywhere."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from aect.search import Kind, Result
from funding.models import Project
from funding.permissions import visible_projects


def projects(user: User | AnonymousUser) -> QuerySet[Project]:
    return visible_projects(user).select_related("partnership", "collectivity")


def project(row: Any) -> Result:
    return Result(row.title, row.get_absolute_url(), str(row.partnership or row.collectivity))


KINDS = (Kind("projets", _("Projets"), projects, project),)
