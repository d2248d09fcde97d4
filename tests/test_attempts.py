"""What an agent of B tries at what is A's, by bodies, formsets and ids: nothing changes that is not B's, nothing shows.

Each attempt is made with a form as the browser would send it, so that it fails for its foreign part only.
"""

from collections.abc import Iterator
from copy import deepcopy
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from django.apps import apps
from django.db import models, transaction
from django.test import Client

from tests.partnerships.test_editing import filled
from tests.world import SECRET, made_world

pytestmark = pytest.mark.django_db


class Attempt(NamedTuple):
    """What is posted, or with no `data` asked for; `of` is the form that it is made from."""

    address: str
    data: dict[str, Any] | None = None
    of: str = ""


OWN_PARTNERSHIP = "/partenariats/{b_partnership}/modifier/"
OWN_CONVENTION = "/conventions/{b_convention}/modifier/"
OWN_ACTION = "/partenariats/{b_partnership}/actions/{b_action}/modifier/"
OWN_PARTY = "/partenariats/{b_partnership}/parties/{b_party}/modifier/"
OWN_PROJECT = "/projets/{b_project}/modifier/"


def own(address: str, **forged: Any) -> Attempt:
    """B's own form, sent as it is but for what does not belong in it."""
    return Attempt(address, forged, of=address)


