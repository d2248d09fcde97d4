"""Nobody is anybody before their second factor."""

from collections.abc import Callable
from typing import cast

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from aect.accounts.models import User
from aect.second_factor import services

Handler = Callable[[HttpRequest], HttpResponse]
TOLD = "second_factor_missing"


def second_factor(get_response: Handler) -> Handler:
    """Ends a session that lacks the factor which its owner's role requires.

    New sessions have it, see `SignInView`; these were opened before it was required, or before the role was given.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        found = request.user
        request.user = cast(User, SimpleLazyObject(lambda: allowed(request, found)))
        return get_response(request)

    return middleware


def allowed(request: HttpRequest, user: User | AnonymousUser) -> User | AnonymousUser:
    if not user.is_authenticated or not services.is_missing(request, user):
        return user
    request.session.flush()
    request.session[TOLD] = True
    return AnonymousUser()
