from django.urls import path

from aect.journal import views

urlpatterns = [
    path("", views.journal, name="journal"),
    path("export.csv", views.journal_file, {"extension": "csv"}, name="journal-csv"),
    path("export.xlsx", views.journal_file, {"extension": "xlsx"}, name="journal-xlsx"),
]
