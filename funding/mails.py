"""What the messages on project records say, found out when they are sent, with the rights that the reader then has."""

from typing import Any

from aect.accounts.models import User
from aect.mail.models import Message
from funding.filing import link_token
from funding.models import Guest, ProjectStep
from funding.permissions import visible_projects


def about_step(message: Message) -> dict[str, Any] | None:
    """The step and its record; nothing to say to who no longer sees it."""
    steps = ProjectStep.objects.select_related("project__collectivity", "by")
    step = steps.filter(pk=message.context["step"]).first()
    reader = User.objects.filter(email=message.to, is_active=True).first()
    if step is None or reader is None or not visible_projects(reader).filter(pk=step.project_id).exists():
        return None
    return {"step": step, "project": step.project}


def invited(message: Message) -> dict[str, Any] | None:
    """The link, made only now so that it is kept nowhere."""
    guest = Guest.objects.waiting().select_related("project__collectivity").filter(pk=message.context["guest"]).first()
    return {"guest": guest, "project": guest.project, "token": link_token(guest)} if guest else None


STEPS = (
    "submitted",
    "withdrawn",
    "returned",
    "published",
    "unpublished",
    "taken_over",
    "handed_over",
    "commented",
)
CONTENTS = {f"projects/{step}": about_step for step in STEPS} | {"projects/invited": invited}
