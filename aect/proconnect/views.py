import logging
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from aect.accounts.models import User
from aect.journal.services import refused
from aect.proconnect import services
from aect.proconnect.backends import ProConnectBackend
from aect.proconnect.choices import ADVICE, STATUS, Reason, Refused
from aect.second_factor.forms import OwnPasswordForm

log = logging.getLogger(__name__)


@never_cache
@require_safe
@login_not_required
def start(request: HttpRequest) -> HttpResponse:
    """Leaves for ProConnect, which sends the browser back to `callback`."""
    require_configured()
    wanted = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    wanted = wanted if is_ours else ""
    if request.user.is_authenticated:
        return redirect(wanted or "home")
    return redirect(services.begin(request, next_url=wanted))


@never_cache
@require_safe
@login_not_required
def callback(request: HttpRequest) -> HttpResponse:
    """Back from ProConnect: signed in, linked, or told why not and what to do."""
    require_configured()
    language = settings.LANGUAGE_CODE
    try:
        begun = services.take_begun(request)
        language = begun["language"] or language
        with translation.override(language):
            return arrive(request, begun)
    except Refused as refusal:
        log.warning("ProConnect: nobody signed in, %r", refusal)
        refused(by=request.user, why="proconnect", reason=refusal.reason.value)
        with translation.override(language):
            return explain(request, refusal.reason)


def arrive(request: HttpRequest, begun: dict[str, Any]) -> HttpResponse:
    if "error" in request.GET or "code" not in request.GET:
        is_cancelled = request.GET.get("error") in {"access_denied", "login_required", "interaction_required"}
        raise Refused(Reason.CANCELLED if is_cancelled else Reason.UNTRUSTED, request.GET.get("error", "")[:50])
    if begun["link"] and begun["link"] != request.user.pk:
        raise Refused(Reason.STRANGE, "link")
    claimed = ProConnectBackend().identify(
        code=request.GET["code"],
        nonce=begun["nonce"],
        code_verifier=begun["code_verifier"],
        redirect_uri=services.callback_address(request),
    )
    if begun["link"]:
        services.link(claimed, by=cast(User, request.user))
        messages.success(request, _("ProConnect ouvre maintenant votre compte."))
        return redirect("proconnect_identities")
    user = services.person_of(claimed)
    is_new = user.last_login is None
    services.sign_in(request, user, claimed)
    return redirect(begun["next"] or ("join" if is_new else "home"))  # nobody has a collectivity at first


def explain(request: HttpRequest, reason: Reason) -> HttpResponse:
    context = {"reason": reason, "advice": ADVICE[reason], "contact": settings.CONTACT_EMAIL}
    return render(request, "proconnect/refused.html", context, status=STATUS.get(reason, 403))


@never_cache
def identities(request: HttpRequest) -> HttpResponse:
    """What opens the account besides its password; another is linked by its owner, who gives the password."""
    require_configured()
    user = cast(User, request.user)
    form = OwnPasswordForm(request.POST or None, request=request, user=user)
    if request.method == "POST" and user.has_usable_password() and form.is_valid():
        return leave_for(request, services.begin(request, next_url="", link=user))
    linked = user.identities.order_by("created_at")
    return render(request, "proconnect/identities.html", {"identities": linked, "form": form})


@never_cache
def unlink(request: HttpRequest, pk: int) -> HttpResponse:
    """Only who has a password: another would shut themselves out."""
    user = cast(User, request.user)
    identity = get_object_or_404(user.identities, pk=pk)
    if not user.has_usable_password():
        raise Http404
    form = OwnPasswordForm(request.POST or None, request=request, user=user)
    if request.method == "POST" and form.is_valid():
        services.unlink(identity, by=user)
        messages.success(request, _("Cette identité n’ouvre plus votre compte."))
        return redirect("proconnect_identities")
    return render(request, "proconnect/unlink.html", {"form": form, "identity": identity})


def leave_for(request: HttpRequest, address: str) -> HttpResponse:
    """A page that goes on by itself: the content policy lets no form lead to another site, be it by a redirection."""
    return render(request, "proconnect/leave.html", {"address": address})


@never_cache
@require_safe
@login_not_required
def left(request: HttpRequest) -> HttpResponse:
    if services.has_left(request):
        messages.success(request, _("Vous êtes déconnecté de ce site et de ProConnect."))
    return redirect("home")


def require_configured() -> None:
    if not services.is_configured():
        raise Http404
