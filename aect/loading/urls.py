from django.urls import path

from aect.loading import views
from aect.loading.models import DifferenceState

urlpatterns = [
    path("", views.differences, name="differences"),
    path("<int:pk>/prendre/", views.decide, {"choice": DifferenceState.TAKEN}, name="difference-take"),
    path("<int:pk>/laisser/", views.decide, {"choice": DifferenceState.LEFT}, name="difference-leave"),
    path("<int:pk>/reprendre/", views.decide, {"choice": DifferenceState.OPEN}, name="difference-reopen"),
]
