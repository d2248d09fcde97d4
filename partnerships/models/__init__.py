from partnerships.models.conventions import Commitment, Convention
from partnerships.models.life import Action, Indicator, Milestone, SdgContribution, StaffContribution
from partnerships.models.organisations import Identifier, NetworkMembership, Organisation, OrganisationName, Succession
from partnerships.models.partnerships import Partnership, Party, Theme
from partnerships.models.reference import Country, Source, Sourced

__all__ = [
    "Action",
    "Commitment",
    "Convention",
    "Country",
    "Identifier",
    "Indicator",
    "Milestone",
    "NetworkMembership",
    "Organisation",
    "OrganisationName",
    "Partnership",
    "Party",
    "SdgContribution",
    "Source",
    "Sourced",
    "StaffContribution",
    "Succession",
    "Theme",
]
