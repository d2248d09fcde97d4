from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FundingConfig(AppConfig):
    name = "funding"
    verbose_name = _("Financements")

    def ready(self) -> None:
        from aect.trash import BINS  # noqa: PLC0415  # models are loaded only now
        from funding.models import Attachment, Project  # noqa: PLC0415
        from funding.permissions import may_restore  # noqa: PLC0415

        BINS.update(dict.fromkeys((Project, Attachment), may_restore))
