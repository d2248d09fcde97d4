from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PartnershipsConfig(AppConfig):
    name = "partnerships"
    verbose_name = _("Partenariats")

    def ready(self) -> None:
        from aect.trash import BINS  # noqa: PLC0415  # models are loaded only now
        from partnerships.editable import holds, models_edited  # noqa: PLC0415
        from partnerships.imports.codes import tell_codes  # noqa: PLC0415
        from partnerships.imports.details import offer_details  # noqa: PLC0415
        from partnerships.imports.registry import offer_registry  # noqa: PLC0415
        from partnerships.models import Party  # noqa: PLC0415
        from partnerships.parties import may_restore  # noqa: PLC0415

        offer_registry()
        offer_details()
        tell_codes()
        BINS.update(dict.fromkeys(models_edited(), holds))
        BINS[Party] = may_restore
