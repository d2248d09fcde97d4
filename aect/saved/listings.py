"""The lists of which a view can be saved: each application's module `listings` names its own, in `LISTINGS`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from django.apps import apps
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.module_loading import module_has_submodule

from aect.accounts.models import User
from aect.filters import UrlFilterSet


@dataclass(frozen=True)
class Listing:
    """A list in its URL: `filterset(data, user)` gives the rows that this person may see, by their parameters."""

    url_name: str
    label: str | Promise
    filterset: Callable[[QueryDict, User], UrlFilterSet]


@cache
def listings() -> dict[str, Listing]:
    """Those of every application, by URL name."""
    with_lists = (config for config in apps.get_app_configs() if module_has_submodule(config.module, "listings"))
    modules: list[Any] = [import_module(f"{config.name}.listings") for config in with_lists]
    return {each.url_name: each for module in modules for each in getattr(module, "LISTINGS", ())}
