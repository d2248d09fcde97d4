"""The registry's indicators: figures in, and out comes a chart with its table, said in words and explained.

A share is given in counts first, « 1 sur 8 », and in percent only from `MANY` on. Its denominator leaves out what is
not known, which is counted beside it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aect.charts import Chart, Column, Count, Named, counted, named, number
from aect.templatetags.aect import percent
from funding.bars import UNKNOWN, Part, bars, columns_of, stacked
from funding.filters.figures import IndicatorFilter
from funding.models import Call
from partnerships.choices import Family, Initiative, PartnershipStatus, Reach, Sdg, StaffKind, StatusReason
from partnerships.filters.figures import Dated
from partnerships.models.figures import STOPS

MANY = 30  # below, one partnership more or less moves a percentage too far
SPAN = 20  # years shown when none is asked for
#: From the foot of the bars up.
STATUSES = (PartnershipStatus.ACTIVE, PartnershipStatus.PREPARATION, *STOPS)


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """A chart with its table, its key figure in words, and how it is computed; `names` are the columns' in files."""

    title: str
    chart: Chart
    names: Sequence[str]
    definition: str
    value: str = ""
    label: str = ""
    detail: str = ""


def out_of(part: int, whole: int) -> str:
    """`1 sur 8`, `1 234 sur 15 000 (8,2 %)`."""
    said = _("%(part)s sur %(whole)s") % {"part": number(part), "whole": number(whole)}
    return f"{said} ({percent(Decimal(part) / whole * 100)})" if whole >= MANY else said


def share(part: int, known: int, unknown: int, label: str) -> dict[str, str]:
    """The key figure: a part of the partnerships of which the thing is known, and how many it leaves out."""
    left_out = ngettext("%(n)s partenariat non renseigné", "%(n)s partenariats non renseignés", unknown)
    return {
        "value": out_of(part, known) if known else _("Non renseigné"),
        "label": label if known else _("aucune fiche ne permet de le dire"),
        "detail": left_out % {"n": number(unknown)} if unknown else "",
    }


def of_parts(parts: Sequence[Part], *, heading: str, **chart: Any) -> Chart:
    """Bars and their table: each part and its number of partnerships."""
    rows = [[Named(part.code, str(part.label)), Count(part.number, part.address)] for part in parts]
    return Chart(
        figure=bars(parts),
        description=_("Barres : le nombre de partenariats de chaque ligne du tableau."),
        columns=[Column(heading, named), Column(_("Partenariats"), counted)],
        rows=rows if any(part.number for part in parts) else [],
        **chart,
    )


def reach(asked: IndicatorFilter) -> Indicator:
    parts = [
        Part(value, Reach(value).label, asked.by_parties[value], asked.listing(portee=value))
        for value in (Reach.MULTILATERAL.value, Reach.BILATERAL.value)
    ]
    unknown = asked.total - sum(part.number for part in parts)
    parts.append(Part(UNKNOWN, _("Non renseigné"), unknown, asked.listing(portee="inconnue")))
    return Indicator(
        title=_("Partenariats multilatéraux"),
        chart=of_parts(parts, id="portee", title=_("Partenariats selon leur portée"), heading=_("Portée")),
        names=("reach", "partnerships"),
        **share(
            parts[0].number,
            parts[0].number + parts[1].number,
            parts[2].number,
            _("partenariats dont les parties sont renseignées sont multilatéraux"),
        ),
        definition=_(
            "Un partenariat est multilatéral quand plusieurs collectivités françaises, ou des collectivités de "
            "plusieurs pays étrangers, en sont parties ou sont associées à une partie de ses actions. Un État et l’une "
            "de ses communes, du même côté, restent bilatéraux. La portée n’est pas connue tant que l’un des deux "
            "côtés n’a aucune partie renseignée."
        ),
    )


