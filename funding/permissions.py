"""Who may do what with money."""

from django.contrib.auth.models import AnonymousUser

from aect.accounts.models import User


def may_recompute(user: User | AnonymousUser) -> bool:
    """Asking for a new computation of the totals: the delegation and the administrators."""
    return isinstance(user, User) and user.oversees
