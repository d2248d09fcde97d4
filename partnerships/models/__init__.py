from partnerships.models.conventions import Commitment, Convention, ConventionSignatory
from partnerships.models.knowhow import Need, Offer, OfferAction, OfferCountry, OfferPartnership, PartnershipOrigin
from partnerships.models.life import (
    Action,
    Indicator,
    Milestone,
    MilestoneOrganisation,
    SdgContribution,
    StaffContribution,
)
from partnerships.models.memberships import Invitation, JoinRequest, Membership
from partnerships.models.organisations import Identifier, NetworkMembership, Organisation, OrganisationName, Succession
from partnerships.models.partnerships import Partnership, PartnershipTheme, Party, Theme
from partnerships.models.proposals import PartyProposal
from partnerships.models.reference import Country, Source, Sourced

__all__ = [
    "Action",
    "Commitment",
    "Convention",
    "ConventionSignatory",
    "Country",
    "Identifier",
    "Indicator",
    "Invitation",
    "JoinRequest",
    "Membership",
    "Milestone",
    "MilestoneOrganisation",
    "Need",
    "NetworkMembership",
    "Offer",
    "OfferAction",
    "OfferCountry",
    "OfferPartnership",
    "Organisation",
    "OrganisationName",
    "Partnership",
    "PartnershipOrigin",
    "PartnershipTheme",
    "Party",
    "PartyProposal",
    "SdgContribution",
    "Source",
    "Sourced",
    "StaffContribution",
    "Succession",
    "Theme",
]
