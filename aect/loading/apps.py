from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LoadingConfig(AppConfig):
    name = "aect.loading"
    verbose_name = _("Données chargées")
