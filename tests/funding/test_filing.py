"""A project's record on its way from a draft to the public, and who is told."""

import datetime
import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from aect.accounts.models import Role, User
from aect.journal.models import Entry
from aect.mail.models import Message
from aect.mail.services import send_waiting
from funding import filing, rules
from funding.models import Attachment, Cofinancing, Guest, Project, ProjectStep
from funding.permissions import visible_projects
from partnerships import joining
from partnerships.choices import MemberRole
from partnerships.models import Identifier
from tests import factories
from tests.test_uploads import PDF

pytestmark = pytest.mark.django_db
SOON = datetime.date(2030, 1, 31)


@pytest.fixture
def signatory() -> User:
    return factories.MembershipFactory(role=MemberRole.SIGNATORY, user__language="fr").user


@pytest.fixture
def editor(signatory) -> User:
    place = signatory.memberships.get()
    return factories.MembershipFactory(organisation=place.organisation, user__language="es").user


@pytest.fixture
def draft(signatory) -> Project:
    return whole_draft(signatory)


def whole_draft(signatory: User) -> Project:
    """A draft to which nothing is missing, held by the signatory."""
    place = signatory.memberships.get().organisation
    project = factories.DraftFactory(
        title="Eau de León",
        collectivity=place,
        holder=signatory,
        objective="Réduire les fuites.",
        begins_on=datetime.date(2026, 1, 1),
        ends_on=datetime.date(2027, 1, 1),
        sdg_goals=[6],
        budget_amount=Decimal("1000.00"),
    )
    factories.PartyFactory(partnership=project.partnership, organisation=place)
    project.sectors.add(factories.PurposeCodeFactory())
    factories.CofinancingFactory(project=project, funder=place, state="requested")
    return project


def submitted(draft: Project, signatory: User) -> Project:
    return filing.submit(draft, by=signatory, version=draft.version)


def told(template: str) -> list[str]:
    return sorted(Message.objects.filter(template=f"projects/{template}").values_list("to", flat=True))


# What a record must say


WHOLE = rules.Dossier(True, "Eau", SOON, SOON, Decimal(10), 1, 1, [Decimal(4), Decimal(6)])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"has_partnership": False}, "partnership"),
        ({"objective": " "}, "objective"),
        ({"begins_on": None}, "begins_on"),
        ({"ends_on": None}, "ends_on"),
        ({"budget": None}, "budget_amount"),
        ({"sectors": 0}, "sectors"),
        ({"goals": 0}, "sdg_goals"),
        ({"plan": []}, "plan"),
        ({"plan": [Decimal(10), None]}, "plan"),
        ({"plan": [Decimal(9)]}, "plan"),
    ],
)
def test_what_is_missing_is_told_by_field(wrong, field):
    assert rules.to_submit(WHOLE) == []
    assert [name for name, _message in rules.to_submit(WHOLE._replace(**wrong))] == [field]


# Its states


def test_the_whole_way(draft, signatory, officer):
    filed = submitted(draft, signatory)
    returned = filing.return_with_comment(
        filed, by=officer, version=filed.version, comment="Joignez la délibération.", due_on=SOON
    )
    assert (returned.state, returned.due_on) == ("returned", SOON)
    again = submitted(returned, signatory)
    assert again.due_on is None
    public = filing.publish(again, by=officer, version=again.version)
    assert public.state == "published"
    hidden = filing.unpublish(public, by=officer, comment="Une erreur")
    assert filing.withdraw(hidden, by=signatory).state == "draft"
    noted = Entry.objects.filter(action="state_changed").order_by("pk")
    assert [entry.details["state"] for entry in noted] == [
        "submitted",
        "returned",
        "submitted",
        "published",
        "submitted",
        "draft",
    ]
    assert {entry.organisation_id for entry in noted} == {draft.collectivity_id}
    kinds = [step.kind for step in ProjectStep.objects.order_by("pk")]
    assert kinds == ["submitted", "returned", "submitted", "published", "unpublished", "withdrawn"]


def test_an_incomplete_record_stays_a_draft(draft, signatory):
    Cofinancing.objects.all().delete()
    with pytest.raises(filing.Incomplete) as refusal:
        submitted(draft, signatory)
    assert [field for field, _message in refusal.value.problems] == ["plan"]
    assert Project.objects.get().state == "draft"


def test_only_a_signatory_submits_and_only_the_delegation_publishes(draft, signatory, editor, officer, agent):
    analyst = factories.UserFactory(role=Role.ANALYST)
    for user in (editor, officer, agent, analyst):
        with pytest.raises(filing.NotNow):
            submitted(draft, user)
    filed = submitted(draft, signatory)
    for user in (signatory, editor, agent, analyst):
        with pytest.raises(filing.NotNow):
            filing.publish(filed, by=user, version=None)
        with pytest.raises(filing.NotNow):
            filing.return_with_comment(filed, by=user, version=None, comment="Non", due_on=SOON)
    assert Project.objects.get().state == "submitted"


