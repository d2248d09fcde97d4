"""The registry's vocabularies. Codes are stored, labels are shown in the reader's language."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OrganisationKind(models.TextChoices):
    COMMUNE = "commune", _("Commune")
    CC = "cc", _("Communauté de communes")
    CA = "ca", _("Communauté d’agglomération")
    CU = "cu", _("Communauté urbaine")
    METROPOLE = "metropole", _("Métropole")
    EPT = "ept", _("Établissement public territorial")
    SYNDICATE = "syndicate", _("Syndicat de communes ou mixte")
    DEPARTEMENT = "departement", _("Département")
    REGION = "region", _("Région")
    SPECIAL_STATUS = "special_status", _("Collectivité à statut particulier")
    MX_STATE = "mx_state", _("État fédéré mexicain")
    MX_MUNICIPALITY = "mx_municipality", _("Municipio mexicain")
    MX_ALCALDIA = "mx_alcaldia", _("Alcaldía de la Ciudad de México")
    MX_INTERMUNICIPAL = "mx_intermunicipal", _("Organisme intermunicipal mexicain")
    FOREIGN_AUTHORITY = "foreign_authority", _("Autorité locale étrangère")
    STATE = "state", _("État, ministère ou service de l’État")
    AGENCY = "agency", _("Agence ou organisme public")
    UNIVERSITY = "university", _("Université")
    NGO = "ngo", _("Association ou ONG")
    FIRM = "firm", _("Entreprise")
    NETWORK = "network", _("Réseau")


EPCI_KINDS = frozenset(
    {
        OrganisationKind.CC,
        OrganisationKind.CA,
        OrganisationKind.CU,
        OrganisationKind.METROPOLE,
        OrganisationKind.EPT,
        OrganisationKind.SYNDICATE,
    }
)
FRENCH_KINDS = EPCI_KINDS | {
    OrganisationKind.COMMUNE,
    OrganisationKind.DEPARTEMENT,
    OrganisationKind.REGION,
    OrganisationKind.SPECIAL_STATUS,
}
MEXICAN_KINDS = frozenset(
    {
        OrganisationKind.MX_STATE,
        OrganisationKind.MX_MUNICIPALITY,
        OrganisationKind.MX_ALCALDIA,
        OrganisationKind.MX_INTERMUNICIPAL,
    }
)
FOREIGN_KINDS = MEXICAN_KINDS | {OrganisationKind.FOREIGN_AUTHORITY}
LOCAL_KINDS = FRENCH_KINDS | FOREIGN_KINDS


class Family(models.TextChoices):
    """What the law holds an organisation to be, and what 'kinds of actors' are counted by."""

    LOCAL = "local", _("Collectivité territoriale")
    GROUPING = "grouping", _("Groupement de collectivités")
    STATE = "state", _("État")
    AGENCY = "agency", _("Agence ou organisme public")
    UNIVERSITY = "university", _("Enseignement supérieur et recherche")
    NGO = "ngo", _("Association ou ONG")
    FIRM = "firm", _("Entreprise")
    NETWORK = "network", _("Réseau de collectivités")


GROUPING_KINDS = EPCI_KINDS | {OrganisationKind.MX_INTERMUNICIPAL}
#: The family of each kind (CGCT, fifth part, for French groupings; art. 115 and 122 of the Mexican constitution).
FAMILIES: dict[str, Family] = {
    **dict.fromkeys(LOCAL_KINDS - GROUPING_KINDS, Family.LOCAL),
    **dict.fromkeys(GROUPING_KINDS, Family.GROUPING),
    OrganisationKind.STATE: Family.STATE,
    OrganisationKind.AGENCY: Family.AGENCY,
    OrganisationKind.UNIVERSITY: Family.UNIVERSITY,
    OrganisationKind.NGO: Family.NGO,
    OrganisationKind.FIRM: Family.FIRM,
    OrganisationKind.NETWORK: Family.NETWORK,
}


class Scheme(models.TextChoices):
    """Registers that give an organisation its official code."""

    SIREN = "siren", _("SIREN")
    COG_COMMUNE = "cog_commune", _("COG, commune")
    COG_DEPARTEMENT = "cog_departement", _("COG, département")
    COG_REGION = "cog_region", _("COG, région")
    INEGI = "inegi", _("INEGI")


class NameLanguage(models.TextChoices):
    """Language of a name; anything but `other` is the code that HTML's `lang` takes."""

    FR = "fr", _("français")
    ES = "es", _("espagnol")
    EN = "en", _("anglais")
    OTHER = "other", _("autre langue")


