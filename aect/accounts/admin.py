from typing import cast

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from aect.accounts.models import User
from aect.second_factor.services import remove


@admin.action(description=_("Retirer le second facteur (appareil perdu)"), permissions=["change"])
def remove_second_factor(account_admin: UserAdmin, request: HttpRequest, accounts: QuerySet[User]) -> None:
    """Also closes the sessions of these people; their passwords stay."""
    removed = sum(remove(account, by=cast(User, request.user)) for account in accounts)
    told = ngettext("%d second facteur retiré.", "%d seconds facteurs retirés.", removed) % removed
    account_admin.message_user(request, told)


@admin.register(User)
class AccountAdmin(UserAdmin):
    ordering = ["email"]
    list_display = ["email", "role", "is_active", "is_staff", "last_login"]
    list_filter = ["role", "is_active", "is_staff"]
    search_fields = ["email"]
    actions = [remove_second_factor]
    fieldsets = [
        (None, {"fields": ["email", "password", "language"]}),
        (
            _("Droits"),
            {"fields": ["role", "is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"classes": ["wide"], "fields": ["email", "role", "password1", "password2"]})]
