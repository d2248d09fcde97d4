"""Gives the demonstration's agents project records on their way to the public, where `AECT_DEMO=1` only."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from aect.accounts.models import User
from funding import filing
from funding.choices import CofinancingState, ProjectState
from funding.models import Cofinancing, Project, PurposeCode
from partnerships.models import Organisation
from partnerships.permissions import partnerships_of, signed_by

OFFICER = "agent.daect@demo.test"
LA_ROCHELLE, BORDEAUX = "agent.larochelle@demo.test", "agent.bordeaux@demo.test"


class Record(NamedTuple):
    """What one record says; `budget` in euros, half of it from the collectivity, half from the French State."""

    by: str
    title: str
    state: ProjectState
    sector: str
    goal: int
    budget: int
    objective: str


RECORDS = (
    Record(
        LA_ROCHELLE,
        "[Fictif] Atelier sur les fuites des réseaux d’eau",
        ProjectState.SUBMITTED,
        "14021",
        6,
        48_000,
        "Former douze techniciens de Campeche à la recherche de fuites.",
    ),
    Record(
        LA_ROCHELLE,
        "[Fictif] Échange sur les mangroves et les marais",
        ProjectState.RETURNED,
        "41030",
        15,
        30_000,
        "Comparer deux façons de suivre l’état des zones humides.",
    ),
    Record(LA_ROCHELLE, "[Fictif] Pistes cyclables du front de mer", ProjectState.DRAFT, "", 11, 0, ""),
    Record(
        BORDEAUX,
        "[Fictif] Signalétique du centre historique",
        ProjectState.SUBMITTED,
        "41040",
        11,
        62_000,
        "Rédiger une charte commune de signalétique patrimoniale.",
    ),
    Record(BORDEAUX, "[Fictif] Tri des déchets dans les marchés", ProjectState.DRAFT, "", 12, 0, ""),
)


class Command(BaseCommand):
    help = "Files the demonstration's fictitious project records (only where AECT_DEMO=1). Idempotent."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.AECT_DEMO:
            raise CommandError("Fictitious records are filed only where AECT_DEMO=1.")
        for record in RECORDS:
            if not Project.objects.filter(title=record.title).exists():
                self.stdout.write(f"{record.state}: {file(record)}")


@transaction.atomic
def file(record: Record) -> Project:
    user, officer = (User.objects.filter(email=email).first() for email in (record.by, OFFICER))
    place = signed_by(user).first() if user else None
    if not (user and officer and place):
        raise CommandError(f"{record.by} signs for no collectivity: run demo_accounts and demo_memberships first.")
    project = filing.create_draft(title=record.title, collectivity=place, by=user)
    if record.state == ProjectState.DRAFT:
        return project
    fill_in(project, record, place)
    project = filing.submit(project, by=user, version=None)
    if record.state == ProjectState.RETURNED:
        comment, due_on = "Précisez qui, du côté mexicain, prend part.", timezone.localdate() + timedelta(days=21)
        project = filing.return_with_comment(project, by=officer, version=None, comment=comment, due_on=due_on)
    return project


def fill_in(project: Project, record: Record, place: Organisation) -> None:
    year = timezone.localdate().year + 1
    project.partnership = partnerships_of(Organisation.objects.filter(pk=place.pk)).earliest("pk")
    project.objective, project.sdg_goals = record.objective, [record.goal]
    project.begins_on, project.ends_on = date(year, 3, 1), date(year, 11, 30)
    project.budget_amount = Decimal(record.budget)
    project.save()
    project.sectors.set(PurposeCode.objects.filter(code=record.sector))
    for funder in (place, Organisation.objects.get(slug="daect")):
        Cofinancing.objects.create(
            project=project, funder=funder, amount=Decimal(record.budget) / 2, state=CofinancingState.REQUESTED
        )
