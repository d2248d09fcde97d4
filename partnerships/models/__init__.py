from partnerships.models.organisations import Identifier, Organisation
from partnerships.models.partnerships import (
    Action,
    Convention,
    Indicator,
    Milestone,
    Partnership,
    Party,
    Theme,
)
from partnerships.models.reference import Country, Source, Sourced

__all__ = [
    "Action",
    "Convention",
    "Country",
    "Identifier",
    "Indicator",
    "Milestone",
    "Organisation",
    "Partnership",
    "Party",
    "Source",
    "Sourced",
    "Theme",
]
