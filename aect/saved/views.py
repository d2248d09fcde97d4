from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from aect.accounts.models import User
from aect.saved import services
from aect.saved.forms import SaveViewForm, ViewForm
from aect.saved.models import SavedView
from aect.saved.permissions import own_views


@never_cache
@require_safe
def my_views(request: HttpRequest) -> HttpResponse:
    views = list(own_views(cast(User, request.user)))
    forms = [(view, ViewForm(instance=view, prefix=f"v{view.pk}")) for view in views if not view.deleted_at]
    deleted = [view for view in views if view.deleted_at]
    return render(request, "saved/views.html", {"forms": forms, "deleted": deleted})


@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Keeps the list as it stands, and goes back to it."""
    user = cast(User, request.user)
    form = SaveViewForm(request.POST, user)
    if not form.is_valid():
        messages.error(request, " ".join(str(each) for errors in form.errors.values() for each in errors))
        return redirect("my-views")
    try:
        view = services.save_view(by=user, **form.cleaned_data)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("my-views")
    messages.success(request, _("La vue « %(name)s » est enregistrée.") % {"name": view.name})
    return redirect(view)


@require_POST
def change_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Its name, and whether it alerts."""
    view = get_object_or_404(own_views(cast(User, request.user)), pk=pk, deleted_at=None)
    was_alert = view.is_alert
    form = ViewForm(request.POST, instance=view, prefix=f"v{pk}")
    if not form.is_valid():
        messages.error(request, " ".join(str(each) for errors in form.errors.values() for each in errors))
        return redirect("my-views")
    form.save()
    if view.is_alert != was_alert:
        services.follow(view, is_alert=view.is_alert)
    messages.success(request, _("La vue « %(name)s » est modifiée.") % {"name": view.name})
    return redirect("my-views")


@require_POST
def delete_view(request: HttpRequest, pk: int) -> HttpResponse:
    view = get_object_or_404(own_views(cast(User, request.user)), pk=pk, deleted_at=None)
    services.delete_view(view)
    messages.success(request, _("La vue « %(name)s » est supprimée ; vous pouvez la rétablir.") % {"name": view.name})
    return redirect("my-views")


@require_POST
def restore_view(request: HttpRequest, pk: int) -> HttpResponse:
    view = get_object_or_404(own_views(cast(User, request.user)), pk=pk, deleted_at__isnull=False)
    try:
        services.restore_view(view)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("my-views")


@csrf_exempt  # the signed address is the authority: a mail program posts to it by itself (RFC 8058)
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def stop_alert(request: HttpRequest, token: str) -> HttpResponse:
    """Shows a button to whoever follows the link; stops the alert when it is pressed."""
    try:
        view = get_object_or_404(SavedView, pk=services.view_of(token))
    except signing.BadSignature:
        raise Http404 from None
    if request.method == "POST":
        services.follow(view, is_alert=False)
    return render(request, "saved/stop.html", {"view": view})
