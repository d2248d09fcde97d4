"""What is said after an action, and what is mailed, shows names as they were typed: each message, each e-mail.

Every call of `messages` in our code that says more than fixed words is made here; a new one that is not fails the test.
"""

import ast
import sys
import uuid
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.contrib.messages.storage.base import BaseStorage
from django.core import mail
from django.db import transaction
from django.db.models import Model
from django.test import Client, override_settings
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from aect import trash
from aect.batches.models import Batch, BatchRow, BatchState
from aect.loading.models import Difference, LoadedRow
from aect.loading.services import ours_of, stamp
from aect.mail.models import Message as Mail
from aect.mail.services import send_waiting
from aect.saved.models import SavedView
from aect.saved.services import note_news, week_of
from aect.second_factor.services import remove
from funding import filing
from funding.models import Attachment, Project
from partnerships import reminders
from partnerships.models import (
    Action,
    Convention,
    JoinRequest,
    Membership,
    Organisation,
    Partnership,
    PartyProposal,
)
from tests import factories
from tests.funding.test_records import form_of
from tests.hostile_names import ADDRESS, ESCAPED, HOSTILE, Reader, entered, hostile_world, in_page, somebody, troubles
from tests.partnerships.test_editing import filled
from tests.test_markup import PACKAGES, files

pytestmark = pytest.mark.django_db
SAYS = {"debug", "info", "success", "warning", "error", "add_message", "message_user"}
#: Calls that say a number or words of the law, which nobody types.
FIXED = {
    ("aect/second_factor/views.py", "tell_codes_left"),
    ("partnerships/admin.py", "save_related"),
    ("funding/views/queue.py", "take_back"),
    ("funding/views/queue.py", "assign"),
    ("partnerships/views/parties.py", "refused"),
}
World = SimpleNamespace
Data = dict[str, Any]


class Act(NamedTuple):
    """What somebody posts; the hidden fields come from the page `of`, and `first` makes the world ready for it."""

    who: str
    address: str
    data: Data | Callable[[World], Data] = {}
    of: str = ""
    first: Callable[[World], object] = lambda world: None


# What the world must be like first


def draft_is_whole(world: World) -> Project:
    """A's draft may be submitted; a colleague holds it."""
    today, rows = timezone.localdate(), Project.objects.filter(pk=world.draft_project_id)
    rows.update(begins_on=today, ends_on=today, sdg_goals=[6], budget_amount=1000, holder=world.colleague_id)
    rows.get().sectors.add(factories.PurposeCodeFactory())
    return rows.get()


def queue_holds(world: World) -> None:
    """The same, submitted, and assigned to somebody; its partnership is published."""
    filing.submit(draft_is_whole(world), by=world.agent_of_a, version=None)
    project = Project.objects.get(pk=world.draft_project_id)
    filing.assign([project], to=world.administrator, by=world.administrator)
    Partnership.objects.filter(slug=world.draft_partnership).update(published_at=timezone.now())


def view_is_deleted(world: World) -> None:
    """And one of the same list stands in its place."""
    view = SavedView.objects.get(pk=world.a_view)
    SavedView.objects.filter(pk=view.pk).update(deleted_at=timezone.now())
    SavedView.objects.create(user=view.user, name=HOSTILE[:120], list_name=view.list_name, query=view.query)


def action_is_lost(world: World) -> None:
    """Deleted, and then what it hung on."""
    action = factories.ActionFactory(title=HOSTILE)
    key, partnership = action.pk, action.partnership
    action.delete()
    partnership.delete()
    world.lost = trash.latest_deletion(Action, key)


def file_is_off(world: World) -> None:
    Attachment.objects.get(pk=world.draft_attachment).delete()
    world.event = trash.latest_deletion(Attachment, world.draft_attachment)


def file_is_sent_again(world: World) -> None:
    """The very file that was taken off, which stands once only."""
    again = Attachment.objects.get(pk=world.draft_attachment)
    again.pk = uuid.uuid4()
    file_is_off(world)
    again.save(force_insert=True)


def nobody_is_proposed(world: World) -> None:
    PartyProposal.objects.all().delete()


def place_of_b(world: World) -> Data:
    """The collectivity B, as the form of a party sends it."""
    place = Organisation.objects.get(pk=world.place_b_id)
    named = {"organisation": place.name, "organisation_sought": place.name, "organisation_choice": place.pk}
    return {**named, "side": "french", "role": "party"}