@pytest.mark.parametrize("state", ["draft", "returned", "published"])
def test_nothing_is_published_but_what_was_submitted(draft, officer, state):
    Project.objects.update(state=state)
    with pytest.raises(filing.NotNow):
        filing.publish(draft, by=officer, version=None)


def test_an_officer_publishes_what_was_read(draft, signatory, officer):
    filed = submitted(draft, signatory)
    Project.objects.update(objective="Tout autre chose")
    with pytest.raises(filing.NotNow, match="changé"):
        filing.publish(filed, by=officer, version=filed.version)


def test_a_project_waits_for_its_partnership_to_be_published(draft, signatory, officer):
    filed = submitted(draft, signatory)
    type(draft.partnership).objects.update(published_at=None)
    with pytest.raises(filing.NotNow, match="partenariat"):
        filing.publish(filed, by=officer, version=filed.version)


def test_a_draft_that_was_submitted_once_is_not_deleted(draft, signatory):
    filing.withdraw(submitted(draft, signatory), by=signatory)
    with pytest.raises(filing.NotNow):
        filing.delete_draft(draft, by=signatory)
    fresh = filing.create_draft(title="Vide", collectivity=draft.collectivity, by=signatory)
    filing.delete_draft(fresh, by=signatory)
    assert Project.objects.get() == draft


def test_two_drafts_of_one_title_do_not_tell_of_each_other(draft, signatory):
    one, other = (filing.create_draft(title="Eau", collectivity=draft.collectivity, by=signatory) for _n in "ab")
    assert one.slug != other.slug
    assert {slug[:4] for slug in (one.slug, other.slug)} == {"eau-"}
    assert one.slug != "eau"


# Who holds it


def test_an_editor_takes_a_colleague_s_draft_over_and_gives_it_away(draft, signatory, editor, agent):
    assert filing.take_over(draft, by=editor).holder == editor
    assert told("taken_over") == [signatory.email]
    assert filing.hand_over(draft, to=signatory, by=editor).holder == signatory
    for stranger in (agent, factories.UserFactory(role=Role.OFFICER)):
        with pytest.raises(filing.NotNow):
            filing.hand_over(draft, to=stranger, by=editor)
        with pytest.raises(filing.NotNow):
            filing.take_over(draft, by=stranger)


def test_who_leaves_hands_drafts_over(draft, signatory, editor):
    filing.take_over(draft, by=editor)
    joining.end(editor.memberships.get(), by=editor)
    assert Project.objects.get().holder == signatory
    assert told("handed_over") == [signatory.email]
    assert filing.hand_over_all(signatory, draft.collectivity, by=signatory) == 1
    assert Project.objects.get().holder is None


# Instruction


def test_assigning_is_undone_by_who_did_it_and_makes_no_form_stale(draft, signatory, officer):
    filed, colleague = submitted(draft, signatory), factories.UserFactory(role=Role.OFFICER)
    filing.assign([filed], to=officer, by=officer)
    at = filing.assign([filed], to=colleague, by=officer)
    assert Project.objects.get().assignment.officer == colleague
    assert Project.objects.get().version == filed.version
    assert filing.take_assignment_back(at, by=colleague) == 0
    assert filing.take_assignment_back(at, by=officer) == 1
    assert Project.objects.get().assignment.officer == officer
    assert filing.take_assignment_back(at, by=officer) == 0  # once


def test_an_assignment_that_changed_since_is_left_alone(draft, signatory, officer):
    filed = submitted(draft, signatory)
    at = filing.assign([filed], to=officer, by=officer)
    other = factories.UserFactory(role=Role.ADMINISTRATOR)
    filing.assign([filed], to=other, by=other)
    assert filing.take_assignment_back(at, by=officer) == 0
    assert Project.objects.get().assignment.officer == other
    assert filing.assign([filed], to=other, by=officer) is None
    filing.assign([filed], to=None, by=officer)
    assert not hasattr(Project.objects.get(), "assignment")


def test_only_officers_are_given_records_and_give_them(draft, officer, agent, editor):
    with pytest.raises(filing.NotNow):
        filing.assign([draft], to=agent, by=officer)
    assert filing.assign([draft], to=officer, by=editor) is None


def test_assigning_many_takes_a_fixed_number_of_queries(officer, django_assert_num_queries):
    rows = [factories.DraftFactory() for _n in range(6)]
    with django_assert_num_queries(6):
        filing.assign(rows, to=officer, by=officer)


# Messages


def test_who_is_told_and_in_which_language(draft, signatory, editor, officer, mailoutbox):
    filed = submitted(filing.take_over(draft, by=editor), signatory)
    assert told("submitted") == sorted([editor.email, signatory.email])
    filing.assign([filed], to=officer, by=officer)
    filing.return_with_comment(filed, by=officer, version=filed.version, comment="Joignez-la.", due_on=SOON)
    assert told("returned") == sorted([editor.email, signatory.email])
    send_waiting()
    returned = {mail.to[0]: mail for mail in mailoutbox if "Joignez-la." in mail.body}
    assert "31 janvier 2030" in returned[signatory.email].body
    assert f"/es/projets/{draft.slug}/" in returned[editor.email].body


