from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView, PasswordResetConfirmView
from django.contrib.messages.views import SuccessMessageMixin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from aect.accounts import demo, services
from aect.accounts.forms import LanguageForm, NewPasswordForm, PasswordForm, PasswordResetForm, SignInForm, SignUpForm
from aect.accounts.models import Role, Session, User
from aect.accounts.throttling import account_tried, counted_address
from aect.journal.models import Action
from aect.journal.services import record
from aect.limits.answers import told
from aect.limits.services import Exceeded
from aect.proconnect import services as proconnect
from aect.proconnect.views import leave_for
from aect.second_factor import awaiting
from aect.second_factor import services as second_factor
from aect.second_factor.middleware import TOLD


class SignInView(LoginView):
    """Sign-in by e-mail and password; the demonstration lists its accounts."""

    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Signs in whose password is enough; the others are still nobody until their second factor."""
        user = form.get_user()
        if not second_factor.is_asked(user):
            return super().form_valid(form)
        awaiting.begin(self.request, user, next_url=self.get_redirect_url())
        return redirect("second_step")

    def get_form(self, *args: Any, **kwargs: Any) -> AuthenticationForm:
        form = super().get_form(*args, **kwargs)
        if proconnect.is_configured():  # its button comes first, and focus must not jump over it
            del form.fields["username"].widget.attrs["autofocus"]
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        if proconnect.is_configured():
            context["proconnect_about"] = settings.PROCONNECT_ABOUT
        context["second_factor_missing"] = self.request.session.pop(TOLD, False)
        if settings.AECT_DEMO:
            roles = dict(Role.choices)
            context["demo_accounts"] = [(email, roles[fields["role"]]) for email, fields in demo.ACCOUNTS.items()]
            context["demo_password"] = demo.PASSWORD
            context["second_factor_required"] = settings.SECOND_FACTOR_REQUIRED
        return context


class SignOutView(LogoutView):
    """Ends the session here, and at ProConnect when it opened it."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        kept = request.session.get(proconnect.KEPT) if proconnect.is_configured() else None
        response = super().post(request, *args, **kwargs)
        return leave_for(request, proconnect.leave(request, kept["id_token"])) if kept else response


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """What somebody reads who failed too often from this address: when to try again, and another way in."""
    tried = {"username": account_tried(request, credentials), "ip_address": counted_address(request)}
    last = AccessAttempt.objects.filter(**tried).order_by("-attempt_time").first()
    until = (last.attempt_time if last else timezone.now()) + settings.AXES_COOLOFF_TIME
    answer = render(request, "accounts/locked.html", {"until": until}, status=429)
    answer["Retry-After"] = str(max(1, round((until - timezone.now()) / timedelta(seconds=1))))
    return answer


@login_not_required
def ask_password_reset(request: HttpRequest) -> HttpResponse:
    """Whatever the address, the answer is the same: nobody learns here who has an account."""
    form = PasswordResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = _("Si un compte a cette adresse, un lien pour choisir un mot de passe vient de lui être envoyé.")
        if asked(request, form, services.ask_password_reset, said):
            return redirect("login")
    return render(request, "accounts/password_reset.html", {"form": form}, status=status_of(form))


@login_not_required
def sign_up(request: HttpRequest) -> HttpResponse:
    """Whatever the address, the answer is the same: nobody learns here who has an account."""
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = _("Un message vient d’être envoyé à cette adresse : il contient la suite.")
        if asked(request, form, services.ask_sign_up, said):
            return redirect("login")
    return render(request, "accounts/sign_up.html", {"form": form}, status=status_of(form))


def asked(request: HttpRequest, form: PasswordResetForm, ask: Callable[..., None], said: Any) -> bool:
    """Whether the message is on its way; else the form says why not, and when to try again."""
    language = get_language() or settings.LANGUAGE_CODE
    try:
        ask(form.cleaned_data["email"], address=counted_address(request), language=language)
    except Exceeded as limit:
        form.add_error("email", ValidationError(told(request, limit), code="limit"))
        return False
    messages.info(request, said)
    return True


def status_of(form: PasswordResetForm) -> int:
    return 429 if form.has_error("email", "limit") else 200


@login_not_required
@never_cache
@sensitive_post_parameters("new_password1", "new_password2")
def open_account(request: HttpRequest, token: str) -> HttpResponse:
    """A password for the address that the link was sent to; the new account is signed in, and asks to join."""
    email = services.signing_up(token)
    if email is None or User.objects.filter(email__iexact=email).exists():
        return render(request, "accounts/open_account.html", {"has_account": bool(email)}, status=410)
    form = NewPasswordForm(User(email=email), request.POST or None)
    if request.method == "POST" and form.is_valid():
        password, language = form.cleaned_data["new_password1"], get_language() or settings.LANGUAGE_CODE
        if user := services.open_account(email, password=password, language=language):
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")
            return redirect("join")
    return render(request, "accounts/open_account.html", {"form": form, "email": email})


@method_decorator(login_not_required, name="dispatch")
class NewPasswordView(SuccessMessageMixin, PasswordResetConfirmView):
    """A new password, by the link that was mailed; it also closes every session of the account."""

    form_class = NewPasswordForm
    template_name = "accounts/new_password.html"
    success_url = reverse_lazy("login")
    success_message = _("Le mot de passe est changé. Vous pouvez vous connecter.")

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        record(Action.PASSWORD_CHANGED, by=form.user, on=form.user, by_link=True)
        return super().form_valid(form)


def account(request: HttpRequest) -> HttpResponse:
    """What a person's account holds, and what they may change of it."""
    user = cast(User, request.user)
    form = LanguageForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("La langue de vos messages est enregistrée."))
        return redirect("account")
    sessions = Session.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-signed_in_at")
    context = {
        "sessions": sessions,
        "current": request.session.session_key,
        "form": form,
        "has_proconnect": proconnect.is_configured(),
        "has_second_factor": second_factor.device_of(user) is not None,
    }
    return render(request, "accounts/account.html", context)


class PasswordView(SuccessMessageMixin, PasswordChangeView):
    form_class = PasswordForm
    template_name = "accounts/password.html"
    success_url = reverse_lazy("account")
    success_message = _("Le mot de passe est changé ; vos autres sessions sont fermées.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        record(Action.PASSWORD_CHANGED, by=form.user, on=form.user)
        return super().form_valid(form)


@require_POST
def close_other_sessions(request: HttpRequest) -> HttpResponse:
    closed = services.close_other_sessions(cast(User, request.user), current=request.session.session_key)
    messages.success(request, ngettext("%d session fermée.", "%d sessions fermées.", closed) % closed)
    return redirect("account")
