from django.urls import path

from funding.views import figures, projects

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
    path("projets/<slug:slug>/", projects.project, name="project"),
]