class NameKind(models.TextChoices):
    TRANSLATION = "translation", _("Traduction")
    FORMER = "former", _("Ancien nom")
    ACRONYM = "acronym", _("Sigle")
    USUAL = "usual", _("Nom d’usage")


class SuccessionKind(models.TextChoices):
    """What made one organisation follow another."""

    MERGED = "merged", _("Fusion")
    RENAMED = "renamed", _("Changement de nom")
    SPLIT = "split", _("Scission")
    ABSORBED = "absorbed", _("Absorption")


class Side(models.TextChoices):
    FRENCH = "french", _("Partie française")
    FOREIGN = "foreign", _("Partie étrangère")


class PartyRole(models.TextChoices):
    PARTY = "party", _("Collectivité partenaire")
    ASSOCIATE = "associate", _("Collectivité associée à une partie des actions")
    ACTOR = "actor", _("Acteur mobilisé")


#: Those who act together, whether in all of the partnership or in a part of it.
TOGETHER = (PartyRole.PARTY, PartyRole.ASSOCIATE)


class Reach(models.TextChoices):
    """How many collectivities act together; derived from the parties, see `PartnershipQuerySet.with_reach`."""

    BILATERAL = "bilateral", _("Bilatéral")
    MULTILATERAL = "multilateral", _("Multilatéral")


class Initiative(models.TextChoices):
    """Where the will to act comes from (Kamieniecki 1991)."""

    INTERNAL = "internal", _("Initiative interne : volonté propre de la collectivité ou de ses habitants")
    EXTERNAL = "external", _("Initiative externe : suscitée par les services de l’État")


class PartnershipStatus(models.TextChoices):
    PREPARATION = "preparing", _("En préparation")
    ACTIVE = "active", _("Actif")
    SLOWED = "slowed", _("Ralenti")
    SUSPENDED = "suspended", _("Suspendu")
    ENDED = "ended", _("Terminé")


class StatusReason(models.TextChoices):
    """Why a partnership's status changed."""

    MAJORITY = "majority", _("Changement de majorité")
    PARTNER_BODY = "partner_body", _("Création ou disparition d’une structure du partenaire")
    TERM = "term", _("Accord conclu, renouvelé ou arrivé à échéance")
    FUNDING = "funding", _("Financement obtenu ou perdu")
    DIPLOMACY = "diplomacy", _("Relations entre les États")
    LAW = "law", _("Décision de justice ou contrôle de légalité")
    RESULTS = "results", _("Résultats de l’évaluation")
    OTHER = "other", _("Autre raison, dite dans les précisions")


class StaffKind(models.TextChoices):
    """How a collectivity's own staff take part."""

    MISSION = "mission", _("Mission chez le partenaire")
    HOSTING = "hosting", _("Accueil d’une délégation")
    EXPERTISE = "expertise", _("Expertise à distance")
    COORDINATION = "coordination", _("Coordination et suivi")


class Sdg(models.IntegerChoices):
    """The Sustainable Development Goals of the 2030 Agenda (A/RES/70/1)."""

    POVERTY = 1, _("Pas de pauvreté")
    HUNGER = 2, _("Faim « zéro »")
    HEALTH = 3, _("Bonne santé et bien-être")
    EDUCATION = 4, _("Éducation de qualité")
    GENDER = 5, _("Égalité entre les sexes")
    WATER = 6, _("Eau propre et assainissement")
    ENERGY = 7, _("Énergie propre et d’un coût abordable")
    WORK = 8, _("Travail décent et croissance économique")
    INDUSTRY = 9, _("Industrie, innovation et infrastructure")
    INEQUALITY = 10, _("Inégalités réduites")
    CITIES = 11, _("Villes et communautés durables")
    CONSUMPTION = 12, _("Consommation et production responsables")
    CLIMATE = 13, _("Lutte contre les changements climatiques")
    OCEANS = 14, _("Vie aquatique")
    LAND = 15, _("Vie terrestre")
    PEACE = 16, _("Paix, justice et institutions efficaces")
    PARTNERSHIPS = 17, _("Partenariats pour la réalisation des objectifs")


class ConventionKind(models.TextChoices):
    FRIENDSHIP = "friendship", _("Pacte d’amitié")
    TWINNING = "twinning", _("Jumelage")
    COOPERATION = "cooperation", _("Accord de coopération")
    INTENT = "intent", _("Lettre d’intention")
    FINANCING = "financing", _("Convention de financement")
    AMENDMENT = "amendment", _("Avenant")
    STATE = "state", _("Accord avec un État étranger")


