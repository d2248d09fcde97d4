"""What a column of an import may hold: read from a cell, compared, told again as a cell.

A column has one canonical text for each value, which is also the `standard` profile's: what is read from that text
is the value again. Two cells are the same when their canonical texts are.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import translation
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext

from aect.fields import AmountField, PartialDate, Precision, parse_amount, parse_partial_date

EMPTIES = "(vide)"  # in an update, the cell that empties a value; an empty cell leaves it alone
SEPARATOR = "|"
WHOLE = re.compile(r"-?[0-9]{1,9}")
NUMBER = re.compile(r"-?[0-9]{1,15}(?:[.,][0-9]{1,30})?")
TRUE = {"oui", "vrai", "true", "1", "sí", "si", "verdadero", "yes"}
FALSE = {"non", "faux", "false", "0", "no", "falso"}
LINE_BREAK = re.compile(r"\r\n?")


class Finder(Protocol):
    """Finds rows that cells refer to, all those of a file at once."""

    def gather(self, texts: Iterable[str]) -> None:
        """Looks all of them up, in a fixed number of queries."""

    def find(self, text: str) -> Any:
        """The row meant. Raises ValidationError when there is none, or more than one."""

    def tell(self, row: Any) -> str:
        """The text by which the row is found again."""

    def learn(self, row: Any) -> None:
        """A row of the file itself, which others of the file may refer to."""


def plain(text: str) -> str:
    """Text as it is compared with a label or a header: case, spaces and apostrophes do not count."""
    return " ".join(text.replace("'", "’").split()).casefold()


def told(*sentences: str | Promise) -> str:
    """Those that say something, one after the other."""
    return " ".join(str(sentence) for sentence in sentences if sentence)


def in_french(text: str | Promise) -> str:
    with translation.override("fr"):
        return str(text)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of text. `name` is its stable header, `label` the one readers see, `fields` what it sets."""

    name: str
    label: str | Promise
    help: str | Promise = ""
    example: str = ""
    is_required: bool = False
    kind: str = "text"  # as aect.tabular.writing knows it
    empty: Any = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The model's fields that the column writes."""
        return (self.name,)

    @property
    def header(self) -> str:
        return capfirst(in_french(self.label))

    @property
    def accepts(self) -> str:
        """What a cell may hold, in the reader's words."""
        return str(self.help)

    @property
    def vocabulary(self) -> Sequence[tuple[str, str]]:
        """Codes and labels, when there is a closed list of them."""
        return ()

    def read(self, text: str) -> Any:
        """The value of a cell that is not empty. Raises ValidationError."""
        return text

    def tell(self, value: Any) -> str:
        """The canonical text; empty for an unknown value."""
        return "" if value in (None, "") else LINE_BREAK.sub("\n", str(value)).strip()

    def raw(self, value: Any) -> str | None:
        """The value as the `standard` profile writes it: text to the letter."""
        return str(value) if isinstance(value, str) and value else self.tell(value) or None

    def show(self, value: Any) -> Any:
        """The value as a file for readers writes it; None when unknown."""
        return None if value in (None, "") else value

    def get(self, row: Any) -> Any:
        return getattr(row, self.name)

    def set(self, row: Any, value: Any) -> None:
        setattr(row, self.name, value)


@dataclass(frozen=True, kw_only=True)
class TextColumn(Column):
    """`longest` is the number of characters that the model holds, or None."""

    longest: int | None = None

    @property
    def accepts(self) -> str:
        limit = (
            gettext("Texte de %(n)s caractères au plus.") % {"n": self.longest} if self.longest else gettext("Texte.")
        )
        return f"{limit} {self.help}".strip()

    def read(self, text: str) -> str:
        return LINE_BREAK.sub("\n", text).strip()


