from typing import Any

from django import template
from django.utils.text import Truncator

from aect.filters import UrlFilterSet
from aect.saved.models import SavedView
from aect.saved.permissions import own_views

register = template.Library()


@register.simple_tag(takes_context=True)
def my_views(context: template.Context) -> list[SavedView]:
    """The reader's own views; none of a stranger."""
    user: Any = context["request"].user
    return list(own_views(user).filter(deleted_at=None)) if user.is_authenticated else []


@register.filter
def proposed_name(filterset: UrlFilterSet) -> str:
    """A name for the view, from its criteria; empty without any."""
    return Truncator(", ".join(told.value for told in filterset.criteria)).chars(120)