class ConventionState(models.TextChoices):
    """How far a convention is on its French side, in the order of its life; derived from its dates."""

    DRAFT = "draft", _("Projet, ou dates inconnues")
    DELIBERATED = "deliberated", _("Délibérée")
    SIGNED = "signed", _("Signée")
    TRANSMITTED = "transmitted", _("Transmise au préfet")
    IN_FORCE = "in_force", _("En vigueur")
    REFERRED = "referred", _("Déférée au juge")
    ENDED = "ended", _("Terminée")
    ANNULLED = "annulled", _("Annulée")


class SreState(models.TextChoices):
    """How far a convention is on its Mexican side, with the ministry of foreign affairs (SRE)."""

    NOT_CONCERNED = "not_concerned", _("Sans objet : aucune partie mexicaine")
    TO_NOTIFY = "to_notify", _("À notifier, ou dates inconnues")
    NOTIFIED = "notified", _("Notifiée à la SRE")
    OPINION_GIVEN = "opinion_given", _("Avis rendu")
    REGISTERED = "registered", _("Inscrite au registre")


class SreOpinion(models.TextChoices):
    FAVOURABLE = "favourable", _("Favorable")
    UNFAVOURABLE = "unfavourable", _("Défavorable")


class StateException(models.TextChoices):
    """What lets a collectivity sign with a foreign State (CGCT, art. L. 1115-5)."""

    STATUTE = "statute", _("Cas prévu par la loi")
    TERRITORIAL = "territorial", _("Création d’un groupement européen ou transfrontalier")
    AGREEMENT = "agreement", _("Mise en œuvre d’un accord international")
    PROGRAMME = "programme", _("Programme de coopération d’une organisation régionale")
    GROUPING = "grouping", _("Participation à un groupement avec un État")


AUTHORISED_EXCEPTIONS = frozenset({StateException.AGREEMENT, StateException.PROGRAMME, StateException.GROUPING})


class LocalService(models.TextChoices):
    """Services that may spend up to 1 % of their yearly resources abroad."""

    WATER = "water", _("Eau et assainissement")
    ENERGY = "energy", _("Électricité et gaz")
    WASTE = "waste", _("Déchets ménagers")


class MilestoneKind(models.TextChoices):
    AGREEMENT = "agreement", _("Accord")
    CALL = "call", _("Appel à projets")
    MEETING = "meeting", _("Rencontre")
    INSTITUTION = "institution", _("Institution")
    LAW = "law", _("Texte")
    EVENT = "event", _("Événement")


class Outcome(models.TextChoices):
    """What became of an action."""

    PLANNED = "planned", _("Prévue")
    UNDER_WAY = "under_way", _("En cours")
    DELIVERED = "delivered", _("Livrée")
    CARRIED_OUT = "carried_out", _("Mise en œuvre")
    NOT_FOLLOWED = "not_followed", _("Livrée, sans suite")
    ABANDONED = "abandoned", _("Abandonnée")


class EntryState(models.TextChoices):
    """How far an offer of know-how or a need is on a day; derived from its dates."""

    DRAFT = "draft", _("Brouillon")
    PUBLISHED = "published", _("En ligne")
    CLOSED = "closed", _("Après clôture")


class KnowHowLabel(models.TextChoices):
    """The ministry's recognition of a territorial expertise, before any action abroad: PACT3 in 2017, then EXPE-CT."""

    PACT3 = "pact3", _("Label PACT3")
    EXPE_CT = "expe_ct", _("Label EXPE-CT")


class WorkingLanguage(models.TextChoices):
    """Languages that people can work in together."""

    FR = "fr", _("français")
    ES = "es", _("espagnol")
    EN = "en", _("anglais")
    PT = "pt", _("portugais")
    AR = "ar", _("arabe")
    DE = "de", _("allemand")
    IT = "it", _("italien")


class PartnerSize(models.TextChoices):
    """The size of the partner that a need asks for; the bounds are in `matching`."""

    SMALL = "small", _("Moins de 20 000 habitants")
    MEDIUM = "medium", _("De 20 000 à 99 999 habitants")
    LARGE = "large", _("De 100 000 à 499 999 habitants")
    VERY_LARGE = "very_large", _("500 000 habitants ou plus")


class MemberRole(models.TextChoices):
    """What a member of a collectivity may do there: each role may do what those before it may."""

    READER = "reader", _("Lecture")
    EDITOR = "editor", _("Édition")
    SIGNATORY = "signatory", _("Signature")
