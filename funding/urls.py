from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from funding import filing
from funding.permissions import filed_projects, instructed_projects, signed_projects
from funding.views import figures, guests, projects, queue, space
from funding.views import filing as records


def acts(word: str, name: str, rows: Callable[..., Any], do: Callable[..., Any], done: Any) -> URLPattern:
    """The button that changes one of these rows by one service; `done` is what is then said."""
    given = {"rows": rows, "do": do, "done": done}
    return path(f"projets/<slug:slug>/{word}/", records.act, given, name=f"project-{name}")


urlpatterns = [
    path("apd/", figures.apd, name="apd"),
    path("apd/export.csv", figures.export_csv, name="apd-export"),
    path("apd/recalculer/", figures.recompute, name="apd-recompute"),
    path("financements/", figures.financing, name="financing"),
    path("indicateurs/", figures.indicators, name="indicators"),
    path("indicateurs/<slug:key>.csv", figures.indicator_csv, name="indicator-csv"),
    path("projets/", projects.projects, name="projects"),
    path("projets/export.csv", projects.projects_file, {"extension": "csv"}, name="projects-csv"),
    path("projets/export.xlsx", projects.projects_file, {"extension": "xlsx"}, name="projects-xlsx"),
    path("espace/", space.space, name="space"),
    path("espace/projets/nouveau/", records.add, name="project-add"),
    path("projets/<slug:slug>/", projects.project, name="project"),
    path("projets/<slug:slug>/modifier/", records.edit, name="project-edit"),
    path("projets/<slug:slug>/enregistrer/", records.autosave, name="project-autosave"),
    acts("deposer", "submit", signed_projects, filing.submit, _("Le dossier « %(title)s » est déposé.")),
    acts(
        "reprendre",
        "withdraw",
        signed_projects,
        filing.withdraw,
        _("Le dossier « %(title)s » est de nouveau un brouillon."),
    ),
    acts("prendre-la-main", "take-over", filed_projects, filing.take_over, _("Vous tenez maintenant « %(title)s ».")),
    acts("publier", "publish", instructed_projects, filing.publish, _("Le dossier « %(title)s » est publié.")),
    acts(
        "depublier",
        "unpublish",
        instructed_projects,
        filing.unpublish,
        _("Le dossier « %(title)s » n’est plus publié."),
    ),
    path("projets/<slug:slug>/confier/", records.hand_over, name="project-hand-over"),
    path("projets/<slug:slug>/commenter/", records.comment, name="project-comment"),
    acts("supprimer", "delete", filed_projects, filing.delete_draft, _("Le brouillon « %(title)s » est supprimé.")),
    path("projets/<slug:slug>/renvoyer/", queue.send_back, name="project-return"),
    path("projets/<slug:slug>/pieces/", records.attach, name="attachment-add"),
    path("projets/<slug:slug>/pieces/<uuid:pk>/", projects.attachment, name="attachment"),
    path("projets/<slug:slug>/pieces/<int:event>/retablir/", records.reattach, name="attachment-restore"),
    path("projets/<slug:slug>/pieces/<uuid:pk>/supprimer/", records.detach, name="attachment-delete"),
    path("projets/<slug:slug>/invites/", records.invite, name="guest-add"),
    path("projets/<slug:slug>/invites/<int:pk>/retirer/", records.dismiss, name="guest-delete"),
    path("invitations/projet/<str:token>/", guests.arrival, name="guest-arrival"),
    path("instruction/", queue.waiting, name="queue"),
    path("instruction/affecter/", queue.assign, name="queue-assign"),
    path("instruction/annuler/<str:at>/", queue.take_back, name="queue-undo"),
    path("instruction/<slug:slug>/", queue.instruct, name="instruct"),
]
