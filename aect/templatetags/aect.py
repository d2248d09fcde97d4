"""Template tags and filters that every page may use (built in: no `{% load %}` needed)."""

from decimal import Decimal
from typing import Any

from django import template
from django.core.paginator import Page
from django.http import QueryDict
from django.template import defaultfilters
from django.urls import translate_url
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from aect.fields import ranked

register = template.Library()
NBSP = "\u00a0"  # no-break space before a unit


@register.filter
def euros(amount: Decimal | None, decimals: int = 2) -> str:
    """`1 234,50 €` in the reader's language; an unknown amount says so."""
    return _("non renseigné") if amount is None else f"{number_format(amount, decimals, force_grouping=True)}{NBSP}€"


@register.filter(expects_localtime=True)
def date(value: Any, form: str | None = None) -> str:
    """Django's filter of that name, with the first of a month as French writes it."""
    return ranked(defaultfilters.date(value, form))


@register.filter
def percent(share: Decimal | float | None, decimals: int = 1) -> str:
    """A share given in percent: `48,1 %`."""
    return _("n. d.") if share is None else f"{number_format(share, decimals)}{NBSP}%"


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """The page's own query string with these parameters changed; None takes one out, `page` always goes.

    `{% query tri="nom" %}` gives `?pays=MX&tri=nom`.
    """
    params: QueryDict = context["request"].GET.copy()
    params.pop("page", None)
    for name, value in changes.items():
        if value is None:
            params.pop(name, None)
        else:
            params[name] = str(value)
    return f"?{params.urlencode()}" if params else "?"


@register.simple_tag(takes_context=True)
def hidden_query(context: template.Context, *without: str) -> str:
    """The page's own query as hidden fields of a form, but for the page and these parameters."""
    lists = context["request"].GET.lists()
    pairs = ((name, value) for name, values in lists if name not in {"page", *without} for value in values)
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)


@register.simple_tag
def shown(column: Any, row: Any) -> str:
    """What an `aect.columns.ListColumn` says of a row."""
    text: str = column.shown(row)
    return text


@register.simple_tag(takes_context=True)
def current(context: template.Context, address: str, exact: bool = False) -> str:
    """The `aria-current` of a menu's link: `page` on that very page, `true` on a page below it, nothing elsewhere."""
    path = context["request"].path
    if path == address:
        return format_html(' aria-current="{}"', "page")
    return format_html(' aria-current="{}"', "true") if address and not exact and path.startswith(address) else ""


@register.simple_tag(takes_context=True)
def in_language(context: template.Context, code: str) -> str:
    """The address of this same page in another language, with its query string."""
    return translate_url(context["request"].get_full_path(), code)


@register.simple_tag
def pages(page: Page) -> list[int | str]:
    """Page numbers to offer around this one: `[1, "…", 7, 8, 9, "…", 40]`."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))
