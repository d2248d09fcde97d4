"""What somebody typed while their session ran out: kept until they sign in again, and given back to nobody else."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.utils.http import url_has_allowed_host_and_scheme

from aect.accounts.models import User

KEY = "typed"
SALT = "aect.typed"
LIMIT = 100_000  # characters of one form, encoded
MAX_AGE = 7 * 24 * 3600  # a form left open for longer is not taken back


def token(user: User) -> str:
    """What a form carries so that its text can be kept; says whose form it is, and cannot be made up."""
    return signing.dumps(user.pk, salt=SALT)


class SignInMiddleware(LoginRequiredMiddleware):
    """Sign-in by default, and nothing lost on the way to it: a form sent too late waits in the session.

    A button whose address answers nothing but POST leads back to the page on which it stands.
    """

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseRedirect:
        if request.method == "POST" and not keep(request):
            sent_from = request.META.get("HTTP_REFERER", "")
            if url_has_allowed_host_and_scheme(sent_from, request.get_host(), require_https=request.is_secure()):
                page = urlsplit(sent_from)._replace(scheme="", netloc="").geturl()
                return redirect_to_login(page, self.get_login_url(view_func), self.get_redirect_field_name(view_func))
        return super().handle_no_permission(request, view_func)


def keep(request: HttpRequest) -> bool:
    """Whether what was sent is a form of this site's, whose text now waits."""
    try:
        owner = signing.loads(request.POST.get("typed_by", ""), salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        return False
    data = request.POST.copy()
    data.pop("csrfmiddlewaretoken", None)
    if len(encoded := data.urlencode()) > LIMIT:
        return False
    request.session[KEY] = {"path": request.path, "owner": owner, "data": encoded}
    return True


def own(request: HttpRequest) -> QueryDict | None:
    """The text of this person's own form: as it is sent, else as it was kept for this page."""
    if request.method != "POST":
        return take_back(request)
    try:
        owner = signing.loads(request.POST.get("typed_by", ""), salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        return None
    return request.POST if owner == request.user.pk else None


def take_back(request: HttpRequest) -> QueryDict | None:
    """The text kept for this very page and person, once; another person's is thrown away."""
    kept = request.session.get(KEY)
    if not kept or kept["path"] != request.path:
        return None
    del request.session[KEY]
    return QueryDict(kept["data"]) if kept["owner"] == request.user.pk else None
