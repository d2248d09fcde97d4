"""The registry's lists, of which a reader can save a view."""

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from aect.filters import UrlFilterSet
from aect.saved.listings import Listing
from partnerships.filters import CollectivityFilter, ConventionFilter, PartnershipFilter
from partnerships.models import Organisation
from partnerships.permissions import visible_conventions, visible_partnerships


def partnerships(data: QueryDict, user: User) -> UrlFilterSet:
    return PartnershipFilter(data, visible_partnerships(user).for_list().alphabetical())


def collectivities(data: QueryDict, user: User) -> UrlFilterSet:
    rows = Organisation.objects.collectivities().alphabetical()
    return CollectivityFilter(data, rows, among=visible_partnerships(user))


def conventions(data: QueryDict, user: User) -> UrlFilterSet:
    return ConventionFilter(data, visible_conventions(user).with_state(timezone.localdate()).order_by("folded", "pk"))


LISTINGS = (
    Listing("partnerships", _("Partenariats"), partnerships),
    Listing("collectivities", _("Collectivités"), collectivities),
    Listing("conventions", _("Conventions"), conventions),
)
