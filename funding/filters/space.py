"""What an agent's own space may be asked in its URL."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from aect.filters import ChoiceParameterFilter, UrlFilterSet
from partnerships.models import Organisation
from partnerships.permissions import collectivities_of


class SpaceFilter(UrlFilterSet):
    """One of the collectivities of which this person is a member."""

    presentation = UrlFilterSet.presentation | {"collectivite"}

    collectivite = ChoiceParameterFilter(label=_("Collectivité"), choices=[], widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = list(collectivities_of(user).order_by("folded", "pk"))
        self.filters["collectivite"].extra["choices"] = [(row.slug, row.name) for row in self.own]

    @property
    def collectivity(self) -> Organisation | None:
        """The one asked for, or the first; None for who has none, or asked for another."""
        if self.status != 200:
            return None
        asked = self.form.cleaned_data["collectivite"]
        return next((row for row in self.own if not asked or row.slug == asked), None)
