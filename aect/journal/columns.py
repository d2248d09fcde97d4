"""The columns of the journal, on screen and in files."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aect.columns import ListColumn
from aect.journal import telling
from aect.journal.models import ACTIONS, Line


def instant(line: Line) -> str:
    return timezone.localtime(line.at).strftime("%Y-%m-%d %H:%M:%S")


def record(line: Line) -> str:
    kind = line.change.kind if line.change else telling.kinds().get(line.record_kind, line.record_kind)
    name = line.change.name if line.change else line.record_label
    return f"{kind} {name or line.record_id}".strip() if kind else ""


LINES = (
    ListColumn("date", "at", _("Date"), instant, tri="date", definition=_("Heure de Paris.")),
    ListColumn("qui", "who", _("Qui"), lambda line: line.who),
    ListColumn("action", "action", _("Action"), lambda line: str(dict(ACTIONS).get(line.action, line.action))),
    ListColumn("fiche", "record", _("Fiche"), record),
    ListColumn("collectivite", "organisation", _("Collectivité"), lambda line: line.organisation),
    ListColumn("details", "details", _("Détails"), lambda line: line.told_details),
    ListColumn(
        "adresse",
        "address",
        _("Adresse IP"),
        lambda line: line.address,
        definition=_("Le réseau seulement : la fin de l’adresse n’est pas gardée."),
    ),
    ListColumn("genre", "record_kind", _("Genre"), lambda line: line.record_kind),
    ListColumn("numero", "record_id", _("Numéro"), lambda line: line.record_id),
)
