"""One form for each kind of record, and for each kind of row that hangs on one."""

from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from partnerships import parties
from partnerships.choices import Side
from partnerships.forms.base import EditForm, SluggedForm
from partnerships.forms.fields import form_field
from partnerships.models import (
    Action,
    Commitment,
    Convention,
    Identifier,
    Indicator,
    Milestone,
    NetworkMembership,
    Organisation,
    OrganisationName,
    Partnership,
    Party,
    SdgContribution,
    StaffContribution,
    Succession,
)
from partnerships.permissions import editable_partnerships, edited_by, edits

SOURCE = ["source", "source_place"]


def narrow(field: Any, partnership: int, named: int | None) -> None:
    """Leaves, of all organisations, those that take part in the partnership, and the one that is named already."""
    places = Party.objects.filter(partnership=partnership).values("organisation")
    field.rows = Organisation.objects.filter(Q(pk__in=places) | Q(pk=named))
    field.nothing = _("« %(text)s » ne prend pas part à ce partenariat.")


class PartnershipForm(SluggedForm):
    """A new one is an agent's draft when it says of which `collectivity`: that becomes its French party."""

    collectivity = forms.ModelChoiceField(
        label=_("Votre collectivité"), queryset=Organisation.objects.none(), required=False
    )

    class Meta:
        model = Partnership
        fields = ["name", "summary", "initiative", "initiative_reason", "themes", "began_on", *SOURCE]
        formfield_callback = form_field
        widgets = {"themes": forms.CheckboxSelectMultiple}

    field_order = ["collectivity"]

    def by(self, user: User) -> None:
        if self.instance.pk or edits(user):
            del self.fields["collectivity"]
            return
        field: Any = self.fields["collectivity"]
        field.required = True
        field.queryset = edited_by(user).alphabetical()
        field.initial = field.queryset.first() if field.queryset.count() == 1 else None
        self.instance.published_at = None

    def save(self, commit: bool = True) -> Partnership:
        is_new = not self.instance.pk
        partnership: Partnership = super().save(commit)
        if is_new and (place := self.cleaned_data.get("collectivity")):
            Party.objects.create(partnership=partnership, organisation=place, side=Side.FRENCH)
        return partnership


class PartyForm(EditForm):
    """An agent puts their own collectivity in; another one they propose, and of a place that stands they say less."""

    user: User

    class Meta:
        model = Party
        fields = ["organisation", "side", "role", "is_lead", "part", "began_on", "ended_on", *SOURCE]
        formfield_callback = form_field

    def by(self, user: User) -> None:
        self.user = user
        if self.instance.pk and not edits(user):
            for name in ("organisation", "side", "role"):
                del self.fields[name]

    @property
    def is_proposal(self) -> bool:
        row = self.instance
        return not row.pk and not parties.is_free(row.partnership, row.organisation, self.user)

    def save(self, commit: bool = True) -> Any:
        return parties.propose(self.instance, by=self.user) if self.is_proposal else super().save(commit)


class MilestoneForm(EditForm):
    class Meta:
        model = Milestone
        fields = ["title", "kind", "happened_on", "description", "status_after", "reason", "organisations", *SOURCE]
        formfield_callback = form_field
        widgets = {"organisations": forms.CheckboxSelectMultiple}

    def under(self, partnership: Partnership) -> None:
        """Those who take part in the partnership, or whom the milestone concerns already."""
        concerned = Q(places__partnership=partnership)
        if self.instance.pk:
            concerned |= Q(milestones=self.instance.pk)
        field: Any = self.fields["organisations"]
        field.queryset = Organisation.objects.filter(concerned).distinct().alphabetical()


class ActionForm(EditForm):
    class Meta:
        model = Action
        fields = ["title", "description", "outcome", "soil", "began_on", "ended_on", *SOURCE]
        formfield_callback = form_field


class IndicatorForm(EditForm):
    class Meta:
        model = Indicator
        fields = ["action", "name", "unit", "baseline", "target", "value", "measured_on", *SOURCE]
        formfield_callback = form_field

    def under(self, partnership: Partnership) -> None:
        self.fields["action"].queryset = partnership.actions.all()  # type: ignore[attr-defined]


class SdgContributionForm(EditForm):
    class Meta:
        model = SdgContribution
        fields = ["goal", "weight", "contribution", "quantity", "unit", *SOURCE]
        formfield_callback = form_field


class StaffContributionForm(EditForm):
    class Meta:
        model = StaffContribution
        fields = ["organisation", "kind", "year", "department", "missions", "people", "days", *SOURCE]
        formfield_callback = form_field

    def under(self, partnership: Partnership) -> None:
        narrow(self.fields["organisation"], partnership.pk, self.instance.organisation_id)


