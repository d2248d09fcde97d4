"""Where the link of an invitation leads."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from aect.accounts.models import User
from funding import filing
from funding.forms import ArrivalForm

BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def arrival(request: HttpRequest, token: str) -> HttpResponse:
    """Takes the invitation up: with the account of its address, by signing in first, or with a new account."""
    guest = filing.invited_by_link(token)
    if guest is None:
        return render(request, "funding/guest.html", {"guest": None}, status=404)
    user = cast(User, request.user)
    context: dict[str, Any] = {"guest": guest, "project": guest.project}
    if user.is_authenticated:
        context["is_other"] = user.email != guest.email
    elif User.objects.filter(email=guest.email).exists():
        context["must_sign_in"] = True
    else:
        context["form"] = ArrivalForm(request.POST or None, email=guest.email)
    if request.method == "POST" and not context.get("must_sign_in"):
        form = context.get("form")
        if form and not form.is_valid():
            return render(request, "funding/guest.html", context, status=400)
        try:
            if form:
                user = filing.join(guest, password=form.cleaned_data["password"])
                login(request, user, backend=BACKEND)
            else:
                filing.accept(guest, by=user)
        except filing.NotNow as refusal:
            return render(request, "funding/guest.html", {**context, "refusal": str(refusal)}, status=409)
        messages.success(request, _("Bienvenue : ce dossier vous est ouvert."))
        return redirect(guest.project)
    return render(request, "funding/guest.html", context)
