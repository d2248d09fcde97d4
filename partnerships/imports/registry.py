"""What each kind of import of the registry holds; the export writes the same columns."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from aect.batches.columns import ChildColumn, Column, ListColumn, WholeColumn, field_column
from aect.batches.kinds import Kind, NamedFinder, Related, offer, same_names
from aect.fields import PartialDate
from partnerships import law
from partnerships.choices import PartyRole, Scheme, Side
from partnerships.models import (
    Action,
    Commitment,
    Convention,
    Country,
    Identifier,
    Milestone,
    Organisation,
    OrganisationName,
    Partnership,
    Party,
    Source,
    Theme,
)

WHO = _("SIREN, code INEGI, identifiant, ou nom s’il est le seul à le porter.")
SLUG = _("Lettres sans accent, chiffres et tirets. Vide à l’ajout : tiré du nom.")
CODES = (Scheme.SIREN, Scheme.INEGI)  # those by which an organisation is referred to


class OrganisationFinder(NamedFinder):
    """Finds organisations by SIREN or INEGI code, slug, or a name, present or other, that one alone bears."""

    def __init__(self) -> None:
        super().__init__(Organisation.objects.prefetch_related("identifiers"))

    def gather(self, texts: Iterable[str]) -> None:
        sought = {text: padded(text) for text in texts}
        coded = Identifier.objects.filter(scheme__in=CODES, code__in=sought.values())
        holders = {held.code: held.organisation_id for held in coded}
        found = self.rows.in_bulk(set(holders.values()))
        self.by_code = {text: found[holders[code]] for text, code in sought.items() if code in holders}
        self.by_code |= {row.slug: row for row in self.coded(sought.keys() - self.by_code.keys())}
        self.by_name = self.named(sought.keys() - self.by_code.keys())

    def named(self, texts: set[str]) -> dict[str, list[Any]]:
        pairs = set(same_names(Organisation, "name", texts))
        pairs |= set(same_names(OrganisationName, "text", texts, key="organisation_id"))
        rows = self.rows.in_bulk({pk for _text, pk in pairs})
        found: dict[str, list[Any]] = {}
        for text, pk in sorted(pairs):
            found.setdefault(text, []).append(rows[pk])
        return found

    def tell(self, row: Organisation) -> str:
        codes = {held.scheme: held.code for held in row.identifiers.all()} if row.pk and not row._state.adding else {}
        return next((codes[scheme] for scheme in CODES if scheme in codes), row.slug)

    def describe(self, row: Organisation) -> str:
        return f"{self.tell(row)} ({row}, {row.get_kind_display()})"

    def learn(self, row: Organisation) -> None:
        for text in (row.slug, *getattr(row, "new_codes", ())):
            self.by_code.setdefault(text, row)


def padded(text: str) -> str:
    """A code without the spaces between its digits, and with the zero that a spreadsheet took from its beginning.

    A COG or INEGI code has two or five digits. Any other text stays as it is.
    """
    code = "".join(text.split())
    if not (code.isascii() and code.isdigit()):
        return text
    return f"0{code}" if len(code) in {1, 4} else code


class CodeColumn(ChildColumn):
    """An official code of an organisation."""

    def read(self, text: str) -> str:
        return padded(super().read(text))


def named(rows: models.QuerySet[Any], **fields: str) -> NamedFinder:
    return NamedFinder(rows, **fields)


class NumberColumn(WholeColumn):
    """The id of a row that nothing else names. An import finds the row by it and never writes it."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ()

    def tell(self, value: Any) -> str:
        return ""

    def raw(self, value: Any) -> str:
        return str(value)

    def set(self, row: Any, value: Any) -> None:
        """Nothing: an id stays what it is."""


NUMBER = NumberColumn(name="id", label=_("Numéro"), help=_("Donné par l’export ; vide à l’ajout."))


