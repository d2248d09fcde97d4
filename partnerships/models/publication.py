"""Records that are drafts until an officer publishes them."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Publishable(models.Model):
    """Written by an officer, a file or a command it is public at once; what an agent adds is a draft at first.

    `published_at` changes by `services.publish` and `services.unpublish` only; a draft has none.
    """

    published_at = models.DateTimeField(_("publication"), null=True, blank=True, default=timezone.now, editable=False)

    PUBLIC = "published_at IS NOT NULL"

    class Meta:
        abstract = True

    @property
    def is_draft(self) -> bool:
        return self.published_at is None