def batch_is_written(world: World) -> None:
    Batch.objects.filter(pk=world.batch).update(state=BatchState.WRITTEN)
    BatchRow.objects.create(batch_id=world.batch, line=3, cells={"name": HOSTILE}, action="error")


def request_is_answered(world: World) -> None:
    JoinRequest.objects.filter(pk=world.asked).update(answered_at=timezone.now(), is_granted=False)


def dropped(model: type[Model], key: Callable[[World], Any], world: World) -> Data:
    """That the files no longer tell of a row, as the page of differences sends it."""
    row = model._default_manager.get(pk=key(world))
    LoadedRow.objects.filter(pk=world.loaded).update(model=model._meta.label_lower, object_id=str(row.pk))
    Difference.objects.filter(pk=world.difference).update(kind="dropped")
    difference = Difference.objects.select_related("row").get(pk=world.difference)
    return {"difference": f"{difference.pk}:{stamp(difference, ours_of(difference, row))}"}


def place_of(world: World) -> Data:
    """The collectivity A, as the field for a record sends it."""
    place = Organisation.objects.get(slug=world.place_a)
    return {
        "organisation": place.name,
        "organisation_sought": place.name,
        "organisation_choice": place.pk,
        "message": HOSTILE,
    }


def new_account(world: World) -> Data:
    return {"new_password1": "un long mot de passe", "new_password2": "un long mot de passe"}


def own_form(world: World) -> Data:
    return form_of(Project.objects.get(pk=world.draft_project_id), title=HOSTILE)


def selected(action: str, row: Callable[[World], Any], world: World) -> Data:
    return {"action": action, "_selected_action": [row(world)]}


def waiting_mail(world: World) -> Any:
    return Mail.objects.create(key="x", template="accounts/sign_up", to="a@demo.test", language="fr").pk


