from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.utils.translation import gettext_lazy as _

from aect.accounts import sessions


class AccountsConfig(AppConfig):
    name = "aect.accounts"
    verbose_name = _("Comptes")

    def ready(self) -> None:
        from aect import checks  # noqa: F401, PLC0415  # registers them

        user_logged_in.connect(sessions.begin)
        user_logged_in.connect(sessions.learn_language)
