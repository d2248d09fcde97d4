from django.urls import path

from aect.second_factor import views

urlpatterns = [
    path("connexion/second-facteur/", views.second_step, name="second_step"),
    path("connexion/second-facteur/activer/", views.enrol_to_sign_in, name="second_factor_required"),
    path("compte/second-facteur/", views.second_factor, name="second_factor"),
    path("compte/second-facteur/codes/", views.renew_codes, name="second_factor_codes"),
    path("compte/second-facteur/retirer/", views.remove, name="second_factor_remove"),
]
