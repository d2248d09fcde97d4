from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SavedConfig(AppConfig):
    name = "aect.saved"
    verbose_name = _("Vues enregistrées")
