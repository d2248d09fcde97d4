"""The registry's lists, of which a reader can save a view."""

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from aect.filters import UrlFilterSet
from aect.saved.listings import Listing
from partnerships.filters import CollectivityFilter, ConventionFilter, NeedFilter, OfferFilter, PartnershipFilter
from partnerships.models import Need, Offer, Organisation
from partnerships.permissions import edits, visible, visible_conventions, visible_partnerships


def partnerships(data: QueryDict, user: User) -> UrlFilterSet:
    return PartnershipFilter(data, visible_partnerships(user).for_list().alphabetical())


def collectivities(data: QueryDict, user: User) -> UrlFilterSet:
    rows = Organisation.objects.collectivities().alphabetical()
    return CollectivityFilter(data, rows, among=visible_partnerships(user))


def conventions(data: QueryDict, user: User) -> UrlFilterSet:
    return ConventionFilter(data, visible_conventions(user).with_state(timezone.localdate()).order_by("folded", "pk"))


def offers(data: QueryDict, user: User) -> UrlFilterSet:
    rows = visible(Offer.objects.for_list(), user, timezone.localdate()).latest_first()
    return OfferFilter(data, rows, all_states=edits(user))


def needs(data: QueryDict, user: User) -> UrlFilterSet:
    rows = visible(Need.objects.for_list(), user, timezone.localdate()).latest_first()
    return NeedFilter(data, rows, all_states=edits(user))


LISTINGS = (
    Listing("partnerships", _("Partenariats"), partnerships),
    Listing("collectivities", _("Collectivités"), collectivities),
    Listing("conventions", _("Conventions"), conventions),
    Listing("offers", _("Offres de savoir-faire"), offers),
    Listing("needs", _("Besoins de savoir-faire"), needs),
)
