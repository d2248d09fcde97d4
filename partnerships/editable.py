"""What officers and agents edit: kinds of records with a page, and the rows that hang on some of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from partnerships import permissions
from partnerships.forms import records as forms
from partnerships.forms.base import EditForm
from partnerships.forms.knowhow import NeedForm, OfferForm
from partnerships.models.publication import Publishable


@dataclass(frozen=True)
class Part:
    """Rows that hang on a record by the foreign key `key`, or by a path that ends with it."""

    form: type[EditForm]
    key: str
    title: Any
    add: Any
    links: tuple[str, ...] = ()

    @property
    def model(self) -> type[Model]:
        return self.form._meta.model

    def of(self, record: Model) -> QuerySet[Any]:
        rows = self.model._default_manager.filter(**{self.key: record})
        return rows.select_related(*self.links) if self.links else rows

    def new(self, record: Model) -> Model:
        """A row that hangs on the record, or on nothing yet when the form asks on what."""
        return self.model() if "__" in self.key else self.model(**{self.key: record})


@dataclass(frozen=True)
class Kind:
    """A kind of record: who may edit which rows, its form, and its parts by the name that stands in the address.

    `adds` says who may add one.
    """

    name: str
    form: type[EditForm]
    rows: Callable[[User], QuerySet[Any]]
    add: Any
    parts: dict[str, Part] = field(default_factory=dict)
    adds: Callable[[User | AnonymousUser], bool] = permissions.edits

    @property
    def has_drafts(self) -> bool:
        return issubclass(self.form._meta.model, Publishable)

    def holds(self, row: Model, user: User) -> bool:
        """Whether the row is a record of this kind that this person may edit, or hangs on one."""
        rows = self.rows(user)
        if isinstance(row, rows.model):
            return rows.filter(pk=row.pk).exists()
        keys = [part.key for part in self.parts.values() if isinstance(row, part.model)]
        return any(rows.filter(pk=reduce(getattr, key.split("__"), row).pk).exists() for key in keys)


PARTNERSHIP = Kind(
    "partnership",
    forms.PartnershipForm,
    permissions.editable_partnerships,
    _("Ajouter un partenariat"),
    {
        "parties": Part(
            forms.PartyForm, "partnership", _("Parties et acteurs"), _("Ajouter une partie"), ("organisation",)
        ),
        "reperes": Part(forms.MilestoneForm, "partnership", _("Repères"), _("Ajouter un repère")),
        "actions": Part(forms.ActionForm, "partnership", _("Actions"), _("Ajouter une action")),
        "indicateurs": Part(
            forms.IndicatorForm, "action__partnership", _("Indicateurs"), _("Ajouter un indicateur"), ("action",)
        ),
        "odd": Part(
            forms.SdgContributionForm,
            "partnership",
            _("Objectifs de développement durable"),
            _("Ajouter un objectif de développement durable"),
        ),
        "agents": Part(
            forms.StaffContributionForm,
            "partnership",
            _("Participations des agents"),
            _("Ajouter une participation des agents"),
            ("organisation",),
        ),
    },
    permissions.adds,
)
ORGANISATION = Kind(
    "organisation",
    forms.OrganisationForm,
    permissions.editable_organisations,
    _("Ajouter une organisation"),
    {
        "codes": Part(forms.IdentifierForm, "organisation", _("Codes officiels"), _("Ajouter un code officiel")),
        "noms": Part(forms.OrganisationNameForm, "organisation", _("Autres noms"), _("Ajouter un autre nom")),
        "successeurs": Part(
            forms.SuccessorForm, "predecessor", _("Devient"), _("Ajouter un successeur"), ("predecessor", "successor")
        ),
        "predecesseurs": Part(
            forms.PredecessorForm,
            "successor",
            _("Succède à"),
            _("Ajouter un prédécesseur"),
            ("predecessor", "successor"),
        ),
        "reseaux": Part(
            forms.NetworkMembershipForm,
            "member",
            _("Réseaux dont elle est membre"),
            _("Ajouter un réseau"),
            ("network", "member"),
        ),
    },
)
CONVENTION = Kind(
    "convention",
    forms.ConventionForm,
    permissions.editable_conventions,
    _("Ajouter une convention"),
    {
        "engagements": Part(
            forms.CommitmentForm,
            "convention",
            _("Montants par année et par partie"),
            _("Ajouter un engagement"),
            ("party",),
        )
    },
    permissions.adds,
)
OFFER = Kind("offer", OfferForm, permissions.editable_offers, _("Ajouter une offre de savoir-faire"))
NEED = Kind("need", NeedForm, permissions.editable_needs, _("Ajouter un besoin de savoir-faire"))
KINDS = (PARTNERSHIP, ORGANISATION, CONVENTION, OFFER, NEED)


def holds(row: Model, user: User) -> bool:
    """Whether this person may edit the row, or the record on which it hangs."""
    return any(kind.holds(row, user) for kind in KINDS)


def models_edited() -> list[type[Model]]:
    """Every model that has a form here, each once."""
    forms_used = [form for kind in KINDS for form in (kind.form, *(part.form for part in kind.parts.values()))]
    return list(dict.fromkeys(form._meta.model for form in forms_used))
