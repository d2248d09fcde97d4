"""What happens to a project's record: written, submitted, returned, published; who holds it, instructs it, is invited.

Each change of state locks the record, looks at it again, leaves a step, and tells whom it concerns. The state in which
somebody found a record may be over by then: NotNow says so, and what happened instead.
"""

import secrets
from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aect import uploads
from aect.accounts.models import Role, User
from aect.accounts.services import open_account
from aect.history import events_of
from aect.journal import services as journal
from aect.journal.models import Action
from aect.mail import quotas
from aect.mail import services as mail
from aect.storage import delete_others
from aect.trash import deleted_lately
from funding import rules
from funding.choices import IN_HAND, AttachmentKind, ProjectState, StepKind
from funding.models import Assignment, Attachment, Guest, Project, ProjectStep
from funding.models.filing import ATTACHMENTS
from funding.models.projects import ProjectQuerySet
from funding.permissions import (
    editable_projects,
    filed_projects,
    instructed_projects,
    removed_attachments,
    signed_projects,
)
from partnerships.choices import MemberRole
from partnerships.models import Membership, Organisation
from partnerships.permissions import edited_by

MOST_AT_ONCE = 500  # records assigned together
MOST_GUESTS = 20  # of one record
WRITERS = [MemberRole.EDITOR, MemberRole.SIGNATORY]


class NotNow(Exception):
    """The record is not, or no longer, in a state for this; the message tells the reader why."""


