"""What every form on a record does."""

from typing import Any

from django import forms
from django.db import models
from django.utils.text import slugify
from dsfr.forms import DsfrBaseForm

from aect.fields import PartialDate
from partnerships.forms.fields import PartialDateField


class EditForm(DsfrBaseForm, forms.ModelForm):
    """A record's own fields. Every constraint of the model is checked, those on fields that the form hides too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, PartialDateField) and (value := getattr(self.instance, name)):
                self.initial[name] = PartialDate(value, getattr(self.instance, f"{name}_precision", "day"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            if isinstance(field, PartialDateField) and isinstance(known := cleaned.get(name), PartialDate):
                cleaned[name] = known.day
                if not field.only_days:
                    setattr(self.instance, f"{name}_precision", known.precision)
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """Only what is already wrong, and what the model lets be empty where the form left it so."""
        hidden = {f.name for f in self.instance._meta.fields if f.name not in self.fields and f.blank}
        wrong = set(self.errors)
        return wrong | {f"{name}_precision" for name in wrong} | (hidden - {"partnership"})


#: Words that stand in addresses where a slug would.
RESERVED = frozenset({"nouveau", "nouvelle", "comparer"})


def free_slug(instance: Any, text: str) -> str:
    """An address made of this text that no other record of the model has."""
    length = instance._meta.get_field("slug").max_length
    stem = slugify(text)[: length - 6].strip("-") or "fiche"
    rows: models.QuerySet[Any] = type(instance)._default_manager
    taken = {*RESERVED, *rows.filter(slug__startswith=stem).values_list("slug", flat=True)}
    return next(slug for n in range(1, len(taken) + 3) if (slug := stem if n == 1 else f"{stem}-{n}") not in taken)


class SluggedForm(EditForm):
    """A record with a page: its address is made of its name when it is added, and stays."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.instance.slug:
            self.instance.slug = free_slug(self.instance, str(cleaned.get("name") or cleaned.get("title") or ""))
        return cleaned
