from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from aect.accounts.models import User
from aect.journal.models import Action
from aect.journal.services import record
from aect.second_factor.services import remove

RIGHTS = ("role", "is_active", "is_staff", "is_superuser")


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

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Notes the rights before and after; of what else changed, the names only."""
        super().save_model(request, obj, form, change)
        changed = [name for name in RIGHTS if name in form.changed_data]
        rights: dict[str, Any] = {name: [form.initial.get(name), getattr(obj, name)] for name in changed}
        others = sorted(set(form.changed_data) - set(RIGHTS) - {"password1", "password2"})
        record(Action.ACCOUNT_CHANGED, by=cast(User, request.user), on=obj, opened=not change, others=others, **rights)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        response: HttpResponse = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            record(Action.PASSWORD_CHANGED, by=cast(User, request.user), on=self.get_object(request, id))
        return response

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        record(Action.ACCOUNT_CHANGED, by=cast(User, request.user), on=obj, deleted=True)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for account in queryset:
            record(Action.ACCOUNT_CHANGED, by=cast(User, request.user), on=account, deleted=True)
        super().delete_queryset(request, queryset)