def test_who_left_is_no_longer_told(draft, signatory, editor, officer, mailoutbox):
    filed = submitted(draft, signatory)
    filing.return_with_comment(filed, by=officer, version=filed.version, comment="Secret", due_on=SOON)
    signatory.memberships.all().delete()
    send_waiting()
    assert not [mail for mail in mailoutbox if signatory.email in mail.to]


# Attachments


@pytest.fixture(autouse=True)
def stored(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def file(name: str = "Délibération.pdf", content: bytes = PDF) -> ContentFile:
    return ContentFile(content, name)


def test_a_file_is_kept_under_a_drawn_name(draft, signatory):
    path = filing.attach(draft, file(), kind="deliberation", by=signatory).file.name
    assert "lib" not in path
    assert default_storage.exists(path)


def test_what_is_refused_leaves_no_file(draft, signatory, officer, tmp_path, settings):
    settings.ATTACHMENT_MAX_COUNT = 2
    filing.attach(draft, file(), kind="other", by=signatory)
    refused = [file("a.svg", b"<svg/>"), file("autre.pdf"), file("a.png")]  # the second is the same file again
    for each in refused:
        with pytest.raises(ValidationError):
            filing.attach(draft, each, kind="other", by=signatory)
    with pytest.raises(filing.NotNow):
        filing.attach(draft, file("b.pdf", PDF + b"b"), kind="other", by=officer)
    filing.attach(draft, file("b.pdf", PDF + b"b"), kind="other", by=signatory)
    with pytest.raises(ValidationError):
        filing.attach(draft, file("c.pdf", PDF + b"c"), kind="other", by=signatory)
    assert Attachment.objects.count() == 2
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2


def test_a_submitted_record_takes_no_more_files_from_its_people(draft, signatory):
    attachment = filing.attach(draft, file(), kind="other", by=signatory)
    submitted(draft, signatory)
    with pytest.raises(filing.NotNow):
        filing.attach(draft, file("b.pdf", PDF + b"b"), kind="other", by=signatory)
    with pytest.raises(filing.NotNow):
        filing.detach(attachment, by=signatory)


# Guests


def test_a_guest_arrives_once_by_a_link_in_spanish(draft, signatory, mailoutbox):
    guest = filing.invite(draft, email="Ana@Leon.test", language="es", by=signatory)
    send_waiting()
    link = re.search(r"/es/invitations/projet/(\S+)/", mailoutbox[0].body)[1]
    assert filing.invited_by_link(link) == guest
    ana = filing.join(guest, password="una-clave-muy-larga")
    assert (ana.email, ana.language) == ("ana@leon.test", "es")
    assert list(visible_projects(ana)) == [draft]
    assert filing.invited_by_link(link) is None
    filing.dismiss(Guest.objects.get(), by=signatory)
    assert not visible_projects(ana).exists()


def test_a_link_is_void_once_another_is_sent_or_its_time_is_over(draft, signatory):
    first = filing.link_token(filing.invite(draft, email="ana@leon.test", language="es", by=signatory))
    second = filing.link_token(filing.invite(draft, email="ana@leon.test", language="es", by=signatory))
    assert filing.invited_by_link(first) is None
    assert filing.invited_by_link(second)
    assert filing.invited_by_link(second + "x") is None
    Guest.objects.update(expires_at=timezone.now())
    assert filing.invited_by_link(second) is None


def test_an_invitation_is_for_its_address_only(draft, signatory, agent, editor):
    guest = filing.invite(draft, email="ana@leon.test", language="es", by=editor)
    with pytest.raises(filing.NotNow):
        filing.accept(guest, by=agent)
    with pytest.raises(filing.NotNow):
        filing.invite(draft, email="ana@leon.test", language="es", by=agent)


@override_settings(AECT_DEMO=True)
def test_the_demonstration_has_records_on_their_way_which_nobody_else_sees():
    with pytest.raises(CommandError, match="demo_accounts"):
        call_command("demo_records")
    call_command("demo_accounts")
    factories.OrganisationFactory(slug="daect", kind="state")
    for code in ("14021", "41030", "41040"):
        factories.PurposeCodeFactory(code=code)
    for siren in ("241700434", "243300316"):
        place = factories.OrganisationFactory()
        Identifier.objects.create(organisation=place, scheme="siren", code=siren)
        factories.PartyFactory(organisation=place)
    call_command("demo_memberships")
    call_command("demo_records")
    call_command("demo_records")
    states = Project.objects.order_by("state").values_list("state", flat=True)
    assert list(states) == ["draft", "draft", "returned", "submitted", "submitted"]
    assert all(project.title.startswith("[Fictif] ") for project in Project.objects.all())
    assert not visible_projects(AnonymousUser()).exists()
    with override_settings(AECT_DEMO=False), pytest.raises(CommandError, match="AECT_DEMO"):
        call_command("demo_records")
