"""The vocabularies of money. Codes are those of the OECD's DAC and of this service's contract."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CofinancingKind(models.TextChoices):
    CASH = "cash", _("Numéraire")
    IN_KIND = "in_kind", _("Valorisation en nature")


class CofinancingState(models.TextChoices):
    REQUESTED = "requested", _("Demandé")
    COMMITTED = "committed", _("Engagé")
    PAID = "paid", _("Versé")


class ProjectState(models.TextChoices):
    """How far a project's record is on its way to the public."""

    DRAFT = "draft", _("Brouillon")
    SUBMITTED = "submitted", _("Déposé")
    RETURNED = "returned", _("À compléter")
    PUBLISHED = "published", _("Publié")


#: States in which the collectivity that files a record may change it.
IN_HAND = frozenset({ProjectState.DRAFT, ProjectState.RETURNED})


class StepKind(models.TextChoices):
    """What happened to a project's record, or to who works on it."""

    CREATED = "created", _("Brouillon créé")
    SUBMITTED = "submitted", _("Dossier déposé")
    WITHDRAWN = "withdrawn", _("Dossier repris par la collectivité")
    RETURNED = "returned", _("Dossier renvoyé pour être complété")
    PUBLISHED = "published", _("Dossier publié")
    UNPUBLISHED = "unpublished", _("Publication retirée")
    ASSIGNED = "assigned", _("Instruction affectée")
    TAKEN_OVER = "taken_over", _("Brouillon repris par un collègue")
    HANDED_OVER = "handed_over", _("Brouillon confié à un collègue")
    INVITED = "invited", _("Partenaire invité")
    DISMISSED = "dismissed", _("Invitation retirée")
    COMMENTED = "commented", _("Commentaire")


class AttachmentKind(models.TextChoices):
    DELIBERATION = "deliberation", _("Délibération")
    AGREEMENT = "agreement", _("Convention ou lettre d’intention")
    BUDGET = "budget", _("Budget ou plan de financement")
    REPORT = "report", _("Rapport ou compte rendu")
    OTHER = "other", _("Autre pièce")


class FunderFamily(models.TextChoices):
    """Who pays, as calls for projects count it."""

    STATE = "state", _("État et ses agences")
    FRENCH_AUTHORITY = "french_authority", _("Collectivités françaises")
    FOREIGN_PARTNER = "foreign_partner", _("Partenaires étrangers")
    OTHER = "other", _("Autres")


class IncomeGroup(models.TextChoices):
    """Income groups of the DAC list of ODA recipients."""

    LDC = "LDC", _("Pays moins avancés")
    LIC = "LIC", _("Autres pays à faible revenu")
    LMIC = "LMIC", _("Pays à revenu intermédiaire, tranche inférieure")
    UMIC = "UMIC", _("Pays à revenu intermédiaire, tranche supérieure")


class BiMulti(models.IntegerChoices):
    """CRS field « bi_multi »."""

    BILATERAL = 1, _("Bilatéral")
    MULTILATERAL = 2, _("Multilatéral, contribution au budget")
    NGO_CORE = 3, _("Contribution au budget d’une ONG")
    MULTI_BI = 4, _("Bilatéral, mis en œuvre par un organisme multilatéral")


class OnePercentFund(models.TextChoices):
    """The « 1 % » funds of CGCT art. L. 1115-1-1 and L. 1115-2."""

    WATER = "water", _("Eau et assainissement")
    ENERGY = "energy", _("Électricité et gaz")
    WASTE = "waste", _("Déchets")


class ApdReason(models.TextChoices):
    """Why a line counts as APD, or why not (see `funding.apd`)."""

    RECIPIENT = "recipient", _("Pays de la liste du CAD")
    IN_DONOR = "in_donor", _("Dépense en France admise par le CAD")
    MULTILATERAL = "multilateral", _("Organisme multilatéral")
    UNLISTED_COUNTRY = "unlisted_country", _("Hors APD : pays hors de la liste du CAD cette année-là")
    NOT_CONCESSIONAL = "not_concessional", _("Hors APD : ni don ni prêt concessionnel")
    LOAN_TERMS_UNKNOWN = "loan_terms_unknown", _("Hors APD : prêt dont l’élément don n’est pas connu")
    FLOW_NOT_ODA = "flow_not_oda", _("Hors APD : autre flux que l’APD")
    NO_RECIPIENT = "no_recipient", _("Hors APD : ni pays, ni dépense en France admise")


class Metric(models.TextChoices):
    """What a published figure measures."""

    APD = "apd", _("APD des collectivités")
    APD_WITHOUT_REFUGEES = "apd_without_refugees", _("APD hors frais d’accueil des réfugiés")
    REFUGEES = "refugees", _("Frais d’accueil des réfugiés")
    GROWTH = "growth", _("Évolution sur un an")
    GROWTH_WITHOUT_REFUGEES = "growth_without_refugees", _("Évolution sur un an, hors réfugiés")
    SHARE = "share", _("Part")
    STATE_SUPPORT = "state_support", _("Cofinancement de l’État")
    PROJECT_BUDGET = "project_budget", _("Budget des projets")
    COUNT = "count", _("Nombre")


class Unit(models.TextChoices):
    EUR = "eur", _("€")
    PERCENT = "percent", _("%")
    COUNT = "count", _("nombre")
