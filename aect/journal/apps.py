from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.utils.translation import gettext_lazy as _


class JournalConfig(AppConfig):
    name = "aect.journal"
    verbose_name = _("Journal")

    def ready(self) -> None:
        from axes.signals import user_locked_out  # noqa: PLC0415  # models are loaded by now

        from aect.journal import checks, signing_in  # noqa: F401, PLC0415

        handlers: dict[Any, Any] = {
            user_logged_in: signing_in.signed_in,
            user_logged_out: signing_in.signed_out,
            user_login_failed: signing_in.failed,
            user_locked_out: signing_in.throttled,
        }
        for signal, handler in handlers.items():
            signal.connect(handler)
