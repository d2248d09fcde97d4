"""One form for each kind of record, and for each kind of row that hangs on one."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

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

SOURCE = ["source", "source_place"]


class PartnershipForm(SluggedForm):
    class Meta:
        model = Partnership
        fields = ["name", "summary", "initiative", "initiative_reason", "themes", "began_on", *SOURCE]
        formfield_callback = form_field
        widgets = {"themes": forms.CheckboxSelectMultiple}


class PartyForm(EditForm):
    class Meta:
        model = Party
        fields = ["organisation", "side", "role", "is_lead", "part", "began_on", "ended_on", *SOURCE]
        formfield_callback = form_field


class MilestoneForm(EditForm):
    class Meta:
        model = Milestone
        fields = ["title", "kind", "happened_on", "description", "status_after", "reason", "organisations", *SOURCE]
        formfield_callback = form_field
        widgets = {"organisations": forms.CheckboxSelectMultiple}

    def under(self, partnership: Partnership) -> None:
        """Those who take part in the partnership, or whom the milestone concerns already."""
        concerned = Q(places__partnership=partnership) | Q(milestones=self.instance.pk)
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


class ConventionForm(SluggedForm):
    class Meta:
        model = Convention
        fields = [
            "partnership",
            "title",
            "kind",
            "object",
            "provisional_amount",
            "deliberated_on",
            "signed_on",
            "transmitted_on",
            "receipt_number",
            "in_force_on",
            "referred_on",
            "annulled_on",
            "ends_on",
            "is_tacitly_renewed",
            "renewal_years",
            "renews",
            "amends",
            "signatories",
            "sre_notified_on",
            "sre_opinion_on",
            "sre_opinion",
            "sre_registration_number",
            "state_exception",
            "authorised_on",
            *SOURCE,
        ]
        formfield_callback = form_field
        widgets = {"signatories": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        if self.instance.pk:
            partnership = self.instance.partnership
            others = partnership.conventions.exclude(pk=self.instance.pk)
            fields["renews"].queryset = fields["amends"].queryset = others
            fields["signatories"].queryset = Organisation.objects.filter(places__partnership=partnership)
        else:
            for name in ("renews", "amends", "signatories"):  # they belong to the partnership that is still to choose
                del self.fields[name]


class CommitmentForm(EditForm):
    class Meta:
        model = Commitment
        fields = ["party", "year", "amount", "service", "service_resources_amount"]
        formfield_callback = form_field
        labels = {"party": _("Partie")}
