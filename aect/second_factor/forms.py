from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from aect.accounts.guessing import is_own_password
from aect.accounts.models import User
from aect.forms import TypedForm

REFUSED = _(
    "Code refusé. Chaque code ne sert qu’une fois ; après un refus, attendez le code suivant : "
    "le délai double à chaque essai manqué."
)


class CodeForm(TypedForm):
    """A code of the application. Every refusal reads the same, whatever its reason."""

    code = forms.CharField(
        label=_("Code à six chiffres"),
        help_text=_("Celui que montre maintenant votre application d’authentification."),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}),
    )

    def refuse(self) -> None:
        self.add_error("code", REFUSED)


class CodeOrRecoveryForm(CodeForm):
    code = forms.CharField(
        label=_("Code"),
        help_text=_("Les six chiffres de votre application d’authentification, ou l’un de vos codes de secours."),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )


class OwnPasswordForm(TypedForm):
    """The password again, before what a session left open must not do. Wrong ones count as failed sign-ins."""

    password = forms.CharField(
        label=_("Votre mot de passe"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.user = request, user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not is_own_password(self.request, self.user, password):
            raise ValidationError(_("Mot de passe refusé."))
        return password
