"""The words that names are made of: what a mistyped one may have meant."""

from typing import Self

from django.contrib.postgres.search import TrigramSimilarity
from django.db import models
from django.db.models import Case, F, Func, IntegerField, Q, Value, When
from django.db.models.functions import Least, Left, Length
from django.utils.translation import gettext_lazy as _

from aect.text import search_index

SHORTEST, LONGEST = 3, 30  # letters of a word that is kept
#: Letters of a word that keeps enough of its trigrams when it is mistyped; of a shorter one, one letter undoes most.
ALIKE_FROM = 8


class Levenshtein(Func):
    """How many letters have to be added, dropped or replaced to make one text of the other; beyond the most, more."""

    function = "levenshtein_less_equal"
    output_field = IntegerField()


class WordQuerySet(models.QuerySet["Word"]):
    def nearest_to(self, word: str) -> Self:
        """Those that the word may have meant, the nearest first.

        Their `slips` are how many letters were added, dropped or replaced; none when two neighbours were only
        exchanged. A word that was not finished counts as one more. As many are allowed as in other search engines
        (fuzziness `AUTO` of Lucene's): none up to three letters, one up to five, two in longer words.
        """
        letters, exchanged = len(word), swaps(word)
        most = (letters > 3) + (letters > 5)
        slips = Case(
            When(text__in=exchanged, then=0),
            When(begun__in=exchanged, then=1),
            default=Least(Levenshtein("text", Value(word), most), Levenshtein("begun", Value(word), most) + 1),
        )
        begins = word[:1] if letters < ALIKE_FROM else word[:3]
        near = Q(text__trigram_similar=word) | Q(text__startswith=begins, letters__gte=letters - most)
        return (
            self.alias(letters=Length("text"), begun=Left("text", letters))
            .filter(near | Q(text__in=exchanged))
            .annotate(slips=slips, likeness=TrigramSimilarity("text", word))
            .filter(slips__lte=most)
            .order_by("slips", F("likeness").desc(), "text")
        )


class Word(models.Model):
    """A word of some name that everybody may read, without accents and case."""

    text = models.TextField(_("mot"), primary_key=True)

    objects = WordQuerySet.as_manager()

    class Meta:
        verbose_name = _("mot")
        verbose_name_plural = _("mots")
        ordering = ["text"]
        indexes = [search_index("text", name="word_search")]

    def __str__(self) -> str:
        return self.text


def swaps(word: str) -> list[str]:
    """The word with two neighbours exchanged, each way: « Mexcio » gives « Mexico »."""
    made = (word[:n] + word[n + 1] + word[n] + word[n + 2 :] for n in range(len(word) - 1))
    return [each for each in dict.fromkeys(made) if each != word]
