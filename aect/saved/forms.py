"""What a reader says of a view."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from aect.filters import without_nul
from aect.forms import TypedForm
from aect.saved.listings import listings
from aect.saved.models import SavedView


class SaveViewForm(TypedForm):
    """A list's query string as it stands; cleaned, it is in one order, without page, empty or unknown parameters."""

    list_name = forms.ChoiceField(choices=lambda: [(each.url_name, each.label) for each in listings().values()])
    query = forms.CharField(max_length=2000, required=False)
    name = forms.CharField(label=_("Nom de la vue"), max_length=120)
    is_alert = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict, user: User) -> None:
        super().__init__(data)
        self.user = user

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "list_name" not in cleaned or "query" not in cleaned:
            return cleaned
        asked = without_nul(QueryDict(cleaned["query"])) or QueryDict()
        filterset = listings()[cleaned["list_name"]].filterset(asked, self.user)
        if filterset.status != 200:
            raise ValidationError(
                _("Ces critères ne sont pas ceux d’une liste : %(problem)s"), params={"problem": filterset.problems[0]}
            )
        kept = QueryDict(mutable=True)
        for parameter in sorted(set(asked) & set(filterset.form.fields) - {"page"}):
            kept.setlist(parameter, [value for value in asked.getlist(parameter) if value])
        return {**cleaned, "query": kept.urlencode()}


class ViewForm(TypedForm, forms.ModelForm):
    class Meta:
        model = SavedView
        fields = ["name", "is_alert"]
