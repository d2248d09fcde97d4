from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from aect.accounts.guessing import guess
from aect.accounts.models import User
from aect.accounts.services import close_other_sessions
from aect.second_factor import awaiting, services
from aect.second_factor.forms import CodeForm, CodeOrRecoveryForm, OwnPasswordForm

KEY = "second_factor_key"  # the secret shown, kept in the session until its first code confirms it


@never_cache
@login_not_required
def second_step(request: HttpRequest) -> HttpResponse:
    """The code, after the password. Only the right one makes the session somebody's."""
    user = awaiting.person(request)
    if user is None:
        return start_again(request)
    if services.device_of(user) is None:
        return redirect("second_factor_required")
    form = CodeOrRecoveryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with guess(request, user.email) as tried:
            factor = services.verify(user, form.cleaned_data["code"])
            tried.is_right = factor is not None
        if factor:
            wanted = awaiting.finish(request, user, by=factor)
            if factor == "recovery":
                tell_codes_left(request, user)
            return redirect(wanted or "home")
        form.refuse()
    return render(request, "second_factor/step.html", {"form": form})


@never_cache
@login_not_required
def enrol_to_sign_in(request: HttpRequest) -> HttpResponse:
    """The enrolment of who must have a second factor and has none yet, between the password and the session."""
    user = awaiting.person(request)
    if user is None:
        return start_again(request)
    if services.device_of(user) is not None:
        return redirect("second_step")
    form, codes = enrol(request, user)
    if codes is None:
        return render(request, "second_factor/enrol.html", {"form": form, "is_required": True, **secret(request, user)})
    wanted = awaiting.finish(request, user, by="totp")
    return show_codes(request, codes, then=wanted or resolve_url("home"))


@never_cache
def second_factor(request: HttpRequest) -> HttpResponse:
    """A person's own second factor: added here, or what may be done with it."""
    user = cast(User, request.user)
    if device := services.device_of(user):
        context = {"device": device, "left": services.recovery_codes_left(user), "of": services.RECOVERY_CODES}
        return render(request, "second_factor/factor.html", {**context, "form": own_password_form(request)})
    if not user.has_usable_password():
        return redirect("account")
    form, codes = enrol(request, user)
    if codes is None:
        return render(request, "second_factor/enrol.html", {"form": form, **secret(request, user)})
    services.note(request, "totp")
    close_other_sessions(user, current=request.session.session_key)
    return show_codes(request, codes, then=resolve_url("account"))


@never_cache
def renew_codes(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = own_password_form(request)
    if services.device_of(user) is None:
        return redirect("second_factor")
    if request.method == "POST" and form.is_valid():
        return show_codes(request, services.renew_recovery_codes(user), then=resolve_url("account"))
    return render(request, "second_factor/renew.html", {"form": form})


@never_cache
def remove(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = own_password_form(request)
    if services.device_of(user) is None:
        return redirect("second_factor")
    if request.method == "POST" and form.is_valid():
        services.remove(user, by=user, current=request.session.session_key)
        request.session.pop(services.NOTED, None)  # who must have one is asked for another at once
        messages.success(request, _("Le second facteur est retiré ; vos autres sessions sont fermées."))
        return redirect("account")
    context = {"form": form, "is_required": services.is_required(user)}
    return render(request, "second_factor/remove.html", context)


def enrol(request: HttpRequest, user: User) -> tuple[CodeForm, list[str] | None]:
    """The form, and the recovery codes once its code is right."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and KEY in request.session and form.is_valid():
        codes = services.enrol(user, key=request.session[KEY], code=form.cleaned_data["code"])
        if codes is not None:
            del request.session[KEY]
            return form, codes
        form.refuse()
    return form, None


def secret(request: HttpRequest, user: User) -> dict[str, Any]:
    key = request.session.setdefault(KEY, services.new_key())
    return {"qr": services.drawn(user, key), "key": services.spelt(key), "email": user.email}


def show_codes(request: HttpRequest, codes: list[str], *, then: str) -> HttpResponse:
    return render(request, "second_factor/codes.html", {"codes": codes, "then": then})


def own_password_form(request: HttpRequest) -> OwnPasswordForm:
    return OwnPasswordForm(request.POST or None, request=request, user=cast(User, request.user))


def tell_codes_left(request: HttpRequest, user: User) -> None:
    left = services.recovery_codes_left(user)
    told = ngettext("Il vous reste %d code de secours.", "Il vous reste %d codes de secours.", left) % left
    messages.warning(request, told)


def start_again(request: HttpRequest) -> HttpResponse:
    messages.info(request, _("Donnez d’abord votre mot de passe ; il reste ensuite dix minutes pour donner le code."))
    return redirect("login")
