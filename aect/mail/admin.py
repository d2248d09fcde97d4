from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from aect.mail.models import Message
from aect.mail.services import send_again


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    """To whom what went, and what did not leave. Its content is not shown: it may hold a secret link."""

    list_display = ["created_at", "template", "to", "language", "state", "attempts", "sent_at", "last_error"]
    list_filter = ["state", "template"]
    search_fields = ["to"]
    exclude = ["context"]
    actions = ["again"]

    @admin.action(description=_("Essayer de nouveau d’envoyer"))
    def again(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        asked = sum(send_again(message.pk) for message in queryset)
        said = ngettext("%d message sera envoyé de nouveau.", "%d messages seront envoyés de nouveau.", asked) % asked
        self.message_user(request, said, messages.SUCCESS if asked else messages.WARNING)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Message | None = None) -> bool:
        return False
