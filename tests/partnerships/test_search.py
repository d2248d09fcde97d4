"""Search by other names and by names mistyped, hostile texts, and the pages that tell names and lineage."""

import datetime

import pytest
from django.utils import timezone

from aect.finding import look_up
from aect.spelling.services import gather
from partnerships.choices import Side
from partnerships.models import Convention, Organisation, Partnership
from tests import factories

HOSTILE = ["%", "_", "\\", "%%%", "' OR 1=1 --", "*:&|!", "\ud83d", "é" * 100, "-" * 100, "(" * 100, "\u202e"]


def told(text: str) -> list[dict | None]:
    return [row.found_as for row in Organisation.objects.matching(text)]


@pytest.mark.django_db
class TestOldNames:
    @pytest.fixture
    def mexico(self):
        city = factories.OrganisationFactory(
            name="Ciudad de México", kind="mx_state", country=factories.CountryFactory(iso2="MX")
        )
        for text, kind in [("Distrito Federal", "former"), ("CDMX", "acronym"), ("México", "usual")]:
            factories.OrganisationNameFactory(organisation=city, text=text, language="es", kind=kind)
        partnership = factories.PartnershipFactory(name="Deux capitales")
        factories.PartyFactory(partnership=partnership, organisation=city, side=Side.FOREIGN)
        gather()
        return city

    def test_a_result_says_by_which_other_name_it_was_found(self, mexico):
        told_as = {"language": "es", "of": "Ciudad de México"}
        assert told("distrito fed") == [{"text": "Distrito Federal", "kind": "former", **told_as}]
        assert told("distrito fedral") == [{"text": "Distrito Federal", "kind": "former", **told_as}]
        assert told("CDMX") == [{"text": "CDMX", "kind": "acronym", **told_as}]
        assert told("mexico") == told("ciudad de mexco") == [None]

    def test_both_lists_say_so(self, client, mexico):
        for path in ("/collectivites/", "/partenariats/"):
            text = " ".join(client.get(path, {"q": "distrito federal"}).content.decode().split())
            assert 'ancien nom : <span lang="es">Distrito Federal</span>' in text
            assert "ancien nom" not in client.get(path, {"q": "ciudad"}).content.decode()
            assert 'autre nom : <span lang="es">CDMX</span>' in " ".join(
                client.get(path, {"q": "cdmx"}).content.decode().split()
            )

    def test_partnerships_are_found_by_their_parties_and_typing_errors_last(self, mexico):
        assert Partnership.objects.matching("CDMX").get().name == "Deux capitales"
        assert Partnership.objects.matching("Distrito Fedral").get().name == "Deux capitales"
        factories.PartnershipFactory(name="Le Distrito Fedral")
        assert Partnership.objects.matching("Distrito Fedral").get().name == "Le Distrito Fedral"

    def test_an_ended_one_with_a_partnership_stays_listed(self, client, mexico):
        factories.SuccessionFactory(predecessor=mexico)
        text = client.get("/collectivites/").content.decode()
        assert "Ciudad de México" in text
        assert "Devient" in text

    @pytest.mark.parametrize("path", ["/collectivites/", "/partenariats/"])
    def test_nul_and_very_long_texts_are_refused(self, client, mexico, path):
        assert client.get(path, {"q": "a\0b"}).status_code == 400
        assert client.get(path, {"q": "a" * 50_000}).status_code == 400

    @pytest.mark.parametrize("text", HOSTILE)
    @pytest.mark.parametrize("path", ["/collectivites/?toutes=1", "/partenariats/?"])
    def test_hostile_texts_find_nothing(self, client, mexico, path, text):
        response = client.get(path, {"q": text.encode("utf-8", "surrogatepass"), "toutes": "1"})
        assert response.status_code in {200, 400}
        assert not response.context["page"].object_list


