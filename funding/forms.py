"""The forms of a project's record, and of what is done with it."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from aect import uploads
from aect.accounts.models import Role, User
from aect.forms import TypedForm
from aect.templatetags.aect import euros
from funding.models import Attachment, Call, Cofinancing, Project, PurposeCode
from partnerships.choices import Sdg
from partnerships.forms.base import EditForm
from partnerships.forms.fields import form_field
from partnerships.models import Organisation, Partnership
from partnerships.permissions import edited_by, partnerships_of

SECTORS_ASKED = 3
MOST_ROWS = 40  # of a financing plan
PASSWORD = forms.PasswordInput(attrs={"autocomplete": "new-password"})


class SeveralSelects(forms.SelectMultiple):
    """A few choices of a long list, as that many lists of one choice: no key to hold down."""

    template_name = "widgets/several_selects.html"
    use_fieldset = True

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        chosen = [str(each) for each in value or []]
        places = max(SECTORS_ASKED, len(chosen))
        context["places"] = [*chosen, *[""] * (places - len(chosen))]
        context["options"] = [(str(code), label) for code, label in self.choices]
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return list(dict.fromkeys(value for value in super().value_from_datadict(data, files, name) or [] if value))

    def id_for_label(self, id_: str, index: Any = None) -> str:
        return f"{id_}_0"


class ProjectForm(EditForm):
    """A record, which may be incomplete; `funding.rules` says what it needs to be submitted."""

    SECTIONS = (
        ("projet", _("Le projet"), ("title", "partnership", "call", "objective", "begins_on", "ends_on")),
        ("domaines", _("Les domaines"), ("sectors", "themes", "sdg_goals")),
        ("budget", _("Le budget"), ("budget_amount",)),
    )

    partnership = forms.ModelChoiceField(
        label=_("Partenariat"), queryset=Partnership.objects.none(), required=False, empty_label=_("À choisir")
    )
    call = forms.ModelChoiceField(
        label=_("Appel à projets"), queryset=Call.objects.all(), required=False, empty_label=_("Aucun")
    )
    sectors = forms.ModelMultipleChoiceField(
        label=_("Secteurs (codes objet)"), queryset=PurposeCode.objects.all(), required=False, widget=SeveralSelects
    )
    sdg_goals = forms.TypedMultipleChoiceField(
        label=_("Objectifs de développement durable"),
        choices=[(number, format_lazy("{}. {}", number, label)) for number, label in Sdg.choices],
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Project
        fields = [
            "title",
            "partnership",
            "call",
            "objective",
            "begins_on",
            "ends_on",
            "sectors",
            "themes",
            "sdg_goals",
            "budget_amount",
        ]
        formfield_callback = form_field
        widgets = {"themes": forms.CheckboxSelectMultiple, "objective": forms.Textarea(attrs={"rows": 6})}

    def __init__(self, *args: Any, is_guest: bool = False, **kwargs: Any) -> None:
        """A guest leaves the partnership as it is: the others of the collectivity are none of theirs."""
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["sectors"].template_name = "funding/_several_selects.html"
        fields["partnership"].queryset = self.offered()
        if is_guest:
            del fields["partnership"]

    def offered(self) -> Any:
        """The partnerships of the collectivity that files the record, and the one that it has."""
        own = Organisation.objects.filter(pk=self.instance.collectivity_id)
        rows = partnerships_of(own) | Partnership.objects.filter(pk=self.instance.partnership_id)
        return rows.order_by("folded", "pk")

    def save_valid(self) -> list[str]:
        """Saves the fields that are right, and returns the names of the others, which stay as they were.

        Where fields are wrong together, none is saved.
        """
        wrong = list(self.errors)
        if self.wrong_together:
            return wrong
        self.instance.save()
        self._save_m2m()
        return wrong


class PlanRow(EditForm):
    """One line of the financing plan. `row` says which stored one it is; of another project's it says nothing."""

    row = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Cofinancing
        fields = ["funder", "kind", "amount", "state"]
        formfield_callback = form_field

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["funder"].widget.attrs["data-row"] = ""
        fields["state"].choices = [choice for choice in fields["state"].choices if choice[0]]
        self.initial.setdefault("state", "requested")
        if not self.instance.pk:
            self.initial["state"] = "requested"

    @property
    def told(self) -> str:
        """What the line says, for two versions side by side."""
        if self.errors or not self.has_changed():
            return told(self.instance) if self.instance.funder_id else str(self["funder"].data.text)
        return told(Cofinancing(**{name: self.cleaned_data[name] for name in ("funder", "kind", "amount", "state")}))


def told(row: Cofinancing) -> str:
    return f"{row.funder} : {euros(row.amount)} ({row.get_kind_display()}, {row.get_state_display()})"


