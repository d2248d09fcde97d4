"""Whoever leaves a collectivity hands over what they hold there: each application's module `handover` sees to its own.

Such a module has `hand_over(user, organisation, *, by)`, called in the transaction that ends the membership.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from aect.accounts.models import User
from partnerships.models import Organisation


@cache
def hooks() -> list[Callable[..., None]]:
    """Those of every application."""
    configs = [config for config in apps.get_app_configs() if config.name != __package__]
    names = [f"{config.name}.handover" for config in configs if module_has_submodule(config.module, "handover")]
    modules: list[Any] = [import_module(name) for name in names]
    return [module.hand_over for module in modules]


def hand_over_all(user: User, organisation: Organisation, *, by: User) -> None:
    for hand_over in hooks():
        hand_over(user, organisation, by=by)
