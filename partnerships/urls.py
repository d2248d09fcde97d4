from django.urls import path

from partnerships.views import conventions, home, organisations, partnerships

urlpatterns = [
    path("", home.home, name="home"),
    path("partenariats/", partnerships.partnerships, name="partnerships"),
    path("partenariats/<slug:slug>/", partnerships.partnership, name="partnership"),
    path("conventions/", conventions.conventions, name="conventions"),
    path("conventions/<slug:slug>/", conventions.convention, name="convention"),
    path("collectivites/", organisations.collectivities, name="collectivities"),
    path("collectivites/<slug:slug>/", organisations.organisation, {"is_local": True}, name="collectivity"),
    path("organisations/<slug:slug>/", organisations.organisation, {"is_local": False}, name="organisation"),
]
