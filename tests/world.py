"""Two collectivities and what is theirs: the rows that the access matrix's addresses name."""

import uuid
from types import SimpleNamespace

from django.core.files.base import ContentFile
from django.utils import timezone

from aect import trash
from aect.accounts.models import Role
from aect.batches.models import Batch, BatchState
from aect.jobs.models import Job, JobState
from aect.loading.models import Difference, LoadedRow
from aect.saved.models import SavedView
from funding.models import Attachment
from partnerships import joining
from partnerships.choices import MemberRole
from partnerships.models import JoinRequest, Partnership, PartyProposal
from tests import factories

SECRET = "Hors-regard"  # stands in A's drafts only


def made_world() -> SimpleNamespace:
    """Of A: a published and a draft partnership with a convention, an action and a project record each; of B: a draft.

    `draft_…` is A's, `b_…` B's; neither is published, and every text of A's drafts says `SECRET`. Agents sign for
    their collectivity. Imports are one officer's own, who is nobody of the matrix.
    """
    world = SimpleNamespace()
    sides = {}
    for side in "ab":
        agent = factories.UserFactory(role=Role.AGENT)
        place = factories.OrganisationFactory(slug=f"collectivite-{side}", kind="commune")
        factories.MembershipFactory(user=agent, organisation=place, role=MemberRole.SIGNATORY)
        sides[side] = place
        setattr(world, f"agent_of_{side}", agent)
        setattr(world, f"place_{side}", place.slug)
        setattr(world, f"place_{side}_id", place.pk)
    add_partnership(world, sides["a"], world.agent_of_a, "", timezone.now())
    add_partnership(world, sides["a"], world.agent_of_a, "draft_", None)
    add_partnership(world, sides["b"], world.agent_of_b, "b_", None)
    offered = {"partnership_id": world.partnership_id, "organisation": sides["b"], "side": "french"}
    world.proposal = PartyProposal.objects.create(proposed_by=world.agent_of_a, **offered).pk
    add_own_rows(world)
    add_members(world, sides["a"])
    world.other = factories.OrganisationFactory(slug="agence", kind="agency").slug
    world.source = factories.SourceFactory().pk
    world.no_id, world.no_uuid = 999_999_999, uuid.UUID(int=0)
    return world


def add_partnership(world: SimpleNamespace, place, agent, prefix: str, published_at) -> None:
    """A partnership of the place, and what hangs on it."""

    def keep(name: str, value) -> None:
        setattr(world, prefix + name, value)

    words = SECRET if prefix == "draft_" else f"Mots {prefix}"
    partnership = factories.PartnershipFactory(
        slug=f"{prefix}partenariat".replace("_", "-"), name=f"{words} alliance", published_at=published_at
    )
    party = factories.PartyFactory(partnership=partnership, organisation=place, side="french")
    convention = factories.ConventionFactory(
        partnership=partnership, title=f"{words} convention", published_at=published_at
    )
    keep("partnership", partnership.slug)
    keep("partnership_id", partnership.pk)
    keep("party", party.pk)
    keep("action", factories.ActionFactory(partnership=partnership, title=f"{words} action").pk)
    keep("convention", convention.slug)
    keep("convention_id", convention.pk)
    keep("commitment", factories.CommitmentFactory(convention=convention).pk)
    record = factories.DraftFactory(
        partnership=partnership,
        collectivity=place,
        holder=agent,
        title=f"{words} projet",
        state="published" if published_at else "draft",
    )
    keep("project", record.slug)
    keep("project_id", record.pk)
    keep("cofinancing", factories.CofinancingFactory(project=record).pk)
    file = {"file": ContentFile(b"%PDF-1.7", name="a.pdf"), "name": f"{words}.pdf", "size": 8, "sha256": "0" * 64}
    keep("attachment", Attachment.objects.create(project=record, uploaded_by=agent, **file).pk)
    keep("guest", factories.GuestFactory(project=record).pk)
    shown = {} if published_at else {"published_on": None}
    keep("offer", factories.OfferFactory(organisation=place, title=f"{words} offre", **shown).slug)
    keep("need", factories.NeedFactory(title=f"{words} besoin", **shown).slug)


def add_own_rows(world: SimpleNamespace) -> None:
    """A's job and saved view, an officer's import, and something deleted."""
    job = {
        "task": "funding.tasks.rebuild_totals",
        "state": JobState.FAILED,
        "attempts": 3,
        "finished_at": timezone.now(),
    }
    world.a_job = Job.objects.create(key="a", requested_by=world.agent_of_a, **job).pk
    view = {"list_name": "partnerships", "query": "tri=nom"}
    world.a_view = SavedView.objects.create(user=world.agent_of_a, name="Vue de A", **view).pk
    importer = factories.UserFactory(role=Role.OFFICER)
    world.batch = Batch.objects.create(
        kind="partnerships",
        mode="add",
        state=BatchState.READY,
        file=ContentFile(b"name\nUn\n", name="a.csv"),
        name="a.csv",
        sha256="0" * 64,
        header=["name"],
        uploaded_by=importer,
    ).pk
    told = {"origin": "founding", "model": "partnerships.theme", "key": '["eau"]', "object_id": "0"}
    world.loaded = LoadedRow.objects.create(**told, values={"name": "Eau"}).pk
    world.difference = Difference.objects.create(row_id=world.loaded, kind="absent").pk
    gone = factories.PartnershipFactory(published_at=None)
    key = gone.pk
    gone.delete()
    world.deletion = trash.latest_deletion(Partnership, key)


def add_members(world: SimpleNamespace, place) -> None:
    """A colleague of A, somebody whom it invited and somebody who asks to join it."""
    colleague = factories.MembershipFactory(organisation=place)
    world.colleague, world.colleague_id = colleague.pk, colleague.user_id
    world.asked = JoinRequest.objects.create(user=factories.UserFactory(), organisation=place).pk
    invitation = joining.invite(place, email="invite@demo.test", role="editor", language="fr", by=world.agent_of_a)
    world.invitation = invitation.pk
    world.token = joining.token_of(invitation.email, place.pk, invitation.invited_at)
