"""Who may see which saved view."""

from django.db.models import QuerySet

from aect.accounts.models import User
from aect.saved.models import SavedView


def own_views(user: User) -> QuerySet[SavedView]:
    """One's own, those just deleted too."""
    return SavedView.objects.filter(user=user)
