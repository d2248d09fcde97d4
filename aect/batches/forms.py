from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from dsfr.utils import dsfr_input_class_attr

from aect.batches.kinds import KINDS, Kind
from aect.batches.models import BatchRow, Mode
from aect.forms import TypedForm
from aect.tabular.reading import EXTENSIONS, Unreadable, check_kind

ONE_LINE = 80  # characters from which a cell gets a field of several lines


class UploadForm(TypedForm):
    kind = forms.ChoiceField(label=_("Que contient le fichier ?"))
    mode = forms.ChoiceField(
        label=_("Que faire de ses lignes ?"),
        choices=[
            (Mode.ADD, _("Ajouter des fiches : une fiche qui existe déjà est une erreur")),
            (Mode.UPDATE, _("Mettre à jour des fiches qui existent : une cellule vide laisse la valeur telle quelle")),
        ],
        widget=forms.RadioSelect,
    )
    file = forms.FileField(
        label=_("Fichier"),
        widget=forms.FileInput(attrs={"accept": ",".join(EXTENSIONS), "class": "fr-upload"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = number_format(settings.IMPORT_MAX_ROWS, force_grouping=True)
        limits = {"size": filesizeformat(settings.IMPORT_MAX_BYTES), "rows": rows}
        self["file"].help_text = _("CSV ou XLSX, %(size)s et %(rows)s lignes au plus.") % limits
        self.fields["kind"].choices = [(name, kind.label) for name, kind in KINDS.items()]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        try:
            check_kind(file, file.name)
        except Unreadable as error:
            raise forms.ValidationError(str(error)) from error
        return file


class LineForm(TypedForm):
    """The cells of one line, in the order of the file's columns, and those that it is asked for.

    Without `data`, they are shown as they were read, each with what is wrong with it.
    """

    def __init__(self, data: Mapping[str, Any] | None = None, *, kind: Kind, row: BatchRow) -> None:
        super().__init__(row.cells if data is None else data)
        wrong: dict[str, list[str]] = {}
        for name, message in row.problems:
            wrong.setdefault(name, []).append(message)
        for name in dict.fromkeys([*row.batch.header, *wrong]):
            column, text = kind.columns[name], row.cells.get(name, "")
            several = "\n" in text or len(text) > ONE_LINE
            self.fields[name] = forms.CharField(
                label=column.header,
                help_text=column.accepts,
                required=False,
                strip=False,
                max_length=settings.IMPORT_MAX_CELL,
                widget=forms.Textarea(attrs={"rows": 4}) if several else forms.TextInput,
            )
        self.order_fields([*wrong, *self.fields])
        for name in wrong if data is None else ():
            if name not in self.errors:
                self.add_error(name, wrong[name])
        for visible in self.visible_fields():
            dsfr_input_class_attr(visible)
