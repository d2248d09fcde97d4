from funding.models.apd import ApdLine, ApdTotal, PublishedFigure, StaleTotal
from funding.models.projects import Call, Cofinancing, Project
from funding.models.reference import AidType, Channel, Code, DacListing, FinanceType, FlowType, PurposeCode

__all__ = [
    "AidType",
    "ApdLine",
    "ApdTotal",
    "Call",
    "Channel",
    "Code",
    "Cofinancing",
    "DacListing",
    "FinanceType",
    "FlowType",
    "Project",
    "PublishedFigure",
    "PurposeCode",
    "StaleTotal",
]
