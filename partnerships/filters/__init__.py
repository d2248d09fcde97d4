"""What the registry's lists may be asked in their URL."""

from partnerships.filters.conventions import ConventionFilter
from partnerships.filters.knowhow import NeedFilter, OfferFilter
from partnerships.filters.organisations import CollectivityFilter
from partnerships.filters.partnerships import CompareFilter, PartnershipFilter

__all__ = [
    "CollectivityFilter",
    "CompareFilter",
    "ConventionFilter",
    "NeedFilter",
    "OfferFilter",
    "PartnershipFilter",
]
