"""Invited, asking, granted, leaving: the screens of a collectivity's members."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from aect.accounts.models import Role, User
from aect.accounts.persons import erase_person
from aect.journal.models import Entry
from aect.mail.services import send_waiting
from partnerships import handover, joining
from partnerships.choices import MemberRole
from partnerships.models import Invitation, JoinRequest, Membership
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "un-mot-de-passe-assez-long-42"


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Real hashes are slow on purpose; what is tested here is not the hash."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def place():
    return factories.OrganisationFactory(name="Saintes", slug="saintes")


@pytest.fixture
def signatory(place) -> User:
    return factories.MembershipFactory(organisation=place, role=MemberRole.SIGNATORY).user


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(page: str, *rest) -> str:
    return reverse(page, args=["saintes", *rest])


def invite(by, email="collegue@ville.test", role="editor", language="fr"):
    return signed_in(by).post(address("member-invite"), {"email": email, "role": role, "language": language})


def link() -> str:
    """The path in the last message."""
    send_waiting()
    return re.search(r"http://[^/\s]+(/\S*(?:invitations|inscription)/\S+)", mail.outbox[-1].body)[1]


def test_an_invited_colleague_chooses_a_password_and_is_a_member(place, signatory):
    assert invite(signatory, "Collegue@Ville.test").status_code == 302
    path = link()
    assert mail.outbox[-1].to == ["collegue@ville.test"]
    assert "Saintes" in mail.outbox[-1].body
    client = Client()
    assert "collegue@ville.test" in client.get(path).content.decode()
    assert not User.objects.filter(email="collegue@ville.test").exists()  # opening the link is not accepting
    assert client.post(path, {"new_password1": "court", "new_password2": "court"}).status_code == 400
    answer = client.post(path, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert answer.url == address("members")
    assert "collegue@ville.test" in client.get(answer.url).content.decode()
    member = Membership.objects.get(user__email="collegue@ville.test")
    assert (member.organisation, member.role, member.user.role) == (place, "editor", Role.AGENT)
    assert Client().get(path).status_code == 410  # one use


def test_an_invitation_is_written_in_the_language_chosen(signatory):
    invite(signatory, language="es")
    assert "/es/invitations/" in link()


def test_only_the_digest_of_the_link_is_kept(signatory):
    invite(signatory)
    token = link().rstrip("/").rpartition("/")[2]
    invitation = Invitation.objects.get()
    assert invitation.digest == joining.digest_of(token) != token


def test_whoever_has_an_account_signs_in_to_accept(place, signatory):
    colleague = factories.UserFactory(email="collegue@ville.test")
    invite(signatory)
    path = link()
    page = Client().get(path).content.decode()
    assert f"/connexion/?next={path}" in page
    assert "new_password1" not in page
    assert Client().post(path, {"new_password1": PASSWORD, "new_password2": PASSWORD}).url.startswith("/connexion/")
    other = signed_in(factories.UserFactory())
    assert "Déconnectez-vous" in other.get(path).content.decode()
    other.post(path)
    assert not Membership.objects.filter(organisation=place).exclude(user=signatory).exists()
    signed_in(colleague).post(path)
    assert colleague.memberships.get().organisation == place


def test_somebody_else_signed_in_opens_no_account_by_the_link(signatory):
    invite(signatory)
    path = link()
    signed_in(factories.UserFactory()).post(path, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert not User.objects.filter(email="collegue@ville.test").exists()


def test_a_wrong_or_old_link_says_what_to_do(signatory):
    wrong = Client().get("/invitations/rien/")
    assert wrong.status_code == 404
    assert "Copiez-le en entier" in wrong.content.decode()
    invite(signatory)
    path = link()
    Invitation.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    old = Client().get(path)
    assert old.status_code == 410
    assert "quatorze jours" in old.content.decode()
    Client().post(path, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert Membership.objects.count() == 1


def test_a_second_invitation_replaces_the_first_and_a_withdrawn_one_is_nothing(signatory):
    invite(signatory)
    first = link()
    invite(signatory, role="reader")
    second = link()
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    signed_in(signatory).post(address("invitation-withdraw", Invitation.objects.get().pk))
    assert Client().get(second).status_code == 404


def test_a_member_is_not_invited(signatory):
    assert invite(signatory, signatory.email).status_code == 400


def test_an_officer_is_not_made_a_member(signatory):
    officer = factories.UserFactory(role=Role.OFFICER, email="agent@daect.test")
    invite(signatory, officer.email)
    signed_in(officer).post(link())
    assert not officer.memberships.exists()


def test_one_invites_before_a_long_list_and_the_space_leads_there(place, signatory):
    for _ in range(3):
        factories.MembershipFactory(organisation=place)
    client = signed_in(signatory)
    assert address("members") in client.get("/espace/").content.decode()
    page = client.get(address("members")).content.decode()
    assert "Membres (4)" in page
    assert page.index("Envoyer l’invitation") < page.index("Membres (4)")


@pytest.mark.parametrize("role", [MemberRole.READER, MemberRole.EDITOR])
def test_who_does_not_sign_reads_the_members_and_changes_nothing(place, signatory, role):
    member = factories.MembershipFactory(organisation=place, role=role)
    client = signed_in(member.user)
    page = client.get(address("members")).content.decode()
    assert signatory.email in page
    assert "Changer le rôle" not in page
    own = signatory.memberships.get()
    for post in (
        (address("member-invite"), {"email": "a@ville.test", "role": "signatory", "language": "fr"}),
        (address("member-role", member.pk), {"role": "signatory"}),
        (address("member-end", own.pk), {}),
    ):
        assert client.post(*post).status_code == 404
    assert invite(member.user).status_code == 404
    assert Membership.objects.get(pk=member.pk).role == role


def test_a_stranger_s_page_of_members_is_missing(place, signatory):
    missing = reverse("members", args=["rien"])
    for client in (
        signed_in(factories.MembershipFactory(role=MemberRole.SIGNATORY).user),
        signed_in(factories.UserFactory()),
    ):
        assert client.get(address("members")).status_code == client.get(missing).status_code == 404
    analyst = signed_in(factories.UserFactory(role=Role.ANALYST))
    assert analyst.get(address("members")).status_code == 404


def test_numbers_of_another_collectivity_s_rows_lead_nowhere(place, signatory):
    other = factories.MembershipFactory(role=MemberRole.EDITOR)
    asked = JoinRequest.objects.create(user=factories.UserFactory(), organisation=other.organisation)
    client = signed_in(signatory)
    assert client.post(address("member-role", other.pk), {"role": "reader"}).status_code == 404
    assert client.post(address("member-end", other.pk)).status_code == 404
    answer = client.post(address("join-request-answer", asked.pk), {"role": "signatory", "accorder": "1"})
    assert answer.status_code == 404
    assert Membership.objects.filter(pk=other.pk, role=MemberRole.EDITOR).exists()


def ask(by, place, **more):
    sent = {"organisation": place.name, "organisation_sought": place.name, "organisation_choice": place.pk}
    return signed_in(by).post("/rejoindre/", {**sent, "message": "Chargée des relations internationales", **more})


def test_a_request_is_granted_by_a_signatory(place, signatory, agent):
    assert ask(agent, place).status_code == 302
    send_waiting()
    assert mail.outbox[-1].to == [signatory.email]
    assert ask(agent, place).status_code == 400  # once is enough
    asked, client = JoinRequest.objects.get(), signed_in(signatory)
    assert "Chargée des relations internationales" in client.get(address("members")).content.decode()
    client.post(address("join-request-answer", asked.pk), {"role": "editor", "accorder": "1"})
    assert agent.memberships.get().role == "editor"
    send_waiting()
    assert mail.outbox[-1].to == [agent.email]
    late = client.post(address("join-request-answer", asked.pk), {"refuser": "1"})
    assert "déjà été donnée" in client.get(late.url).content.decode()
    assert agent.memberships.exists()
    granted = Entry.objects.get(action="granted")
    assert (granted.actor_id, granted.record_id, granted.organisation) == (signatory.pk, str(agent.pk), "Saintes")


def test_without_a_signatory_the_delegation_is_told_and_answers(place, officer, agent):
    ask(agent, place)
    send_waiting()
    assert mail.outbox[-1].to == [officer.email]
    asked = JoinRequest.objects.get()
    signed_in(officer).post(address("join-request-answer", asked.pk), {"role": "signatory", "accorder": "1"})
    assert agent.memberships.get().role == "signatory"


def test_a_refused_request_gives_nothing_and_may_be_made_again(place, signatory, agent):
    ask(agent, place)
    signed_in(signatory).post(address("join-request-answer", JoinRequest.objects.get().pk), {"refuser": "1"})
    assert not agent.memberships.exists()
    send_waiting()
    assert "n’a pas été acceptée" in mail.outbox[-1].body
    assert ask(agent, place).status_code == 302


def test_a_request_says_for_whom_it_is_by_itself_only(place, signatory, agent):
    """Whose, and what was answered, come from nowhere but the service."""
    ask(agent, place, user=signatory.pk, is_granted="on", answered_at="2020-01-01")
    asked = JoinRequest.objects.get()
    assert (asked.user, asked.is_granted, asked.answered_at) == (agent, None, None)


def test_one_does_not_ask_to_join_a_foreign_authority(agent):
    assert ask(agent, factories.MexicanMunicipalityFactory(name="Campeche")).status_code == 400


def test_the_last_signatory_stays_until_there_is_another(place, signatory):
    own, client = signatory.memberships.get(), signed_in(signatory)
    for page, data in (("member-end", {}), ("member-role", {"role": "editor"})):
        answer = client.post(address(page, own.pk), data)
        assert "dernier signataire" in client.get(answer.url).content.decode()
    closed = factories.MembershipFactory(organisation=place, role=MemberRole.SIGNATORY)
    User.objects.filter(pk=closed.user_id).update(is_active=False)
    client.post(address("member-end", own.pk))
    assert Membership.objects.filter(pk=own.pk).exists()  # a closed account signs nothing
    factories.MembershipFactory(organisation=place, role=MemberRole.SIGNATORY)
    assert "dossiers que vous tenez" in client.get(address("member-end", own.pk)).content.decode()
    assert client.post(address("member-end", own.pk)).url == "/rejoindre/"
    assert not signatory.memberships.exists()
    assert client.get(address("members")).status_code == 404


def test_leaving_hands_over(place, signatory, monkeypatch):
    told = []
    hook = lambda user, organisation, *, by: told.append((user, organisation, by))  # noqa: E731
    monkeypatch.setattr(handover, "hooks", lambda: [hook])
    member = factories.MembershipFactory(organisation=place)
    signed_in(signatory).post(address("member-end", member.pk))
    assert told == [(member.user, place, signatory)]


def test_an_editor_leaves_by_themselves(place, signatory):
    member = factories.MembershipFactory(organisation=place)
    client = signed_in(member.user)
    assert client.get(address("member-end", member.pk)).status_code == 200
    client.post(address("member-end", member.pk))
    assert not Membership.objects.filter(pk=member.pk).exists()


def test_old_invitations_and_requests_are_forgotten(signatory, agent, place):
    invite(signatory)
    ask(agent, place)
    joining.forget()
    assert (Invitation.objects.count(), JoinRequest.objects.count()) == (1, 1)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=31))
    JoinRequest.objects.update(answered_at=timezone.now() - timedelta(days=366), is_granted=False)
    joining.forget()
    assert (Invitation.objects.count(), JoinRequest.objects.count()) == (0, 0)


def test_an_erased_person_is_invited_nowhere(signatory):
    invite(signatory)
    user = factories.UserFactory(email="collegue@ville.test")
    erase_person(user)
    assert not Invitation.objects.exists()


def test_a_new_account_by_the_link_that_was_sent(place):
    client = Client()
    assert client.post("/inscription/", {"email": "Nouvelle@Ville.test"}).url == "/connexion/"
    path = link()
    assert "nouvelle@ville.test" in client.get(path).content.decode()
    answer = client.post(path, {"new_password1": PASSWORD, "new_password2": PASSWORD, "role": "officer"})
    assert answer.url == "/rejoindre/"
    user = User.objects.get(email="nouvelle@ville.test")
    assert user.role == Role.AGENT
    assert client.get("/rejoindre/").status_code == 200
    assert "déjà servi" in Client().get(path).content.decode()
    assert Client().get(path + "x/").status_code == 404
    assert Client().get("/inscription/rien/").status_code == 410


def test_an_address_with_an_account_gets_the_same_answer(agent):
    answers = [Client().post("/inscription/", {"email": email}).url for email in (agent.email, "autre@ville.test")]
    assert answers[0] == answers[1]
    send_waiting()
    about = next(message for message in mail.outbox if message.to == [agent.email])
    assert "elle en a déjà un" in about.body
    assert "/inscription/" not in about.body


def test_an_account_is_opened_within_a_day(monkeypatch):
    Client().post("/inscription/", {"email": "nouvelle@ville.test"})
    path = link()
    now = timezone.now().timestamp()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 25 * 3600)
    late = Client().post(path, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert late.status_code == 410
    assert not User.objects.exists()
