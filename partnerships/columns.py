"""What the registry's tables, files and comparisons can show of a row."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from aect.columns import ListColumn
from aect.fields import PartialDate
from partnerships.choices import (
    ConventionKind,
    ConventionState,
    EntryState,
    Initiative,
    KnowHowLabel,
    OrganisationKind,
    PartnershipStatus,
    PartnerSize,
    Reach,
    WorkingLanguage,
)
from partnerships.models import Partnership


def dated(row: Any, field: str) -> PartialDate | None:
    """A date of the row with its precision."""
    day = getattr(row, field)
    return PartialDate(day, getattr(row, f"{field}_precision", "day")) if day else None


def distinct(values: Any) -> list[str]:
    return list(dict.fromkeys(str(value) for value in values if value))


def french_regions(row: Partnership) -> list[str]:
    return distinct(party.region for party in row.french_parties)


def french_kinds(row: Partnership) -> list[str]:
    return distinct(party.get_kind_display() for party in row.french_parties)


#: In a list, only where its reader may read drafts: see `ListFilterSet.draft_column`.
DRAFT = ListColumn(
    "brouillon",
    "is_draft",
    _("Brouillon"),
    lambda row: row.is_draft,
    "flag",
    definition=_("Brouillon : seuls les membres de ses collectivités françaises et la délégation le lisent."),
)

PARTNERSHIPS = [
    ListColumn("nom", "name", _("Nom"), lambda row: row.name, tri="nom"),
    ListColumn("francais", "french_parties", _("Côté français"), lambda row: distinct(row.french_parties)),
    ListColumn("etranger", "foreign_parties", _("Côté étranger"), lambda row: distinct(row.foreign_parties)),
    ListColumn(
        "pays",
        "countries",
        _("Pays"),
        lambda row: distinct(party.country for party in row.foreign_parties),
        definition=_("Pays des parties étrangères."),
    ),
    ListColumn(
        "statut",
        "status",
        _("État"),
        lambda row: row.status,
        tri="statut",
        labels=PartnershipStatus,
        definition=_("Celui qu’a donné le dernier repère qui l’a changé ; vide quand aucun n’est connu."),
    ),
    ListColumn(
        "depuis",
        "began_on",
        _("Depuis"),
        lambda row: dated(row, "began_on"),
        "date",
        tri="depuis",
        definition=_("Date connue au jour, au mois ou à l’année."),
    ),
    ListColumn("themes", "themes", _("Thèmes"), lambda row: distinct(row.themes.all())),
    ListColumn(
        "odd",
        "sdg_goals",
        _("ODD"),
        lambda row: distinct(row.sdg_contributions.all()),
        definition=_("Objectifs de développement durable que le partenariat sert."),
    ),
    ListColumn(
        "portee",
        "reach",
        _("Portée"),
        lambda row: row.reach,
        labels=Reach,
        definition=_("Multilatéral dès que plusieurs collectivités françaises, ou de plusieurs pays, y prennent part."),
    ),
    ListColumn(
        "reciproque",
        "is_reciprocal",
        _("Action sur le sol français"),
        lambda row: row.is_reciprocal,
        "flag",
    ),
    ListColumn("initiative", "initiative", _("Initiative"), lambda row: row.initiative, labels=Initiative),
    ListColumn("type", "french_types", _("Type de collectivité"), french_kinds),
    ListColumn("region", "french_regions", _("Région française"), french_regions),
    ListColumn(
        "associes",
        "associates",
        _("Collectivités associées"),
        lambda row: distinct(party.organisation for party in row.associates),
    ),
    ListColumn(
        "acteurs", "actors", _("Acteurs mobilisés"), lambda row: distinct(actor.organisation for actor in row.actors)
    ),
    ListColumn("resume", "summary", _("Résumé"), lambda row: row.summary),
    ListColumn("identifiant", "slug", _("Identifiant"), lambda row: row.slug),
    DRAFT,
]

COLLECTIVITIES = [
    ListColumn("nom", "name", _("Nom"), lambda row: row.name, tri="nom"),
    ListColumn("type", "type", _("Type"), lambda row: row.kind, tri="type", labels=OrganisationKind),
    ListColumn("region", "region", _("Région ou État fédéré"), lambda row: row.region and str(row.region)),
    ListColumn("pays", "country", _("Pays"), lambda row: str(row.country)),
    ListColumn(
        "code",
        "code",
        _("Code"),
        lambda row: (code := row.main_identifier) and str(code),
        definition=_("Code officiel : SIREN ou INEGI, sinon celui du lieu (COG)."),
    ),
    ListColumn("population", "population", _("Population"), lambda row: row.population, "integer", tri="population"),
    ListColumn(
        "partenariats",
        "partnerships",
        _("Partenariats"),
        lambda row: len(row.partner_places),
        "integer",
        tri="partenariats",
        definition=_("Ceux dont la collectivité est partie, terminés compris."),
    ),
    ListColumn("identifiant", "slug", _("Identifiant"), lambda row: row.slug),
]


def date_column(name: str, field: str, label: Any, tri: str = "", **more: Any) -> ListColumn:
    return ListColumn(name, field, label, lambda row: dated(row, field), "date", tri, **more)


def text_column(name: str, field: str, label: Any, tri: str = "", labels: Any = None) -> ListColumn:
    return ListColumn(name, field, label, lambda row: getattr(row, field), tri=tri, labels=labels)


CONVENTIONS = [
    text_column("titre", "title", _("Intitulé"), "titre"),
    ListColumn("partenariat", "partnership", _("Partenariat"), lambda row: str(row.partnership), tri="partenariat"),
    text_column("nature", "kind", _("Nature"), "nature", ConventionKind),
    ListColumn(
        "etat",
        "state",
        _("État"),
        lambda row: row.state,
        tri="etat",
        labels=ConventionState,
        definition=_("Côté français, déduit des dates au jour de la consultation."),
    ),
    text_column("objet", "object", _("Objet")),
    ListColumn(
        "montant",
        "provisional_amount",
        _("Montant prévisionnel"),
        lambda row: row.provisional_amount,
        "amount",
        "montant",
        definition=_("En euros ; 0 quand la convention n’engage aucune dépense, vide quand il n’est pas connu."),
    ),
    date_column("deliberee", "deliberated_on", _("Délibérée")),
    date_column("signee", "signed_on", _("Signée"), "signature"),
    date_column("transmise", "transmitted_on", _("Transmise au préfet")),
    date_column("vigueur", "in_force_on", _("En vigueur")),
    date_column(
        "fin", "ends_on", _("Échéance"), "fin", definition=_("Celle qui est convenue, avant tout renouvellement.")
    ),
    ListColumn("tacite", "is_tacitly_renewed", _("Tacite reconduction"), lambda row: row.is_tacitly_renewed, "flag"),
    text_column("identifiant", "slug", _("Identifiant")),
    DRAFT,
]

ENTRY = [
    text_column("titre", "title", _("Intitulé"), "titre"),
    ListColumn(
        "collectivite", "organisation", _("Collectivité"), lambda row: str(row.organisation), tri="collectivite"
    ),
    ListColumn("type", "organisation_type", _("Type"), lambda row: row.organisation.kind, labels=OrganisationKind),
    ListColumn("pays", "country", _("Pays"), lambda row: str(row.organisation.country)),
    ListColumn("domaine", "theme", _("Domaine"), lambda row: str(row.theme)),
    ListColumn("odd", "sdg_goals", _("ODD"), lambda row: [str(goal) for goal in row.sdg_goals]),
    ListColumn(
        "langues", "languages", _("Langues de travail"), lambda row: list(row.languages), labels=WorkingLanguage
    ),
    text_column("description", "description", _("Description")),
    date_column("publication", "published_on", _("Publication"), "publication"),
    date_column("cloture", "closes_on", _("Clôture")),
    text_column("etat", "state", _("État"), "", EntryState),
    ListColumn("fictif", "is_fictitious", _("Donnée fictive"), lambda row: row.is_fictitious, "flag"),
    text_column("identifiant", "slug", _("Identifiant")),
]
OFFERS = [
    *ENTRY,
    ListColumn(
        "souhaites",
        "countries",
        _("Pays souhaités"),
        lambda row: distinct(row.countries.all()),
        definition=_("Vide : l’offre est ouverte à tous les pays."),
    ),
    text_column("label", "label", _("Label"), "", KnowHowLabel),
    ListColumn("annee", "label_year", _("Année du label"), lambda row: row.label_year, "year"),
]
NEEDS = [
    *ENTRY,
    text_column("taille", "size", _("Taille souhaitée"), "", PartnerSize),
    date_column("exprime", "stated_on", _("Exprimé le")),
]
