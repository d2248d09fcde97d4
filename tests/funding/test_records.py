"""The record of a project on screen: written by its collectivity, saving itself, instructed by an officer."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from aect.accounts.models import User
from aect.mail.services import send_waiting
from funding import filing
from funding.models import Attachment, Cofinancing, Guest, Project
from partnerships.choices import MemberRole
from tests import factories
from tests.funding.test_filing import SOON, editor, signatory, stored, submitted, whole_draft  # noqa: F401
from tests.test_uploads import PDF

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def draft(signatory) -> Project:  # noqa: F811
    return whole_draft(signatory)


@pytest.fixture
def stranger() -> User:
    """A signatory of another collectivity, with a draft of its own."""
    user = factories.MembershipFactory(role=MemberRole.SIGNATORY).user
    whole_draft(user)
    return user


def form_of(project: Project, **changes: Any) -> dict[str, Any]:
    """What the form sends when nothing is changed, with these changes."""
    project.refresh_from_db()
    rows = list(project.cofinancings.order_by("pk"))
    data = {
        "version": project.version,
        "title": project.title,
        "partnership": project.partnership_id or "",
        "objective": project.objective,
        "begins_on": "01/01/2026",
        "ends_on": "01/01/2027",
        "sectors": [sector.pk for sector in project.sectors.all()] + [""],
        "sdg_goals": project.sdg_goals,
        "budget_amount": "1 000,00",
        "plan-TOTAL_FORMS": len(rows) + 1,
        "plan-INITIAL_FORMS": len(rows),
    }
    for place, row in enumerate(rows):
        data |= line(place, row.funder.name, f"{row.amount}", row=row.pk, choice=row.funder_id, state=row.state)
    data |= line(len(rows), "", "")
    return data | changes


def line(place: int, funder: str, amount: str, **more: Any) -> dict[str, Any]:
    name = f"plan-{place}"
    found = {f"{name}-funder": funder, f"{name}-amount": amount, f"{name}-kind": "cash", f"{name}-state": "requested"}
    if "choice" in more:
        found |= {f"{name}-funder_sought": funder, f"{name}-funder_choice": more.pop("choice")}
    return found | {f"{name}-{key}": value for key, value in more.items()}


def edit(client: Client, project: Project, **changes: Any):
    return client.post(f"/projets/{project.slug}/modifier/", form_of(project, **changes))


def autosave(client: Client, project: Project, **changes: Any):
    return client.post(f"/projets/{project.slug}/enregistrer/", form_of(project, **changes))


# The journey


def test_from_a_draft_to_the_public(signatory, officer_client, client, mailoutbox):  # noqa: F811
    place = signatory.memberships.get().organisation
    partnership = factories.PartyFactory(organisation=place).partnership
    factories.PurposeCodeFactory(code="14030")
    agent = signed_in(signatory)
    made = agent.post("/espace/projets/nouveau/", {"collectivity": place.slug, "title": "Eau potable à León"})
    project = Project.objects.get()
    assert made.url == f"/projets/{project.slug}/modifier/"
    assert agent.get(made.url).status_code == 200
    refused = agent.post(f"/projets/{project.slug}/deposer/", {"version": project.version})
    assert refused.status_code == 400
    assert "8 points manquent" in refused.content.decode()
    saved = edit(
        agent,
        project,
        partnership=partnership.pk,
        objective="Réduire les fuites.",
        sectors=["14030", "", ""],
        sdg_goals=["6", "11"],
        **line(0, place.name, "1 000"),
    )
    assert saved.status_code == 302
    page = agent.get(saved.url).content.decode()
    assert "manque" not in page
    project.refresh_from_db()
    assert agent.post(f"/projets/{project.slug}/deposer/", {"version": project.version}).status_code == 302
    assert "Eau potable" in agent.get("/espace/").content.decode()

    queue = officer_client.get("/instruction/").content.decode()
    assert f"/instruction/{project.slug}/?tri=depot" in queue
    project.refresh_from_db()
    back = {"version": project.version, "comment": "Précisez le débit.", "due_on": "31/01/2030"}
    assert officer_client.post(f"/projets/{project.slug}/renvoyer/", back).status_code == 302
    told = agent.get("/espace/").content.decode()
    assert "31 janvier 2030" in told
    assert edit(agent, project, objective="Réduire les fuites de 30 %.").status_code == 302
    project.refresh_from_db()
    agent.post(f"/projets/{project.slug}/deposer/", {"version": project.version})
    project.refresh_from_db()
    assert client.get(f"/projets/{project.slug}/").status_code == 404
    published = officer_client.post(f"/projets/{project.slug}/publier/?tri=depot", {"version": project.version})
    assert published.url == f"/instruction/{project.slug}/?tri=depot"
    page = client.get(f"/projets/{project.slug}/").content.decode()
    assert "fuites de 30 %" in page
    assert "Précisez le débit" not in page  # what was said on the way stays between those who worked on it
    assert send_waiting() == 4


def test_a_form_sent_as_it_is_changes_nothing(draft, signatory):  # noqa: F811
    before = Project.objects.get().version
    assert edit(signed_in(signatory), draft).status_code == 302
    assert Project.objects.get().version == before


def test_lines_are_added_mended_and_taken_away(draft, signatory):  # noqa: F811
    client, old = signed_in(signatory), Cofinancing.objects.get()
    bank = factories.OrganisationFactory(name="Agence de l’eau", kind="agency")
    mended = line(0, old.funder.name, "400,50", row=old.pk, choice=old.funder_id)
    edit(client, draft, **mended, **line(1, "Agence de l’eau", "599,50"))
    assert [(row.funder, str(row.amount)) for row in Cofinancing.objects.order_by("pk")] == [
        (old.funder, "400.50"),
        (bank, "599.50"),
    ]
    edit(client, draft, **{"plan-0-DELETE": "on"})
    assert Cofinancing.objects.get().funder == bank


def test_more_lines_are_offered_and_nothing_is_lost_or_saved(draft, signatory):  # noqa: F811
    answer = edit(signed_in(signatory), draft, title="Autre titre", more="1")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'value="Autre titre"' in page
    assert 'name="plan-3-amount"' in page
    assert Project.objects.get().title == "Eau de León"


def test_what_is_wrong_is_told_and_nothing_is_saved(draft, signatory):  # noqa: F811
    answer = edit(signed_in(signatory), draft, title="Autre titre", budget_amount="beaucoup", **line(1, "Xyzzy", "3"))
    page = answer.content.decode()
    assert answer.status_code == 400
    assert 'href="#id_budget_amount"' in page
    assert 'href="#id_plan-1-funder"' in page
    assert "beaucoup" in page
    assert Project.objects.get().title == "Eau de León"


def test_two_who_write_see_both_versions(draft, signatory, editor):  # noqa: F811
    mine, theirs = signed_in(signatory), signed_in(editor)
    opened = form_of(draft)
    row = Cofinancing.objects.get()
    changed = line(0, row.funder.name, "900", row=row.pk, choice=row.funder_id)
    edit(theirs, draft, objective="Leur objectif", **changed)
    answer = mine.post(f"/projets/{draft.slug}/modifier/", {**opened, "objective": "Mon objectif"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert all(text in page for text in ("Leur objectif", "Mon objectif", "900,00", "1 000,00"))
    assert Project.objects.get().objective == "Leur objectif"
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    again = mine.post(f"/projets/{draft.slug}/modifier/", {**opened, "version": version, "objective": "Mon objectif"})
    assert again.status_code == 302
    assert Project.objects.get().objective == "Mon objectif"


# Saving itself


def test_a_draft_saves_itself_and_says_when(draft, signatory):  # noqa: F811
    answer = autosave(signed_in(signatory), draft, objective="Tapé")
    told = answer.json()
    assert re.fullmatch(r"Enregistré à \d{1,2} h \d{2}", told["message"])
    project = Project.objects.get()
    assert (project.objective, told["version"]) == ("Tapé", project.version)
    assert told["rows"] == {"plan-0": Cofinancing.objects.get().pk}


def test_an_incomplete_draft_saves_but_for_what_is_wrong(draft, signatory):  # noqa: F811
    wrong = {"partnership": "", "begins_on": "bientôt", **line(1, "Xyzzy inconnu", "3")}
    told = autosave(signed_in(signatory), draft, objective="Tapé", **wrong).json()
    assert "sauf : Commence le, Plan de financement" in told["message"]
    assert not told["is_whole"]
    project = Project.objects.get()
    assert (project.objective, project.partnership, str(project.begins_on)) == ("Tapé", None, "2026-01-01")
    assert Cofinancing.objects.count() == 1


def test_fields_that_are_wrong_together_are_not_saved(draft, signatory):  # noqa: F811
    told = autosave(signed_in(signatory), draft, objective="Tapé", ends_on="01/01/2020").json()
    assert "prend fin après son début" in told["message"]
    assert Project.objects.get().objective == "Réduire les fuites."


def test_a_sending_whose_answer_was_lost_is_repeated_without_harm(draft, signatory):  # noqa: F811
    client = signed_in(signatory)
    sent = form_of(draft, objective="Tapé", **line(1, draft.collectivity.name, "7"))
    first, second = (client.post(f"/projets/{draft.slug}/enregistrer/", sent) for _n in "ab")
    assert (first.status_code, second.status_code) == (200, 200)
    assert Cofinancing.objects.count() == 2
    assert second.json()["version"] == first.json()["version"]


def test_saving_itself_never_overwrites_another_version(draft, signatory, editor):  # noqa: F811
    opened = form_of(draft)
    edit(signed_in(editor), draft, objective="Leur objectif")
    answer = signed_in(signatory).post(f"/projets/{draft.slug}/enregistrer/", {**opened, "objective": "Mon objectif"})
    assert answer.status_code == 409
    assert "comparez-les" in answer.json()["message"]
    assert Project.objects.get().objective == "Leur objectif"


@pytest.mark.parametrize("page", ["modifier", "enregistrer"])
def test_what_is_submitted_is_written_no_more_and_the_text_is_shown(draft, signatory, page):  # noqa: F811
    client = signed_in(signatory)
    form = client.get(f"/projets/{draft.slug}/modifier/").content.decode()
    token = re.search(r'name="typed_by" value="([^"]+)"', form)[1]
    submitted(draft, signatory)
    sent = form_of(draft, objective="Tapé trop tard", typed_by=token)
    answer = client.post(f"/projets/{draft.slug}/{page}/", sent)
    assert answer.status_code == 404
    assert ("Tapé trop tard" in answer.content.decode()) == (page == "modifier")
    assert Project.objects.get().objective == "Réduire les fuites."


# What others send


def test_fields_that_no_form_has_are_ignored(draft, signatory, officer):  # noqa: F811
    other = factories.OrganisationFactory()
    forged = {
        "state": "published",
        "collectivity": other.pk,
        "holder": officer.pk,
        "slug": "autre",
        "due_on": "01/01/2030",
        "source": factories.SourceFactory().pk,
        "id": 1,
        "plan-0-project": whole_draft(factories.MembershipFactory(role=MemberRole.SIGNATORY).user).pk,
        "plan-0-source": 1,
    }
    before = Project.objects.filter(pk=draft.pk).values().get()
    client = signed_in(signatory)
    assert edit(client, draft, **forged, objective="Autre").status_code == 302
    assert autosave(client, draft, **forged, objective="Autre encore").status_code == 200
    after = Project.objects.filter(pk=draft.pk).values().get()
    assert {name for name in after if after[name] != before[name]} == {"objective", "version"}
    assert Cofinancing.objects.filter(project=draft).count() == 1


def test_a_line_of_another_project_is_not_touched(draft, signatory, stranger):  # noqa: F811
    row = Cofinancing.objects.exclude(project=draft).get()
    before = Cofinancing.objects.filter(pk=row.pk).values().get()
    for forged in (
        line(1, draft.collectivity.name, "9", row=row.pk),
        {**line(1, "", "", row=row.pk), "plan-1-DELETE": "on"},
        line(1, draft.collectivity.name, "8", row="-1"),
        line(1, draft.collectivity.name, "7", row="9" * 40),
    ):
        edit(signed_in(signatory), draft, **forged)
        assert Cofinancing.objects.filter(pk=row.pk).values().get() == before


def test_a_partnership_of_others_is_no_choice(draft, signatory):  # noqa: F811
    hidden = factories.PartnershipFactory(published_at=None, name="Secret")
    answer = edit(signed_in(signatory), draft, partnership=hidden.pk)
    assert answer.status_code == 400
    assert "Secret" not in answer.content.decode()


@pytest.mark.parametrize("total", ["", "x", "-1", "99999999999999999999", "1001"])
def test_a_hostile_number_of_lines_is_refused_calmly(draft, signatory, total):  # noqa: F811
    client = signed_in(signatory)
    hostile = {"plan-TOTAL_FORMS": total}
    assert edit(client, draft, **hostile).status_code in {302, 400}
    assert edit(client, draft, **hostile, more="1").status_code in {200, 400}
    assert autosave(client, draft, **hostile).status_code in {200, 400}
    assert Cofinancing.objects.count() == 1


ACTIONS = [
    ("deposer", {}),
    ("reprendre", {}),
    ("prendre-la-main", {}),
    ("publier", {}),
    ("depublier", {}),
    ("confier", {"to": "1"}),
    ("commenter", {"comment": "Moi"}),
    ("supprimer", {}),
    ("renvoyer", {"comment": "Non", "due_on": "31/01/2030"}),
    ("modifier", {"title": "Pris"}),
    ("enregistrer", {"title": "Pris"}),
    ("pieces", {"kind": "other"}),
    ("invites", {"email": "moi@demo.test", "language": "es"}),
]


@pytest.mark.parametrize("state", ["draft", "submitted"])
def test_nobody_else_acts_on_a_record_or_learns_that_it_is_there(draft, signatory, stranger, state):  # noqa: F811
    attachment = filing.attach(draft, SimpleUploadedFile("a.pdf", PDF), kind="other", by=signatory)
    guest = filing.invite(draft, email="ana@leon.test", language="es", by=signatory)
    Project.objects.filter(pk=draft.pk).update(state=state)
    before = Project.objects.filter(pk=draft.pk).values().get()
    client = signed_in(stranger)
    for action, data in [*ACTIONS, (f"pieces/{attachment.pk}/supprimer", {}), (f"invites/{guest.pk}/retirer", {})]:
        sent = {"version": before["version"], **data}
        assert client.post(f"/projets/{draft.slug}/{action}/", sent).status_code == 404, action
    there, missing = (client.post(f"/projets/{slug}/deposer/") for slug in (draft.slug, draft.slug[::-1]))
    assert len(there.content) == len(missing.content)
    assert client.get(f"/projets/{draft.slug}/pieces/{attachment.pk}/").status_code == 404
    own = Project.objects.exclude(pk=draft.pk).get()
    for address in (f"pieces/{attachment.pk}/", f"pieces/{attachment.pk}/supprimer/", f"invites/{guest.pk}/retirer/"):
        method = client.get if address.endswith(f"{attachment.pk}/") else client.post
        assert method(f"/projets/{own.slug}/{address}").status_code == 404  # through a record of one's own
    assert Project.objects.filter(pk=draft.pk).values().get() == before
    assert Attachment.objects.count() == Guest.objects.count() == 1


def test_a_reader_reads_and_comments_only(draft, signatory):  # noqa: F811
    reader = signed_in(factories.MembershipFactory(organisation=draft.collectivity, role=MemberRole.READER).user)
    before = Project.objects.filter(pk=draft.pk).values().get()
    codes = {
        action: reader.post(f"/projets/{draft.slug}/{action}/", {"version": before["version"], **data}).status_code
        for action, data in ACTIONS
    }
    assert {action for action, code in codes.items() if code == 302} == {"commenter"}
    assert Project.objects.filter(pk=draft.pk).values().get() == before
    assert "Modifier le dossier" not in reader.get(f"/projets/{draft.slug}/").content.decode()


# Attachments


def test_an_attachment_is_given_back_as_a_file_to_who_works_on_it(draft, signatory, client, officer_client):  # noqa: F811
    agent = signed_in(signatory)
    sent = {"file": SimpleUploadedFile("Délibération <b>.pdf", PDF), "kind": "deliberation"}
    assert agent.post(f"/projets/{draft.slug}/pieces/", sent).status_code == 302
    attachment = Attachment.objects.get()
    for reader in (agent, officer_client):
        answer = reader.get(attachment.get_absolute_url())
        assert b"".join(answer.streaming_content) == PDF
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "private" in answer.headers["Cache-Control"]
        assert "no-store" in answer.headers["Cache-Control"]
    Project.objects.update(state="published")
    assert client.get(attachment.get_absolute_url()).status_code == 302  # to sign in
    assert "libération" not in client.get(f"/projets/{draft.slug}/").content.decode()


def test_a_refused_file_says_why(draft, signatory):  # noqa: F811
    agent = signed_in(signatory)
    for name, content in (("a.svg", b"<svg/>"), ("a.pdf", b"<html>"), ("a.pdf", b"")):
        sent = {"file": SimpleUploadedFile(name, content), "kind": "other"}
        answer = agent.post(f"/projets/{draft.slug}/pieces/", sent)
        assert answer.status_code == 400
    assert not Attachment.objects.exists()


# Guests


def test_a_guest_edits_and_comments_one_record_in_spanish(draft, signatory, client, mailoutbox):  # noqa: F811
    agent = signed_in(signatory)
    agent.post(f"/projets/{draft.slug}/invites/", {"email": "Ana@leon.test", "language": "es"})
    send_waiting()
    address = re.search(r"(/es/invitations/projet/\S+/)", mailoutbox[0].body)[1]
    assert client.get(address).status_code == 200
    assert client.post(address, {"password": "court"}).status_code == 400
    arrived = client.post(address, {"password": "una-clave-muy-larga"})
    assert arrived.status_code == 302
    assert client.get(address).status_code == 404  # once
    ana = User.objects.get(email="ana@leon.test")
    assert "partnership" not in client.get(f"/projets/{draft.slug}/modifier/").context["form"].fields
    sent = form_of(draft, objective="Reducir las fugas.", partnership=factories.PartnershipFactory().pk)
    assert client.post(f"/projets/{draft.slug}/modifier/", sent).status_code == 302
    draft.refresh_from_db()
    assert draft.objective == "Reducir las fugas."
    assert client.post(f"/projets/{draft.slug}/commenter/", {"comment": "Listo"}).status_code == 302
    for action in ("deposer", "invites", "confier", "supprimer", "prendre-la-main"):
        assert client.post(f"/projets/{draft.slug}/{action}/", {"version": 1}).status_code in {400, 404, 409}, action
    assert "Eau de León" in client.get("/es/espace/").content.decode()
    other = whole_draft(signatory)
    assert client.get(f"/projets/{other.slug}/").status_code == 404
    agent.post(f"/projets/{draft.slug}/invites/{ana.guest_places.get().pk}/retirer/")
    assert client.get(f"/projets/{draft.slug}/").status_code == 404


def test_an_invitation_waits_for_its_own_account(draft, signatory, stranger, client):  # noqa: F811
    friend = factories.UserFactory(email="ana@leon.test")
    guest = filing.invite(draft, email="ana@leon.test", language="es", by=signatory)
    address = f"/invitations/projet/{filing.link_token(guest)}/"
    page = client.post(address, {"password": "una-clave-muy-larga"})
    assert "connectez-vous" in page.content.decode()
    other = signed_in(stranger)
    assert other.post(address).status_code == 409
    assert not Guest.objects.exclude(user=None).exists()
    assert signed_in(friend).post(address).status_code == 302
    assert Guest.objects.get().user == friend


# The space


def test_the_space_says_what_is_due_and_what_to_do_next(signatory):  # noqa: F811
    client, place = signed_in(signatory), signatory.memberships.get().organisation
    page = client.get("/espace/").content.decode()
    assert "Aucun brouillon" in page
    assert "Nouveau projet" in page
    project = whole_draft(signatory)
    factories.ConventionFactory(partnership=project.partnership, title="Bientôt finie", ends_on=soon())
    factories.ConventionFactory(partnership=factories.PartnershipFactory(), title="D’autrui", ends_on=soon())
    Project.objects.update(state="returned", due_on="2020-01-01")
    page = client.get("/espace/").content.decode()
    assert "Bientôt finie" in page
    assert "D’autrui" not in page
    assert "En retard" in page
    assert place.name in page


def soon():
    import datetime

    from django.utils import timezone

    return timezone.localdate() + datetime.timedelta(days=30)


def test_the_space_is_that_of_one_s_own_collectivities(signatory, stranger, officer_client, client):  # noqa: F811
    other = stranger.memberships.get().organisation
    agent = signed_in(signatory)
    assert agent.get(f"/espace/?collectivite={other.slug}").status_code == 400
    assert "Eau de León" not in agent.get("/espace/").content.decode()
    assert client.get("/espace/").status_code == 302
    assert officer_client.get("/espace/").url == "/instruction/"
    analyst = factories.UserFactory(role="analyst")
    assert "membre d’aucune" in signed_in(analyst).get("/espace/").content.decode()
    assert signed_in(analyst).get("/espace/projets/nouveau/").status_code == 404
    forged = agent.post("/espace/projets/nouveau/", {"collectivity": other.slug, "title": "Chez eux"})
    assert forged.status_code == 400


def test_the_space_takes_as_many_queries_for_many_as_for_one(signatory, django_assert_num_queries):  # noqa: F811
    client = signed_in(signatory)
    whole_draft(signatory)
    with django_assert_num_queries(10):
        client.get("/espace/")
    for _n in range(4):
        whole_draft(signatory)
    with django_assert_num_queries(10):
        client.get("/espace/")
