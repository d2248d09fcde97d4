"""The way to ProConnect and back: who is signed in, who is not and what they read, how they leave."""

import datetime
import socket
import time
from urllib.parse import quote

import pytest
import requests
from django.contrib.auth import get_user
from django.test import Client, override_settings
from django.utils import timezone

from aect.accounts.models import Role, Session, User
from aect.accounts.persons import erase_person
from aect.journal.models import Entry
from aect.proconnect import services
from aect.proconnect.models import Identity
from tests.factories import UserFactory
from tests.proconnect.conftest import go, own, query

pytestmark = pytest.mark.django_db
START = "/connexion/proconnect/"
PASSWORD = "a long enough password"


@pytest.fixture
def camille(provider) -> User:
    return User.objects.create_user("camille@demo.test", PASSWORD)


def linked(user: User, provider, subject: str = "camille") -> Identity:
    return Identity.objects.create(user=user, issuer=provider.address, subject=subject)


def test_the_button_shows_only_where_proconnect_is_configured(client, provider):
    page = client.get("/connexion/?next=/taches/%3Fa%3D1%26b%3D2").content.decode()
    assert 'href="/connexion/proconnect/?next=%2Ftaches%2F%3Fa%3D1%26b%3D2"' in page
    assert "Qu’est-ce que ProConnect ?" in page
    assert "aect-connect--plain" in page  # the button's picture is a mark of the State
    with override_settings(AECT_STATE_BRANDING=True):
        assert "aect-connect--plain" not in client.get("/connexion/").content.decode()
    with override_settings(OIDC_ISSUER=""):
        assert "ProConnect" not in client.get("/connexion/").content.decode()
        for address in (START, "/proconnect/retour/?code=c&state=s"):
            assert client.get(address).status_code == 404


def test_the_request_says_what_proconnect_documents_and_no_more(client, provider):
    asked = query(client.get(START).url)
    assert set(asked) == {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "claims"}
    assert asked["redirect_uri"] == "http://testserver/proconnect/retour/"
    assert len(asked["state"]) >= 32
    assert len(asked["nonce"]) >= 32
    again = query(client.get(START).url)
    assert asked["state"] != again["state"]
    assert asked["nonce"] != again["nonce"]


def test_the_return_has_no_language(client, provider):
    assert query(client.get("/es/connexion/proconnect/").url)["redirect_uri"] == "http://testserver/proconnect/retour/"


def test_pkce_goes_with_a_setting(client, provider, settings):
    settings.OIDC_USE_PKCE = True
    back = provider.asks(leaving := client.get(START).url, sub="camille")
    assert query(leaving)["code_challenge_method"] == "S256"
    assert client.get(own(back)).status_code == 302
    verifier = provider.seen("/oauth2/token")[0]["code_verifier"]
    assert len(verifier) == 64
    assert services.generate_code_challenge(verifier, "S256") == query(leaving)["code_challenge"]


def test_a_first_visit_makes_an_agent_without_password(client, provider):
    assert go(client, provider).url == "/rejoindre/"
    user = User.objects.get()
    assert get_user(client) == user
    assert (user.email, user.first_name, user.last_name) == ("camille@demo.test", "Camille", "Durand")
    assert user.role == Role.AGENT
    assert not user.has_usable_password()
    assert not user.is_staff
    identity = user.identities.get()
    assert (identity.issuer, identity.subject) == (provider.address, "camille")
    assert (identity.acr, identity.amr) == ("eidas1", ["pwd", "mfa"])
    assert identity.used_at


def test_later_visits_find_the_account_by_its_subject_whatever_the_address(client, provider):
    go(client, provider)
    provider.knows("camille", email="other@demo.test")
    assert go(again := Client(), provider).url == "/"
    assert get_user(again) == User.objects.get()
    assert User.objects.get().email == "camille@demo.test"


def test_another_subject_with_the_same_address_is_another_person(client, provider):
    go(client, provider)
    provider.knows("impostor", email="camille@demo.test")
    refused = go(other := Client(), provider, sub="impostor")
    assert refused.status_code == 403
    assert get_user(other).is_anonymous
    assert Identity.objects.count() == 1


def test_the_same_subject_of_another_issuer_is_another_person(client, provider, camille):
    Identity.objects.create(user=camille, issuer="https://elsewhere.test", subject="camille")
    assert go(client, provider).status_code == 403
    assert get_user(client).is_anonymous


def test_an_account_that_existed_is_never_taken_by_its_address(client, provider, camille):
    refused = go(client, provider)
    assert refused.status_code == 403
    assert "reliez ProConnect depuis « Mon compte »" in refused.content.decode()
    assert get_user(client).is_anonymous
    assert not Identity.objects.exists()


