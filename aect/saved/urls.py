from django.urls import path

from aect.saved import views

urlpatterns = [
    path("mes-vues/", views.my_views, name="my-views"),
    path("mes-vues/enregistrer/", views.save_view, name="save-view"),
    path("mes-vues/<int:pk>/", views.change_view, name="change-view"),
    path("mes-vues/<int:pk>/supprimer/", views.delete_view, name="delete-view"),
    path("mes-vues/<int:pk>/retablir/", views.restore_view, name="restore-view"),
    path("alertes/arret/<str:token>/", views.stop_alert, name="stop-alert"),
]