PROJECT = "/projets/{draft_project}/"
PARTY = "/partenariats/{partnership}/parties/{party}/"
MEMBERS = "/collectivites/{place_a}/membres/"
ACTION = "/partenariats/{draft_partnership}/actions/{draft_action}/"
VIEW = {"list_name": "partnerships", "query": "tri=nom", "name": HOSTILE[:120]}
ACTS = [
    Act("agent_of_a", "/mes-vues/enregistrer/", {**VIEW, "list_name": HOSTILE}),
    Act("agent_of_a", "/mes-vues/enregistrer/", VIEW),
    Act("agent_of_a", "/mes-vues/enregistrer/", {**VIEW, "query": "pays=MX"}),
    Act("agent_of_a", "/mes-vues/{a_view}/", {"v{a_view}-name": ""}),
    Act("agent_of_a", "/mes-vues/{a_view}/", {"v{a_view}-name": HOSTILE[:120]}),
    Act("agent_of_a", "/mes-vues/{a_view}/supprimer/"),
    Act("agent_of_a", "/mes-vues/{a_view}/retablir/", first=view_is_deleted),
    Act("agent_of_a", "/compte/sessions/fermer/"),
    Act("administrator", "/admin/accounts/user/", partial(selected, "remove_second_factor", lambda w: w.agent_of_a.pk)),
    Act("administrator", "/admin/mail/message/", partial(selected, "again", waiting_mail)),
    Act("importer", "/imports/{batch}/annuler/"),
    Act("importer", "/imports/{batch}/lignes/2/", {"name": "Aix"}, first=batch_is_written),
    Act("officer", "/conventions/{draft_convention}/publier/"),
    Act("officer", "/partenariats/{draft_partnership}/publier/"),
    Act("officer", "/partenariats/{partnership}/retirer/"),
    Act("officer", "/partenariats/{partnership}/modifier/", of="/partenariats/{partnership}/modifier/"),
    Act("agent_of_a", f"{ACTION}modifier/", of=f"{ACTION}modifier/"),
    Act("agent_of_a", f"{ACTION}supprimer/", of=f"{ACTION}supprimer/"),
    Act("officer", "/conventions/{convention}/supprimer/", of="/conventions/{convention}/supprimer/"),
    Act("officer", "/corbeille/partnerships.action/{lost}/", first=action_is_lost),
    Act("officer", "/corbeille/partnerships.partnership/{deletion}/"),
    Act("agent_of_a", f"{MEMBERS}inviter/", {"email": ADDRESS.format("i"), "role": "editor", "language": "fr"}),
    Act("agent_of_a", f"{MEMBERS}{{colleague}}/role/", {"role": "reader"}),
    Act("agent_of_a", f"{MEMBERS}{{own_place}}/role/", {"role": "reader"}),
    Act("agent_of_a", f"{MEMBERS}{{own_place}}/retirer/"),
    Act("agent_of_a", f"{MEMBERS}{{colleague}}/retirer/"),
    Act("agent_of_b", "/rejoindre/", place_of),
    Act("agent_of_a", f"{MEMBERS}demandes/{{asked}}/repondre/", {"accorder": "1", "role": "reader"}),
    Act("agent_of_a", f"{MEMBERS}demandes/{{asked}}/repondre/"),
    Act("agent_of_a", f"{MEMBERS}demandes/{{asked}}/repondre/", first=request_is_answered),
    Act("agent_of_b", "/invitations/{token}/"),
    Act("anonymous", "/invitations/{token}/", new_account),
    Act("agent_of_a", f"{PROJECT}modifier/", own_form, first=draft_is_whole),
    Act("agent_of_a", f"{PROJECT}prendre-la-main/", of=PROJECT, first=draft_is_whole),
    Act("agent_of_a", f"{PROJECT}confier/", {"to": "{colleague_id}"}),
    Act("agent_of_a", f"{PROJECT}commenter/", {"comment": HOSTILE}, first=draft_is_whole),
    Act("agent_of_a", f"{PROJECT}deposer/", of=PROJECT, first=draft_is_whole),
    Act("agent_of_a", f"{PROJECT}reprendre/", of=PROJECT, first=queue_holds),
    Act("agent_of_a", f"{PROJECT}supprimer/", of=PROJECT),
    Act("agent_of_a", f"{PROJECT}pieces/{{draft_attachment}}/supprimer/"),
    Act("agent_of_a", f"{PROJECT}pieces/{{event}}/retablir/", first=file_is_off),
    Act("agent_of_a", f"{PROJECT}pieces/{{event}}/retablir/", first=file_is_sent_again),
    Act("agent_of_a", "/partenariats/{partnership}/parties/ajouter/", place_of_b, first=nobody_is_proposed),
    Act("agent_of_b", "/parties-proposees/{proposal}/accepter/"),
    Act("agent_of_b", "/parties-proposees/{proposal}/decliner/"),
    Act("officer", f"{PARTY}supprimer/", of=f"{PARTY}supprimer/"),
    Act("agent_of_a", f"{PROJECT}invites/", {"email": ADDRESS.format("g"), "language": "es"}),
    Act("agent_of_a", f"{PROJECT}invites/{{draft_guest}}/retirer/"),
    Act("officer", f"{PROJECT}renvoyer/", {"comment": HOSTILE, "due_on": "31/01/2090"}, of=PROJECT, first=queue_holds),
    Act("officer", f"{PROJECT}publier/", of=PROJECT, first=queue_holds),
    Act("officer", "/projets/{project}/depublier/", of="/projets/{project}/"),
    Act("officer", "/instruction/affecter/", {"projet": "{draft_project}", "to": "{officer_id}"}, first=queue_holds),
    Act("officer", "/donnees-chargees/{loaded}/prendre/", partial(dropped, Action, lambda w: w.draft_action)),
    Act("officer", "/donnees-chargees/{loaded}/prendre/", partial(dropped, Organisation, lambda w: w.place_a_id)),
    Act("anonymous", "/mot-de-passe-oublie/", {"email": "{agent_of_a.email}"}),
    Act("anonymous", "/inscription/", {"email": ADDRESS.format("s")}),
]


# What is mailed of itself


def convention_ends(world: World) -> None:
    day = timezone.localdate()
    ends = reminders.months_later(day, 2) - timedelta(days=1)
    Convention.objects.filter(slug=world.convention).update(ends_on=ends)
    reminders.remind(day)


def view_has_news(world: World) -> None:
    SavedView.objects.filter(pk=world.a_view).update(is_alert=True, seen_ids=[])
    note_news(world.a_view, week_of(timezone.localdate()))


def second_factor_is_removed(world: World) -> None:
    TOTPDevice.objects.create(user=world.agent_of_a, name="TOTP", key="00")
    remove(world.agent_of_a, by=None)


OF_ITSELF = [convention_ends, view_has_news, second_factor_is_removed]


# What happened