@pytest.mark.parametrize("email", [None, "", "no address", 3])
def test_without_an_address_no_account_is_made(client, provider, email):
    provider.knows("camille", **({} if email is None else {"email": email}))
    refused = go(client, provider)
    assert refused.status_code == 403
    assert "n’a pas transmis votre adresse" in refused.content.decode()
    assert not User.objects.exists()


def test_a_disabled_account_is_refused_and_its_sessions_end(client, provider, camille):
    linked(camille, provider)
    go(before := Client(), provider)
    assert get_user(before) == camille
    User.objects.update(is_active=False)
    assert get_user(before).is_anonymous
    refused = go(client, provider)
    assert refused.status_code == 403
    assert "Ce compte est désactivé" in refused.content.decode()
    assert get_user(client).is_anonymous


def test_control_the_library_would_let_a_disabled_account_go_on(client, provider, camille):
    from mozilla_django_oidc.auth import OIDCAuthenticationBackend

    User.objects.update(is_active=False)
    assert OIDCAuthenticationBackend().get_user(camille.pk) == camille


def test_officers_need_no_code_after_proconnect(client, provider, camille, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    User.objects.update(role=Role.OFFICER)
    linked(camille, provider)
    go(client, provider)
    assert client.get("/compte/").status_code == 200


def test_one_comes_back_to_where_one_wanted_to_go(client, provider):
    assert go(client, provider, f"/es{START}?next={quote('/es/taches/?page=2')}").url == "/es/taches/?page=2"


@pytest.mark.parametrize("wanted", ["https://evil.test/", "//evil.test/", "javascript:alert(1)"])
def test_the_way_never_leads_to_another_host(client, provider, wanted):
    assert go(client, provider, f"{START}?next={quote(wanted)}").url == "/rejoindre/"


def test_a_text_typed_before_the_session_ended_comes_back_after_proconnect(client, provider, camille):
    from aect import typed

    linked(camille, provider)
    login = client.post("/taches/", {"typed_by": typed.token(camille), "title": "Un long texte"}).url
    assert login == "/connexion/?next=/taches/"
    assert "next=%2Ftaches%2F" in client.get(login).content.decode()
    assert go(client, provider, f"{START}?next=/taches/").url == "/taches/"
    assert client.session[typed.KEY]["data"].endswith("title=Un+long+texte")


def test_whoever_gives_up_reads_so(client, provider):
    back = provider.asks(client.get(START).url, action="deny")
    assert "error=access_denied" in back
    # The provider leaves the state out, which ProConnect does not.
    state = next(iter(client.session[services.STATES]))
    refused = client.get(f"{own(back)}&state={state}")
    assert refused.status_code == 400
    assert "Connexion abandonnée" in refused.content.decode()
    assert not client.session[services.STATES]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "?state=unknown&code=c",
        "?code=c",
        "?error=access_denied",
        "?error=server_error&state=x",
        "?state=%00&code=%00",
    ],
)
def test_a_return_that_began_nowhere_is_refused(client, provider, address):
    refused = client.get(f"/proconnect/retour/{address}")
    assert refused.status_code == 400
    assert "n’a pas commencé ici" in refused.content.decode()


def test_another_browser_s_return_is_worth_nothing(client, provider):
    """Who is sent a link with a state and a code is not signed in as somebody else."""
    back = provider.asks(client.get(START).url, sub="camille")
    victim = Client()
    victim.get(START)
    assert victim.get(own(back)).status_code == 400
    assert get_user(victim).is_anonymous


def test_a_return_serves_once(client, provider):
    back = provider.asks(client.get(START).url, sub="camille")
    assert client.get(own(back)).status_code == 302
    again = client.get(own(back))
    assert again.status_code == 400
    assert "n’a pas commencé ici" in again.content.decode()


def test_a_code_serves_once(client, provider):
    """The provider says so; the person reads what to do."""
    back = provider.asks(client.get(START).url, sub="camille")
    code = query(back)["code"]
    client.get(own(back))
    other = Client()
    state = query(other.get(START).url)["state"]
    refused = other.get(f"/proconnect/retour/?code={code}&state={state}")
    assert refused.status_code == 400
    assert "a pris trop de temps" in refused.content.decode()


def test_a_return_after_too_long_is_refused(client, provider):
    back = provider.asks(client.get(START).url, sub="camille")
    session = client.session
    for begun in session[services.STATES].values():
        begun["added_on"] = time.time() - services.LASTS - 1
    session.save()
    refused = client.get(own(back))
    assert refused.status_code == 400
    assert "a pris trop de temps" in refused.content.decode()
    assert get_user(client).is_anonymous


