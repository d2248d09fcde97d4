"""Field types that every application shares: amounts of money, and dates known to the decade, year or month."""

import calendar
import re
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, Self

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import ExtractDay, ExtractMonth, ExtractYear, Mod
from django.db.models.lookups import Exact, GreaterThanOrEqual
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

AMOUNT_CEILING = Decimal("1e15")  # above any public budget; NaN sorts above every number in PostgreSQL
# At most 15 digits, grouped by spaces or not, a comma or a dot, two decimals; or grouped as in Mexico or Spain, where
# the decimals tell which of both marks groups. Bounded before Decimal sees it: 1e3000000 would cost minutes.
AMOUNT_PATTERNS = [
    re.compile(rf"{pattern}(?:[ \u00a0\u202f]?(?:€|EUR))?", re.ASCII)
    for pattern in (
        r"(?P<whole>-?\d{1,3}(?:[ \u00a0\u202f]?\d{3}){0,4})(?:[.,](?P<cents>\d{1,2}))?",
        r"(?P<whole>-?\d{1,3}(?:,\d{3}){1,4})\.(?P<cents>\d{1,2})",
        r"(?P<whole>-?\d{1,3}(?:\.\d{3}){1,4}),(?P<cents>\d{1,2})",
    )
]


def parse_amount(text: str) -> Decimal:
    """Reads `1 234,50`, `1234.50`, `1234`, `1,234.50`, `1.234,50` or `1 234,50 €` as euros and cents.

    Raises ValidationError for anything else: exponents, other digits than 0-9, NaN, more than two decimals, and
    `1,234`, which is one thing in Mexico and another in France.
    """
    cleaned = text.strip()
    if not (found := next(filter(None, (pattern.fullmatch(cleaned) for pattern in AMOUNT_PATTERNS)), None)):
        raise ValidationError(
            _("« %(value)s » n’est pas un montant : écrivez par exemple 1 234,50."),
            code="invalid",
            params={"value": text[:40]},
        )
    return Decimal(f"{re.sub(r'[^0-9-]', '', found['whole'])}.{found['cents'] or 0}")


class AmountFormField(forms.DecimalField):
    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # the stubs take it for an integer
        if value in self.empty_values:
            return None
        return value if isinstance(value, Decimal) else parse_amount(str(value))


class AmountField(models.DecimalField):
    """Euros and cents. Empty means unknown, never 0. Pair it with `amount_check`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 17, "decimal_places": 2, **kwargs})

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": AmountFormField, "widget": forms.TextInput, **kwargs})


def amount_check(model: str, *fields: str, signed: bool = False) -> list[models.CheckConstraint]:
    """One constraint a field: within bounds, which also refuses NaN and infinity (PostgreSQL: NaN >= 0 holds)."""
    floor = -AMOUNT_CEILING if signed else Decimal(0)
    return [
        models.CheckConstraint(
            condition=Q(**{f"{field}__gte": floor, f"{field}__lt": AMOUNT_CEILING}),
            name=f"{model}_{field}_is_an_amount",
            violation_error_message=_("Un montant est un nombre positif d’euros, avec deux décimales au plus."),
        )
        for field in fields
    ]


class Precision(models.TextChoices):
    """How exactly a date is known. The stored date is then the first day of the decade, year or month."""

    DECADE = "decade", _("décennie")
    YEAR = "year", _("année")
    MONTH = "month", _("mois")
    DAY = "day", _("jour")


class PartialDate(NamedTuple):
    """A date with what is known of it, as files write it: `1990s`, `2015`, `2015-07`, `2015-07-15`."""

    day: date
    precision: str = Precision.DAY

    @classmethod
    def of(cls, value: "date | Self") -> Self:
        return cls(value) if isinstance(value, date) else value

    @property
    def iso(self) -> str:
        if self.precision == Precision.DECADE:
            return f"{self.day.year:04}s"
        return self.day.isoformat()[: {Precision.YEAR: 4, Precision.MONTH: 7}.get(Precision(self.precision), 10)]

    @property
    def french(self) -> str:
        """`années 1990`, `2015`, `07/2015`, `15/07/2015`."""
        if self.precision == Precision.DECADE:
            return f"années {self.day.year:04}"
        return "/".join(reversed(self.iso.split("-")))


MONTHS = {
    name: number
    for names in (
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "January February March April May June July August September October November December",
    )
    for number, name in enumerate(names.lower().split(), start=1)
}
# Year, month and day of each way to write a date; what is missing is not known.
DATE_PATTERNS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{1,2})(?:-(?P<day>[0-9]{1,2}))?)?",
        r"(?:(?:(?P<day>[0-9]{1,2})/)?(?P<month>[0-9]{1,2})/)?(?P<year>[0-9]{4})",
        r"(?P<day>[0-9]{1,2})(?P<mark>[-.])(?P<month>[0-9]{1,2})(?P=mark)(?P<year>[0-9]{4})",
        rf"(?:(?P<day>[0-9]{{1,2}})(?:er)? (?:de )?)?(?P<name>{'|'.join(MONTHS)}) (?:de )?(?P<year>[0-9]{{4}})",
        r"(?:(?:années|años|década de) )?(?P<decade>[0-9]{3}0)s?",
    )
]


def parse_partial_date(text: str) -> PartialDate:
    """Reads `15/07/2015`, `15-07-2015`, `15 juillet 2015`, `07/2015`, `juillet 2015`, `2015`, ISO dates, `années 1990`
    or `1990s`; and in Spanish or English `15 de julio de 2015`, `July 2015`, `década de 1990`. A spreadsheet's midnight
    does not count.

    Raises ValidationError for anything else, and for a day that is in no calendar.
    """
    cleaned = re.sub(" 00:00(:00)?$", "", " ".join(text.split()))
    for pattern in DATE_PATTERNS:
        if found := pattern.fullmatch(cleaned):
            try:
                return _partial_date(**found.groupdict())
            except ValueError:
                break
    raise ValidationError(
        _("« %(value)s » n’est pas une date : écrivez 15/07/2015, 07/2015, 2015 ou années 1990."),
        code="invalid",
        params={"value": text[:40]},
    )


def _partial_date(
    year: str = "", month: str | None = None, day: str | None = None, name: str = "", decade: str = "", mark: str = ""
) -> PartialDate:
    """Raises ValueError for a day that is in no calendar."""
    if decade:
        return PartialDate(date(int(decade), 1, 1), Precision.DECADE)
    number = MONTHS[name.lower()] if name else int(month or 1)
    known = Precision.DAY if day else Precision.MONTH if month or name else Precision.YEAR
    return PartialDate(date(int(year), number, int(day or 1)), known)


def PrecisionField(label: Any = None) -> models.CharField:  # noqa: N802  # reads as a field
    return models.CharField(label or _("précision de la date"), max_length=6, choices=Precision, default=Precision.DAY)


def precision_check(model: str, field: str) -> models.CheckConstraint:
    """A date known to the decade or the year is stored as its 1 January, to the month as its first day."""
    year, month, day = ExtractYear(F(field)), ExtractMonth(F(field)), ExtractDay(F(field))
    return models.CheckConstraint(
        condition=Q(**{f"{field}__isnull": True})
        | Q(**{f"{field}_precision": "day"})
        | Q(Exact(day, 1), **{f"{field}_precision": "month"})
        | Q(Exact(day, 1), Exact(month, 1), **{f"{field}_precision": "year"})
        | Q(Exact(day, 1), Exact(month, 1), Exact(Mod(year, 10), 0), **{f"{field}_precision": "decade"}),
        name=f"{model}_{field}_fits_precision",
        violation_error_message=_(
            "Une date connue à la décennie ou à l’année en est le 1er janvier ; au mois, le premier jour du mois."
        ),
    )


def partial_date(date: Any, precision: str) -> str:
    """A date as it is known, in the reader's language: `années 1990`, `2016`, `avril 2014`, `15 juillet 2015`."""
    if date is None:
        return ""
    if precision == Precision.DECADE:
        return gettext("années %(decade)s") % {"decade": date.year}
    formats = {Precision.YEAR: "Y", Precision.MONTH: "YEAR_MONTH_FORMAT"}
    return ranked(date_format(date, formats.get(Precision(precision), "DATE_FORMAT")))