class Done(NamedTuple):
    """Of all the acts: what they said and by which calls, what was wrong with the answers, what was mailed."""

    said: list[tuple[Act, list[str]]]
    calls: set[tuple[str, int]]
    wrong: dict[str, list[str]]
    shown: int
    mails: list[mail.EmailMessage]
    templates: set[str]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        world = hostile_world()
        world.agent_of_a.refresh_from_db()
        world.agent_of_b.refresh_from_db()
        world.own_place = Membership.objects.get(user=world.agent_of_a).pk
        world.importer = Batch.objects.get(pk=world.batch).uploaded_by
        world.officer, world.administrator = somebody("officer"), somebody("administrator")
        world.officer_id = world.officer.pk
        yield world
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def people(world) -> dict[str, Client]:
    names = ("agent_of_a", "agent_of_b", "importer", "officer", "administrator")
    return {"anonymous": Client(), **{name: entered(getattr(world, name)) for name in names}}


@pytest.fixture(scope="module")
def done(world, people) -> Done:
    return all_done(world, people, ACTS)


def nothing_done() -> Done:
    return Done([], set(), {}, 0, [], set())


def all_done(world: World, people: dict[str, Client], acts: list[Act]) -> Done:
    done, mail.outbox = nothing_done(), []
    with pytest.MonkeyPatch.context() as patch:
        told: list[str] = []
        patch.setattr(BaseStorage, "add", noting(BaseStorage.add, told, done.calls))
        for act in acts:
            told.clear()
            page = alone(people[act.who], partial(do, people[act.who], world, act), done)
            done.said.append((act, list(told)))
            if found := in_page(page.content.decode()) + troubles(page):
                done.wrong[f"{act.who} {act.address}"] = found
            done = done._replace(shown=done.shown + (ESCAPED in page.content.decode()))
    for event in OF_ITSELF:
        alone(people["anonymous"], partial(event, world), done)
    done.mails.extend(mail.outbox)
    return done


def alone(client: Client, do: Callable[[], Any], done: Done) -> Any:
    """Does it, sends what it mails, and undoes it."""
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        answer = do()
        waiting = list(Mail.objects.filter(state="waiting").values_list("template", "pk"))
        send_waiting()
        done.templates.update(template for template, pk in waiting if Mail.objects.get(pk=pk).state == "sent")
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer


def do(client: Client, world: World, act: Act) -> Any:
    """Posts, and follows to the page that says how it went."""
    act.first(world)
    address = act.address.format_map(vars(world))
    given = act.data(world) if callable(act.data) else written(act.data, world)
    return client.post(address, {**start(client, act.of.format_map(vars(world))), **given}, follow=True)


def written(data: Data, world: World) -> Data:
    """With the world's own names in the place of `{…}`; a hostile text stays as it is."""
    return {
        name.format_map(vars(world)): value if HOSTILE[:20] in value else value.format_map(vars(world))
        for name, value in data.items()
    }


def start(client: Client, address: str) -> Data:
    """What the page's own form sends."""
    if not address:
        return {}
    page = client.get(address)
    assert page.status_code == 200, address
    form = filled(client, address) if "form" in (page.context or {}) and "typed_by" in page.context else {}
    return {**Reader(page.content.decode()).hidden, **form}


def noting(add: Callable[..., None], told: list[str], calls: set[tuple[str, int]]) -> Callable[..., None]:
    """Django's own `add`, which also notes what is said and by which line of ours."""

    def noted(storage: BaseStorage, level: int, message: Any, extra_tags: str = "") -> None:
        frame = sys._getframe(1)
        while frame.f_back and not is_ours(frame.f_code.co_filename):
            frame = frame.f_back
        if is_ours(frame.f_code.co_filename):
            calls.add((str(Path(frame.f_code.co_filename).relative_to(settings.BASE_DIR)), frame.f_lineno))
        told.append(str(message))
        add(storage, level, message, extra_tags)

    return noted


def is_ours(path: str) -> bool:
    folders = (f"{settings.BASE_DIR / package}/" for package in PACKAGES)
    return path.startswith(tuple(folders))


# Where our code says something


class Call(NamedTuple):
    path: str
    function: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.path}:{self.first} ({self.function})"


