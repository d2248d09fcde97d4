from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView

from aect.accounts import demo
from aect.accounts.forms import SignInForm
from aect.accounts.models import Role


class SignInView(LoginView):
    """Sign-in by e-mail and password; the demonstration lists its accounts."""

    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        if settings.AECT_DEMO:
            roles = dict(Role.choices)
            context["demo_accounts"] = [(email, roles[fields["role"]]) for email, fields in demo.ACCOUNTS.items()]
            context["demo_password"] = demo.PASSWORD
        return context
