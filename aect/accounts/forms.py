from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib.auth import forms as auth
from django.contrib.auth.forms import UsernameField
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from aect.accounts.guessing import guess, is_own_password
from aect.accounts.models import User
from aect.forms import TypedForm


class SignInForm(auth.AuthenticationForm, TypedForm):
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

    def clean(self) -> dict[str, Any]:
        """Limits come before the check, which costs; an empty field costs nothing."""
        if not (self.cleaned_data.get("username") and self.cleaned_data.get("password")):
            return super().clean()
        with guess(cast(HttpRequest, self.request), self.cleaned_data["username"]) as tried:
            cleaned = super().clean()
            tried.is_right = True
        return cleaned


class PasswordResetForm(TypedForm):
    email = forms.EmailField(
        label=_("Adresse électronique"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class SignUpForm(PasswordResetForm):
    """The address of a new account; the rest is asked once the address is known to be theirs."""


class NewPasswordForm(auth.SetPasswordForm, TypedForm):
    pass


class PasswordForm(auth.PasswordChangeForm, TypedForm):
    """A wrong password counts as a failed sign-in does: a session left open must not help to guess it."""

    def __init__(self, user: User, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        password: str = self.cleaned_data["old_password"]
        if not is_own_password(self.request, self.user, password):
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return password


class LanguageForm(TypedForm, forms.ModelForm):
    """In which language somebody is written to."""

    language = forms.ChoiceField(label=_("Langue des messages"), choices=settings.LANGUAGES)

    class Meta:
        model = User
        fields = ["language"]