def calls_that_name() -> Iterator[Call]:
    """The calls of `messages` and `message_user` that say more than fixed words."""
    for path, text in (each for package in PACKAGES for each in files(package, "*.py")):
        for function in ast.walk(ast.parse(text)):
            if isinstance(function, ast.FunctionDef):
                yield from (Call(path, function.name, *lines) for lines in names_in(function))


def names_in(function: ast.FunctionDef) -> Iterator[tuple[int, int]]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SAYS:
            is_message = node.func.attr == "message_user" or getattr(node.func.value, "id", "") == "messages"
            if is_message and not all(map(is_fixed, node.args[1:])):
                yield node.lineno, node.end_lineno or node.lineno


def is_fixed(node: ast.expr) -> bool:
    """`_("…")`."""
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_" and isinstance(node.args[0], ast.Constant)


# The tests


def test_no_message_takes_a_name_for_markup(done):
    assert done.wrong == {}


def test_every_call_that_names_something_was_made(done):
    calls = set(calls_that_name())
    assert len(calls) > 30
    made = {c for c in calls if any(c.path == path and c.first <= line <= c.last for path, line in done.calls)}
    missing = {str(c) for c in calls - made if (c.path, c.function) not in FIXED}
    assert missing == set()


def test_the_messages_do_say_hostile_names(done):
    """The control: else there were nothing to look for."""
    named = [act for act, said in done.said if any("aectx" in each for each in said)]
    assert len(named) >= 25
    assert done.shown >= len(named)


def test_without_the_guard_they_come_to_life(world, people):
    acts = [act for act in ACTS if act.address.endswith(("/publier/", "/role/", "/supprimer/", "/confier/"))]
    with override_settings(DSFR_CONTENT_IS_SAFE=True):
        assert len(all_done(world, people, acts).wrong) >= 5


def test_the_button_that_takes_a_deletion_back_is_markup(world, people):
    act = next(act for act in ACTS if act.address == "/conventions/{convention}/supprimer/")
    page = alone(people["officer"], partial(do, people["officer"], world, act), nothing_done()).content.decode()
    assert 'formaction="/corbeille/partnerships.convention/' in page
    assert ESCAPED in page


def test_every_mail_was_written(done):
    folder = settings.BASE_DIR / "templates" / "mail"
    known = {str(path.relative_to(folder).with_suffix("")) for path in folder.glob("*/*.txt")}
    assert known - done.templates == set()


def test_a_mail_is_plain_text_with_the_names_as_they_were_typed(done):
    assert done.mails
    for message in done.mails:
        sent = message.message()
        assert message.content_subtype == "plain"
        assert not getattr(message, "alternatives", [])
        assert "&lt;" not in message.body + message.subject
        assert "\n" not in message.subject
        assert "Bcc" not in message.body.partition("\n")[0], message.subject
        assert set(sent.keys()) <= HEADERS, message.subject
        assert len(message.recipients()) == 1
    assert sum("<aectx" in message.subject + message.body for message in done.mails) >= 15


HEADERS = {
    *("Content-Type", "MIME-Version", "Content-Transfer-Encoding", "Subject", "From", "To", "Date", "Message-ID"),
    *("List-Unsubscribe", "List-Unsubscribe-Post"),
}


# The attack that was seen: a title that an agent types, and an officer publishes

ATTACK = (
    '<button form="undo" name="role" value="signatory" formaction="/collectivites/collectivite-a/membres/1/role/">'
    'Publier</button><meta http-equiv="refresh" content="0;url=https://example.org/">'
)


def published_attack(world: World, people: dict[str, Client]) -> str:
    """The page that the officer then reads."""
    address = f"/partenariats/{world.partnership}/conventions/nouvelle/"
    form = filled(people["agent_of_a"], address) | {"title": ATTACK, "kind": "cooperation", "object": "Eau"}
    assert people["agent_of_a"].post(address, form).status_code == 302
    convention = Convention.objects.get(title=ATTACK)
    return people["officer"].post(f"{convention.get_absolute_url()}publier/", follow=True).content.decode()


@pytest.mark.parametrize("is_guarded", [True, False])
def test_a_title_of_a_convention_is_no_button_of_the_officer_s_page(world, people, is_guarded):
    with override_settings(DSFR_CONTENT_IS_SAFE=not is_guarded):
        page = alone(people["officer"], partial(published_attack, world, people), nothing_done())
    assert "est publié" in page
    assert ('<meta http-equiv="refresh"' in page) is not is_guarded
    assert ('<button form="undo" name="role"' in page) is not is_guarded
