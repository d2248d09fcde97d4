"""A row's values as loading tells and compares them: JSON, one name a fact.

A date goes with its precision, as a pair; a link to another row is its number, several links a sorted list.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from django.core.exceptions import FieldDoesNotExist
from django.db import models

PRECISION = "_precision"


class Extra(Protocol):
    """A fact that the files tell of a row and that stands in another table."""

    @property
    def label(self) -> Any: ...

    @property
    def prefetch(self) -> str:
        """What `get` reads."""
        ...

    def get(self, row: Any) -> Any: ...

    def put(self, row: Any, value: Any) -> None:
        """May raise ValidationError."""
        ...


#: Facts of this kind, by model and name; the applications add theirs when they are ready.
EXTRAS: dict[type[models.Model], dict[str, Extra]] = {}


def fact_of(model: type[models.Model], name: str) -> Extra | None:
    return EXTRAS.get(model, {}).get(name)


def field_of(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def is_partial(model: type[models.Model], name: str) -> bool:
    """Whether this is a date that has a precision."""
    return any(field.name == name + PRECISION for field in model._meta.concrete_fields)


def plain(value: Any) -> Any:
    """A value as JSON holds it, equal for equal values."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, models.enums.Choices):
        return value.value
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def from_attributes(model: type[models.Model], values: Mapping[str, Any]) -> dict[str, Any]:
    """What Python values by attribute (`source_id`, `began_on_precision`) say, by name."""
    names = {field.attname: field.name for field in model._meta.concrete_fields}
    told = {names[attribute]: plain(value) for attribute, value in values.items()}
    for name in [name for name in told if is_partial(model, name)]:
        precision = told.pop(name + PRECISION, None)
        told[name] = [told[name], precision] if told[name] else None
    return told


def value_of(row: models.Model, name: str) -> Any:
    model = type(row)
    if fact := fact_of(model, name):
        return fact.get(row)
    field = field_of(model, name)
    if field.many_to_many:
        return sorted(linked.pk for linked in getattr(row, name).all())
    told = plain(getattr(row, field.attname))
    if is_partial(model, name):
        return [told, plain(getattr(row, name + PRECISION))] if told else None
    return told


def prefetches(model: type[models.Model], names: Iterable[str]) -> list[str]:
    """What to prefetch so that these facts of many rows are told without a query each."""
    found = (fact.prefetch if (fact := fact_of(model, name)) else name for name in names if not is_own(model, name))
    return sorted(set(found))


def is_own(model: type[models.Model], name: str) -> bool:
    """Whether the fact stands in the row's own columns."""
    return fact_of(model, name) is None and not field_of(model, name).many_to_many


def default_of(model: type[models.Model], name: str) -> Any:
    """What a new row has there."""
    return plain(field_of(model, name).get_default()) if is_own(model, name) else None


def write_own(row: models.Model, name: str, value: Any) -> None:
    """Sets a column; the caller saves the row."""
    field = field_of(type(row), name)
    if is_partial(type(row), name):
        value, precision = value or (None, field_of(type(row), name + PRECISION).get_default())
        setattr(row, name + PRECISION, precision)
    setattr(row, field.attname, field.to_python(value) if not field.is_relation else value)


def write_linked(row: models.Model, name: str, value: Any) -> None:
    """Sets what stands in another table; rows that are gone are left out. The row must be saved."""
    if fact := fact_of(type(row), name):
        fact.put(row, value)
        return
    related = field_of(type(row), name).related_model
    getattr(row, name).set(related._default_manager.filter(pk__in=value))


def label_of(model: type[models.Model], name: str) -> Any:
    if fact := fact_of(model, name):
        return fact.label
    try:
        return field_of(model, name).verbose_name
    except FieldDoesNotExist:  # a field that the application no longer has
        return name


def links(model: type[models.Model], values: Mapping[str, Any]) -> Iterator[tuple[str, type[models.Model], Any]]:
    """The foreign keys among these values: their names, models and targets' numbers."""
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey) and values.get(field.name) is not None:
            yield field.name, field.related_model, values[field.name]
