"""What every form does with what people type."""

from typing import Any

from django import forms
from dsfr.forms import DsfrBaseForm

from aect.text import readable


class TypedForm(DsfrBaseForm):
    """Takes texts without what nobody sees of them, see `aect.text.readable`; passwords as they are."""

    def _widget_data_value(self, widget: forms.Widget, html_name: str) -> Any:
        value = super()._widget_data_value(widget, html_name)
        is_text = isinstance(value, str) and not isinstance(widget, forms.PasswordInput)
        return readable(value) if is_text else value
