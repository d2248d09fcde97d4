"""Fields that forms of the registry share: dates as they are known, numbers with a comma, one record of thousands."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.formats import get_format
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _

from aect.fields import AmountField, PartialDate, Precision, parse_partial_date
from aect.text import Fold
from partnerships.models import Organisation, Partnership

WHOLE = re.compile(r"-?\d{1,9}", re.ASCII)
NUMBER = re.compile(r"-?\d{1,12}(?:[.,]\d{1,3})?", re.ASCII)
COORDINATE = re.compile(r"-?\d{1,3}(?:[.,]\d{1,20})?", re.ASCII)
CANDIDATES = 8  # records offered when a name leads to several


class PartialDateField(forms.CharField):
    """A date as it is known, typed as a text; gives a PartialDate. `only_days`: nothing less than a day will do."""

    def __init__(self, *, only_days: bool = False, **kwargs: Any) -> None:
        self.only_days = only_days
        accepted = (
            _("Exemple : 15/07/2015.")
            if only_days
            else _("Telle qu’elle est connue : 15/07/2015, juillet 2015, 07/2015, 2015 ou années 1990.")
        )
        if given := kwargs.pop("help_text", ""):
            accepted = format_lazy("{} {}", given, accepted)
        super().__init__(**{"max_length": 40, "help_text": accepted, **kwargs})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        found = parse_partial_date(str(text))
        if self.only_days and found.precision != Precision.DAY:
            raise ValidationError(_("Cette date se connaît au jour : écrivez par exemple 15/07/2015."), code="invalid")
        return found

    def prepare_value(self, value: Any) -> Any:
        return PartialDate.of(value).french if value and not isinstance(value, str) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != (PartialDate.of(initial) if initial else None))
        except ValidationError:
            return True


def cleaned(text: Any, pattern: re.Pattern[str], refusal: Any) -> Any:
    """A number as people write it, as Python reads it; bounded before Python does."""
    if not isinstance(text, str) or not text.strip():
        return text
    number = re.sub(r"\s", "", text)
    if not pattern.fullmatch(number):
        raise ValidationError(refusal, code="invalid")
    return number.replace(",", ".")


def written(value: Any) -> Any:
    """A number that is stored, without idle zeros and with the reader's decimal mark: 12500.000 is not 12 500 000."""
    if not isinstance(value, Decimal | float):
        return value
    text = f"{Decimal(repr(value)) if isinstance(value, float) else value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", get_format("DECIMAL_SEPARATOR"))


# Numbers are typed as text: a browser's own field for numbers drops what it does not understand without a word,
# and so makes 4616 of « 46,16 », and 75 of « 75.000 ».


class WholeField(forms.IntegerField):
    widget = forms.TextInput(attrs={"inputmode": "numeric"})

    def to_python(self, value: Any) -> Any:
        return super().to_python(cleaned(value, WHOLE, _("Un nombre entier est attendu, de neuf chiffres au plus.")))


class NumberField(forms.DecimalField):
    """A number with a comma or a dot."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def to_python(self, value: Any) -> Any:
        return super().to_python(cleaned(value, NUMBER, _("Écrivez un nombre, par exemple 12,5.")))

    def prepare_value(self, value: Any) -> Any:
        return written(value)


class CoordinateField(forms.FloatField):
    """A latitude or a longitude, with a comma or a dot."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def to_python(self, value: Any) -> Any:
        return super().to_python(cleaned(value, COORDINATE, _("Écrivez un nombre, par exemple 12,5.")))

    def prepare_value(self, value: Any) -> Any:
        return written(value)


class Typed(NamedTuple):
    """What a field for a record sends: the text, the text that was sought before, the choice made for it."""

    text: str = ""
    sought: str = ""
    choice: str = ""

    @property
    def chosen(self) -> str:
        """The id chosen for this very text; empty once the text has changed."""
        return self.choice if self.text == self.sought and self.choice.isascii() and self.choice.isdigit() else ""


