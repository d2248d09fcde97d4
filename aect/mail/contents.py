"""What must be found out when a message is sent: each application's module `mails` names its own, in `CONTENTS`.

`CONTENTS` gives for a template a function of the message that returns the context, or None when there is nothing to
say any more: the message is then dropped. That is where a secret link is made, so that none is ever kept, and where
the reader's rights are looked up. The key `headers` of the context, if any, holds further headers.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from aect.mail.models import Message

Content = Callable[[Message], dict[str, Any] | None]


@cache
def contents() -> dict[str, Content]:
    """Those of every application, by template."""
    with_mails = (config for config in apps.get_app_configs() if module_has_submodule(config.module, "mails"))
    modules: list[Any] = [import_module(f"{config.name}.mails") for config in with_mails]
    return {template: content for module in modules for template, content in module.CONTENTS.items()}


def content_of(message: Message) -> dict[str, Any] | None:
    content = contents().get(message.template)
    return content(message) if content else message.context