@dataclass(frozen=True, kw_only=True)
class ChoiceColumn(Column):
    choices: Sequence[tuple[Any, Any]]

    @property
    def vocabulary(self) -> Sequence[tuple[str, str]]:
        return [(str(code), in_french(label)) for code, label in self.choices]

    @property
    def accepts(self) -> str:
        return told(gettext("Un code ou un libellé de la liste."), self.help)

    @cached_property
    def known(self) -> dict[str, Any]:
        """Codes by themselves, their French label and the reader's."""
        texts = ((text, code) for code, label in self.choices for text in (str(label), in_french(label), str(code)))
        return {plain(text): code for text, code in texts}

    def read(self, text: str) -> Any:
        if (sought := plain(text)) in self.known:
            return self.known[sought]
        codes = ", ".join(str(code if isinstance(code, int) else label) for code, label in self.choices)
        raise ValidationError(gettext("Valeur inconnue. Sont acceptés : %(codes)s.") % {"codes": codes})

    def show(self, value: Any) -> Any:
        return in_french(dict(self.choices)[value]) if value in dict(self.choices) else None


@dataclass(frozen=True, kw_only=True)
class DateColumn(Column):
    kind: str = "date"
    is_partial: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.name, f"{self.name}_precision") if self.is_partial else (self.name,)

    @property
    def accepts(self) -> str:
        whole = gettext("Date : 15/07/2015 ou 2015-07-15.")
        partial = gettext("Date, selon ce qu’on en sait : 15/07/2015, 07/2015, 2015, années 1990.")
        return f"{partial if self.is_partial else whole} {self.help}".strip()

    def read(self, text: str) -> PartialDate:
        found = parse_partial_date(text)
        if not self.is_partial and found.precision != Precision.DAY:
            raise ValidationError(gettext("Le jour est attendu : 15/07/2015."))
        return found

    def tell(self, value: PartialDate | None) -> str:
        return value.iso if value else ""

    def get(self, row: Any) -> PartialDate | None:
        day = getattr(row, self.name)
        known = getattr(row, f"{self.name}_precision") if self.is_partial else Precision.DAY
        return PartialDate(day, known) if day else None

    def set(self, row: Any, value: PartialDate | None) -> None:
        setattr(row, self.name, value.day if value else None)
        if self.is_partial:
            setattr(row, f"{self.name}_precision", value.precision if value else Precision.DAY)


@dataclass(frozen=True, kw_only=True)
class AmountColumn(Column):
    kind: str = "amount"

    @property
    def accepts(self) -> str:
        return told(gettext("Montant en euros : 1 234,50 ou 1234.50."), self.help)

    def read(self, text: str) -> Decimal:
        return parse_amount(text)

    def tell(self, value: Decimal | None) -> str:
        return "" if value is None else f"{value:.2f}"


@dataclass(frozen=True, kw_only=True)
class WholeColumn(Column):
    kind: str = "integer"

    @property
    def accepts(self) -> str:
        return told(gettext("Nombre entier."), self.help)

    def read(self, text: str) -> int:
        if not WHOLE.fullmatch(cleaned := re.sub(r"\s", "", text)):
            raise ValidationError(gettext("Un nombre entier est attendu, de neuf chiffres au plus."))
        return int(cleaned)


@dataclass(frozen=True, kw_only=True)
class NumberColumn(Column):
    """Numbers with decimals; `to` makes the model's type of them."""

    to: Callable[[Decimal], Any] = Decimal

    @property
    def accepts(self) -> str:
        return told(gettext("Nombre : 48,85 ou 48.85."), self.help)

    def read(self, text: str) -> Any:
        if not NUMBER.fullmatch(cleaned := re.sub(r"\s", "", text)):
            raise ValidationError(gettext("Un nombre est attendu, tel que 48,85."))
        return self.to(Decimal(cleaned.replace(",", ".")))

    def tell(self, value: Any) -> str:
        if value is None:
            return ""
        told = f"{Decimal(repr(value)) if isinstance(value, float) else value:f}"
        return told.rstrip("0").rstrip(".") if "." in told else told

    def show(self, value: Any) -> str | None:
        return self.tell(value) or None


