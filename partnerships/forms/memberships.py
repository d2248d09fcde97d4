"""Who joins a collectivity, and what a member may do there."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from aect.forms import TypedForm
from partnerships.choices import FRENCH_KINDS, MemberRole
from partnerships.forms.fields import form_field
from partnerships.models import JoinRequest, Organisation


class RoleForm(TypedForm):
    role = forms.ChoiceField(label=_("Rôle"), choices=MemberRole.choices)


class InvitationForm(TypedForm):
    email = forms.EmailField(label=_("Adresse électronique"), max_length=254)
    role = forms.ChoiceField(
        label=_("Rôle"),
        choices=MemberRole.choices,
        initial=MemberRole.EDITOR,
        help_text=_("Lecture : lit les brouillons. Édition : les écrit. Signature : invite et engage la collectivité."),
    )
    language = forms.ChoiceField(label=_("Langue de l’invitation"), choices=settings.LANGUAGES, initial="fr")


class JoinRequestForm(TypedForm, forms.ModelForm):
    class Meta:
        model = JoinRequest
        fields = ["organisation", "message"]
        formfield_callback = form_field

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organisation"]
        field.rows = Organisation.objects.filter(kind__in=FRENCH_KINDS).current()
