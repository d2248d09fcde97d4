from funding.models.apd import ApdLine
from funding.models.filing import Assignment, Attachment, Guest, ProjectStep
from funding.models.projects import Call, CallOrganiser, Cofinancing, Project, ProjectSector, ProjectTheme
from funding.models.published import PublishedFigure
from funding.models.reference import AidType, Channel, Code, DacListing, FinanceType, FlowType, PurposeCode
from funding.models.totals import ApdTotal, StaleTotal

__all__ = [
    "AidType",
    "ApdLine",
    "ApdTotal",
    "Assignment",
    "Attachment",
    "Call",
    "CallOrganiser",
    "Channel",
    "Code",
    "Cofinancing",
    "DacListing",
    "FinanceType",
    "FlowType",
    "Guest",
    "Project",
    "ProjectSector",
    "ProjectStep",
    "ProjectTheme",
    "PublishedFigure",
    "PurposeCode",
    "StaleTotal",
]
