"""Two collectivities and what is theirs: the rows that the access matrix's addresses name."""

import hashlib
import uuid
from datetime import date
from types import SimpleNamespace
from typing import Any

import pghistory
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from aect import trash
from aect.accounts.models import Role, User
from aect.accounts.services import sign_up_token
from aect.batches.models import Batch, BatchRow, BatchState, RowAction
from aect.jobs.models import Job, JobState
from aect.loading.models import Difference, LoadedRow
from aect.saved.models import SavedView
from aect.saved.services import SALT as STOP
from funding import filing
from funding.models import Attachment, Guest, Project
from partnerships import joining
from partnerships.choices import MemberRole
from partnerships.models import JoinRequest, Partnership, PartyProposal
from tests import factories

SECRET = "Hors-regard"  # stands in A's drafts only


def made_world() -> SimpleNamespace:
    """Of A: a published and a draft partnership with a convention, an action and a project record each; of B: a draft.
    C has nothing and nobody.

    `draft_…` is A's, `b_…` B's; neither is published, and every text of A's drafts says `SECRET`. `agent_of_a` and
    `agent_of_b` sign for their collectivity; A has a reader and an editor too, and a guest of its project records.
    `member_of_none` is an agent of no collectivity. Imports are another officer's own, who is nobody of the matrix.
    """
    world = SimpleNamespace()
    add_delegation(world)
    sides = {}
    for side in "ab":
        agent = factories.UserFactory(role=Role.AGENT)
        place = factories.OrganisationFactory(slug=f"collectivite-{side}", kind="commune")
        factories.MembershipFactory(user=agent, organisation=place, role=MemberRole.SIGNATORY)
        sides[side] = place
        setattr(world, f"agent_of_{side}", agent)
        setattr(world, f"place_{side}", place.slug)
        setattr(world, f"name_{side}", place.name)
        setattr(world, f"place_{side}_id", place.pk)
    add_partnership(world, sides["a"], world.agent_of_a, "", timezone.now())
    add_partnership(world, sides["a"], world.agent_of_a, "draft_", None)
    add_partnership(world, sides["b"], world.agent_of_b, "b_", None)
    offered = {"partnership_id": world.partnership_id, "organisation": sides["b"], "side": "french"}
    world.proposal = PartyProposal.objects.create(proposed_by=world.agent_of_a, **offered).pk
    add_own_rows(world)
    add_imports(world)
    add_differences(world)
    add_members(world, sides["a"])
    add_submitted(world, sides["a"])
    add_guest(world)
    add_deleted(world)
    add_links(world)
    other = factories.OrganisationFactory(slug="agence", kind="agency")
    world.other, world.other_name = other.slug, factories.OrganisationNameFactory(organisation=other).pk
    third = factories.OrganisationFactory(slug="collectivite-c", kind="commune")
    world.name_c, world.place_c_id = third.name, third.pk
    world.country, world.theme = other.country_id, factories.ThemeFactory().pk
    add_loose_rows(world, sides["a"])
    world.source = factories.SourceFactory().pk
    world.no_id, world.no_uuid = 999_999_999, uuid.UUID(int=0)
    return world


def add_delegation(world: SimpleNamespace) -> None:
    world.officer = factories.UserFactory(role=Role.OFFICER)
    world.analyst = factories.UserFactory(role=Role.ANALYST)
    world.administrator = factories.UserFactory(role=Role.ADMINISTRATOR, is_staff=True, is_superuser=True)
    world.officer_id, world.administrator_id = world.officer.pk, world.administrator.pk


def add_partnership(world: SimpleNamespace, place, agent, prefix: str, published_at) -> None:
    """A partnership of the place, and what hangs on it."""

    def keep(name: str, value) -> None:
        setattr(world, prefix + name, value)

    words = {"": "Mots", "draft_": SECRET, "b_": "Voisins"}[prefix]
    partnership = factories.PartnershipFactory(
        slug=f"{prefix}partenariat".replace("_", "-"), name=f"{words} alliance", published_at=published_at
    )
    party = factories.PartyFactory(partnership=partnership, organisation=place, side="french")
    convention = factories.ConventionFactory(
        partnership=partnership, title=f"{words} convention", published_at=published_at
    )
    keep("partnership", partnership.slug)
    keep("partnership_id", partnership.pk)
    keep("partnership_name", partnership.name)
    keep("party", party.pk)
    keep("action", factories.ActionFactory(partnership=partnership, title=f"{words} action").pk)
    keep("convention", convention.slug)
    keep("convention_id", convention.pk)
    keep("commitment", factories.CommitmentFactory(convention=convention).pk)
    state = "published" if published_at else "draft"
    record = add_record(partnership, place, agent, title=f"{words} projet", state=state)
    keep("project", record.slug)
    keep("project_id", record.pk)
    keep("cofinancing", record.cofinancings.get().pk)
    keep("attachment", attached(record, agent, f"{words}.pdf").pk)
    keep("guest", factories.GuestFactory(project=record).pk)
    shown = {} if published_at else {"published_on": None}
    keep("offer", factories.OfferFactory(organisation=place, title=f"{words} offre", **shown).slug)
    keep("need", factories.NeedFactory(title=f"{words} besoin", **shown).slug)


