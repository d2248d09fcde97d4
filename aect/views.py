"""What belongs to no application: the site's context, health, errors."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Context of every template."""
    return {"is_demo": settings.AECT_DEMO, "has_state_branding": settings.AECT_STATE_BRANDING}
