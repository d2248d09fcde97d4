"""`returns` are known to ProConnect letter by letter: they have no language, see `aect.urls`."""

from django.urls import path

from aect.proconnect import views

urlpatterns = [
    path("connexion/proconnect/", views.start, name="proconnect"),
    path("compte/proconnect/", views.identities, name="proconnect_identities"),
    path("compte/proconnect/<int:pk>/detacher/", views.unlink, name="proconnect_unlink"),
]
returns = [
    path("proconnect/retour/", views.callback, name="proconnect_callback"),
    path("proconnect/deconnexion/", views.left, name="proconnect_left"),
]