class RegistryKind(Kind):
    """What the kinds of the registry share: most of their columns are fields of their model."""

    def of(self, *names: str, **more: Any) -> Iterator[Column]:
        """The columns of these fields; `more` is for all of them."""
        return (field_column(self.model, name, **more) for name in names)

    def if_another(self, values: Mapping[str, Any]) -> str | Promise:
        """A slug that the file does not give was made of the name, which others may bear."""
        is_made = "slug" in self.columns and not values.get("slug")
        return _("Si c’est une autre fiche, donnez-lui un identifiant.") if is_made else ""

    def sources(self) -> Iterator[Column]:
        finder = named(Source.objects.all(), label="title")
        yield field_column(
            self.model, "source", finder=finder, help=_("Identifiant ou titre d’une source déjà enregistrée.")
        )
        yield field_column(self.model, "source_place")


def slugged(values: Mapping[str, Any], name: str, length: int) -> str:
    """The slug that is given, else the one that the name makes."""
    return str(values.get("slug") or slugify(values.get(name) or "")[:length].strip("-"))


class Organisations(RegistryKind):
    name = "organisations"
    label = _("Organisations")
    help = _("Collectivités, ministères, agences, universités, associations, entreprises, réseaux.")
    model = Organisation
    told_by = ("slug", *CODES)
    children = (Identifier,)

    def make_columns(self) -> Iterable[Column]:
        organisations = OrganisationFinder()
        yield field_column(Organisation, "slug", help=SLUG, is_required=False, example="agence-de-l-eau-exemple")
        yield field_column(Organisation, "name", example="Agence de l’eau d’exemple")
        yield field_column(Organisation, "kind", example="agency")
        yield field_column(
            Organisation,
            "country",
            finder=named(Country.objects.all(), code="iso2", label="name_fr"),
            help=_("Code ISO à deux lettres, ou nom français."),
            example="FR",
        )
        for scheme in Scheme:
            yield CodeColumn(
                name=scheme.value,
                label=scheme.label,
                help=_("À saisir comme du texte : un tableur ôte le zéro du début.") if scheme != Scheme.SIREN else "",
                longest=20,
                pick=partial(code_of, scheme=scheme),
            )
        yield field_column(Organisation, "region", finder=organisations, is_own=True, help=WHO)
        yield field_column(Organisation, "parent", finder=organisations, is_own=True, help=WHO)
        yield from self.of("population", "latitude", "longitude")

    def rows(self) -> models.QuerySet[Any]:
        return (
            Organisation.objects.select_related("country", "region", "parent")
            .prefetch_related("identifiers", "region__identifiers", "parent__identifiers")
            .order_by("pk")
        )

    def keys(self, values: Mapping[str, Any]) -> Iterator[Hashable]:
        codes = [(scheme.value, values[scheme.value]) for scheme in CODES if values.get(scheme.value)]
        yield from codes
        if values.get("slug") or not codes:
            yield from (("slug", slug) for slug in [slugged(values, "name", 140)] if slug)

    def known(self, keys: set[Any]) -> models.QuerySet[Any]:
        held = Q()
        for scheme in CODES:
            held |= Q(scheme=scheme, code__in=[code for which, code in keys if which == scheme.value])
        coded = Identifier.objects.filter(held).values("organisation")
        return self.rows().filter(Q(slug__in=[slug for which, slug in keys if which == "slug"]) | Q(pk__in=coded))

    def complete(self, row: Organisation, values: Mapping[str, Any]) -> None:
        codes = [values[scheme.value] for scheme in CODES if values.get(scheme.value)]
        ending = "-".join(["", *(code if len(code) == 9 else f"mx{code}" for code in codes[:1])])
        row.slug = str(values.get("slug") or "") or f"{slugify(row.name)[:120] or f'organisation-{row.pk}'}{ending}"
        row.new_codes = codes  # type: ignore[attr-defined]

    def relate(self, row: Organisation, changes: Mapping[str, Any]) -> Related:
        related = Related()
        held = {} if row._state.adding else {code.scheme: code for code in row.identifiers.all()}
        for scheme in Scheme:
            if scheme.value not in changes:
                continue
            code = changes[scheme.value]
            if not code:
                related.removed.append(held[scheme.value])
                continue
            identifier = held.get(scheme.value) or Identifier(organisation_id=row.pk, scheme=scheme.value)
            identifier.code = code
            (related.changed if scheme.value in held else related.added).append(identifier)
        return related

    def column_of(self, child: models.Model) -> str:
        return str(getattr(child, "scheme", "slug"))


