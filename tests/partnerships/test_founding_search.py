"""Search over the whole register: each spelling, typing errors, codes, the order of answers, the régions of before."""

import pytest
from django.http import QueryDict

from partnerships.filters import CollectivityFilter
from partnerships.models import Convention, Organisation, Partnership


def found(text: str) -> list[str]:
    among = Partnership.objects.all()
    rows = Organisation.objects.collectivities().for_list(among).alphabetical()
    return [row.name for row in CollectivityFilter(QueryDict(f"toutes=1&q={text}"), rows, among=among).rows]


@pytest.mark.usefixtures("founding", "db")
class TestFoundingNames:
    @pytest.mark.parametrize(
        "text", ["Mexico", "México", "MEXICO", "CDMX", "cdmx", "Ciudad de Mexico", "ciudad mexico"]
    )
    def test_every_spelling_of_mexico(self, text):
        assert found(text)[0] == "Ciudad de México"

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("Guanajato", "Guanajuato"),
            ("Angouleme", "Angoulême"),
            ("Angoulème", "Angoulême"),
            ("La Rochele", "CA de La Rochelle"),
            ("Zapopam", "Zapopan"),
            ("Cuidad de Mexico", "Ciudad de México"),
            ("Distrito Federral", "Ciudad de México"),
            ("Poitou Charente", "Poitou-Charentes"),
            ("Mexcio", "Ciudad de México"),
            ("Ciudad de Mexcio", "Ciudad de México"),
            ("CMDX", "Ciudad de México"),
            ("Bordaeux", "Bordeaux"),
            ("Zapopna", "Zapopan"),
            ("Campehce", "Campeche"),
            ("Guanjauato", "Guanajuato"),
            ("La Rcohelle", "CA de La Rochelle"),
        ],
    )
    def test_a_typing_error_still_finds(self, text, name):
        assert name in found(text)[:3]

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("San Francisco de Campeche", "Campeche"),
            ("GrandAngoulême", "CA du Grand Angoulême"),
            ("La Rochelle Agglo", "CA de La Rochelle"),
            ("Acapulco", "Acapulco de Juárez"),
            ("217500016", "Paris"),
            ("217 500 016", "Paris"),
            ("200053759", "Nouvelle-Aquitaine"),
            ("Poitou-Charentes", "Poitou-Charentes"),
        ],
    )
    def test_other_names_and_codes(self, text, name):
        assert found(text)[0] == name

    @pytest.mark.parametrize(
        ("text", "slug"),
        [
            ("Bordaeux Guanajuato", "bordeaux-guanajuato"),
            ("guanajuato bordeaux", "bordeaux-guanajuato"),
            ("Campehce", "la-rochelle-campeche"),
            ("Paris Mexcio", "paris-mexico"),
        ],
    )
    def test_partnerships_and_their_conventions_forgive_too(self, text, slug):
        assert slug in {row.slug for row in Partnership.objects.matching(text)}
        conventions = Convention.objects.filter(partnership__slug=slug)
        assert set(Convention.objects.matching(text)) >= set(conventions)

    @pytest.mark.parametrize("text", ["xqzw", "Mexcio xqzw", "Bordaeux Zapopna Campehce Xqzwq Zwxqk", "x" * 100])
    def test_what_resembles_nothing_finds_nothing(self, text):
        assert not found(text)
        assert not Partnership.objects.matching(text).exists()

    @pytest.mark.parametrize(
        ("text", "slug"), [("UCLG", "cglu"), ("CUF", "cites-unies-france"), ("DCTCIV", "daect"), ("SRE", "sre")]
    )
    def test_acronyms(self, text, slug):
        assert Organisation.objects.matching(text).first().slug == slug

    def test_the_very_name_comes_first_then_those_that_begin_so(self):
        names = [row.folded for row in Organisation.objects.matching("Paris")]
        assert names[0] == "paris"
        begins = [name.startswith("paris") for name in names]
        assert begins == sorted(begins, reverse=True)

    def test_resembling_names_only_come_when_none_contains_the_text(self):
        assert all("rochelle" in name.lower() for name in found("Rochelle"))

    def test_old_regions_are_found_and_lead_on_but_do_not_count_among_those_of_today(self, client):
        page = client.get("/collectivites/", {"toutes": 1, "q": "poitou-charentes"}).content.decode()
        assert "Devient" in page
        assert "Nouvelle-Aquitaine</a>" in page
        listed = client.get("/collectivites/", {"toutes": 1, "type": "region"})
        names = [row.name for row in listed.context["page"].object_list]
        assert "Nouvelle-Aquitaine" in names
        assert "Poitou-Charentes" not in names
        for path in ("/collectivites/", "/apd/"):
            choices = client.get(path).context["filterset"].form.fields["region"].choices
            labels = {str(label) for _value, label in choices}
            assert "Occitanie" in labels
            assert "Midi-Pyrénées" not in labels

    def test_old_and_new_region_tell_of_each_other(self, client):
        old = Organisation.objects.get(slug="region-limousin")
        new = Organisation.objects.get(identifiers__scheme="siren", identifiers__code="200053759")
        page = client.get(old.get_absolute_url()).content.decode()
        for words in ("N’existe plus", "Devient", new.get_absolute_url(), "1er janvier 2016", "Loi n° 2015-29"):
            assert words in page
        page = client.get(new.get_absolute_url()).content.decode()
        assert "N’existe plus" not in page
        assert "Succède à" in page
        assert {row.predecessor.name for row in new.came_from.all()} == {"Aquitaine", "Limousin", "Poitou-Charentes"}