def reciprocity(asked: IndicatorFilter) -> Indicator:
    found = asked.partnerships.with_reciprocity().counted("is_reciprocal")
    parts = [
        Part("yes", _("Réciproque"), found.get(True, 0), asked.listing(reciproque="oui")),
        Part("no", _("Sans action sur le sol français"), found.get(False, 0), asked.listing(reciproque="non")),
        Part(UNKNOWN, _("Non renseigné"), found.get(None, 0), asked.listing(reciproque="inconnue")),
    ]
    return Indicator(
        title=_("Partenariats réciproques"),
        chart=of_parts(
            parts, id="reciprocite", title=_("Partenariats selon leur réciprocité"), heading=_("Réciprocité")
        ),
        names=("reciprocity", "partnerships"),
        **share(
            parts[0].number,
            parts[0].number + parts[1].number,
            parts[2].number,
            _("partenariats dont le lieu des actions est renseigné sont réciproques"),
        ),
        definition=_(
            "Un partenariat est réciproque quand l’une de ses actions a lieu sur le sol français. Il ne l’est pas "
            "quand toutes ses actions connues ont lieu chez le partenaire. On ne le sait pas quand aucune action n’est "
            "renseignée, ou quand le lieu de l’une d’elles manque."
        ),
    )


def initiative(asked: IndicatorFilter) -> Indicator:
    found = asked.partnerships.counted("initiative")
    parts = [
        Part("internal", _("Interne"), found.get(Initiative.INTERNAL, 0), asked.listing(initiative="interne")),
        Part("external", _("Externe"), found.get(Initiative.EXTERNAL, 0), asked.listing(initiative="externe")),
        Part(UNKNOWN, _("Non renseigné"), found.get("", 0), asked.listing(initiative="inconnue")),
    ]
    return Indicator(
        title=_("Modèle d’initiative"),
        chart=of_parts(parts, id="initiative", title=_("Partenariats selon leur initiative"), heading=_("Initiative")),
        names=("initiative", "partnerships"),
        **share(
            parts[0].number,
            parts[0].number + parts[1].number,
            parts[2].number,
            _("partenariats dont l’initiative est renseignée sont d’initiative interne"),
        ),
        definition=_(
            "L’initiative est interne quand elle vient de la volonté propre de la collectivité ou de ses habitants, "
            "externe quand les services de l’État l’ont suscitée (Kamieniecki, 1991)."
        ),
    )


def statuses(asked: IndicatorFilter) -> Indicator:
    this_year = timezone.localdate().year
    last = min(asked.years[1] or this_year, this_year)
    first = min(asked.years[0] or last - SPAN + 1, last)
    codes = [*STATUSES, None]
    labels = [*(str(status.label) for status in STATUSES), _("Non renseigné")]
    found = {(year, status): n for year, status, n in asked.partnerships.statuses_by_year(first, last)}
    numbers = {year: [found.get((year, code), 0) for code in codes] for year in range(first, last + 1)}
    shown = {year: row for year, row in numbers.items() if any(row)}

    def address(year: int, code: str | None) -> str:
        return asked.listing(etat_au=Dated(code or "inconnue", year, year).parameter)

    latest = shown.get(year := min(last, this_year - 1), [])
    active = latest[0] if latest else 0
    return Indicator(
        title=_("État des partenariats d’année en année"),
        chart=Chart(
            id="etats",
            title=_("Partenariats par état au 31 décembre"),
            description=_("Barres empilées : pour chaque année, le nombre de partenariats dans chaque état."),
            figure=stacked([str(year) for year in shown], columns_of(labels, list(shown.values()))),
            columns=[
                Column(_("Année")),
                *(Column(label, counted) for label in labels),
                Column(_("Ensemble"), number),
            ],
            rows=[
                [year, *(Count(n, address(year, code)) for code, n in zip(codes, row, strict=True)), sum(row)]
                for year, row in shown.items()
            ],
        ),
        names=("year", *(status.value for status in STATUSES), UNKNOWN, "partnerships"),
        **share(
            active,
            sum(latest[:-1]),
            latest[-1] if latest else 0,
            _("partenariats dont l’état est connu étaient actifs au 31 décembre %(year)s") % {"year": year},
        ),
        definition=_(
            "L’état d’un partenariat au 31 décembre est celui que lui donne le dernier repère qui en change l’état. "
            "Avant le premier, il n’est pas connu ; si l’on sait que le partenariat n’avait pas commencé, il n’est pas "
            "compté. Un repère daté d’une décennie ne vaut qu’à la fin de celle-ci, et rien de plus ancien ne vaut "
            "depuis son début. L’année en cours est donnée d’après les repères déjà enregistrés."
        ),
    )