ATTEMPTS = [
    # B's own records, with columns that no form has
    own(OWN_PARTNERSHIP, published_at="2020-01-01 00:00"),
    own(OWN_PARTNERSHIP, slug="pris"),
    own(OWN_PARTNERSHIP, id="{draft_partnership_id}"),
    own(OWN_PARTNERSHIP, pk="{draft_partnership_id}"),
    own(OWN_PARTNERSHIP, is_fictitious="on"),
    own(OWN_PARTNERSHIP, collectivity="{place_a_id}", collectivity_choice="{place_a_id}"),
    own(OWN_CONVENTION, published_at="2020-01-01 00:00"),
    own(OWN_CONVENTION, slug="prise"),
    own(OWN_CONVENTION, id="{draft_convention_id}"),
    own(OWN_ACTION, partnership="{draft_partnership_id}"),
    own(OWN_ACTION, id="{draft_action}"),
    own(OWN_PARTY, partnership="{draft_partnership_id}"),
    own(OWN_PARTY, id="{draft_party}"),
    # ids of A's in the bodies of B's forms
    own(OWN_CONVENTION, partnership="{draft_partnership_id}", partnership_choice="{draft_partnership_id}"),
    own(OWN_CONVENTION, renews="{draft_convention_id}"),
    own(OWN_CONVENTION, amends="{draft_convention_id}"),
    own("/partenariats/{b_partnership}/indicateurs/ajouter/", action="{draft_action}", name="Élus formés"),
    own("/partenariats/{b_partnership}/reperes/ajouter/", title="Visite", organisations=["{place_a_id}"]),
    own("/conventions/{b_convention}/engagements/ajouter/", party="{draft_party}", year="2024", amount="1"),
    # ids of A's in the addresses of B's records
    Attempt("/partenariats/{b_partnership}/actions/{draft_action}/modifier/"),
    Attempt("/partenariats/{b_partnership}/actions/{draft_action}/modifier/", {"title": "Volé", "version": 1}),
    Attempt("/partenariats/{b_partnership}/actions/{action}/modifier/", {"title": "Volé", "version": 1}),
    Attempt("/partenariats/{b_partnership}/actions/{draft_action}/supprimer/", {"version": 1}),
    Attempt("/partenariats/{b_partnership}/parties/{draft_party}/modifier/", {"role": "observer", "version": 1}),
    Attempt("/partenariats/{b_partnership}/parties/{party}/supprimer/", {"version": 1}),
    Attempt("/conventions/{b_convention}/engagements/{draft_commitment}/modifier/", {"amount": "1", "version": 1}),
    Attempt("/conventions/{b_convention}/engagements/{commitment}/supprimer/", {"version": 1}),
    # A's records
    Attempt("/partenariats/{partnership}/modifier/", {"name": "Volé", "version": 1}),
    Attempt("/partenariats/{draft_partnership}/modifier/", {"name": "Volé", "version": 1}),
    Attempt("/partenariats/{draft_partnership}/supprimer/", {"version": 1}),
    Attempt("/partenariats/{partnership}/parties/ajouter/", {"organisation_choice": "{place_b_id}", "side": "french"}),
    Attempt("/conventions/{draft_convention}/modifier/", {"title": "Volée", "version": 1}),
    Attempt("/conventions/{convention}/supprimer/", {"version": 1}),
    Attempt("/savoir-faire/offres/{offer}/modifier/", {"title": "Volée", "version": 1}),
    Attempt("/savoir-faire/offres/{draft_offer}/supprimer/", {"version": 1}),
    Attempt("/collectivites/{place_a}/savoir-faire/ajouter/", {"title": "Volé"}),
    Attempt("/organisations/{place_a}/modifier/", {"name": "Volée", "version": 1}),
    Attempt("/corbeille/partnerships.partnership/{deletion}/", {}),
    # project records: columns that no form has, rows of another's financing plan, files, guests, steps
    *(
        own(OWN_PROJECT, **{"plan-TOTAL_FORMS": "0", "plan-INITIAL_FORMS": "0", **forged})
        for forged in (
            {"state": "published"},
            {"slug": "pris"},
            {"collectivity": "{place_a_id}"},
            {"holder": "{colleague_id}"},
            {"assigned_to": "{colleague_id}"},
            {"published_at": "2020-01-01 00:00"},
            {"partnership": "{draft_partnership_id}", "partnership_choice": "{draft_partnership_id}"},
            {"call": "1", "id": "{draft_project_id}"},
            {"plan-0-row": "{draft_cofinancing}", "plan-0-amount": "1", "plan-TOTAL_FORMS": "1"},
            {"plan-0-row": "{draft_cofinancing}", "plan-0-DELETE": "on", "plan-TOTAL_FORMS": "1"},
        )
    ),
    Attempt("/projets/{draft_project}/modifier/", {"title": "Volé", "version": 1}),
    Attempt("/projets/{draft_project}/enregistrer/", {"title": "Volé", "version": 1}),
    Attempt("/projets/{draft_project}/deposer/", {"version": 1}),
    Attempt("/projets/{draft_project}/prendre-la-main/", {"version": 1}),
    Attempt("/projets/{draft_project}/supprimer/", {"version": 1}),
    Attempt("/projets/{b_project}/publier/", {"version": 1}),
    Attempt("/projets/{b_project}/pieces/{draft_attachment}/"),
    Attempt("/projets/{b_project}/pieces/{draft_attachment}/supprimer/", {}),
    Attempt("/projets/{draft_project}/pieces/{draft_attachment}/"),
    Attempt("/projets/{b_project}/invites/{draft_guest}/retirer/", {}),
    Attempt("/projets/{b_project}/confier/", {"holder": "{colleague_id}", "version": 1}),
    Attempt("/instruction/affecter/", {"projects": ["{draft_project_id}"], "assigned_to": "{colleague_id}"}),
    # members, invitations and requests
    Attempt("/collectivites/{place_b}/membres/{colleague}/role/", {"role": "signatory"}),
    Attempt("/collectivites/{place_b}/membres/{colleague}/retirer/", {}),
    Attempt("/collectivites/{place_b}/membres/demandes/{asked}/repondre/", {"accepter": "1", "role": "signatory"}),
    Attempt("/collectivites/{place_b}/membres/invitations/{invitation}/retirer/", {}),
    Attempt("/collectivites/{place_a}/membres/inviter/", {"email": "b@demo.test", "role": "signatory"}),
    Attempt("/collectivites/{place_a}/membres/"),
    # B's own account, views and jobs, and A's
    Attempt(
        "/compte/",
        {"language": "fr", "role": "officer", "is_staff": "on", "is_superuser": "on", "email": "a@demo.test"},
    ),
    Attempt("/mes-vues/enregistrer/", {"list_name": "journal", "query": "", "name": "Vue"}),
    Attempt("/mes-vues/{a_view}/", {"name": "Volée", "is_alert": "on"}),
    Attempt("/mes-vues/{a_view}/supprimer/", {}),
    Attempt("/taches/{a_job}/relancer/", {}),
    Attempt("/apd/recalculer/", {}),
    Attempt("/imports/nouveau/", {"kind": "partnerships", "mode": "add"}),
    Attempt("/imports/{batch}/ecrire/", {}),
    Attempt("/imports/{batch}/annuler/", {}),
    Attempt("/imports/{batch}/fichier"),
    Attempt("/donnees-chargees/"),
    Attempt("/donnees-chargees/{loaded}/prendre/", {"difference": "{difference}:0"}),
    Attempt("/donnees-chargees/{loaded}/laisser/", {"difference": "{difference}:0"}),
    # lists, files and searches that could tell of A's drafts
    Attempt("/partenariats/?q=hors-reg"),
    Attempt("/partenariats/export.csv?q=hors-reg"),
    Attempt("/partenariats/comparer/?partenariat={draft_partnership}&partenariat={b_partnership}"),
    Attempt("/conventions/export.csv?q=hors-reg"),
    Attempt("/projets/export.csv?q=hors-reg"),
    Attempt("/savoir-faire/export.csv?q=hors-reg"),
    Attempt("/recherche/?q=hors-reg"),
    Attempt("/recherche/suggestions/?q=hors-reg"),
    Attempt("/imports/export/partnerships.csv"),
    Attempt("/partenariats/{draft_partnership}/historique/"),
    Attempt("/projets/{draft_project}/"),
    Attempt("/taches/liste/"),
    Attempt("/journal/"),
]
#: Columns that nobody sets by a form of B's.
KEPT = (
    "id", "slug", "published_at", "is_fictitious", "partnership_id", "convention_id", "project_id", "collectivity_id",
    "state", "holder_id", "assigned_to_id", "user_id", "organisation_id", "renews_id", "amends_id", "action_id",
    "role", "email", "is_staff", "is_superuser", "is_active",
)  # fmt: skip
APPS = ("accounts", "partnerships", "funding", "saved", "jobs", "batches", "loading")


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[SimpleNamespace]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield made_world()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def agent_of_b(world) -> Client:
    client = Client()
    client.force_login(world.agent_of_b)
    return client


