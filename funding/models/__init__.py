from funding.models.apd import ApdLine
from funding.models.projects import Call, CallOrganiser, Cofinancing, Project
from funding.models.published import PublishedFigure
from funding.models.reference import AidType, Channel, Code, DacListing, FinanceType, FlowType, PurposeCode
from funding.models.totals import ApdTotal, StaleTotal

__all__ = [
    "AidType",
    "ApdLine",
    "ApdTotal",
    "Call",
    "CallOrganiser",
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
