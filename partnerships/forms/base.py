"""What every form on a record does."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from aect.accounts.models import User
from aect.fields import PartialDate
from aect.forms import TypedForm
from partnerships.forms.fields import PartialDateField
from partnerships.services import free_slug


class EditForm(TypedForm, forms.ModelForm):
    """A record's own fields. Every constraint of the model is checked, those on fields that the form hides too.

    A long form has `SECTIONS`: the name of each, its title and the names of its fields. `wrong_together` is what is
    said of fields that are right one by one.
    """

    wrong_together: list[str]
    SECTIONS: tuple[tuple[str, Any, tuple[str, ...]], ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wrong_together = []
        for name, field in self.fields.items():
            if isinstance(field, PartialDateField) and (value := getattr(self.instance, name)):
                self.initial[name] = PartialDate(value, getattr(self.instance, f"{name}_precision", "day"))

    @property
    def sections(self) -> list[tuple[str, Any, list[Any]]]:
        """The fields by section, those that this form has: its name, its title, its fields."""
        return [
            (name, title, [self[field] for field in fields if field in self.fields])
            for name, title, fields in self.SECTIONS
        ]

    def by(self, user: User) -> None:
        """Leaves what this person may choose and write."""

    def add_error(self, field: str | None, error: Any) -> None:
        """What is wrong with a field that the form does not show is said of the whole."""
        if hasattr(error, "error_dict") and (hidden := [name for name in error.error_dict if name not in self.fields]):
            said = [each for name in hidden for each in error.error_dict[name]]
            shown = {name: errors for name, errors in error.error_dict.items() if name in self.fields}
            error = ValidationError({**shown, NON_FIELD_ERRORS: said})
        super().add_error(field, error)

    def _post_clean(self) -> None:
        super()._post_clean()
        if wrong := self.non_field_errors():
            self.wrong_together = [str(each) for each in wrong]
            self._say_where()

    def _say_where(self) -> None:
        """Says what a constraint refuses on a field rather than of the whole: the summary then leads there."""
        excluded = self._get_validation_exclusions()
        said = self.errors.pop(NON_FIELD_ERRORS).as_data()
        for model, constraints in self.instance.get_constraints():
            for constraint in constraints:
                try:
                    constraint.validate(model, self.instance, exclude=excluded)
                except ValidationError as error:
                    said = [other for other in said if other.messages != error.messages]
                    self.add_error(self._place_of(constraint), error)
        for other in said:
            self.add_error(None, other)

    def _place_of(self, constraint: Any) -> str | None:
        """Of the fields that the constraint is about, the last one that was changed, else the last one here."""
        condition = getattr(constraint, "condition", None)
        names = {*getattr(constraint, "fields", ()), *(condition.referenced_base_fields if condition else ())}
        shown = [name for name in self.fields if name in names]
        changed = [name for name in shown if name in self.changed_data]
        return next(reversed(changed or shown), None)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            if isinstance(field, PartialDateField) and isinstance(known := cleaned.get(name), PartialDate):
                cleaned[name] = known.day
                if not field.only_days:
                    setattr(self.instance, f"{name}_precision", known.precision)
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """Only what is already wrong, and what the model lets be empty where the form left it so."""
        hidden = {f.name for f in self.instance._meta.fields if f.name not in self.fields and f.blank}
        wrong = set(self.errors)
        return wrong | {f"{name}_precision" for name in wrong} | (hidden - {"partnership"})


class SluggedForm(EditForm):
    """A record with a page: its address is made of its name when it is added, and stays."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.instance.slug:
            self.instance.slug = free_slug(self._meta.model, self.address_text(cleaned))
        return cleaned

    def address_text(self, cleaned: dict[str, Any]) -> str:
        """What the address is made of."""
        return str(cleaned.get("name") or cleaned.get("title") or "")