def stops(asked: IndicatorFilter) -> Indicator:
    first, last = asked.years
    found = list(asked.partnerships.stops_by_reason(first, last))
    stopped = asked.partnerships.stopped(None, first, last).count()

    def label(row: dict[str, Any]) -> str:
        return str(StatusReason(row["reason"]).label) if row["reason"] else _("Non renseigné")

    def address(reason: str) -> str:
        return asked.listing(arret=Dated(reason, first, last).parameter)

    series = {str(s.label): [row[s.value] for row in found] for s in STOPS}
    return Indicator(
        title=_("Ralentissements, suspensions et fins"),
        chart=Chart(
            id="arrets",
            title=_("Partenariats ralentis, suspendus ou terminés, par raison"),
            description=_("Barres empilées : pour chaque raison, les partenariats ralentis, suspendus, terminés."),
            note=_("Un partenariat qui a connu plusieurs arrêts compte sous chacun ; l’ensemble le compte une fois."),
            figure=stacked([label(row) for row in found], series, horizontal=True),
            columns=[
                Column(_("Raison"), named),
                *(Column(name, number) for name in series),
                Column(_("Partenariats"), counted),
            ],
            rows=[
                [
                    Named(row["reason"] or UNKNOWN, label(row)),
                    *(row[s.value] for s in STOPS),
                    Count(row["partnerships"], address(row["reason"] or "inconnue")),
                ]
                for row in found
            ],
            total=[Named("", _("Ensemble")), "", "", "", Count(stopped, address("tous"))] if found else (),
        ),
        names=("reason", *(s.value for s in STOPS), "partnerships"),
        value=out_of(stopped, asked.total),
        label=_("partenariats ont été ralentis, suspendus ou terminés, d’après leurs repères"),
        definition=_(
            "Les partenariats dont un repère dit qu’ils sont ensuite ralentis, suspendus ou terminés, et la raison que "
            "ce repère en donne. Un repère daté d’une décennie compte quand la période demandée la contient en entier. "
            "Un partenariat sans repère n’est pas pour autant resté actif : on n’en sait rien."
        ),
    )


def families(asked: IndicatorFilter) -> Indicator:
    found = {n: told for n in range(1, len(Family) + 1) if (told := asked.by_parties[f"families_{n}"])}
    unknown = asked.by_parties["families_0"]
    parts = [
        Part(
            str(n),
            ngettext("%(n)s famille", "%(n)s familles", n) % {"n": n},
            found.get(n, 0),
            asked.listing(familles=n),
        )
        for n in range(1, max(found, default=0) + 1)
    ]
    several = sum(partnerships for n, partnerships in found.items() if n >= 3)
    return Indicator(
        title=_("Diplomatie catalytique"),
        chart=of_parts(
            [*parts, Part(UNKNOWN, _("Non renseigné"), unknown, asked.listing(familles=0))],
            id="familles",
            title=_("Partenariats selon le nombre de familles d’acteurs"),
            heading=_("Familles d’acteurs"),
        ),
        names=("families", "partnerships"),
        **share(
            several,
            sum(found.values()),
            unknown,
            _("partenariats dont les acteurs sont renseignés réunissent trois familles d’acteurs ou plus"),
        ),
        definition=_(
            "Les familles d’acteurs sont les collectivités, leurs groupements, l’État, les agences, les universités, "
            "les associations et ONG, les entreprises et les réseaux. Chacune compte une fois par partenariat, des "
            "deux côtés et quel que soit le rôle : c’est la mesure de la diplomatie « catalytique » (Hocking)."
        ),
    )