@pytest.mark.django_db
class TestShortAndFrequentTexts:
    @pytest.mark.parametrize("make", [factories.PartnershipFactory, factories.OrganisationFactory])
    def test_of_two_letters_a_name_begins_so(self, make):
        begins = make(name="Évreux")
        make(name="Le Havre – Éve")
        assert list(type(begins).objects.matching("ev")) == [begins]

    def test_of_two_letters_a_convention_s_title_or_partnership_begins_so(self):
        titled = factories.ConventionFactory(title="Évreux, pacte")
        named = factories.ConventionFactory(partnership__name="Évry – Zapopan")
        factories.ConventionFactory(title="Pacte d’Évreux", object="Évreux")
        assert set(Convention.objects.matching("ev")) == {titled, named}

    @pytest.mark.parametrize("make", [factories.PartnershipFactory, factories.OrganisationFactory])
    def test_however_few_are_looked_up_the_very_name_is_among_them(self, monkeypatch, make):
        monkeypatch.setattr("aect.finding.NEAREST", 1)
        _malo, _lo, saint = (make(name=name) for name in ("Saint-Malo", "Saint-Lô", "Saint"))
        rows = type(saint).objects.all()
        needle, (looked,) = look_up("SAINT", rows)
        assert not looked.are_all
        assert rows.nearest(looked, needle, most=1) == [saint]

    def test_another_name_that_begins_so_comes_between_names_that_do_and_that_only_contain_it(self):
        contains = factories.OrganisationFactory(name="Le Havre-Guanajuato")
        begins = factories.OrganisationFactory(name="Guanajuato-sur-Marne")
        other = factories.OrganisationFactory(name="Aire")
        factories.OrganisationNameFactory(organisation=other, text="Guanajuato la Belle")
        rows = Organisation.objects.all()
        needle, (looked,) = look_up("guanajuato", rows)
        nearest = rows.nearest(looked, needle, most=3)
        assert nearest == [begins, other, contains]
        assert nearest[1].found_as["text"] == "Guanajuato la Belle"

    @pytest.mark.parametrize("text", ["saint", "sa", "saint-lo", "CDMX", "eau", "vilel", "nulle part"])
    def test_many_rows_are_found_as_few_are(self, monkeypatch, text):
        """The limit between few and many changes how rows are looked for, not which."""
        towns = [factories.OrganisationFactory(name=name) for name in ("Saint-Malo", "Saint-Lô", "Ville", "Nantes")]
        factories.OrganisationNameFactory(organisation=towns[3], text="CDMX")
        for town in towns:
            place = factories.PartyFactory(organisation=town, partnership__summary="L’eau à Saint-Lô")
            place.partnership.themes.add(factories.ThemeFactory(name=f"Eau de {town}"))
            factories.ConventionFactory(partnership=place.partnership, object="L’eau")
        gather()
        models = (Organisation, Partnership, Convention)
        few = [list(model.objects.matching(text)) for model in models]
        monkeypatch.setattr("aect.finding.NEAREST", 1)
        assert [sorted(model.objects.matching(text), key=str) for model in models] == [sorted(r, key=str) for r in few]
        assert any(few) is (text != "nulle part")

    def test_what_several_ways_lead_to_hides_nothing_behind_the_limit(self, monkeypatch):
        monkeypatch.setattr("aect.finding.NEAREST", 3)
        town = factories.OrganisationFactory(name="Saint-Lô")
        named = [factories.PartnershipFactory(name=f"Saint-Lô – {n}") for n in range(2)]
        rows = [*named, *(factories.PartnershipFactory(name=f"Ailleurs {n}") for n in range(3))]
        for row in rows:
            factories.PartyFactory(partnership=row, organisation=town)
        assert set(Partnership.objects.matching("saint-lo")) == set(rows)

    def test_a_word_with_two_letters_exchanged_ranks_as_the_word_does(self):
        factories.OrganisationFactory(name="Grande ville du nord")
        town = factories.OrganisationFactory(name="Ville")
        gather()
        assert list(Organisation.objects.matching("vilel")) == list(Organisation.objects.matching("ville"))
        assert Organisation.objects.matching("vilel")[0] == town

    def test_a_mistyped_word_is_read_as_the_one_it_resembles_most(self):
        town = factories.OrganisationFactory(name="La Rochelle")
        factories.OrganisationFactory(name="La Rochette")
        factories.OrganisationFactory(name="La Roche-sur-Yon")
        gather()
        assert list(Organisation.objects.matching("La Rochele")) == [town]
        assert look_up("La Rochele", Organisation.objects.all())[0].text == "la rochelle"

    def test_no_mistyped_word_is_read_as_one_of_a_draft(self):
        draft = factories.PartnershipFactory(name="Zqwertyville", published_at=None)
        gather()
        for text in ("Zqwertyvile", "Zqwertyvlile"):
            needle, (looked,) = look_up(text, Partnership.objects.all())
            assert needle.text == text.lower()
            assert looked.rows == {}
        Partnership.objects.filter(pk=draft.pk).update(published_at=timezone.now())
        gather()
        assert Partnership.objects.matching("Zqwertyvlile").get() == draft

    def test_a_text_with_one_word_that_resembles_none_is_nowhere(self):
        factories.OrganisationFactory(name="La Rochelle")
        gather()
        assert Organisation.objects.matching("La Rochele").exists()
        assert not Organisation.objects.matching("La Rochele xzqkw").exists()

    @pytest.mark.parametrize("text", ["saint étienne", "Saint-Etienne", "St Étienne", "st-etienne"])
    def test_a_space_stands_for_a_hyphen_and_a_saint_is_shortened(self, text):
        names = ["Saint-Étienne", "Saint-Étienne-du-Rouvray", "Cercle Saint Etienne", "Étienne et son saint"]
        for name in names:
            factories.OrganisationFactory(name=name)
        found = [row.name for row in Organisation.objects.all().matching(text)]
        assert found[:2] == ["Saint-Étienne", "Saint-Étienne-du-Rouvray"]
        assert "Cercle Saint Etienne" in found

    def test_a_list_says_how_a_text_was_read(self, client):
        factories.OrganisationFactory(name="Saint-Étienne")
        factories.PartnershipFactory(name="Étienne et Saint")
        gather()
        for path, typed, told in (
            ("/collectivites/?toutes=1&q=st+etienne", "st etienne", "les mots de « saint etienne »"),
            ("/partenariats/?q=etiene", "etiene", "les résultats pour « etienne »"),
        ):
            page = " ".join(client.get(path).content.decode().split())
            assert f"Rien ne contient « {typed} ». Voici" in page.replace("\u00a0", " ")
            assert told in page.replace("\u00a0", " ")
        for path in ("/partenariats/?q=etienne", "/partenariats/", "/partenariats/?q=xqzw", "/partenariats/?q=a%00"):
            assert "Rien ne contient" not in client.get(path).content.decode()

    def test_a_space_stands_for_an_apostrophe(self):
        factories.OrganisationFactory(name="Côte-d’Or")
        for text in ("cote d or", "cote d'or", "côte-d’or"):
            assert [row.name for row in Organisation.objects.all().matching(text)] == ["Côte-d’Or"]

    def test_a_text_without_letter_or_digit_is_nowhere(self):
        factories.PartnershipFactory(name="Paris – México", summary="- – -")
        assert not Partnership.objects.matching("–").exists()

    def test_accents_typed_apart_are_accents(self):
        town = factories.OrganisationFactory(name="Angoulême")
        assert Organisation.objects.matching("Angoule\u0302me").get() == town