def code_of(organisation: Organisation, scheme: Scheme) -> str:
    return next((held.code for held in organisation.identifiers.all() if held.scheme == scheme), "")


#: The columns of a partnership's parties.
PLACES: dict[str, tuple[Side, PartyRole, Any]] = {
    "french_parties": (Side.FRENCH, PartyRole.PARTY, _("Collectivités partenaires françaises")),
    "foreign_parties": (Side.FOREIGN, PartyRole.PARTY, _("Collectivités partenaires étrangères")),
    "french_associates": (Side.FRENCH, PartyRole.ASSOCIATE, _("Collectivités associées françaises")),
    "foreign_associates": (Side.FOREIGN, PartyRole.ASSOCIATE, _("Collectivités associées étrangères")),
    "french_actors": (Side.FRENCH, PartyRole.ACTOR, _("Acteurs mobilisés français")),
    "foreign_actors": (Side.FOREIGN, PartyRole.ACTOR, _("Acteurs mobilisés étrangers")),
}


def placed(partnership: Partnership, side: Side, role: PartyRole) -> list[Organisation]:
    return [party.organisation for party in partnership.parties.all() if (party.side, party.role) == (side, role)]


class Partnerships(RegistryKind):
    name = "partnerships"
    label = _("Partenariats")
    help = _("Qui agit avec qui. Le détail d’une participation (dates, chef de file) se donne avec les parties.")
    model = Partnership
    told_by = ("slug",)
    children = (Party, Partnership.themes.through)
    links: ClassVar = {"themes": Partnership.themes.through}

    def make_columns(self) -> Iterable[Column]:
        organisations = OrganisationFinder()
        yield field_column(
            Partnership, "slug", help=SLUG, is_required=False, example="ville-d-exemple-municipio-d-exemple"
        )
        yield field_column(Partnership, "name", example="Ville d’exemple – Municipio d’exemple")
        yield from self.of("summary")
        yield field_column(Partnership, "began_on", example="07/2015")
        for name, (side, role, label) in PLACES.items():
            pick = partial(placed, side=side, role=role)
            yield ListColumn(name=name, label=label, help=WHO, finder=organisations, pick=pick)
        yield ListColumn(
            name="themes",
            label=_("Thèmes"),
            help=_("Identifiant ou nom d’un thème."),
            finder=named(Theme.objects.all()),
            pick=lambda row: row.themes.all(),
        )
        yield from self.of("initiative", "initiative_reason")
        yield from self.sources()

    def rows(self) -> models.QuerySet[Any]:
        return (
            Partnership.objects.select_related("source")
            .prefetch_related("parties__organisation__identifiers", "themes")
            .order_by("pk")
        )

    def keys(self, values: Mapping[str, Any]) -> Iterator[Hashable]:
        return (slug for slug in [slugged(values, "name", 100)] if slug)

    def known(self, keys: set[Any]) -> models.QuerySet[Any]:
        return self.rows().filter(slug__in=keys)

    def complete(self, row: Partnership, values: Mapping[str, Any]) -> None:
        row.slug = slugged(values, "name", 100) or f"partenariat-{row.pk}"

    def relate(self, row: Partnership, changes: Mapping[str, Any]) -> Related:
        """An organisation that goes from one column to another keeps its place, with all that is known of it."""
        related = super().relate(row, changes)
        held = {} if row._state.adding else {party.organisation_id: party for party in row.parties.all()}
        wanted = [
            (organisation, *PLACES[name][:2]) for name in changes if name in PLACES for organisation in changes[name]
        ]
        for organisation, side, role in wanted:
            party = held.pop(organisation.pk, None)
            if party is None:
                related.added.append(Party(partnership_id=row.pk, organisation=organisation, side=side, role=role))
            elif (party.side, party.role) != (side, role):
                party.side, party.role = side, role
                related.changed.append(party)
        left = {PLACES[name][:2] for name in changes if name in PLACES}
        related.removed += [party for party in held.values() if (party.side, party.role) in left]
        return related

    def column_of(self, child: models.Model) -> str:
        if not isinstance(child, Party):
            return "themes"
        return next(name for name, (side, role, _label) in PLACES.items() if (side, role) == (child.side, child.role))