def ranked(shown: str) -> str:
    """A written date in which French calls the first of a month « 1er », which Django's formats cannot say."""
    return f"1er{shown[1:]}" if shown.startswith("1 ") and get_language() == "fr" else shown


def period(row: Any) -> str:
    """`depuis 2012`, `jusqu’en 2017`, `2012 – 2017` from `began_on` and `ended_on` as they are known; or empty."""
    began = partial_date(row.began_on, row.began_on_precision)
    ended = partial_date(row.ended_on, row.ended_on_precision)
    if began and ended:
        return began if began == ended else f"{began} – {ended}"
    if began:
        return gettext("depuis : %(date)s") % {"date": began}
    return gettext("jusqu’à : %(date)s") % {"date": ended} if ended else ""


def first_day(date: Any, precision: str) -> Any:
    """The first day of the decade, year or month of this date, or the date itself: as one so known is stored."""
    if precision == Precision.DECADE:
        return date.replace(year=date.year // 10 * 10, month=1, day=1)
    if precision == Precision.YEAR:
        return date.replace(month=1, day=1)
    return date.replace(day=1) if precision == Precision.MONTH else date


def in_order(earlier: str, later: str, *, is_partial: bool = False) -> Q:
    """That `later` does not come before `earlier`, where both are known.

    `is_partial`: `later` has a precision; known to the decade, year or month, it stands for any day of it.
    """
    if not is_partial:
        return Q(**{f"{earlier}__isnull": True}) | Q(**{f"{later}__isnull": True}) | Q(**{f"{later}__gte": F(earlier)})
    months = [ExtractYear(F(name)) * 12 + ExtractMonth(F(name)) for name in (later, earlier)]
    return (
        in_order(earlier, later)
        | Q(GreaterThanOrEqual(*months), **{f"{later}_precision": Precision.MONTH.value})
        | Q(
            GreaterThanOrEqual(ExtractYear(F(later)), ExtractYear(F(earlier))),
            **{f"{later}_precision": Precision.YEAR.value},
        )
        | Q(
            GreaterThanOrEqual(ExtractYear(F(later)) + 9, ExtractYear(F(earlier))),
            **{f"{later}_precision": Precision.DECADE.value},
        )
    )


def last_day(date: Any, precision: str) -> Any:
    """The last day that a partly known date may stand for."""
    if precision == Precision.DECADE:
        return date.replace(year=date.year // 10 * 10 + 9, month=12, day=31)
    if precision == Precision.YEAR:
        return date.replace(month=12, day=31)
    if precision == Precision.MONTH:
        return date.replace(day=calendar.monthrange(date.year, date.month)[1])
    return date