def test_a_refusal_does_not_sign_anybody_out(client, provider, agent):
    client.force_login(agent)
    assert client.get("/proconnect/retour/?error=access_denied").status_code == 400
    assert get_user(client) == agent


@pytest.mark.parametrize(("status", "answer"), [(500, 503), (503, 503), (401, 503), (400, 400)])
def test_a_provider_in_trouble_is_said(client, provider, status, answer):
    provider.lie(status=status)
    assert go(client, provider).status_code == answer
    assert get_user(client).is_anonymous


@pytest.mark.parametrize("endpoint", ["OIDC_OP_TOKEN_ENDPOINT", "OIDC_OP_JWKS_ENDPOINT", "OIDC_OP_USER_ENDPOINT"])
def test_a_provider_that_says_nothing_does_not_hold_the_worker(client, provider, settings, endpoint):
    """A real port that takes the connection and never answers."""
    back = provider.asks(client.get(START).url, sub="camille")
    settings.OIDC_TIMEOUT = 0.7
    with socket.create_server(("127.0.0.1", 0)) as silent:
        setattr(settings, endpoint, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        since = time.monotonic()
        refused = client.get(own(back))
        assert 0.7 <= time.monotonic() - since < 3
        silent.settimeout(0)
        silent.accept()  # it was asked
    assert refused.status_code == 503
    assert "ne répond pas" in refused.content.decode()


def test_what_is_not_json_is_untrusted(client, provider, settings):
    settings.OIDC_OP_JWKS_ENDPOINT = f"{provider.address}/"  # its home page
    assert go(client, provider).status_code == 403


@pytest.mark.parametrize("keys", ["/.well-known/openid-configuration", "/seen"])
def test_json_of_another_shape_is_untrusted(client, provider, settings, keys):
    settings.OIDC_OP_JWKS_ENDPOINT = f"{provider.address}{keys}"
    assert go(client, provider).status_code == 403


def test_a_password_form_is_never_a_return_of_proconnect(client, provider, camille):
    """The library would take the code of the address."""
    back = provider.asks(client.get(START).url, sub="camille")
    code, state = query(back)["code"], query(back)["state"]
    client.post(f"/connexion/?code={code}&state={state}", {"username": "camille@demo.test", "password": "wrong"})
    assert get_user(client).is_anonymous
    assert provider.seen("/oauth2/token") == []


def test_one_signs_out_here_first_then_there(client, provider):
    go(client, provider)
    id_token = client.session[services.KEPT]["id_token"]
    leaving = client.post("/deconnexion/")
    page = leaving.content.decode()
    assert get_user(client).is_anonymous
    assert 'http-equiv="refresh"' in page
    address = leaving.context["address"]
    asked = query(address)
    assert asked["id_token_hint"] == id_token
    assert len(asked["state"]) >= 32
    assert asked["post_logout_redirect_uri"] == "http://testserver/proconnect/deconnexion/"
    assert requests.get(address, timeout=5).status_code == 200
    back = client.get(f"/proconnect/deconnexion/?state={asked['state']}", follow=True)
    assert "Vous êtes déconnecté de ce site et de ProConnect." in back.content.decode()


@pytest.mark.parametrize("state", ["", "?state=other"])
def test_a_return_from_no_sign_out_says_nothing(client, provider, state):
    back = client.get(f"/proconnect/deconnexion/{state}", follow=True)
    assert back.redirect_chain == [("/", 302)]
    assert "Vous êtes déconnecté" not in back.content.decode()


def test_who_came_by_password_leaves_no_proconnect(client, provider, camille):
    client.post("/connexion/", {"username": camille.email, "password": PASSWORD})
    assert client.post("/deconnexion/").url == "/"


def test_sessions_of_proconnect_are_listed_and_end_like_others(client, provider):
    go(client, provider)
    session = Session.objects.get(user__isnull=False)
    assert session.signed_in_at > timezone.now() - datetime.timedelta(minutes=1)
    browser = client.session
    browser["seen_at"] = (timezone.now() - datetime.timedelta(hours=1)).isoformat()
    browser.save()
    assert client.get("/compte/").url == "/connexion/?next=/compte/"


def test_the_owner_links_with_their_password(client, provider, camille):
    client.force_login(camille)
    assert "Mot de passe refusé." in client.post("/compte/proconnect/", {"password": "wrong"}).content.decode()
    leaving = client.post("/compte/proconnect/", {"password": PASSWORD}).context["address"]
    done = client.get(own(provider.asks(leaving, sub="camille")), follow=True)
    assert "ProConnect ouvre maintenant votre compte." in done.content.decode()
    assert get_user(client) == camille
    go(other := Client(), provider)
    assert get_user(other) == camille


def test_what_one_person_began_to_link_another_does_not_finish(client, provider, camille, agent):
    client.force_login(camille)
    leaving = client.post("/compte/proconnect/", {"password": PASSWORD}).context["address"]
    back = provider.asks(leaving, sub="camille")
    begun = dict(client.session[services.STATES])
    client.force_login(agent)
    session = client.session
    session[services.STATES] = begun
    session.save()
    assert client.get(own(back)).status_code == 400
    assert not Identity.objects.exists()


def test_an_identity_opens_one_account_only(client, provider, camille, agent):
    linked(agent, provider)
    client.force_login(camille)
    leaving = client.post("/compte/proconnect/", {"password": PASSWORD}).context["address"]
    refused = client.get(own(provider.asks(leaving, sub="camille")))
    assert refused.status_code == 403
    assert "reliée à un autre compte" in refused.content.decode()
    assert Identity.objects.get().user == agent


def test_linking_twice_changes_nothing(client, provider, camille):
    linked(camille, provider)
    client.force_login(camille)
    leaving = client.post("/compte/proconnect/", {"password": PASSWORD}).context["address"]
    assert client.get(own(provider.asks(leaving, sub="camille"))).status_code == 302
    assert Identity.objects.count() == 1


def test_the_owner_unlinks_and_nobody_else(client, provider, camille, agent):
    identity = linked(camille, provider)
    address = f"/compte/proconnect/{identity.pk}/detacher/"
    client.force_login(agent)
    assert client.post(address, {"password": PASSWORD}).status_code == 404
    client.force_login(camille)
    assert "Détacher" in client.get("/compte/proconnect/").content.decode()
    assert client.post(address, {"password": "wrong"}).status_code == 200
    assert Identity.objects.exists()
    assert client.post(address, {"password": PASSWORD}).url == "/compte/proconnect/"
    assert not Identity.objects.exists()


def test_who_has_no_password_cannot_shut_themselves_out(client, provider):
    go(client, provider)
    identity = Identity.objects.get()
    assert "Détacher" not in client.get("/compte/proconnect/").content.decode()
    assert client.get(f"/compte/proconnect/{identity.pk}/detacher/").status_code == 404
    assert client.post("/compte/proconnect/", {"password": ""}).status_code == 200


def test_an_erased_person_is_no_longer_known(client, provider):
    go(client, provider)
    erase_person(User.objects.get())
    assert not Identity.objects.exists()
    go(again := Client(), provider)
    assert get_user(again).email == "camille@demo.test"


def test_two_first_visits_at_once_make_one_account(client, provider, monkeypatch):
    """The second finds, in place of nobody, what the first has just made."""
    go(client, provider)
    looked = []

    def too_early(claimed):
        looked.append(claimed)
        return None if len(looked) == 1 else Identity.objects.get()

    monkeypatch.setattr(services, "find", too_early)
    assert go(other := Client(), provider).status_code == 302
    assert get_user(other) == get_user(client)


def test_an_account_made_by_proconnect_opens_by_no_password(client, provider):
    go(client, provider)
    user = UserFactory._meta.model.objects.get()
    answer = Client().post("/connexion/", {"username": user.email, "password": "!"})
    assert answer.status_code == 200


def test_the_journal_knows_who_came_by_proconnect_and_who_was_refused(client, provider, camille):
    go(client, provider)
    refusal = Entry.objects.get(action="refused")
    assert refusal.details == {"why": "proconnect", "reason": "email_taken"}
    client.force_login(camille)
    leaving = client.post("/compte/proconnect/", {"password": PASSWORD}).context["address"]
    client.get(own(provider.asks(leaving, sub="camille")))
    client.post(f"/compte/proconnect/{Identity.objects.get().pk}/detacher/", {"password": PASSWORD})
    changes = Entry.objects.filter(action="account_changed").order_by("pk")
    assert [entry.details["what"] for entry in changes] == ["proconnect_linked", "proconnect_unlinked"]
    assert {entry.actor_id for entry in changes} == {camille.pk}


def test_the_journal_knows_an_account_that_proconnect_made(client, provider):
    go(client, provider)
    made, signed_in = Entry.objects.order_by("pk")
    assert made.details == {"what": "made_by_proconnect"}
    assert signed_in.details["backend"] == "ProConnectBackend"
