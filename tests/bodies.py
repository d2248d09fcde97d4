"""What a browser would send to an address: the form that leads there, as it stands on a page, and what is typed in."""

from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, encode_multipart
from django.urls import resolve


def chosen(field: str, name: str, key: str) -> dict[str, str]:
    """A record of the world, named and chosen in a field that finds records."""
    return {field: f"{{{name}}}", f"{field}_sought": f"{{{name}}}", f"{field}_choice": f"{{{key}}}"}


PASSWORD = "un-mot-de-passe-bien-long"
NEW_CONVENTION = {"title": "Nouvelle", "kind": "cooperation"}
NEW_PASSWORD = {"new_password1": "un-autre-mot-de-passe", "new_password2": "un-autre-mot-de-passe"}
#: Pages on which the forms of addresses stand that have no page of their own.
PAGES = (
    "/compte/",
    "/mes-vues/",
    "/donnees-chargees/",
    "/donnees-chargees/?voir=prises",
    "/partenariats/",
    "/collectivites/{place_a}/membres/",
    "/parties-proposees/",
    "/projets/{draft_project}/",
    "/projets/{submitted_project}/",
    "/projets/{project}/",
    "/instruction/",
    "/instruction/{submitted_project}/",
    "/imports/{batch}/",
    "/partenariats/{partnership}/",
    "/partenariats/{draft_partnership}/",
    "/conventions/{convention}/",
    "/conventions/{draft_convention}/",
)
#: Whose pages are looked at for a form, the first that shows one.
AUTHORS = ("officer", "agent_of_a", "administrator", "anonymous")
#: What is typed into a form, by the name of its address, and where that has parts by the part too.
TYPED: dict[str, dict[str, Any]] = {
    "login": {"username": "{agent_of_a}", "password": PASSWORD},
    "password_reset": {"email": "{agent_of_a}"},
    "sign_up": {"email": "quelqu.un@demo.test"},
    "open_account": NEW_PASSWORD,
    "invitation": NEW_PASSWORD,
    "guest-arrival": {"password": PASSWORD},
    "account": {"language": "es"},
    "password_change": {"old_password": PASSWORD, **NEW_PASSWORD},
    "join": {**chosen("organisation", "name_c", "place_c_id"), "message": "Bonjour"},
    "batch-new": {"kind": "partnerships", "mode": "add", "file": ("a.csv", b"name\nDeux\n")},
    "batch-mend": {"name": "Deux"},
    "save-view": {"list_name": "partnerships", "query": "tri=-nom", "name": "Une vue"},
    "change-view": {"v{a_view}-name": "Autre nom"},
    "project-add": {"collectivity": "{place_a}", "title": "Nouveau"},
    "queue-assign": {"projet": "{submitted_project}", "to": "{administrator_id}"},
    "project-edit": {"title": "Autre"},
    "project-autosave": {"title": "Autre"},
    "project-hand-over": {"to": "{colleague_id}"},
    "project-comment": {"comment": "Un mot"},
    "project-return": {"comment": "À compléter", "due_on": "31/12/2099"},
    "attachment-add": {"kind": "other", "file": ("b.pdf", b"%PDF-1.7 b")},
    "guest-add": {"email": "nueva@demo.test", "language": "es"},
    "partnership-add": {"name": "Nouvelle", "collectivity": "{place_a_id}"},
    "partnership-edit": {"name": "Autre"},
    "partnership-convention-add": NEW_CONVENTION,
    "partnership-part-add actions": {"title": "Nouvelle"},
    # B is proposed for the published partnership already: only those change anything who put it in unasked.
    "partnership-part-add parties": {
        **chosen("organisation", "name_b", "place_b_id"),
        "side": "french",
        "role": "party",
    },
    "partnership-part-edit actions": {"title": "Autre"},
    "partnership-part-edit parties": {"part": "Autre part"},
    "convention-add": {**NEW_CONVENTION, **chosen("partnership", "partnership_name", "partnership_id")},
    "convention-edit": {"title": "Autre"},
    "convention-renew": {"title": "Suite"},
    "convention-amend": {"title": "Avenant"},
    "convention-part-add engagements": {**chosen("party", "name_a", "place_a_id"), "year": "2031", "amount": "10"},
    "convention-part-edit engagements": {"amount": "11"},
    "organisation-add": {"name": "Nouvelle", "kind": "agency", "country": "{country}"},
    "organisation-edit": {"name": "Autre"},
    "organisation-part-add noms": {"text": "Autre nom", "kind": "former", "language": "fr"},
    "organisation-part-edit noms": {"text": "Autre nom encore"},
    "offer-edit": {"title": "Autre"},
    "need-edit": {"title": "Autre"},
    "entry-add": {"title": "Nouvelle", "theme": "{theme}"},
    "member-invite": {"email": "collegue@demo.test", "role": "editor", "language": "fr"},
    "member-role": {"role": "signatory"},
    "join-request-answer": {"accorder": "1", "role": "editor"},
}