def add_loose_rows(world: SimpleNamespace, place) -> None:
    """Of A: a draft on which nothing hangs, a draft convention of what is published, others' places."""
    bare = factories.PartnershipFactory(slug="bare-partenariat", name=f"{SECRET} nue", published_at=None)
    factories.PartyFactory(partnership=bare, organisation=place, side="french")
    world.bare_partnership = bare.slug
    drafted = {"title": f"{SECRET} à publier", "published_at": None}
    world.waiting_convention = factories.ConventionFactory(partnership_id=world.partnership_id, **drafted).slug
    actor = {"organisation": factories.OrganisationFactory(slug="acteur", kind="agency"), "role": "actor"}
    draft = {"partnership_id": world.draft_partnership_id, "side": "french"}
    world.other_party = factories.PartyFactory(**draft, **actor).pk
    neighbour = {"organisation": factories.OrganisationFactory(slug="collectivite-d", kind="commune")}
    world.neighbour_party = factories.PartyFactory(partnership_id=world.partnership_id, side="french", **neighbour).pk


def add_record(partnership, place, agent, **columns: Any) -> Project:
    """A project record to which nothing is missing."""
    record = factories.DraftFactory(
        partnership=partnership,
        collectivity=place,
        holder=agent,
        objective="But",
        begins_on=date(2026, 1, 1),
        ends_on=date(2027, 1, 1),
        sdg_goals=[6],
        budget_amount=1000,
        **columns,
    )
    record.sectors.add(factories.PurposeCodeFactory())
    factories.CofinancingFactory(project=record)
    return record


def attached(record: Project, by: User, name: str) -> Attachment:
    digest = hashlib.sha256(name.encode()).hexdigest()
    file = {"file": ContentFile(b"%PDF-1.7", name="a.pdf"), "name": name, "size": 8, "sha256": digest}
    return Attachment.objects.create(project=record, uploaded_by=by, **file)


def add_own_rows(world: SimpleNamespace) -> None:
    """A's job and saved view, an officer's import, and something deleted."""
    job = {
        "task": "funding.tasks.rebuild_totals",
        "state": JobState.FAILED,
        "attempts": 3,
        "finished_at": timezone.now(),
    }
    world.a_job = Job.objects.create(key="a", requested_by=world.agent_of_a, **job).pk
    view = {"user": world.agent_of_a, "list_name": "partnerships"}
    world.a_view = SavedView.objects.create(name="Vue de A", query="tri=nom", is_alert=True, **view).pk
    gone = {"query": "pays=MX", "deleted_at": timezone.now()}
    world.a_deleted_view = SavedView.objects.create(name="Vue perdue", **view, **gone).pk


def add_imports(world: SimpleNamespace) -> None:
    """One that could be written, and one that was."""
    importer = factories.UserFactory(role=Role.OFFICER)
    columns = {
        "kind": "partnerships",
        "mode": "add",
        "name": "a.csv",
        "sha256": "0" * 64,
        "header": ["name"],
        "uploaded_by": importer,
    }

    def sent(**more: Any) -> Batch:
        return Batch.objects.create(**columns, **more, file=ContentFile(b"name\nUn\n", name="a.csv"))

    ready = sent(state=BatchState.READY)
    BatchRow.objects.create(batch=ready, line=2, cells={"name": "Un"}, action=RowAction.NEW)
    world.batch, world.written_batch = ready.pk, sent(state=BatchState.WRITTEN, written_at=timezone.now()).pk
    failed = {"state": JobState.FAILED, "attempts": 3, "finished_at": timezone.now()}
    job = Job.objects.create(key="b", task="aect.batches.tasks.check_batch", **failed)
    world.failed_batch = sent(state=BatchState.CHECKING, job=job).pk