class Incomplete(Exception):
    """A record that may not be submitted yet; `problems` are those of `rules.to_submit`."""

    def __init__(self, problems: list[rules.Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


# Drafts


@transaction.atomic
def create_draft(*, title: str, collectivity: Organisation, by: User) -> Project:
    """A draft held by its author. Raises NotNow when the author does not edit for this collectivity."""
    if not edited_by(by).filter(pk=collectivity.pk).exists():
        raise NotNow(_("Vous n’éditez pas pour cette collectivité."))
    # Part of the address is drawn: one made of the title alone would tell that another's draft has the same.
    slug = f"{slugify(title)[:100].strip('-') or 'projet'}-{secrets.token_hex(3)}"
    project = Project.objects.create(slug=slug, title=title, collectivity=collectivity, holder=by)
    _step(project, StepKind.CREATED, by=by)
    return project


@transaction.atomic
def delete_draft(project: Project, *, by: User, version: int | None = None) -> None:
    """A draft that was never submitted goes with all that hangs on it."""
    found = _held(project, filed_projects(by), among=[ProjectState.DRAFT], version=version)
    if found.steps.filter(kind=StepKind.SUBMITTED).exists():
        raise NotNow(_("Ce dossier a déjà été déposé : il ne se supprime plus."))
    found.delete()


def dossier(project: Project) -> rules.Dossier:
    return rules.Dossier(
        has_partnership=project.partnership_id is not None,
        objective=project.objective,
        begins_on=project.begins_on,
        ends_on=project.ends_on,
        budget=project.budget_amount,
        sectors=project.sectors.count(),
        goals=len(project.sdg_goals),
        plan=list(project.cofinancings.values_list("amount", flat=True)),
    )


@transaction.atomic
def take_over(project: Project, *, by: User, version: int | None = None) -> Project:
    """An editor holds a colleague's draft from now on; the colleague is told."""
    found = _held(project, filed_projects(by), among=IN_HAND, version=version)
    former, found.holder = found.holder, by
    if former == by:
        return found
    _save(found, "holder")
    _note(Action.ASSIGNED, found, by=by, holder=by.pk)
    step = _step(found, StepKind.TAKEN_OVER, by=by, concerns=former)
    _write("taken_over", found, step, [former] if former else [])
    return found


@transaction.atomic
def hand_over(project: Project, *, to: User, by: User) -> Project:
    """Gives a draft to a colleague who edits for the same collectivity. Raises NotNow when that one does not."""
    found = _held(project, filed_projects(by), among=IN_HAND)
    if to not in colleagues(found):
        raise NotNow(_("Cette personne n’édite pas pour cette collectivité."))
    found.holder = to
    _save(found, "holder")
    _note(Action.ASSIGNED, found, by=by, holder=to.pk)
    step = _step(found, StepKind.HANDED_OVER, by=by, concerns=to)
    _write("handed_over", found, step, [to])
    return found


@transaction.atomic
def hand_over_all(user: User, organisation: Organisation, *, by: User) -> int:
    """Gives what somebody who leaves holds for a collectivity to its longest signatory, or to nobody; how many."""
    others = organisation.members.filter(user__is_active=True).exclude(user=user)
    heir = others.filter(role=MemberRole.SIGNATORY).select_related("user").first()
    rows = Project.objects.filter(holder=user, collectivity=organisation).exclude(state=ProjectState.PUBLISHED)
    held = list(rows.order_by("pk").select_for_update(no_key=True))
    for project in held:
        project.holder = heir.user if heir else None
        project.save(update_fields=["holder"])
        _note(Action.ASSIGNED, project, by=by, holder=project.holder_id)
        step = _step(project, StepKind.HANDED_OVER, by=by, concerns=project.holder)
        _tell("handed_over", project, step, [heir.user] if heir else [])
    return len(held)


def colleagues(project: Project) -> "models.QuerySet[User]":
    """Those who edit for the record's collectivity."""
    places = Membership.objects.filter(organisation=project.collectivity_id, role__in=WRITERS)
    return User.objects.filter(is_active=True, role=Role.AGENT, pk__in=places.values("user")).order_by("email")


# From a draft to the public


@transaction.atomic
def submit(project: Project, *, by: User, version: int | None, comment: str = "") -> Project:
    """The collectivity's signatory hands the record in. Raises Incomplete when something is missing, NotNow."""
    found = _held(project, signed_projects(by), among=IN_HAND, version=version)
    if problems := rules.to_submit(dossier(found)):
        raise Incomplete(problems)
    step = _move(found, ProjectState.SUBMITTED, StepKind.SUBMITTED, by=by, comment=comment)
    _write("submitted", found, step, {*authors(found), by, *officers(found)})
    return found


@transaction.atomic
def withdraw(project: Project, *, by: User, version: int | None = None) -> Project:
    """The collectivity takes a submitted record back to mend it."""
    found = _held(project, signed_projects(by), among=[ProjectState.SUBMITTED], version=version)
    step = _move(found, ProjectState.DRAFT, StepKind.WITHDRAWN, by=by)
    _write("withdrawn", found, step, officers(found))
    return found


@transaction.atomic
def return_with_comment(project: Project, *, by: User, version: int | None, comment: str, due_on: date) -> Project:
    """An officer asks for more, and says what and until when."""
    found = _held(project, instructed_projects(by), among=[ProjectState.SUBMITTED], version=version)
    step = _move(found, ProjectState.RETURNED, StepKind.RETURNED, by=by, comment=comment, due_on=due_on)
    _write("returned", found, step, authors(found))
    return found


@transaction.atomic
def publish(project: Project, *, by: User, version: int | None) -> Project:
    """An officer shows to everybody the version that this officer has read. Raises NotNow."""
    found = _held(project, instructed_projects(by), among=[ProjectState.SUBMITTED], version=version)
    if found.partnership is None or found.partnership.published_at is None:
        raise NotNow(_("Son partenariat n’est pas publié : publiez-le d’abord."))
    step = _move(found, ProjectState.PUBLISHED, StepKind.PUBLISHED, by=by)
    _write("published", found, step, {*authors(found), *guests(found)})
    return found


@transaction.atomic
def unpublish(project: Project, *, by: User, version: int | None = None, comment: str = "") -> Project:
    """An officer takes a record back from the public to instruct it anew."""
    found = _held(project, instructed_projects(by), among=[ProjectState.PUBLISHED], version=version)
    step = _move(found, ProjectState.SUBMITTED, StepKind.UNPUBLISHED, by=by, comment=comment)
    _write("unpublished", found, step, authors(found))
    return found


def _held(project: Project, rows: ProjectQuerySet, *, among: Collection[str], version: int | None = None) -> Project:
    """The record as it now is, locked until the end of the transaction, when it is still one of these rows and states.

    `version`: the one that was read, when what is done is meant for that one only.
    """
    found = rows.select_for_update(of=("self",), no_key=True).filter(pk=project.pk).first()
    if found is None:
        raise NotNow(_("Ce dossier ne vous est plus ouvert."))
    if found.state not in among:
        raise NotNow(_("Ce dossier n’est plus à ce stade. %(last)s") % {"last": _last(found)})
    if version is not None and version != found.version:
        raise NotNow(_("Ce dossier a changé depuis que vous l’avez ouvert. Relisez-le, puis recommencez."))
    return found


def _last(project: Project) -> str:
    """What happened last, in words: `Dossier publié, par a@b.fr, le 3 mars 2026 à 14:03.`"""
    step = project.steps.select_related("by").first()
    if step is None:
        return ""
    told = {"what": step.get_kind_display(), "at": date_format(timezone.localtime(step.at), "DATETIME_FORMAT")}
    return _("%(what)s par %(by)s, %(at)s.") % {**told, "by": step.by or _("un compte supprimé")}


def _move(
    project: Project, state: ProjectState, kind: StepKind, *, by: User, comment: str = "", due_on: date | None = None
) -> ProjectStep:
    former, project.state, project.due_on = project.state, state, due_on
    _save(project, "state", "due_on")
    _note(Action.STATE_CHANGED, project, by=by, former=former, state=state, step=kind)
    return _step(project, kind, by=by, comment=comment, due_on=due_on)


def _note(action: Action, project: Project, *, by: User, **details: Any) -> None:
    """The journal's row, in the transaction of what it tells of."""
    journal.record(action, by=by, on=project, organisation=project.collectivity, **details)


def _save(project: Project, *fields: str) -> None:
    project.save(update_fields=fields)
    project.refresh_from_db(fields=["version"])


def _step(project: Project, kind: StepKind, *, by: User, **fields: Any) -> ProjectStep:
    return ProjectStep.objects.create(project=project, kind=kind, by=by, **fields)


@transaction.atomic
def comment_on(project: Project, text: str, *, by: User) -> ProjectStep:
    """A remark among those who work on a record: its people, its guests, the delegation."""
    step = _step(project, StepKind.COMMENTED, by=by, comment=text)
    _write("commented", project, step, {*authors(project), *guests(project), *officers(project)} - {by})
    return step


# Instruction


@transaction.atomic
def assign(projects: Iterable[Project], *, to: User | None, by: User) -> datetime | None:
    """Gives these records to an officer, or to nobody; returns the instant by which it can be taken back.

    Those that this officer has already are left as they are; None when nothing changes.
    """
    if to is not None and not (to.oversees and to.is_active):
        raise NotNow(_("Cette personne n’instruit pas de dossiers."))
    ids = [project.pk for project in projects]
    given = Assignment.objects.filter(officer=to) if to else Assignment.objects.all()
    already = Q(pk__in=given.values("project"))
    rows = instructed_projects(by).filter(~already if to else already, pk__in=ids)
    held = list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))
    if not held:
        return None
    at = timezone.now()
    _assign({project.pk: to.pk if to else None for project in held}, at=at, by=by)
    return at