class RecordInput(forms.TextInput):
    """A text; when it leads to several organisations, they are offered below it as radio buttons."""

    template_name = "widgets/record.html"
    candidates: list[Any]

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"autocomplete": "off", "spellcheck": "false", **(attrs or {})})
        self.candidates = []

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Typed:
        parts = (data.get(name), data.get(f"{name}_sought"), data.get(f"{name}_choice"))
        return Typed(*((part or "").replace("\0", "\ufffd").strip() for part in parts))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data

    def format_value(self, value: Any) -> str:
        return value.text if isinstance(value, Typed) else ""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["typed"] = value if isinstance(value, Typed) else Typed()
        context["candidates"] = self.candidates
        return context


class RecordField(forms.Field):
    """One organisation or partnership, by its name or official code; an ambiguous text is answered with a choice.

    A form that narrows the `rows` says with `nothing` what it means that none is found.
    """

    widget: Any = RecordInput
    nothing: Any = _("Rien ne répond à « %(text)s ». Ajoutez d’abord cette fiche, ou écrivez son nom autrement.")
    helps = {
        Organisation: _("Son nom, ou son code officiel : SIREN, COG ou INEGI."),
        Partnership: _("Son nom, ou celui d’une de ses parties."),
    }

    def __init__(self, *, queryset: models.QuerySet[Any], **kwargs: Any) -> None:
        for unused in ("limit_choices_to", "to_field_name", "blank"):
            kwargs.pop(unused, None)
        self.rows = queryset
        super().__init__(**kwargs)
        self.help_text = self.help_text or self.helps[queryset.model]

    def prepare_value(self, value: Any) -> Any:
        """The record that stands there, its choice already made."""
        if isinstance(value, Typed):
            return value
        found = self.rows.filter(pk=value).first() if value else None
        return Typed(found.name, found.name, str(found.pk)) if found else Typed()

    def clean(self, value: Typed) -> Any:
        if not value.text:
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        if len(value.text) > 200:
            raise ValidationError(_("Un nom a 200 caractères au plus."), code="invalid")
        if value.chosen and (found := self.rows.filter(pk=int(value.chosen[:18])).first()):
            return found
        return self._only_one(value.text)

    def _only_one(self, text: str) -> Any:
        """The record of this code or of exactly this name, or the only one that the text finds."""
        is_organisation = self.rows.model is Organisation
        coded = self.rows.filter(identifiers__code=text.replace(" ", "")).distinct()[:2] if is_organisation else []
        named = self.rows.filter(folded=Fold(models.Value(text)))[:2]
        for found in (list(coded), list(named)):
            if len(found) == 1:
                return found[0]
        rows: Any = self.rows
        if is_organisation:
            rows = rows.select_related("country", "region").prefetch_related("identifiers")
        candidates = list(rows.matching(text)[: CANDIDATES + 1])
        if not candidates:
            raise ValidationError(self.nothing, code="unknown", params={"text": text})
        if len(candidates) == 1:
            return candidates[0]
        self.widget.candidates = candidates[:CANDIDATES]
        many = _("Plusieurs fiches répondent à « %(text)s » : choisissez la bonne.")
        more = _("Plus de %(n)s fiches répondent à « %(text)s » : choisissez la bonne ou précisez.")
        raise ValidationError(
            more if len(candidates) > CANDIDATES else many, code="several", params={"text": text, "n": CANDIDATES}
        )

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(initial or "") != str(data.chosen)


NUMBERS: tuple[tuple[Any, Any], ...] = (
    (models.IntegerField, WholeField),
    (models.DecimalField, NumberField),
    (models.FloatField, CoordinateField),
)


def form_field(field: Any, **kwargs: Any) -> Any:
    """The form's field of a model's field, in this registry's manner; for `Meta.formfield_callback`."""
    if isinstance(field, models.DateField):
        has_precision = any(f.name == f"{field.name}_precision" for f in field.model._meta.fields)
        shared = {"label": capfirst(field.verbose_name), "help_text": field.help_text, "required": not field.blank}
        return PartialDateField(only_days=not has_precision, **shared)
    if isinstance(field, models.ForeignKey) and field.related_model in RecordField.helps:
        return field.formfield(form_class=RecordField, **kwargs)
    for model_field, form_class in NUMBERS:
        if isinstance(field, model_field) and not isinstance(field, AmountField) and not field.choices:
            return field.formfield(form_class=form_class, **kwargs)
    if isinstance(field, models.URLField):
        return field.formfield(assume_scheme="https", **kwargs)
    return field.formfield(**kwargs)
