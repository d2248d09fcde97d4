"""Records that several people may edit at once: each knows how many times it was written."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

#: Grows in the database, so that bulk updates and imports make an open form stale as another form does.
GROW = pgtrigger.Trigger(
    name="version_grows",
    when=pgtrigger.Before,
    operation=pgtrigger.Update,
    func="NEW.version := OLD.version + 1; RETURN NEW;",
)


class Versioned(models.Model):
    """`version` grows by one at each UPDATE, whatever asks for it; see `aect.history.recorded`, which sees to it."""

    version = models.PositiveIntegerField(_("version"), default=1, db_default=1, editable=False)

    class Meta:
        abstract = True
