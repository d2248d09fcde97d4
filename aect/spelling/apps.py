from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SpellingConfig(AppConfig):
    name = "aect.spelling"
    verbose_name = _("Orthographe")
