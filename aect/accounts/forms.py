from django import forms
from django.conf import settings
from django.contrib.auth import forms as auth
from django.contrib.auth.forms import UsernameField
from django.utils.translation import gettext_lazy as _
from dsfr.forms import DsfrBaseForm

from aect.accounts.models import User


class SignInForm(auth.AuthenticationForm, DsfrBaseForm):
    """Django's own sign-in form, with the design system's fields and an e-mail keyboard on phones."""

    username = UsernameField(
        label=_("Adresse électronique"),
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    error_messages = {
        **auth.AuthenticationForm.error_messages,
        "invalid_login": _(
            "L’adresse électronique ou le mot de passe n’est pas le bon. "
            "Vérifiez les majuscules et les minuscules du mot de passe."
        ),
    }


class PasswordResetForm(DsfrBaseForm):
    email = forms.EmailField(
        label=_("Adresse électronique"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class SignUpForm(PasswordResetForm):
    """The address of a new account; the rest is asked once the address is known to be theirs."""


class NewPasswordForm(auth.SetPasswordForm, DsfrBaseForm):
    pass


class PasswordForm(auth.PasswordChangeForm, DsfrBaseForm):
    pass


class LanguageForm(DsfrBaseForm, forms.ModelForm):
    """In which language somebody is written to."""

    language = forms.ChoiceField(label=_("Langue des messages"), choices=settings.LANGUAGES)

    class Meta:
        model = User
        fields = ["language"]
