"""Which fields of a form say whether they must be filled in: those of the fewer, so that few words say it all.

The mark is put in the place of that of django-dsfr, in its own library of tags, which its templates load: it marks
every optional field, and the forms of the registry have little else. The settings' `TEMPLATES` read this module.
"""

from django import forms, template
from django.utils.translation import gettext as _
from dsfr.templatetags.dsfr_tags import register as dsfr

register = template.Library()  # of our own there is none


def _asked(form: forms.BaseForm) -> list[forms.BoundField]:
    """A box to tick asks for nothing: left empty, it says no."""
    return [bound for bound in form.visible_fields() if not isinstance(bound.field, forms.BooleanField)]


def _marks_required(form: forms.BaseForm) -> bool:
    asked = _asked(form)
    return sum(bound.field.required for bound in asked) * 2 < len(asked)


@dsfr.simple_tag
def dsfr_mark_optionnal_fields(bound: forms.BoundField) -> str:
    """What stands after a field's label."""
    if isinstance(bound.field, forms.BooleanField) or bound.field.required != _marks_required(bound.form):
        return ""
    return " " + (_("(obligatoire)") if bound.field.required else _("(facultatif)"))


@dsfr.simple_tag
def fields_to_fill(form: forms.BaseForm) -> str:
    """What stands above the fields; nothing when there is one."""
    asked = _asked(form)
    required = sum(bound.field.required for bound in asked)
    if len(asked) < 2:
        return ""
    if required == len(asked):
        return _("Tous les champs sont obligatoires.")
    if not required:
        return _("Aucun champ n’est obligatoire.")
    if _marks_required(form):
        return _("Seuls les champs marqués « obligatoire » doivent être remplis.")
    return _("Sauf mention « facultatif », tous les champs sont obligatoires.")