@transaction.atomic
def take_assignment_back(at: datetime, *, by: User) -> int:
    """Gives back to whom it was what this officer assigned at that instant and nobody has assigned since; how many."""
    latest = ProjectStep.objects.filter(project=OuterRef("project"), kind=StepKind.ASSIGNED).order_by("-pk")
    earlier = latest.filter(pk__lt=OuterRef("pk"))
    done = ProjectStep.objects.filter(kind=StepKind.ASSIGNED, by=by, at=at).annotate(
        latest=Subquery(latest.values("pk")[:1]), former=Subquery(earlier.values("concerns")[:1])
    )
    former = {step.project_id: step.former for step in done if step.latest == step.pk}
    held = instructed_projects(by).filter(pk__in=former).order_by("pk").select_for_update(of=("self",), no_key=True)
    _assign({project.pk: former[project.pk] for project in held}, at=timezone.now(), by=by)
    return len(former)


def _assign(officers: dict[int, int | None], *, at: datetime, by: User) -> None:
    if officers:
        journal.record(Action.ASSIGNED, by=by, projects=officers)
    given = [Assignment(project_id=pk, officer_id=officer, at=at) for pk, officer in officers.items() if officer]
    Assignment.objects.bulk_create(
        given, update_conflicts=True, unique_fields=["project"], update_fields=["officer", "at"]
    )
    Assignment.objects.filter(project__in=[pk for pk, officer in officers.items() if not officer]).delete()
    ProjectStep.objects.bulk_create(
        ProjectStep(project_id=pk, kind=StepKind.ASSIGNED, by=by, at=at, concerns_id=officer)
        for pk, officer in officers.items()
    )


