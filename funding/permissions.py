"""Who may do what with money. A row that is not in these QuerySets answers as a missing one."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet

from aect.accounts.models import User
from aect.history import events_of
from aect.trash import deleted_lately
from funding.choices import IN_HAND
from funding.models import ApdLine, ApdTotal, Attachment, Guest, Project, StaleTotal
from funding.models.apd import ApdLineQuerySet
from funding.models.projects import ProjectQuerySet
from funding.models.totals import ApdTotalQuerySet, StaleTotalQuerySet
from partnerships.permissions import collectivities_of, edited_by, edits, is_analyst, signed_by


def may_recompute(user: User | AnonymousUser) -> bool:
    """Asking for a new computation of the totals: the delegation and the administrators."""
    return isinstance(user, User) and user.oversees


def visible_lines(user: User | AnonymousUser) -> ApdLineQuerySet:
    """What is published; what is not, for the collectivity that declares it, those who instruct and the analysts."""
    return ApdLine.objects.filter(_read(user))


def visible_totals(user: User | AnonymousUser) -> ApdTotalQuerySet:
    """Those of the lines that this person may see."""
    return ApdTotal.objects.filter(_read(user))


def visible_marks(user: User | AnonymousUser) -> StaleTotalQuerySet:
    """Those of the totals that this person may see: whether others are out of date tells of their lines."""
    return StaleTotal.objects.filter(_read(user))


def reads_unpublished(user: User | AnonymousUser) -> bool:
    """Whether there may be lines that this person sees and the public does not."""
    return edits(user) or is_analyst(user) or collectivities_of(user).exists()


def _read(user: User | AnonymousUser) -> Q:
    """A condition on lines, their totals and the marks of these alike."""
    if edits(user) or is_analyst(user):
        return Q()
    return Q(is_published=True) | Q(collectivity__in=collectivities_of(user))


def visible_projects(user: User | AnonymousUser) -> ProjectQuerySet:
    """What is published; what is not, for the collectivity that files it, its guests, and those who instruct."""
    rows = Project.objects.all()
    if edits(user):
        return rows
    if not isinstance(user, User):
        return rows.published()
    own = Q(collectivity__in=collectivities_of(user)) | Q(pk__in=invited_to(user))
    return rows.published() | rows.filter(own)


def invited_to(user: User) -> QuerySet[Guest, Any]:
    """The records to which this person was invited."""
    return Guest.objects.filter(user=user).values("project")


def editable_projects(user: User | AnonymousUser) -> ProjectQuerySet:
    """A record in hand is its collectivity's and its guests'; once submitted it is the delegation's."""
    if edits(user):
        return Project.objects.exclude(state__in=IN_HAND)
    if not isinstance(user, User):
        return Project.objects.none()
    return Project.objects.filter(Q(collectivity__in=edited_by(user)) | Q(pk__in=invited_to(user)), state__in=IN_HAND)


def filed_projects(user: User | AnonymousUser) -> ProjectQuerySet:
    """Those of the collectivities that this agent edits for: whom else they are shown to is theirs to say."""
    return Project.objects.filter(collectivity__in=edited_by(user))


def signed_projects(user: User | AnonymousUser) -> ProjectQuerySet:
    """Those that this agent may submit and withdraw."""
    return Project.objects.filter(collectivity__in=signed_by(user))


def instructed_projects(user: User | AnonymousUser) -> ProjectQuerySet:
    """Those that the delegation reads, assigns, returns and publishes: whatever a collectivity ever submitted."""
    return Project.objects.filter(collectivity__isnull=False) if edits(user) else Project.objects.none()


def worked_projects(user: User | AnonymousUser) -> ProjectQuerySet:
    """Those whose attachments, comments and steps this person reads: its collectivity's, its guests, the delegation."""
    if edits(user):
        return instructed_projects(user)
    if not isinstance(user, User):
        return Project.objects.none()
    return Project.objects.filter(Q(collectivity__in=collectivities_of(user)) | Q(pk__in=invited_to(user)))


def may_restore(row: Project | Attachment, user: User) -> bool:
    """Who may take back the deletion of a record, or of one of its attachments: who may edit that record."""
    project = row if isinstance(row, Project) else row.project
    return editable_projects(user).filter(pk=project.pk).exists()


def removable_attachments(user: User | AnonymousUser) -> QuerySet[Attachment]:
    """Those of the records that one edits; of these a guest takes off only what they attached themselves."""
    if not isinstance(user, User):
        return Attachment.objects.none()
    rows = Attachment.objects.filter(project__in=editable_projects(user))
    return rows if edits(user) else rows.filter(Q(project__collectivity__in=edited_by(user)) | Q(uploaded_by=user))


def removed_attachments(user: User | AnonymousUser) -> QuerySet[Any]:
    """Deletions of attachments that this person may take back, latest first: rows of the history."""
    if not isinstance(user, User):
        return events_of(Attachment).objects.none()  # type: ignore[no-any-return]
    there = Attachment.objects.filter(pk=OuterRef("pgh_obj_id"))
    rows = events_of(Attachment).objects.filter(deleted_lately(), ~Exists(there))
    rows = rows.filter(project__in=editable_projects(user)).order_by("pgh_obj_id", "-pgh_id").distinct("pgh_obj_id")
    if edits(user):
        return rows  # type: ignore[no-any-return]
    return rows.filter(Q(project__collectivity__in=edited_by(user)) | Q(uploaded_by=user))  # type: ignore[no-any-return]


def readable_attachments(user: User | AnonymousUser) -> QuerySet[Attachment]:
    """Those of the records that one works on, published or not: they are no part of what is published."""
    return Attachment.objects.filter(project__in=worked_projects(user))
