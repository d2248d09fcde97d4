from partnerships.models.conventions import Commitment, Convention
from partnerships.models.organisations import Identifier, Organisation, OrganisationName, Succession
from partnerships.models.partnerships import (
    Action,
    Indicator,
    Milestone,
    Partnership,
    Party,
    Theme,
)
from partnerships.models.reference import Country, Source, Sourced

__all__ = [
    "Action",
    "Commitment",
    "Convention",
    "Country",
    "Identifier",
    "Indicator",
    "Milestone",
    "Organisation",
    "OrganisationName",
    "Partnership",
    "Party",
    "Source",
    "Sourced",
    "Succession",
    "Theme",
]