# Attachments


@transaction.atomic
def attach(project: Project, file: Any, *, kind: AttachmentKind | str, by: User) -> Attachment:
    """Keeps a file with the record, under a drawn name. Raises ValidationError, NotNow."""
    found = _held(project, editable_projects(by), among=ProjectState.values)
    if found.attachments.count() >= settings.ATTACHMENT_MAX_COUNT:
        raise ValidationError(_("Un dossier a %(n)s pièces au plus."), "many", {"n": settings.ATTACHMENT_MAX_COUNT})
    if removed_attachments(by).filter(project=found, uploaded_by=by).count() >= settings.ATTACHMENT_MAX_COUNT:
        said = _("Vous avez retiré %(n)s pièces de ce dossier en un mois : rétablissez-en une au lieu d’en joindre.")
        raise ValidationError(said, "many", {"n": settings.ATTACHMENT_MAX_COUNT})
    accepted = uploads.check(file, file.name, most_bytes=settings.ATTACHMENT_MAX_BYTES)
    attachment = Attachment(project=found, kind=kind, uploaded_by=by, file=file, **accepted._asdict())
    attachment.full_clean(exclude=["file"])
    try:
        attachment.save()
    except BaseException:  # the row does not stand: neither must the file
        attachment.file.storage.delete(str(attachment.file.name))
        raise
    return attachment


@transaction.atomic
def detach(attachment: Attachment, *, by: User) -> None:
    """Takes the file off the record, into the bin. Raises NotNow."""
    _held(attachment.project, editable_projects(by), among=ProjectState.values)
    attachment.delete()


def forget_files() -> int:
    """Deletes the files of attachments that were deleted, once the bin keeps them no longer; how many."""
    field: Any = Attachment._meta.get_field("file")
    kept = Attachment.objects.values_list("file", flat=True)
    deleted = events_of(Attachment).objects.filter(deleted_lately()).values_list("file", flat=True)
    return delete_others(field.storage, ATTACHMENTS, [*kept, *deleted])


# Guests


