"""What of the money can be found from anywhere."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from aect.search import Kind, Result
from funding.models import Project


def projects(user: User | AnonymousUser) -> QuerySet[Project]:
    return Project.objects.select_related("partnership")


def project(row: Any) -> Result:
    """A project is told on its partnership's page."""
    return Result(row.title, f"{row.partnership.get_absolute_url()}#financements", str(row.partnership))


KINDS = (Kind("projets", _("Projets"), projects, project),)