def actors(asked: IndicatorFilter) -> Indicator:
    parts = [
        Part(f.value, f.label, asked.by_parties[f"family_{f.value}"], asked.listing(acteurs=f.value)) for f in Family
    ]
    return Indicator(
        title=_("Acteurs mobilisés"),
        chart=of_parts(
            parts,
            id="acteurs",
            title=_("Partenariats par famille d’acteurs"),
            heading=_("Famille d’acteurs"),
            note=_("Un partenariat compte sous chacune de ses familles d’acteurs."),
        ),
        names=("family", "partnerships"),
        definition=_(
            "Le nombre de partenariats où prend part au moins une organisation de cette famille, de l’un ou l’autre "
            "côté, comme partie, associée ou acteur mobilisé. Une famille absente d’une fiche peut n’y avoir pas été "
            "inscrite."
        ),
    )


def goals(asked: IndicatorFilter) -> Indicator:
    found = asked.partnerships.by_goal()
    unknown = asked.partnerships.without_goals().count()
    parts = [
        Part(str(goal.value), f"{goal.value}. {goal.label}", found[goal.value], asked.listing(odd=goal.value))
        for goal in Sdg
        if goal.value in found
    ]
    return Indicator(
        title=_("Objectifs de développement durable"),
        chart=of_parts(
            [*parts, Part(UNKNOWN, _("Non renseigné"), unknown, asked.listing(odd="inconnue"))],
            id="odd",
            title=_("Partenariats par objectif de développement durable"),
            heading=_("Objectif"),
            note=_(
                "Un partenariat compte sous chacun de ses objectifs ; ceux que nul partenariat ne sert n’y sont pas."
            ),
        ),
        names=("goal", "partnerships"),
        value=out_of(asked.total - unknown, asked.total),
        label=_("partenariats disent à quels objectifs ils contribuent"),
        detail=ngettext("%(n)s objectif sur 17 est servi", "%(n)s objectifs sur 17 sont servis", len(parts))
        % {"n": len(parts)}
        if parts
        else "",
        definition=_(
            "Les objectifs (ODD) de l’Agenda 2030 que la fiche du partenariat nomme, quel que soit leur poids. Un "
            "partenariat sans objectif inscrit est compté comme non renseigné, non comme n’en servant aucun."
        ),
    )


def staff(asked: IndicatorFilter) -> Indicator:
    first, last = asked.years
    found = list(asked.partnerships.staff_by_kind(first, last))
    known = [row["total_days"] for row in found if row["total_days"] is not None]
    without = sum(row["without_days"] for row in found)

    def address(kind: str) -> str:
        return asked.listing(agents=Dated(kind, first, last).parameter)

    drawn = [
        Part(row["kind"], StaffKind(row["kind"]).label, row["partnerships"], address(row["kind"])) for row in found
    ]
    return Indicator(
        title=_("Participation des agents"),
        chart=Chart(
            id="agents",
            title=_("Partenariats et jours d’agents, par nature"),
            description=_("Barres : le nombre de partenariats où les agents participent ainsi."),
            note=_("Une participation sans année n’entre dans aucune période.") if first or last else "",
            figure=bars(drawn),
            columns=[
                Column(_("Nature"), named),
                Column(_("Partenariats"), counted),
                Column(_("Participations"), number),
                Column(_("Jours connus"), counted),
                Column(_("Participations sans durée connue"), number),
            ],
            rows=[
                [
                    Named(part.code, str(part.label)),
                    Count(part.number, part.address),
                    row["contributions"],
                    Count(row["total_days"]),
                    row["without_days"],
                ]
                for part, row in zip(drawn, found, strict=True)
            ],
        ),
        names=("kind", "partnerships", "contributions", "days", "contributions_without_days"),
        value=number(sum(known)) if known else _("Non renseigné"),
        label=_("jours d’agents connus"),
        detail=ngettext("%(n)s participation sans durée connue", "%(n)s participations sans durée connue", without)
        % {"n": number(without)}
        if without
        else "",
        definition=_(
            "Les jours que les agents des collectivités parties ont donnés au partenariat : missions, accueils, "
            "expertise à distance, coordination. Seules les durées connues s’additionnent ; les autres participations "
            "sont comptées à part, jamais pour zéro jour."
        ),
    )


