from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnershipsConfig(AppConfig):
    name = "partnerships"
    verbose_name = _("Partenariats")

    def ready(self) -> None:
        from partnerships.imports.details import offer_details  # noqa: PLC0415  # models are loaded only now
        from partnerships.imports.registry import offer_registry  # noqa: PLC0415  # models are loaded only now

        offer_registry()
        offer_details()