Fields = dict[str, list[str]]


class Forms(HTMLParser):
    """The forms of a page that post: by the path where each leads, the names and values of its fields as they are."""

    def __init__(self, page: str, address: str) -> None:
        super().__init__()
        self.address = address
        self.found: dict[str, Fields] = {}
        self.form: Fields | None = None
        self.selected: tuple[str, bool] | None = None
        self.area: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            is_sent = told.get("method", "").lower() == "post"
            path = urlsplit(urljoin(self.address, told.get("action", ""))).path
            self.form = {} if is_sent else None
            if self.form is not None:
                self.found.setdefault(path, self.form)
        elif self.form is not None and "disabled" not in told:
            self.handle_field(tag, told)

    def handle_field(self, tag: str, told: dict[str, str]) -> None:
        name, value = told.get("name", ""), told.get("value", "on")
        if tag == "button" and "formaction" in told:
            self.found.setdefault(told["formaction"], self.fields)
        is_ticked = told.get("type") not in {"checkbox", "radio"} or "checked" in told
        if tag == "input" and name and is_ticked and told.get("type") not in {"submit", "file"}:
            self.keep(name, told.get("value", "on" if told.get("type") in {"checkbox", "radio"} else ""))
        elif tag == "textarea":
            self.area = name
            self.keep(name, "")
        elif tag == "select":
            self.selected = (name, "multiple" in told)
        elif tag == "option" and self.selected:
            select, is_multiple = self.selected
            if "selected" in told:
                self.keep(select, value, instead=not is_multiple)
            elif not is_multiple and select not in self.fields:
                self.keep(select, value)

    @property
    def fields(self) -> Fields:
        assert self.form is not None
        return self.form

    def keep(self, name: str, value: str, *, instead: bool = False) -> None:
        self.fields[name] = [value] if instead else [*self.fields.get(name, []), value]

    def handle_data(self, data: str) -> None:
        if self.area is not None and self.form is not None:
            typed = self.fields[self.area][0] + data
            self.fields[self.area] = [typed.removeprefix("\n")]  # as a browser does

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.selected = None
        elif tag == "textarea":
            self.area = None


def forms_at(client: Client, address: str) -> Mapping[str, Fields]:
    """The forms of the page at this address; none where this person gets no page."""
    response = client.get(address)
    is_page = response.status_code == 200 and response.get("Content-Type", "").startswith("text/html")
    return Forms(response.content.decode(), address).found if is_page else {}


def filled(fields: Fields, typed: Mapping[str, Any]) -> dict[str, Any]:
    """The form as it stands, with what is typed instead of some fields; whose it was is left out."""
    kept: dict[str, Any] = {name: values for name, values in fields.items() if name not in {"typed_by", "more"}}
    return {**{name: values for name, values in kept.items() if name != "csrfmiddlewaretoken"}, **typed}


class Bodies:
    """What the browser of somebody who may sends to each address; the same whoever sends it."""

    def __init__(self, people: Mapping[str, Client], world: Mapping[str, Any]) -> None:
        self.people, self.world = people, world
        self.standing: dict[str, Fields] = {}
        self.alike: dict[str | None, Fields] = {}
        for address in PAGES:
            self.look_at(address.format_map(world), AUTHORS)

    def look_at(self, address: str, authors: Iterable[str]) -> None:
        """Keeps the forms of a page."""
        for name in authors:
            for path, fields in forms_at(self.people[name], address).items():
                self.standing.setdefault(path, fields)
                self.alike.setdefault(resolve(path).url_name, fields)

    def of(self, address: str) -> bytes:
        """As it is sent, in the parts of `MULTIPART_CONTENT`."""
        match = resolve(address)
        name = " ".join(filter(None, [match.url_name, match.kwargs.get("part")]))
        page = address.replace("/enregistrer/", "/modifier/") if name == "project-autosave" else address
        self.look_at(page, (author for author in AUTHORS if page not in self.standing))
        standing = self.standing.get(page) or self.alike.get(match.url_name)
        return encode_multipart(BOUNDARY, filled(standing or {"version": ["1"]}, self.typed(name)))

    def typed(self, name: str) -> dict[str, Any]:
        return {key.format_map(self.world): self.told(value) for key, value in TYPED.get(name, {}).items()}

    def told(self, value: Any) -> Any:
        return SimpleUploadedFile(*value) if isinstance(value, tuple) else value.format_map(self.world)
