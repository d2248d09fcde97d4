"""What lists the partnerships that a figure counts: one parameter for each way to count them."""

import re
from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from aect.filters import Facet
from partnerships.choices import FAMILIES, Family, Initiative, PartnershipStatus, Reach, Sdg, StaffKind, StatusReason
from partnerships.filters.shared import ListFilter
from partnerships.models import Partnership, Party, SdgContribution

UNKNOWN = ("inconnue", _("Non renseigné"))
INITIATIVES = {"interne": Initiative.INTERNAL, "externe": Initiative.EXTERNAL}
ANSWERS = {"oui": True, "non": False}
CODE_AND_YEARS = re.compile(r"([a-z_]+)(?:,((?:19|20)[0-9]{2})?(-)?((?:19|20)[0-9]{2})?)?")


@dataclass(frozen=True)
class Dated:
    """One of a parameter's codes, in these years: `majority,2010-2016`, `active,2016`, `tous,2010-`, `tous`."""

    code: str
    first: int | None = None
    last: int | None = None
    label: Any = ""

    @property
    def parameter(self) -> str:
        years = f"{self.first or ''}" if self.first == self.last else f"{self.first or ''}-{self.last or ''}"
        return f"{self.code},{years}" if years else self.code

    def __str__(self) -> str:
        """What the chip of this filter says."""
        return ", ".join(filter(None, [str(self.label), self.parameter.partition(",")[2].replace("-", "–")]))


class DatedField(forms.CharField):
    """A code with years; cleaned, a `Dated`."""

    def __init__(self, *, codes: dict[str, Any], needs_year: bool = False, **kwargs: Any) -> None:
        self.codes, self.needs_year = codes, needs_year
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Dated | None:
        if not (text := super().clean(value)):
            return None
        found = CODE_AND_YEARS.fullmatch(text)
        if not found or found[1] not in self.codes or (self.needs_year and not found[2]):
            message = _("« %(value)s » n’est pas accepté : un code, une virgule, des années, comme %(code)s,2010-2016.")
            raise ValidationError(message, params={"value": text[:40], "code": next(iter(self.codes))})
        first, last = (int(year) if year else None for year in (found[2], found[4]))
        return Dated(found[1], first, last if found[3] else first, self.codes[found[1]])


class DatedFilter(django_filters.Filter):
    field_class = DatedField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.HiddenInput, **kwargs)


def calls(among: QuerySet[Any]) -> list[tuple[str, str]]:
    """The calls with laureates; the money's tables are read through these partnerships' projects."""
    rows = Partnership.objects.filter(pk__in=among.order_by().values("pk"))
    rows = rows.filter(projects__call__isnull=False, projects__state="published")
    rows = rows.order_by("projects__call__slug")
    return list(rows.values_list("projects__call__slug", "projects__call__title").distinct())


class GoalFacet(Facet):
    """`odd`: the goals that a partnership serves; « inconnue » when none is known."""

    def __init__(self) -> None:
        goals = [(str(goal.value), format_lazy("{}. {}", goal.value, goal.label)) for goal in Sdg]
        label = _("Objectif de développement durable")
        super().__init__("sdg_contributions__goal", label=label, choices=[*goals, UNKNOWN], ranked=True)

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        stated = SdgContribution.objects.filter(partnership=OuterRef("pk"))
        condition = Q(Exists(stated.filter(goal__in=[goal for goal in value if goal != UNKNOWN[0]])))
        return qs.filter(condition | ~Exists(stated) if UNKNOWN[0] in value else condition)

    def counts(self, rows: QuerySet[Any]) -> dict[str, int]:
        found = rows.order_by().values_list(self.key).annotate(n=Count("pk", distinct=True))
        return {UNKNOWN[0] if goal is None else str(goal): n for goal, n in found}