class Parties(RegistryKind):
    name = "parties"
    label = _("Parties")
    help = _("La place de chaque organisation dans un partenariat : rôle, dates, chef de file.")
    model = Party
    told_by = ("partnership", "organisation")

    def make_columns(self) -> Iterable[Column]:
        yield partnership_column(Party)
        yield field_column(Party, "organisation", finder=OrganisationFinder(), help=WHO, example="213300635")
        yield field_column(Party, "side", example="french")
        yield from self.of("role", "is_lead", "part", "began_on", "ended_on")
        yield from self.sources()

    def rows(self) -> models.QuerySet[Any]:
        return (
            Party.objects.select_related("partnership", "organisation", "source")
            .prefetch_related("organisation__identifiers")
            .order_by("partnership", "pk")
        )

    def keys(self, values: Mapping[str, Any]) -> Iterator[Hashable]:
        if values.get("partnership") and values.get("organisation"):
            yield values["partnership"].pk, values["organisation"].pk

    def known(self, keys: set[Any]) -> models.QuerySet[Any]:
        return self.rows().filter(partnership__in={partnership for partnership, _organisation in keys})


def partnership_column(model: type[models.Model], **more: Any) -> Column:
    finder = named(Partnership.objects.with_parties().prefetch_related("sdg_contributions"))
    words = _("Identifiant ou nom d’un partenariat déjà enregistré.")
    return field_column(
        model, "partnership", **{"finder": finder, "help": words, "example": "la-rochelle-campeche", **more}
    )


class Conventions(RegistryKind):
    name = "conventions"
    label = _("Conventions")
    help = _("Ce que les parties ont signé, et ses étapes des deux côtés.")
    model = Convention
    told_by = ("slug",)
    children = (Convention.signatories.through,)
    links: ClassVar = {"signatories": Convention.signatories.through}

    def make_columns(self) -> Iterable[Column]:
        conventions = named(Convention.objects.all(), label="title")
        others = {"finder": conventions, "is_own": True, "help": _("Identifiant ou intitulé d’une convention.")}
        yield field_column(Convention, "slug", help=SLUG, is_required=False, example="convention-exemple-2015")
        yield partnership_column(Convention)
        yield field_column(Convention, "title", example="Convention d’exemple")
        yield field_column(Convention, "kind", example="cooperation")
        yield from self.of("object", "provisional_amount", "deliberated_on")
        yield field_column(Convention, "signed_on", example="15/07/2015")
        yield from self.of("transmitted_on", "receipt_number", "in_force_on", "referred_on", "annulled_on")
        yield from self.of("sre_notified_on", "sre_opinion_on", "sre_opinion", "sre_registration_number")
        yield from self.of("state_exception", "authorised_on", "ends_on", "is_tacitly_renewed", "renewal_years")
        yield from self.of("renews", "amends", **others)
        yield ListColumn(
            name="signatories",
            label=_("Signataires"),
            help=WHO,
            finder=OrganisationFinder(),
            pick=lambda row: row.signatories.all(),
        )
        yield from self.sources()

    def rows(self) -> models.QuerySet[Any]:
        parties = ("partnership__parties__organisation", "partnership__sdg_contributions", "signatories__identifiers")
        return (
            Convention.objects.select_related("partnership", "renews", "amends", "source")
            .prefetch_related(*parties)
            .order_by("pk")
        )

    def keys(self, values: Mapping[str, Any]) -> Iterator[Hashable]:
        return (slug for slug in [slugged(values, "title", 120)] if slug)

    def known(self, keys: set[Any]) -> models.QuerySet[Any]:
        return self.rows().filter(slug__in=keys)

    def complete(self, row: Convention, values: Mapping[str, Any]) -> None:
        row.slug = slugged(values, "title", 120) or f"convention-{row.pk}"

    def column_of(self, child: models.Model) -> str:
        return "signatories"

    def warnings(self, row: Convention) -> Iterator[tuple[str, str]]:
        """The law's, but those on the amounts of each year, which are another file."""
        for check in law.checks(row.terms):
            if check.level == law.Level.WARNING:
                yield check.field, f"{check.message} ({check.article})"