@dataclass(frozen=True, kw_only=True)
class FlagColumn(Column):
    kind: str = "flag"
    empty: Any = False

    @property
    def vocabulary(self) -> Sequence[tuple[str, str]]:
        return [("true", "oui"), ("false", "non")]

    @property
    def accepts(self) -> str:
        return told(gettext("oui ou non."), self.help)

    def read(self, text: str) -> bool:
        if (sought := plain(text)) not in TRUE | FALSE:
            raise ValidationError(gettext("« oui » ou « non » est attendu."))
        return sought in TRUE

    def tell(self, value: Any) -> str:
        return "true" if value else "false"

    def show(self, value: Any) -> Any:
        return bool(value)


@dataclass(frozen=True, kw_only=True)
class ReferenceColumn(Column):
    """A row of another table, or of the file's own when `is_own`."""

    finder: Finder
    is_own: bool = False

    @property
    def accepts(self) -> str:
        return str(self.help)

    def cells(self, text: str) -> list[str]:
        """The texts that each refer to one row."""
        return [text.strip()]

    def read(self, text: str) -> Any:
        return self.finder.find(text.strip())

    def tell(self, value: Any) -> str:
        return "" if value is None else self.finder.tell(value)

    def show(self, value: Any) -> str | None:
        return self.tell(value) or None


@dataclass(frozen=True, kw_only=True)
class ListColumn(ReferenceColumn):
    """Rows of another table, in any order. They are no field: `pick` reads them from the row, the kind writes them."""

    pick: Callable[[Any], Iterable[Any]]
    empty: Any = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return ()

    @property
    def accepts(self) -> str:
        return told(self.help, gettext("Plusieurs : séparez-les par « | »."))

    def cells(self, text: str) -> list[str]:
        return [part.strip() for part in text.split(SEPARATOR) if part.strip()]

    def read(self, text: str) -> tuple[Any, ...]:
        found = tuple(self.finder.find(part) for part in self.cells(text))
        if len({row.pk for row in found}) < len(found):
            raise ValidationError(gettext("La même valeur y figure deux fois."))
        return found

    def tell(self, value: Iterable[Any]) -> str:
        return SEPARATOR.join(sorted(map(self.finder.tell, value)))

    def get(self, row: Any) -> tuple[Any, ...]:
        return tuple(self.pick(row))

    def set(self, row: Any, value: Any) -> None:
        """Nothing: see the kind's `relate`."""


@dataclass(frozen=True, kw_only=True)
class ChildColumn(TextColumn):
    """A text that stands in a row of its own: `pick` reads it, the kind writes it."""

    pick: Callable[[Any], str]
    empty: Any = ""

    @property
    def fields(self) -> tuple[str, ...]:
        return ()

    def get(self, row: Any) -> str:
        return self.pick(row)

    def set(self, row: Any, value: Any) -> None:
        """Nothing: see the kind's `relate`."""


def field_column(model: type[models.Model], name: str, **more: Any) -> Column:
    """The column of a model's field, with the field's own label, help and vocabulary; `more` says otherwise."""
    field: Any = model._meta.get_field(name)
    has_default = field.has_default() or field.blank or field.null
    known: dict[str, Any] = {
        "name": name,
        "label": field.verbose_name,
        "help": field.help_text,
        "is_required": not has_default,
        "empty": None if field.null else "",
    }
    if field.choices:
        kind: Any = ChoiceColumn
        known["choices"] = field.choices
    elif isinstance(field, models.DateField):
        kind = DateColumn
        known["is_partial"] = any(other.name == f"{name}_precision" for other in model._meta.fields)
    elif isinstance(field, AmountField):
        kind = AmountColumn
    elif isinstance(field, models.DecimalField | models.FloatField):
        kind = NumberColumn
        known["to"] = float if isinstance(field, models.FloatField) else Decimal
    elif isinstance(field, models.IntegerField):
        kind = WholeColumn
    elif isinstance(field, models.BooleanField):
        kind = FlagColumn
        del known["empty"]
    elif "finder" in more:
        kind = ReferenceColumn
        known["empty"] = None
    else:
        kind = TextColumn
        known["longest"] = field.max_length
    return kind(**{**known, **more})  # type: ignore[no-any-return]
