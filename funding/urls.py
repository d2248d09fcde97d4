from django.urls import path

from funding import views

urlpatterns = [
    path("apd/", views.apd, name="apd"),
    path("apd/export.csv", views.export_csv, name="apd-export"),
    path("apd/recalculer/", views.recompute, name="apd-recompute"),
    path("financements/", views.financing, name="financing"),
    path("indicateurs/", views.indicators, name="indicators"),
    path("indicateurs/<slug:key>.csv", views.indicator_csv, name="indicator-csv"),
]