class Commitments(RegistryKind):
    name = "commitments"
    label = _("Engagements")
    help = _("Ce que chaque partie d’une convention entend donner, par année.")
    model = Commitment
    told_by = ("convention", "party", "year")

    def make_columns(self) -> Iterable[Column]:
        yield field_column(
            Commitment,
            "convention",
            finder=named(Convention.objects.all(), label="title"),
            help=_("Identifiant ou intitulé d’une convention déjà enregistrée."),
            example="convention-exemple-2015",
        )
        yield field_column(Commitment, "party", finder=OrganisationFinder(), help=WHO, example="213300635")
        yield field_column(Commitment, "year", example="2016")
        yield field_column(Commitment, "amount", example="10 000,00")
        yield from self.of("service", "service_resources_amount")

    def rows(self) -> models.QuerySet[Any]:
        return (
            Commitment.objects.select_related("convention", "party")
            .prefetch_related("party__identifiers")
            .order_by("convention", "year", "pk")
        )

    def keys(self, values: Mapping[str, Any]) -> Iterator[Hashable]:
        if values.get("convention") and values.get("party") and values.get("year") is not None:
            yield values["convention"].pk, values["party"].pk, values["year"]

    def known(self, keys: set[Any]) -> models.QuerySet[Any]:
        return self.rows().filter(convention__in={convention for convention, _party, _year in keys})


class Numbered(RegistryKind):
    """Rows without a name of their own: known by their number, else by all of `told_by`, of which the last is there."""

    def keys(self, values: Mapping[str, Any]) -> Iterator[Hashable]:
        if number := values.get("id"):
            yield "id", number
        elif values.get(self.told_by[-1]):
            told = (values.get(name) or None for name in self.told_by)
            yield tuple(value.iso if isinstance(value, PartialDate) else getattr(value, "pk", value) for value in told)

    def keys_of(self, row: Any) -> Iterator[Hashable]:
        yield "id", row.pk
        yield from super().keys_of(row)

    def known(self, keys: set[Any]) -> models.QuerySet[Any]:
        numbers = [key[1] for key in keys if key[0] == "id"]
        others = {key[-1] for key in keys if key[0] != "id"}
        return self.rows().filter(Q(pk__in=numbers) | Q(**{f"{self.told_by[-1]}__in": others}))


class Events(Numbered):
    def rows(self) -> models.QuerySet[Any]:
        return self.model._default_manager.select_related("partnership", "source").order_by("pk")


class Milestones(Events):
    name = "milestones"
    label = _("Repères")
    help = _("Les événements datés d’un partenariat, ou du domaine entier si le partenariat est vide.")
    model = Milestone
    told_by = ("partnership", "happened_on", "title")

    def make_columns(self) -> Iterable[Column]:
        yield NUMBER
        yield partnership_column(Milestone)
        yield field_column(Milestone, "happened_on", example="juillet 2015")
        yield field_column(Milestone, "kind", example="meeting")
        yield field_column(Milestone, "title", example="Rencontre d’exemple")
        yield from self.of("description", "status_after", "reason")
        yield from self.sources()


class Actions(Events):
    name = "actions"
    label = _("Actions")
    help = _("Ce que les partenaires font ensemble, et ce qu’il en advient.")
    model = Action
    told_by = ("partnership", "title")

    def make_columns(self) -> Iterable[Column]:
        yield NUMBER
        yield partnership_column(Action)
        yield field_column(Action, "title", example="Action d’exemple")
        yield from self.of("description", "outcome", "soil", "began_on", "ended_on")
        yield from self.sources()


def offer_registry() -> None:
    """Makes the registry's kinds known; called once, when the applications are ready."""
    offer(Organisations, Partnerships, Parties, Conventions, Commitments, Milestones, Actions)
