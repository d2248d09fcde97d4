from django.urls import path, register_converter
from django.urls.converters import StringConverter

from aect.batches import services, views


class FormConverter(StringConverter):
    regex = "csv|xlsx"


register_converter(FormConverter, "form")

urlpatterns = [
    path("", views.batches, name="batches"),
    path("nouveau/", views.new, name="batch-new"),
    path("modeles/<slug:kind>.<form:form>", views.template, name="batch-template"),
    path("export/<slug:kind>.<form:form>", views.export, name="batch-export"),
    path("<uuid:pk>/", views.batch, name="batch"),
    path("<uuid:pk>/etat/", views.batch, {"template": "batches/_batch.html"}, name="batch-state"),
    path("<uuid:pk>/ecrire/", views.act, {"service": services.write_soon}, name="batch-write"),
    path("<uuid:pk>/abandonner/", views.act, {"service": services.abandon}, name="batch-abandon"),
    path("<uuid:pk>/verifier/", views.act, {"service": services.check_again}, name="batch-check"),
    path("<uuid:pk>/relancer/", views.act, {"service": services.try_again}, name="batch-retry"),
    path("<uuid:pk>/annuler/", views.undo, name="batch-undo"),
    path("<uuid:pk>/lignes/<int:line>/", views.mend, name="batch-mend"),
    path("<uuid:pk>/a-corriger.csv", views.refused, name="batch-refused"),
    path("<uuid:pk>/fichier", views.original, name="batch-file"),
]