def calls(asked: IndicatorFilter) -> Indicator:
    first, last = asked.years
    every = Call.objects.laureates(asked.partnerships, asked.queryset)
    found = [row for row in every if row["last_year"] >= (first or 0) and row["first_year"] <= (last or 9999)]
    for row in found:
        before = [other for other in every if other["first_year"] < row["first_year"]]
        row["untold"] = sum(not other["laureates"] for other in before)
        row["renewed"] = row["renewed"] if row["laureates"] and len(before) > row["untold"] else None
        row["laureates"] = row["laureates"] or None
    told = [row for row in found if row["renewed"] is not None]
    latest: dict[str, Any] = told[-1] if told else {"renewed": 0, "laureates": 0, "title": "", "untold": 0}
    drawn = [row for row in found if row["laureates"]]
    return Indicator(
        title=_("Renouvellement d’un appel à projets à l’autre"),
        chart=Chart(
            id="appels",
            title=_("Lauréats des appels à projets"),
            description=_(
                "Barres empilées : pour chaque appel, les lauréats déjà connus d’un appel antérieur, et les autres."
            ),
            note=_("Des lauréats sont comptés, non des candidats : les candidatures ne sont pas encore au registre."),
            figure=stacked(
                [row["title"] for row in drawn],
                {
                    _("Déjà lauréats"): [row["renewed"] or 0 for row in drawn],
                    _("Sans prix antérieur connu"): [row["laureates"] - (row["renewed"] or 0) for row in drawn],
                },
                horizontal=True,
            ),
            columns=[
                Column(_("Appel à projets"), named),
                Column(_("Projets connus"), number),
                Column(_("Partenariats"), counted),
                Column(_("Collectivités lauréates"), counted),
                Column(_("dont déjà lauréates"), counted),
                Column(_("Appels antérieurs sans lauréat connu"), number),
            ],
            rows=[
                [
                    Named(row["slug"], row["title"]),
                    row["projects"],
                    Count(row["partnerships"], asked.listing(appel=row["slug"])),
                    Count(row["laureates"]),
                    Count(row["renewed"]),
                    row["untold"],
                ]
                for row in found
            ],
        ),
        names=("call", "projects", "partnerships", "laureates", "renewed_laureates", "earlier_calls_without_laureate"),
        value=out_of(latest["renewed"], latest["laureates"]) if told else _("Non renseigné"),
        label=_("collectivités lauréates de l’appel « %(call)s » l’étaient déjà d’un appel antérieur")
        % {"call": latest["title"]}
        if told
        else _("deux appels au moins doivent avoir des lauréats connus"),
        detail=ngettext(
            "%(n)s appel antérieur sans lauréat connu", "%(n)s appels antérieurs sans lauréat connu", latest["untold"]
        )
        % {"n": number(latest["untold"])}
        if latest["untold"]
        else "",
        definition=_(
            "Les lauréats d’un appel sont les collectivités françaises parties aux partenariats dont un projet y a été "
            "retenu. Ils sont déjà lauréats s’ils l’ont été d’un appel d’une année antérieure, avec quelque partenaire "
            "que ce soit. Une collectivité issue d’une fusion compte comme nouvelle. Les appels antérieurs dont aucun "
            "lauréat n’est connu sont comptés à part : ils cachent peut-être d’autres renouvellements."
        ),
    )


#: In the order of the page; each key is the figure's anchor and the name of its file.
INDICATORS: dict[str, Callable[[IndicatorFilter], Indicator]] = {
    "portee": reach,
    "reciprocite": reciprocity,
    "initiative": initiative,
    "etats": statuses,
    "arrets": stops,
    "familles": families,
    "acteurs": actors,
    "odd": goals,
    "agents": staff,
    "appels": calls,
}
