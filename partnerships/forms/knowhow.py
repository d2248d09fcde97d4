"""Offers of know-how and needs, as an officer writes them. Whose they are comes from the page they are added on."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from partnerships.choices import Sdg, WorkingLanguage
from partnerships.forms.base import SluggedForm
from partnerships.forms.fields import form_field
from partnerships.models import Action, Country, Need, Offer, Organisation, Partnership
from partnerships.models.partnerships import PartnershipQuerySet
from partnerships.permissions import edits, partnerships_of


class EntryForm(SluggedForm):
    """What both forms ask. The organisation is that of the `instance`."""

    languages = forms.TypedMultipleChoiceField(
        label=_("Langues de travail"),
        choices=WorkingLanguage.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    sdg_goals = forms.TypedMultipleChoiceField(
        label=_("Objectifs de développement durable"),
        choices=[(number, format_lazy("{}. {}", number, label)) for number, label in Sdg.choices],
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def address_text(self, cleaned: dict[str, Any]) -> str:
        return f"{super().address_text(cleaned)} {self.instance.organisation}"


class OfferForm(EntryForm):
    """An agent writes and closes it; an officer publishes it."""

    countries = forms.ModelMultipleChoiceField(
        label=_("Pays souhaités"),
        help_text=_("Aucun : l’offre est ouverte à tous les pays."),
        queryset=Country.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Offer
        fields = [
            "title",
            "theme",
            "description",
            "sdg_goals",
            "languages",
            "countries",
            "label",
            "label_year",
            "evidence",
            "partnerships",
            "actions",
            "published_on",
            "closes_on",
        ]
        formfield_callback = form_field
        widgets = {"partnerships": forms.CheckboxSelectMultiple, "actions": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """What attests an offer is chosen among the collectivity's own partnerships and their actions."""
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        own = evidence_of(self.instance.organisation).alphabetical()
        fields["countries"].queryset = Country.objects.exclude(pk="FR").alphabetical()
        fields["partnerships"].queryset = own
        fields["actions"].queryset = Action.objects.filter(partnership__in=own.order_by())
        for name in ("partnerships", "actions"):
            if not fields[name].queryset.exists():
                del fields[name]

    def by(self, user: User) -> None:
        if not edits(user):
            del self.fields["published_on"]


def evidence_of(organisation: Organisation) -> PartnershipQuerySet:
    """Those in which it takes part: published ones, and drafts to which it is party and which its members so read."""
    drafts = partnerships_of(Organisation.objects.filter(pk=organisation.pk)).values("pk")
    read = Partnership.objects.published() | Partnership.objects.filter(pk__in=drafts)
    return read.filter(pk__in=organisation.places.values("partnership"))


class NeedForm(EntryForm):
    class Meta:
        model = Need
        fields = [
            "title",
            "theme",
            "description",
            "sdg_goals",
            "languages",
            "size",
            "stated_on",
            "published_on",
            "closes_on",
        ]
        formfield_callback = form_field
