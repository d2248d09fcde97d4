"""The members of a collectivity, those invited, those who ask to join, and leaving."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aect.accounts.forms import NewPasswordForm
from aect.accounts.models import Role, User
from aect.limits.answers import told
from aect.limits.services import Exceeded
from partnerships import joining
from partnerships.forms.memberships import InvitationForm, JoinRequestForm, RoleForm
from partnerships.models import Invitation, JoinRequest, Membership, Organisation
from partnerships.permissions import members_managed, members_seen

form_page = require_http_methods(["GET", "HEAD", "POST"])


def managed(request: HttpRequest, slug: str) -> Organisation:
    return get_object_or_404(members_managed(request.user), slug=slug)


@never_cache
@require_safe
def members(request: HttpRequest, slug: str) -> HttpResponse:
    """Who is a member; for those who manage them, also who is invited and who asks."""
    place = get_object_or_404(members_seen(request.user), slug=slug)
    return show_members(request, place, InvitationForm())


def show_members(request: HttpRequest, place: Organisation, form: InvitationForm, status: int = 200) -> HttpResponse:
    may_manage = members_managed(request.user).filter(pk=place.pk).exists()
    context: dict[str, Any] = {
        "organisation": place,
        "members": [
            (member, RoleForm(initial={"role": member.role}, auto_id=f"m{member.pk}_%s"))
            for member in place.members.select_related("user").order_by("user__email")
        ],
        "may_manage": may_manage,
    }
    if may_manage:
        context["form"] = form
        context["invitations"] = place.invitations.filter(accepted_at=None).order_by("email")
        context["requests"] = [
            (asked, RoleForm(initial={"role": "reader"}, auto_id=f"r{asked.pk}_%s"))
            for asked in place.join_requests.filter(answered_at=None).select_related("user")
        ]
    return render(request, "memberships/members.html", context, status=status)


@require_POST
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    place, form = managed(request, slug), InvitationForm(request.POST)
    if not form.is_valid():
        return show_members(request, place, form, status=400)
    try:
        joining.invite(place, by=cast(User, request.user), **form.cleaned_data)
    except joining.Refused as refusal:
        form.add_error("email", str(refusal))
        return show_members(request, place, form, status=400)
    except Exceeded as limit:
        form.add_error("email", told(request, limit))
        return show_members(request, place, form, status=429)
    messages.success(request, _("L’invitation part à %(email)s.") % form.cleaned_data)
    return redirect("members", place.slug)


@require_POST
def withdraw(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    place = managed(request, slug)
    joining.withdraw(get_object_or_404(place.invitations.filter(accepted_at=None), pk=pk), by=cast(User, request.user))
    messages.success(request, _("L’invitation est retirée : son lien ne mène plus nulle part."))
    return redirect("members", place.slug)


@require_POST
def change_role(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    place = managed(request, slug)
    member, form = get_object_or_404(place.members, pk=pk), RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choisissez un rôle de la liste."))
        return redirect("members", place.slug)
    try:
        joining.change_role(member, form.cleaned_data["role"], by=cast(User, request.user))
        messages.success(request, _("Le rôle de %(person)s est changé.") % {"person": member.user})
    except joining.Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("members", place.slug)


@never_cache
@form_page
def end(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Takes a member out, or leaves: asks first, and says what is handed over."""
    user = cast(User, request.user)
    place = get_object_or_404(members_seen(user), slug=slug)
    rows = (
        place.members.all() if members_managed(user).filter(pk=place.pk).exists() else place.members.filter(user=user)
    )
    member: Membership = get_object_or_404(rows.select_related("user"), pk=pk)
    is_own = member.user_id == user.pk
    if request.method == "POST":
        try:
            joining.end(member, by=user)
        except joining.Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("members", place.slug)
        left = _("Vous avez quitté %(place)s.") if is_own else _("%(person)s n’est plus membre de %(place)s.")
        messages.success(request, left % {"place": place, "person": member.user})
        return redirect("join") if is_own else redirect("members", place.slug)
    context = {"organisation": place, "member": member, "is_own": is_own}
    return render(request, "memberships/end.html", context)


@never_cache
@form_page
def join(request: HttpRequest) -> HttpResponse:
    """Somebody asks to join a collectivity; the page also lists their places and what they asked for."""
    user = cast(User, request.user)
    form, status = JoinRequestForm(request.POST or None, instance=JoinRequest(user=user)), 400
    if request.method == "POST" and form.is_valid():
        try:
            asked = joining.ask_to_join(form.instance)
        except joining.Refused as refusal:
            form.add_error("organisation", str(refusal))
        except Exceeded as limit:
            form.add_error(None, told(request, limit))
            status = 429
        else:
            messages.success(request, _("Votre demande est envoyée à %(place)s.") % {"place": asked.organisation})
            return redirect("join")
    context = {
        "form": form,
        "is_agent": user.role == Role.AGENT,
        "memberships": user.memberships.select_related("organisation"),
        "requests": user.join_requests.filter(answered_at=None).select_related("organisation"),
    }
    return render(request, "memberships/join.html", context, status=status if form.errors else 200)


@require_POST
def answer_request(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Grants a request to join, with a role, or refuses it."""
    place = managed(request, slug)
    asked, form = get_object_or_404(place.join_requests, pk=pk), RoleForm(request.POST)
    is_granted = "accorder" in request.POST
    if is_granted and not form.is_valid():
        messages.error(request, _("Choisissez un rôle de la liste."))
        return redirect("members", place.slug)
    role = form.cleaned_data["role"] if is_granted else ""
    try:
        joining.answer_request(asked, is_granted=is_granted, role=role, by=cast(User, request.user))
        said = _("%(person)s est membre de %(place)s.") if is_granted else _("La demande de %(person)s est refusée.")
        messages.success(request, said % {"person": asked.user, "place": place})
    except joining.Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("members", place.slug)


@login_not_required
@never_cache
@sensitive_post_parameters("new_password1", "new_password2")
@form_page
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """An invitation's page: a click to accept, a password to choose, or the way to sign in; says what is wrong."""
    rows = Invitation.objects.select_related("organisation")
    found = rows.filter(digest=joining.digest_of(token)).first()
    if found is None or found.accepted_at or found.is_over:
        over = {"invitation": found}
        return render(request, "memberships/invitation_over.html", over, status=410 if found else 404)
    account = User.objects.filter(email=found.email).first()
    is_other = request.user.is_authenticated and request.user != account
    form = None if account or is_other else NewPasswordForm(User(email=found.email), request.POST or None)
    if request.method == "POST" and (form is None or form.is_valid()):
        return accepted(request, found, form)
    context = {"invitation": found, "account": account, "form": form, "is_other": is_other}
    return render(request, "memberships/invitation.html", context, status=400 if form and form.errors else 200)


def accepted(request: HttpRequest, found: Invitation, form: NewPasswordForm | None) -> HttpResponse:
    """By the person signed in, or by a new account, which is then signed in."""
    try:
        if form is None:
            if isinstance(request.user, AnonymousUser):
                return redirect_to_login(request.get_full_path())
            joining.accept(found, by=request.user)
        else:
            with transaction.atomic():
                user = joining.accept_with_account(
                    found, password=form.cleaned_data["new_password1"], language=get_language() or "fr"
                )
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    except joining.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("home")
    messages.success(request, _("Vous êtes membre de %(place)s.") % {"place": found.organisation})
    return redirect("members", found.organisation.slug)