def watched() -> list[type[models.Model]]:
    """Every table of ours but sessions and the history, which note what one does."""
    found = (model for app in APPS for model in apps.get_app_config(app).get_models(include_auto_created=True))
    return [m for m in found if not m._meta.proxy and m.__name__ != "Session" and not hasattr(m, "pgh_label")]


def rows(world: SimpleNamespace) -> dict[tuple[str, Any], dict[str, Any]]:
    """All that is kept, by table and key; of B's own rows the columns that no form of B's sets."""
    own = {(name, getattr(world, f"b_{name}")) for name in ("action", "party", "commitment")}
    own |= {(name, getattr(world, f"b_{name}_id")) for name in ("partnership", "convention", "project")}
    own |= {("user", world.agent_of_b.pk)}
    found = {}
    for model in watched():
        for row in model._base_manager.values():
            name, key = model._meta.model_name, row[model._meta.pk.attname]
            is_own = (name, key) in own
            found[model._meta.label, key] = {c: v for c, v in row.items() if c in KEPT} if is_own else row
    return found


def posted(client: Client, world: SimpleNamespace, attempt: Attempt) -> dict[str, Any]:
    forged = {
        name: [each.format_map(vars(world)) for each in value] if isinstance(value, list) else value
        for name, value in (attempt.data or {}).items()
    }
    forged = {n: v.format_map(vars(world)) if isinstance(v, str) else v for n, v in forged.items()}
    form = filled(client, attempt.of.format_map(vars(world))) if attempt.of else {}
    return {name: value for name, value in {**form, **forged}.items() if value is not None}


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda a: f"{a.address} {sorted(a.data or ())}")
def test_an_attempt_changes_and_reveals_nothing(agent_of_b, world, attempt):
    address, cookies = attempt.address.format_map(vars(world)), deepcopy(agent_of_b.cookies)
    with transaction.atomic():
        before = rows(world)
        if attempt.data is None:
            response = agent_of_b.get(address)
        else:
            response = agent_of_b.post(address, posted(agent_of_b, world, attempt))
        body = b"".join(response.streaming_content) if response.streaming else response.content
        after = rows(world)
        transaction.set_rollback(True)
    agent_of_b.cookies = cookies
    assert response.status_code < 500
    assert after == before
    assert SECRET not in body.decode(errors="replace")


def test_the_attempts_are_sixty_at_least():
    assert len(set(map(str, ATTEMPTS))) >= 60