class FigureFilter(ListFilter):
    """Every figure on partnerships can list them. « Inconnue » lists those of which it is not known."""

    portee = django_filters.ChoiceFilter(
        method="of_reach", choices=[*Reach.choices, UNKNOWN], label=_("Portée"), empty_label=_("Toutes")
    )
    reciproque = django_filters.ChoiceFilter(
        method="reciprocal",
        choices=[("oui", _("Réciproque")), ("non", _("Sans action sur le sol français")), UNKNOWN],
        label=_("Réciprocité"),
        empty_label=_("Indifférent"),
    )
    initiative = django_filters.ChoiceFilter(
        method="of_initiative",
        choices=[("interne", _("Interne")), ("externe", _("Externe")), UNKNOWN],
        label=_("Initiative"),
        empty_label=_("Toutes"),
    )
    acteurs = django_filters.ChoiceFilter(
        method="with_family", choices=Family.choices, label=_("Famille d’acteurs"), empty_label=_("Toutes")
    )
    odd = GoalFacet()
    familles = django_filters.ChoiceFilter(
        method="with_families",
        choices=[(str(number), str(number)) for number in range(len(Family) + 1)],
        label=_("Nombre de familles d’acteurs"),
        widget=forms.HiddenInput,
    )
    etat_au = DatedFilter(
        method="in_status",
        codes=dict([*PartnershipStatus.choices, UNKNOWN]),
        needs_year=True,
        label=_("État au 31 décembre"),
    )
    arret = DatedFilter(
        method="stopped",
        codes=dict([("tous", _("Toutes raisons")), *StatusReason.choices, UNKNOWN]),
        label=_("Ralentissement ou arrêt"),
    )
    agents = DatedFilter(
        method="with_staff",
        codes=dict([("tous", _("Toute participation")), *StaffKind.choices]),
        label=_("Participation des agents"),
    )
    appel = django_filters.ChoiceFilter(
        method="of_call", choices=[], label=_("Lauréats de l’appel"), widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["appel"].extra["choices"] = lambda: calls(self.queryset)

    fictifs = django_filters.ChoiceFilter(
        method="made_up",
        choices=[("sans", _("sans")), ("seuls", _("seuls"))],
        label=_("Partenariats fictifs"),
        widget=forms.HiddenInput,
    )

    def made_up(self, rows: QuerySet[Any], name: str, asked: str) -> QuerySet[Any]:
        return rows.filter(is_fictitious=asked == "seuls")

    def of_reach(self, rows: QuerySet[Any], name: str, reach: str) -> QuerySet[Any]:
        asked = None if reach == UNKNOWN[0] else reach
        return rows.with_reach().filter(reach=asked)  # type: ignore[attr-defined, no-any-return]

    def reciprocal(self, rows: QuerySet[Any], name: str, answer: str) -> QuerySet[Any]:
        return rows.with_reciprocity().filter(is_reciprocal=ANSWERS.get(answer))  # type: ignore[attr-defined, no-any-return]

    def of_initiative(self, rows: QuerySet[Any], name: str, model: str) -> QuerySet[Any]:
        return rows.filter(initiative=INITIATIVES.get(model, ""))

    def with_family(self, rows: QuerySet[Any], name: str, family: str) -> QuerySet[Any]:
        kinds = [kind for kind, of_kind in FAMILIES.items() if of_kind == family]
        return rows.filter(Exists(Party.objects.filter(partnership=OuterRef("pk"), organisation__kind__in=kinds)))

    def with_families(self, rows: QuerySet[Any], name: str, number: str) -> QuerySet[Any]:
        return rows.with_actor_kinds().filter(actor_kinds=number)  # type: ignore[attr-defined, no-any-return]

    def in_status(self, rows: QuerySet[Any], name: str, asked: Dated) -> QuerySet[Any]:
        status = None if asked.code == UNKNOWN[0] else asked.code
        return rows.in_status(asked.first, status)  # type: ignore[attr-defined, no-any-return]

    def stopped(self, rows: QuerySet[Any], name: str, asked: Dated) -> QuerySet[Any]:
        reason = {"tous": None, UNKNOWN[0]: ""}.get(asked.code, asked.code)
        return rows.stopped(reason, asked.first, asked.last)  # type: ignore[attr-defined, no-any-return]

    def with_staff(self, rows: QuerySet[Any], name: str, asked: Dated) -> QuerySet[Any]:
        kind = None if asked.code == "tous" else asked.code
        return rows.with_staff(kind, asked.first, asked.last)  # type: ignore[attr-defined, no-any-return]

    def of_call(self, rows: QuerySet[Any], name: str, slug: str) -> QuerySet[Any]:
        laureates = Partnership.objects.filter(projects__call__slug=slug, projects__state="published")
        return rows.filter(pk__in=laureates.values("pk"))
