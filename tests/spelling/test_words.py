"""The words of names, and which one a mistyped word is read as."""

import pytest

from aect.finding import look_up
from aect.spelling.models import Word, swaps
from aect.spelling.services import MOST_ODD, gather, respell
from aect.text import Needle
from partnerships.models import Organisation
from tests import factories

pytestmark = pytest.mark.django_db


def keep(*words: str) -> None:
    Word.objects.bulk_create(Word(text=word) for word in words)


def nearest(word: str) -> list[str]:
    return [found.text for found in Word.objects.nearest_to(word)]


class TestGather:
    def test_the_words_of_names_are_kept_folded_and_once(self):
        town = factories.OrganisationFactory(name="Évreux-sur-Évreux l’Été")
        factories.OrganisationNameFactory(organisation=town, text="Ebroicum 1204")
        gather()
        kept = set(Word.objects.values_list("text", flat=True))
        assert {"evreux", "sur", "ete", "ebroicum", "1204"} <= kept
        assert not kept & {"l", ""}

    def test_a_word_that_stands_nowhere_any_more_is_forgotten(self):
        town = factories.OrganisationFactory(name="Zapopan")
        gather()
        Organisation.objects.filter(pk=town.pk).update(name="Campeche")
        gather()
        assert Word.objects.filter(text="campeche").exists()
        assert not Word.objects.filter(text="zapopan").exists()

    @pytest.mark.parametrize(
        "draft",
        [
            lambda: factories.PartnershipFactory(name="Zqwerty", published_at=None),
            lambda: factories.ConventionFactory(title="Zqwerty", published_at=None),
            lambda: factories.ConventionFactory(title="Zqwerty", partnership__published_at=None),
            lambda: factories.ProjectFactory(
                title="Zqwerty", state="draft", collectivity=factories.OrganisationFactory()
            ),
            lambda: factories.OfferFactory(title="Zqwerty", published_on=None),
            lambda: factories.NeedFactory(title="Zqwerty", published_on=None),
        ],
        ids=["partnership", "convention", "of a draft partnership", "project", "offer", "need"],
    )
    def test_no_word_of_a_draft_is_kept(self, draft):
        draft()
        gather()
        assert not Word.objects.filter(text="zqwerty").exists()

    def test_a_word_longer_than_can_be_compared_is_left(self):
        factories.OrganisationFactory(name="x" * 31)
        gather()
        assert not Word.objects.filter(text__startswith="xxx").exists()


class TestNearest:
    @pytest.mark.parametrize("typed", ["mexjco", "mexcio", "mexco", "mexicco", "meexico", "wexico", "emxico", "mexic0"])
    def test_a_letter_added_dropped_replaced_or_exchanged(self, typed):
        keep("mexico", "campeche")
        assert nearest(typed) == ["mexico"]

    def test_two_letters_exchanged_come_before_one_replaced(self):
        keep("viles", "ville")
        assert nearest("vilel") == ["ville", "viles"]

    def test_of_as_many_slips_the_most_alike_comes_first(self):
        keep("rochette", "rochelle")
        assert nearest("rochele") == ["rochelle", "rochette"]

    def test_a_word_that_is_not_finished(self):
        keep("bordeaux", "guanajuato")
        assert nearest("bordaeu") == ["bordeaux"]
        assert nearest("guanjaua") == ["guanajuato"]

    @pytest.mark.parametrize(
        ("kept", "typed"),
        [("eau", "ean"), ("paris", "parks"), ("paris", "perks"), ("mexico", "maxima"), ("bordeaux", "bardioux")],
    )
    def test_the_more_letters_the_more_slips(self, kept, typed):
        keep(kept)
        slips = sum(one != other for one, other in zip(kept, typed, strict=True))
        assert bool(nearest(typed)) is (slips <= {3: 0, 5: 1}.get(len(kept), 2))

    def test_each_exchange_of_neighbours(self):
        assert swaps("eau") == ["aeu", "eua"]
        assert swaps("aab") == ["aba"]


class TestRespell:
    def test_only_words_that_stand_nowhere_are_read_otherwise(self):
        factories.OrganisationFactory(name="Ciudad de México")
        gather()
        needle = respell(Needle.of("Cuidad de Mex"))
        assert needle.text == "ciudad de mex"
        assert needle.words == ["ciudad", "mex"]

    def test_a_name_that_was_just_written_is_found_though_its_words_are_not_gathered(self):
        town = factories.OrganisationFactory(name="Guanajuato Bordeaux")
        assert Organisation.objects.matching("bordeaux guanajuato").get() == town

    def test_of_too_many_words_that_stand_nowhere_one_cannot_tell(self):
        keep("mexico")
        factories.OrganisationFactory(name="Mexico")
        odd = ["mexcio", "emxico", "mxeico", "meixco"]
        assert look_up(" ".join(odd[:MOST_ODD]), Organisation.objects.all())[0].words
        needle, (looked,) = look_up(" ".join(odd[: MOST_ODD + 1]), Organisation.objects.all())
        assert needle.words == []
        assert looked.rows == {}