@transaction.atomic
def invite(project: Project, *, email: str, language: str, by: User) -> Guest:
    """Invites a partner to this record only, or again when the first one was not followed. Raises NotNow, Exceeded."""
    found = _held(project, filed_projects(by), among=ProjectState.values)
    email = email.lower()
    guest = found.guests.filter(email=email).first()
    if guest and guest.accepted_at:
        raise NotNow(_("Cette personne est déjà invitée à ce dossier."))
    if guest is None and found.guests.count() >= MOST_GUESTS:
        raise NotNow(_("Un dossier a %(n)s invités au plus.") % {"n": MOST_GUESTS})
    guest = guest or Guest(project=found, email=email)
    guest.language, guest.invited_by, guest.invited_at = language, by, timezone.now()
    guest.expires_at = guest._meta.get_field("expires_at").get_default()
    guest.save()
    step = _step(found, StepKind.INVITED, by=by)
    _note(Action.GRANTED, found, by=by, guest=guest.pk)
    quotas.invitation(by, to=email)
    mail.queue(
        "projects/invited",
        to=email,
        language=language,
        context={"guest": guest.pk},
        key=f"guest-{guest.pk}-{step.pk}",
    )
    return guest


@transaction.atomic
def dismiss(guest: Guest, *, by: User) -> None:
    """The guest no longer sees the record; a link not followed yet leads nowhere."""
    found = _held(guest.project, filed_projects(by), among=ProjectState.values)
    _step(found, StepKind.DISMISSED, by=by, concerns=guest.user)
    _note(Action.REVOKED, found, by=by, guest=guest.pk)
    guest.delete()


SALT = "funding.filing.guest"


def link_token(guest: Guest) -> str:
    """What the mailed link carries: a later invitation of the same person makes it void."""
    return signing.dumps([guest.pk, guest.invited_at.timestamp()], salt=SALT)


def invited_by_link(token: str) -> Guest | None:
    """The invitation that this link is for, while it can be followed."""
    try:
        pk, at = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    guest = Guest.objects.waiting().select_related("project__collectivity").filter(pk=pk).first()
    return guest if guest and guest.invited_at.timestamp() == at else None


@transaction.atomic
def accept(guest: Guest, *, by: User) -> Project:
    """Gives the record to the account to whose address it was offered, once. Raises NotNow."""
    found = Guest.objects.waiting().select_for_update(of=("self",), no_key=True).filter(pk=guest.pk).first()
    if found is None or found.email != by.email:
        raise NotNow(_("Cette invitation n’est plus valable, ou n’est pas pour ce compte."))
    found.user, found.accepted_at = by, timezone.now()
    found.save(update_fields=["user", "accepted_at"])
    return found.project


@transaction.atomic
def join(guest: Guest, *, password: str) -> User:
    """An account for a guest who has none, in the language of the invitation. Raises NotNow."""
    user = open_account(guest.email, password=password, language=guest.language)
    if user is None:
        raise NotNow(_("Un compte existe déjà avec cette adresse électronique."))
    accept(guest, by=user)
    return user


# Messages


def authors(project: Project) -> set[User]:
    """Who holds the record and who submitted it last, while they are of the collectivity; else its signatories."""
    if project.collectivity is None:
        return set()
    last = project.steps.filter(kind=StepKind.SUBMITTED).values("by")[:1]
    found = set(colleagues(project).filter(Q(pk=project.holder_id) | Q(pk__in=last)))
    signatories = project.collectivity.members.filter(role=MemberRole.SIGNATORY, user__is_active=True)
    return found or {member.user for member in signatories.select_related("user")}


def guests(project: Project) -> set[User]:
    return set(User.objects.filter(guest_places__project=project, is_active=True))


def officers(project: Project) -> set[User]:
    """The officer who instructs the record."""
    return set(User.objects.filter(assignments__project=project, is_active=True))


def _write(template: str, project: Project, step: ProjectStep, people: Iterable[User]) -> None:
    """One message to each, about this step that its author took. Raises Exceeded when that one takes too many."""
    if step.by:
        quotas.by_person(step.by, about=f"project {project.pk}")
    _tell(template, project, step, people)


def _tell(template: str, project: Project, step: ProjectStep, people: Iterable[User]) -> None:
    """One message to each, in their language, about this step."""
    for user in people:
        mail.queue(
            f"projects/{template}",
            to=user.email,
            language=user.language or get_language() or "",
            context={"step": step.pk},
            key=f"project-step-{step.pk}-{user.pk}",
        )
