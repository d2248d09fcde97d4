from django.urls import path

from partnerships import views

urlpatterns = [
    path("", views.home, name="home"),
    path("partenariats/", views.partnerships, name="partnerships"),
    path("partenariats/<slug:slug>/", views.partnership, name="partnership"),
    path("conventions/", views.conventions, name="conventions"),
    path("conventions/<slug:slug>/", views.convention, name="convention"),
    path("collectivites/", views.collectivities, name="collectivities"),
    path("collectivites/<slug:slug>/", views.organisation, {"is_local": True}, name="collectivity"),
    path("organisations/<slug:slug>/", views.organisation, {"is_local": False}, name="organisation"),
]
