"""How often something was done in the time under way."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Count(models.Model):
    """What counts against one limit for one person, address or account, of whom only a fingerprint is kept."""

    limit = models.CharField(_("limite"), max_length=50)
    key = models.CharField(_("empreinte"), max_length=64)
    count = models.PositiveIntegerField(_("nombre"))
    ends_at = models.DateTimeField(_("compte jusqu’au"))

    class Meta:
        verbose_name = _("décompte")
        verbose_name_plural = _("décomptes")
        constraints = [
            models.UniqueConstraint(
                fields=["limit", "key"],
                name="count_once_per_limit_and_key",
                violation_error_message=_("Ce décompte existe déjà."),
            )
        ]
        indexes = [models.Index(fields=["ends_at"], name="count_ends")]

    def __str__(self) -> str:
        return f"{self.limit} {self.count}"
