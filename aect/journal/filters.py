"""What one may ask of the journal."""

from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from aect.filters import ListFilterSet, Order, SortFilter
from aect.journal import columns, telling
from aect.journal.models import ACTIONS, Line

MOST = 10_000  # lines that are counted, and can be paged to


class AccountField(forms.CharField):
    """An e-mail address or an account's number; cleaned, the number."""

    def clean(self, value: Any) -> int | None:
        if not (text := str(super().clean(value)).strip().lower()):
            return None
        if text.isascii() and text.isdecimal() and len(text) < 19:
            return int(text)
        number = User.objects.filter(email=text).values_list("pk", flat=True).first()
        if number is None:
            raise ValidationError(_("« %(value)s » n’est l’adresse d’aucun compte."), params={"value": text[:40]})
        return number


class AccountFilter(django_filters.Filter):
    field_class = AccountField


class DayFilter(django_filters.DateFilter):
    def __init__(self, **kwargs: Any) -> None:
        validators = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2100, 1, 1))]
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}), validators=validators, **kwargs)


class LinePaginator(Paginator):
    """Counts no further than `MOST`: the journal only grows."""

    @cached_property
    def count(self) -> int:
        lines: Any = self.object_list
        return int(lines[: MOST + 1].count())

    @property
    def is_cut(self) -> bool:
        return self.count > MOST

    def _get_page(self, lines: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._get_page(telling.tell(list(lines)), *args, **kwargs)  # type: ignore[misc]


class LineFilter(ListFilterSet):
    columns = columns.LINES
    usual_columns = ("date", "qui", "action", "fiche", "details")
    displays = ("liste",)
    seldom = frozenset({"fiche", "numero"})

    q = django_filters.CharFilter(method="search", max_length=100, label=_("Rechercher une fiche, une collectivité"))
    source = django_filters.ChoiceFilter(
        method="of_source",
        choices=[("actes", _("Actes et accès")), ("donnees", _("Modifications des données"))],
        label=_("Quoi"),
        empty_label=_("Tout"),
    )
    action = django_filters.ChoiceFilter(choices=ACTIONS, label=_("Action"), empty_label=_("Toutes"))
    compte = AccountFilter(method="by", label=_("Compte (adresse électronique ou numéro)"))
    du = DayFilter(method="since", label=_("Du"))
    au = DayFilter(method="until", label=_("Au"))
    fiche = django_filters.ChoiceFilter(
        field_name="record_kind",
        choices=lambda: sorted(telling.kinds().items(), key=lambda kind: kind[1]),
        label=_("Genre de fiche"),
        empty_label=_("Tous"),
    )
    numero = django_filters.CharFilter(field_name="record_id", max_length=50, label=_("Numéro de fiche"))
    tri = SortFilter(
        {"date": Order("at", up=_("Plus ancien"), down=_("Plus récent"))}, default="-date", tie=["-event", "-id"]
    )

    class Meta(ListFilterSet.Meta):
        model = Line
        fields: list[str] = []

    def paginator(self, per_page: int) -> "Paginator[Any]":
        return LinePaginator(self.rows, per_page)

    def search(self, rows: QuerySet[Line], name: str, value: str) -> QuerySet[Line]:
        return rows.filter(Q(record_label__unaccent__icontains=value) | Q(organisation__unaccent__icontains=value))

    def of_source(self, rows: Any, name: str, value: str) -> QuerySet[Line]:
        of_data: QuerySet[Line] = rows.of_data(value == "donnees")
        return of_data

    def by(self, rows: Any, name: str, value: int) -> QuerySet[Line]:
        done: QuerySet[Line] = rows.by(value)
        return done

    def since(self, rows: QuerySet[Line], name: str, value: date) -> QuerySet[Line]:
        return rows.filter(at__gte=midnight(value))

    def until(self, rows: QuerySet[Line], name: str, value: date) -> QuerySet[Line]:
        return rows.filter(at__lt=midnight(value + timedelta(days=1)))


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
