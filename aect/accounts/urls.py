from django.urls import path

from aect.accounts import views

urlpatterns = [
    path("connexion/", views.SignInView.as_view(), name="login"),
    path("deconnexion/", views.SignOutView.as_view(), name="logout"),
    path("mot-de-passe-oublie/", views.ask_password_reset, name="password_reset"),
    path("mot-de-passe-oublie/<uidb64>/<token>/", views.NewPasswordView.as_view(), name="password_reset_confirm"),
    path("inscription/", views.sign_up, name="sign_up"),
    path("inscription/<str:token>/", views.open_account, name="open_account"),
    path("compte/", views.account, name="account"),
    path("compte/mot-de-passe/", views.PasswordView.as_view(), name="password_change"),
    path("compte/sessions/fermer/", views.close_other_sessions, name="close_sessions"),
]
