"""The registry's own template tags."""

from decimal import Decimal
from typing import Any

from django import template
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.text import capfirst

from partnerships.choices import FRENCH_KINDS
from partnerships.editable import KINDS, Kind
from partnerships.models import Need, Offer, Organisation, Sourced
from partnerships.permissions import deletable, edits, is_agent, knowhow_places, members_seen, visible

register = template.Library()


@register.simple_tag(takes_context=True)
def cite(context: template.Context, fact: Sourced) -> str:
    """A link to the numbered source of this fact, with the place in it: `[1, p. 34]`.

    `citations` comes from `partnerships.views.facts.numbered_sources`.
    """
    cited: tuple[int, Any] | None = context["citations"].get(fact.source_id)
    if cited is None:
        return ""
    number, source = cited
    place = f", {fact.source_place}" if fact.source_place else ""
    return format_html('<a class="aect-cite" href="#source-{0}" title="{1}">[{0}{2}]</a>', number, str(source), place)


@register.simple_tag(takes_context=True)
def rights(context: template.Context, record: Any) -> dict[str, bool]:
    """What the reader may do with a record: `edit`, `delete`, `publish`."""
    user = context["request"].user
    kind = next(kind for kind in KINDS if isinstance(record, kind.form._meta.model))
    may_edit = edits(user) or (is_agent(user) and kind.holds(record, user))
    is_draft = getattr(record, "is_draft", None)  # None of a kind that has no drafts
    return {
        "edit": may_edit,
        "delete": may_edit and (edits(user) or deletable(type(record).objects.filter(pk=record.pk), user).exists()),
        "publish": edits(user) and is_draft is not None,
    }


@register.simple_tag(takes_context=True)
def may_add(context: template.Context, page: str) -> bool:
    """Whether the reader may add a record by this page (`partnership-add`)."""
    return next(kind for kind in KINDS if page == f"{kind.name}-add").adds(context["request"].user)


@register.simple_tag
def record_url(record: Model, page: str) -> str:
    """The address of another page of a record: its history, its form…"""
    return reverse(f"{record._meta.model_name}-{page}", args=[record.slug])  # type: ignore[attr-defined]


@register.simple_tag
def part_url(kind: Kind, record: Any, part: str, row: Model, page: str) -> str:
    """The address of a page (`edit`, `delete`) of a row that hangs on a record."""
    return reverse(f"{kind.name}-part-{page}", args=[record.slug, part, row.pk])


@register.simple_tag
def part_add_url(kind: Kind, record: Any, part: str) -> str:
    return reverse(f"{kind.name}-part-add", args=[record.slug, part])


@register.filter
def model_name(row: Model) -> str:
    """What kind of record this is, in the reader's language."""
    return capfirst(str(row._meta.verbose_name))


@register.filter
def lower_first(text: Any) -> str:
    """A label within a sentence; a word all in capitals (ODD) stays."""
    label = str(text)
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


@register.filter
def measure(value: Decimal | None, unit: str = "") -> str:
    """`80 %`, `1 250,5 m³`: without needless zeros; an unknown value is empty."""
    if value is None:
        return ""
    shown = number_format(value.normalize(), force_grouping=True)
    return f"{shown}\u00a0{unit}".rstrip("\u00a0")


@register.inclusion_tag("memberships/_mine.html", takes_context=True)
def my_places(context: template.Context) -> dict[str, Any]:
    """The collectivities of an agent, and how to join one; nothing for others."""
    user = context["request"].user
    held = user.memberships.select_related("organisation") if is_agent(user) else []
    return {"is_agent": is_agent(user), "memberships": held}


@register.simple_tag(takes_context=True)
def sees_members(context: template.Context, organisation: Organisation) -> bool:
    """Whether the reader may open the page of a collectivity's members."""
    user = context["request"].user
    return bool(user.is_authenticated and members_seen(user).filter(pk=organisation.pk).exists())


@register.inclusion_tag("partnerships/_knowhow.html", takes_context=True)
def knowhow(context: template.Context, organisation: Organisation) -> dict[str, Any]:
    """What a French collectivity offers, or a foreign authority needs, as far as the reader may see it."""
    user = context["request"].user
    entries: Any = Offer.objects if organisation.kind in FRENCH_KINDS else Need.objects
    rows = visible(entries.filter(organisation=organisation).for_list(), user, timezone.localdate())
    may_write = knowhow_places(user).filter(pk=organisation.pk).exists() if user.is_authenticated else False
    return {"organisation": organisation, "entries": rows.latest_first(), "edits": may_write}