class OrganisationForm(SluggedForm):
    class Meta:
        model = Organisation
        fields = [
            "name",
            "kind",
            "country",
            "region",
            "parent",
            "description",
            "population",
            "latitude",
            "longitude",
            *SOURCE,
        ]
        formfield_callback = form_field


class IdentifierForm(EditForm):
    class Meta:
        model = Identifier
        fields = ["scheme", "code"]
        formfield_callback = form_field

    def clean_code(self) -> str:
        return "".join(self.cleaned_data["code"].split())


class OrganisationNameForm(EditForm):
    class Meta:
        model = OrganisationName
        fields = ["text", "kind", "language", "first_year", "last_year", *SOURCE]
        formfield_callback = form_field


class SuccessorForm(EditForm):
    """What the organisation became."""

    class Meta:
        model = Succession
        fields = ["successor", "kind", "happened_on", *SOURCE]
        formfield_callback = form_field


class PredecessorForm(EditForm):
    """What the organisation came from."""

    class Meta:
        model = Succession
        fields = ["predecessor", "kind", "happened_on", *SOURCE]
        formfield_callback = form_field


class NetworkMembershipForm(EditForm):
    class Meta:
        model = NetworkMembership
        fields = ["network", "began_on", "ended_on", *SOURCE]
        formfield_callback = form_field


CONVENTION_SECTIONS = (
    ("contenu", _("Contenu"), ("partnership", "title", "kind", "object", "provisional_amount", "signatories")),
    (
        "etapes-francaises",
        _("Étapes côté français"),
        (
            "deliberated_on",
            "signed_on",
            "transmitted_on",
            "receipt_number",
            "in_force_on",
            "referred_on",
            "annulled_on",
        ),
    ),
    (
        "etapes-mexicaines",
        _("Étapes côté mexicain"),
        ("sre_notified_on", "sre_opinion_on", "sre_opinion", "sre_registration_number"),
    ),
    ("duree", _("Durée et suites"), ("ends_on", "is_tacitly_renewed", "renewal_years", "renews", "amends")),
    ("etat-etranger", _("Convention avec un État étranger"), ("state_exception", "authorised_on")),
    ("source", _("Source"), tuple(SOURCE)),
)


class ConventionForm(SluggedForm):
    SECTIONS = CONVENTION_SECTIONS

    class Meta:
        model = Convention
        fields = [name for _section, _title, names in CONVENTION_SECTIONS for name in names]
        formfield_callback = form_field
        widgets = {"signatories": forms.CheckboxSelectMultiple}
        error_messages: ClassVar = {"renews": {"unique": _("Une autre convention la renouvelle déjà.")}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        if self.instance.partnership_id:
            partnership = self.instance.partnership
            others = partnership.conventions.exclude(pk=self.instance.pk)
            fields["renews"].queryset = fields["amends"].queryset = others
            fields["signatories"].queryset = Organisation.objects.filter(places__partnership=partnership)
        else:
            for name in ("renews", "amends", "signatories"):  # they belong to the partnership that is still to choose
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """In another partnership, only its own organisations may have signed."""
        cleaned = super().clean()
        partnership = cleaned.get("partnership")
        if self.instance.pk and partnership and partnership.pk != self.instance.partnership_id:
            if Convention.objects.filter(Q(renews=self.instance) | Q(amends=self.instance)).exists():
                said = _("D’autres conventions la renouvellent ou la modifient : elle reste dans leur partenariat.")
                self.add_error("partnership", said)
            cleaned["signatories"] = cleaned["signatories"].filter(places__partnership=partnership)
        return cleaned

    def follow(self, former: Convention | None) -> None:
        """Of a new convention whose partnership is known, after another one, whose signatories would sign again."""
        del self.fields["partnership"]
        if former:
            self.initial["signatories"] = [signatory.pk for signatory in former.signatories.all()]

    def by(self, user: User) -> None:
        """An agent's new convention is a draft; it is one of a partnership that they edit."""
        field: Any = self.fields.get("partnership")
        if field and self.instance.pk and not self.instance.is_draft and not edits(user):
            del self.fields["partnership"]  # what is public stays where it is
        elif field:
            field.rows = editable_partnerships(user)
            field.nothing = _("Aucun partenariat que vous pouvez modifier ne répond à « %(text)s ».")
        if not self.instance.pk and not edits(user):
            self.instance.published_at = None


class CommitmentForm(EditForm):
    class Meta:
        model = Commitment
        fields = ["party", "year", "amount", "service", "service_resources_amount"]
        formfield_callback = form_field
        labels = {"party": _("Partie")}

    def under(self, convention: Convention) -> None:
        narrow(self.fields["party"], convention.partnership_id, self.instance.party_id)
