"""What the lists of projects can show of a row."""

from django.utils.translation import gettext_lazy as _

from aect.columns import ListColumn
from funding.choices import ProjectState
from partnerships.columns import date_column

PROJECTS = [
    ListColumn("titre", "title", _("Intitulé"), lambda row: row.title, tri="titre"),
    ListColumn("partenariat", "partnership", _("Partenariat"), lambda row: row.partnership and str(row.partnership)),
    ListColumn("appel", "call", _("Appel à projets"), lambda row: row.call and str(row.call)),
    ListColumn(
        "collectivite",
        "collectivity",
        _("Collectivité qui dépose"),
        lambda row: row.collectivity and str(row.collectivity),
    ),
    ListColumn("secteurs", "sectors", _("Secteurs"), lambda row: [str(sector) for sector in row.sectors.all()]),
    ListColumn(
        "odd", "sdg_goals", _("ODD"), lambda row: [f"{goal.value}" for goal in row.goals], definition=_("Numéros.")
    ),
    date_column("debut", "begins_on", _("Début"), tri="debut"),
    date_column("fin", "ends_on", _("Fin"), tri="fin"),
    ListColumn("budget", "budget_eur", _("Budget total"), lambda row: row.budget_amount, kind="amount", tri="budget"),
    ListColumn("etat", "state", _("État du dossier"), lambda row: row.state, labels=ProjectState),
]