@pytest.mark.django_db
class TestPages:
    def record(self, many: int):
        row = factories.OrganisationFactory(name="Région")
        source = factories.SourceFactory()
        for _ in range(many):
            factories.OrganisationNameFactory(organisation=row, source=source)
            factories.SuccessionFactory(predecessor=row, source=source)
            factories.SuccessionFactory(successor=row)
        return row

    def test_a_record_asks_as_much_for_three_names_as_for_one(self, client, django_assert_num_queries):
        one, three = self.record(1), self.record(3)
        for row in (one, three):
            with django_assert_num_queries(18):
                client.get(row.get_absolute_url())

    def test_names_tell_their_language_kind_and_years(self, client):
        row = factories.OrganisationFactory()
        name = {"organisation": row, "source": factories.SourceFactory(title="Décret"), "source_place": "art. 1"}
        factories.OrganisationNameFactory(text="Vieux", language="es", kind="former", last_year=2016, **name)
        factories.OrganisationNameFactory(text="Autre", language="other", organisation=row)
        factories.SuccessionFactory(successor=row, happened_on=datetime.date(1970, 1, 1), happened_on_precision="year")
        text = " ".join(client.get(row.get_absolute_url()).content.decode().split())
        assert '<span lang="es">Vieux</span> <span class="aect-mention">(Ancien nom, espagnol, jusqu’en 2016)' in text
        assert "<span>Autre</span>" in text
        assert "(Fusion, 1970)" in text
        assert "[1, art. 1]" in text
        assert "Décret" in text