def add_differences(world: SimpleNamespace) -> None:
    """A name that the files tell otherwise, and a title that an officer took from them."""
    told = {"origin": "founding", "model": "partnerships.partnership", "key": '["a"]', "values": {"name": "Eau"}}
    world.loaded = LoadedRow.objects.create(**told, object_id=world.partnership_id).pk
    differs = {"field": "name", "kind": "value", "theirs": "Eau"}
    world.difference = Difference.objects.create(row_id=world.loaded, **differs).pk
    told = {"origin": "founding", "model": "partnerships.convention", "key": '["a"]', "values": {}}
    world.taken = LoadedRow.objects.create(**told, object_id=world.convention_id).pk
    differs = {"field": "title", "kind": "value", "theirs": "Mots convention", "before": "Mer", "state": "taken"}
    decided = {"decided_by": world.officer, "decided_at": timezone.now()}
    Difference.objects.create(row_id=world.taken, **differs, **decided)


def add_members(world: SimpleNamespace, place) -> None:
    """A colleague of A, somebody whom it invited and somebody who asks to join it."""
    for name in ("reader", "editor"):
        member = factories.MembershipFactory(organisation=place, role=name)
        setattr(world, f"{name}_of_a", member.user)
        setattr(world, f"{name}_membership", member.pk)
    world.member_of_none = factories.UserFactory()
    colleague = factories.MembershipFactory(organisation=place)
    world.colleague, world.colleague_id = colleague.pk, colleague.user_id
    world.asked = JoinRequest.objects.create(user=factories.UserFactory(), organisation=place).pk
    invitation = joining.invite(place, email="invite@demo.test", role="editor", language="fr", by=world.agent_of_a)
    world.invitation = invitation.pk
    world.token = joining.token_of(invitation.email, place.pk, invitation.invited_at)
    known = world.member_of_none.email
    own = joining.invite(place, email=known, role="reader", language="fr", by=world.agent_of_a)
    world.own_token = joining.token_of(known, place.pk, own.invited_at)


def add_submitted(world: SimpleNamespace, place) -> None:
    """A record that A handed in, in its published partnership, and that an officer took."""
    partnership = Partnership.objects.get(pk=world.partnership_id)
    record = add_record(partnership, place, world.agent_of_a, title=f"{SECRET} déposé", state="draft")
    record = filing.submit(record, by=world.agent_of_a, version=record.version)
    world.submitted_project, world.submitted_project_id = record.slug, record.pk
    world.assigned_at = str(filing.assign([record], to=world.officer, by=world.officer)).replace(" ", "T")
    world.submitted_attachment = attached(record, world.agent_of_a, f"{SECRET}.pdf").pk


def add_guest(world: SimpleNamespace) -> None:
    """Somebody who works on A's three records, and attached a file to the draft."""
    world.guest_of_a = factories.UserFactory()
    for record in (world.project_id, world.draft_project_id, world.submitted_project_id):
        factories.GuestFactory(project_id=record, user=world.guest_of_a, email=world.guest_of_a.email)
    draft = Project.objects.get(pk=world.draft_project_id)
    world.guest_attachment = attached(draft, world.guest_of_a, f"{SECRET} invité.pdf").pk


def add_deleted(world: SimpleNamespace) -> None:
    """In the bin: a partnership that a command deleted, and actions and files: of A's signatory, of a guest, and of the
    reader, who edited then.
    """
    draft = Project.objects.get(pk=world.draft_project_id)
    world.deletion = deleted(factories.PartnershipFactory(published_at=None))
    action = factories.ActionFactory(partnership_id=world.draft_partnership_id, title=f"{SECRET} supprimée")
    world.a_deletion = deleted(action, world.agent_of_a)
    world.detached = deleted(attached(draft, world.agent_of_a, f"{SECRET} retirée.pdf"), world.agent_of_a)
    world.guest_detached = deleted(attached(draft, world.guest_of_a, f"{SECRET} 2.pdf"), world.guest_of_a)
    action = factories.ActionFactory(partnership_id=world.draft_partnership_id, title=f"{SECRET} ancienne")
    world.reader_deletion = deleted(action, world.reader_of_a)
    world.reader_detached = deleted(attached(draft, world.reader_of_a, f"{SECRET} 3.pdf"), world.reader_of_a)


def deleted(row: Any, by: User | None = None) -> int:
    """The history's number of the deletion."""
    model, key = type(row), row.pk
    with pghistory.context(user=by.pk if by else None):
        row.delete()
    return trash.latest_deletion(model, key)


def add_links(world: SimpleNamespace) -> None:
    """What stands in the links of messages."""
    world.arrival = filing.link_token(Guest.objects.get(pk=world.draft_guest))
    own = factories.GuestFactory(project_id=world.draft_project_id, email=world.member_of_none.email)
    world.own_arrival = filing.link_token(own)
    world.stop = signing.dumps(world.a_view, salt=STOP)
    world.sign_up = sign_up_token("nouvelle@demo.test")
    world.uid = urlsafe_base64_encode(force_bytes(world.agent_of_a.pk))
    world.reset = default_token_generator.make_token(world.agent_of_a)