class BasePlan(forms.BaseFormSet):
    """The lines of one project's plan. Those that the page does not name are left alone."""

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        self.project = project
        self.own = {row.pk: row for row in project.cofinancings.select_related("funder").order_by("pk")}
        kwargs |= {"prefix": "plan", "initial": [{"row": pk} for pk in self.own]}
        super().__init__(*args, **kwargs)

    def initial_form_count(self) -> int:
        """Sent, every line may be left blank."""
        return 0 if self.is_bound else super().initial_form_count()

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "instance": self.stored(index) or Cofinancing(project=self.project)}

    def stored(self, index: int | None) -> Cofinancing | None:
        if index is None:
            return None
        if not self.is_bound:
            return dict(enumerate(self.own.values())).get(index)
        hint = self.data.get(f"plan-{index}-row", "")
        return self.own.get(int(hint)) if hint.isascii() and hint.isdigit() and len(hint) < 19 else None

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].label = _("Retirer cette ligne")

    @property
    def kept(self) -> Iterator[PlanRow]:
        """The lines that say something and are to stay."""
        return (form for form in self.forms if (form.instance.pk or form.has_changed()) and not self.removes(form))

    def removes(self, form: Any) -> bool:
        return bool(form.data.get(form.add_prefix("DELETE")))

    @property
    def has_changes(self) -> bool:
        return any(form.has_changed() for form in self.forms)

    @cached_property
    def texts(self) -> str:
        """The plan as it is sent, a line a row; as it is stored when nothing was."""
        rows = (form.told for form in self.kept) if self.is_bound else map(told, self.own.values())
        return "\n".join(sorted(rows))

    def save_valid(self) -> list[str]:
        """Saves the lines that are right; returns the prefixes of the others, which stay as they were."""
        wrong = []
        for form in self.forms:
            if self.removes(form):
                if form.instance.pk:
                    form.instance.delete()
            elif form.has_changed() and form.errors:
                wrong.append(str(form.prefix))
            elif form.has_changed():
                form.save()
        return wrong

    @property
    def rows(self) -> dict[str, int]:
        """Which stored line each line sent now is, by its prefix."""
        return {
            str(form.prefix): form.instance.pk for form in self.forms if form.instance.pk and not self.removes(form)
        }


Plan: Any = forms.formset_factory(
    PlanRow, formset=BasePlan, extra=1, can_delete=True, max_num=MOST_ROWS, absolute_max=MOST_ROWS, validate_max=True
)


class NewProjectForm(TypedForm):
    collectivity = forms.ModelChoiceField(
        label=_("Collectivité qui dépose"), queryset=Organisation.objects.none(), to_field_name="slug"
    )
    title = forms.CharField(
        label=_("Intitulé du projet"), max_length=250, help_text=_("Vous pourrez le changer jusqu’au dépôt.")
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        own = edited_by(user).order_by("folded", "pk")
        fields["collectivity"].queryset, only = own, own[:2]
        if len(only) == 1:
            fields["collectivity"].initial, fields["collectivity"].empty_label = only[0].slug, None


class AttachmentForm(TypedForm, forms.ModelForm):
    file = forms.FileField(
        label=_("Fichier"), widget=forms.FileInput(attrs={"accept": ",".join(uploads.KINDS), "class": "fr-upload"})
    )

    class Meta:
        model = Attachment
        fields = ["kind"]

    field_order = ["file", "kind"]

    def _post_clean(self) -> None:
        """The service checks the row, which has no file here."""


class ReturnForm(TypedForm):
    comment = forms.CharField(
        label=_("Ce qui est à compléter"), max_length=5_000, widget=forms.Textarea(attrs={"rows": 5})
    )
    due_on = form_field(Project._meta.get_field("due_on"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_on"].required = True

    def clean_due_on(self) -> Any:
        found = self.cleaned_data["due_on"]
        if found and found.day <= timezone.localdate():
            raise forms.ValidationError(_("Donnez une date à venir."))
        return found.day if found else None


class CommentForm(TypedForm):
    comment = forms.CharField(label=_("Commentaire"), max_length=5_000, widget=forms.Textarea(attrs={"rows": 3}))


class HandOverForm(TypedForm):
    to = forms.ModelChoiceField(label=_("Confier à"), queryset=User.objects.none())

    def __init__(self, *args: Any, colleagues: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = colleagues


class GuestForm(TypedForm):
    email = forms.EmailField(label=_("Adresse électronique du partenaire"), max_length=254)
    language = forms.ChoiceField(
        label=_("Langue de l’invitation"),
        choices=[("es", _("Espagnol")), ("en", _("Anglais")), ("fr", _("Français"))],
        initial="es",
    )


class ArrivalForm(TypedForm):
    """The password of a new account, which the same rules check as everywhere."""

    password = forms.CharField(
        label=_("Choisissez un mot de passe"),
        widget=PASSWORD,
        strip=False,
        max_length=128,
        help_text=_("Douze caractères au moins."),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, User(email=self.email, role=Role.AGENT))
        return password


class AssignForm(forms.Form):
    """To whom ticked records go; nobody when empty."""

    to = forms.ModelChoiceField(queryset=User.objects.none(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = instructors()  # type: ignore[attr-defined]


def instructors() -> Any:
    """Those to whom a record may be assigned."""
    return User.objects.filter(is_active=True, role__in=[Role.OFFICER, Role.ADMINISTRATOR]).order_by("email")
