"""Forms say which fields must be filled in, by as few marks as can be."""

import pytest
from django import forms
from django.template import Context, Template
from django.utils.safestring import mark_safe
from dsfr.forms import DsfrBaseForm


def said(*required: bool, box: bool = False) -> str:
    """A form of such fields, as text."""
    fields = {f"f{n}": forms.CharField(label=f"Champ {n}", required=each) for n, each in enumerate(required)}
    if box:
        fields["box"] = forms.BooleanField(label="Case", required=False)
    return str(type("Asked", (DsfrBaseForm,), fields)())


@pytest.mark.parametrize(
    ("required", "sentence", "mark", "many"),
    [
        ([True, False, False], "Seuls les champs marqués « obligatoire »", "(obligatoire)", 1),
        ([True, True, False], "Sauf mention « facultatif »", "(facultatif)", 1),
        ([True, False], "Sauf mention « facultatif »", "(facultatif)", 1),
        ([True, True], "Tous les champs sont obligatoires.", "(", 0),
        ([False, False], "Aucun champ n’est obligatoire.", "(", 0),
    ],
)
def test_the_fewer_are_marked_under_one_sentence(required, sentence, mark, many):
    told = said(*required, box=True)
    assert told.count(sentence) == 1
    assert told.count(mark) == many
    assert "(Option" not in told


@pytest.mark.parametrize("required", [True, False])
def test_a_form_of_one_field_says_nothing(required):
    assert "fr-hint-text" not in said(required)
    assert "(" not in said(required)


def test_a_form_of_the_registry_marks_what_is_required(officer_client, db):
    page = officer_client.get("/conventions/nouvelle/").content.decode()
    assert page.count("Seuls les champs marqués « obligatoire » doivent être remplis.") == 1
    assert page.count("(obligatoire)") == 3  # the partnership, the title, the kind
    assert "facultatif)" not in page
    assert "Tous les champs sont obligatoires." in officer_client.get("/compte/mot-de-passe/").content.decode()


class Chosen(forms.ChoiceField):
    widget = forms.RadioSelect


class Ticked(forms.MultipleChoiceField):
    widget = forms.CheckboxSelectMultiple


@pytest.mark.parametrize("kind", [forms.CharField, forms.BooleanField, Chosen, Ticked])
def test_a_help_text_is_text_unless_it_comes_as_markup(kind):
    class Asked(DsfrBaseForm):
        text = kind(help_text='Pour « <b data-x="1"> »')
        markup = kind(help_text=mark_safe("<em>Douze</em>"))

    page = str(Asked())
    assert "Pour « &lt;b data-x=&quot;1&quot;&gt; »" in page
    assert "<em>Douze</em>" in page


def test_elsewhere_the_filter_safe_is_django_s_own():
    """The administration's own forms have markup in their help texts."""
    assert Template("{{ text|safe }}").render(Context({"text": "<b>"})) == "<b>"
    assert Template("{% load dsfr_tags %}{{ text|safe }}").render(Context({"text": "<b>"})) == "&lt;b&gt;"
