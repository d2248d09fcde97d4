"""Made-up offers of know-how and needs, for trying and for measuring: real organisations, invented competences.

One seed gives one sample: nothing depends on row ids or on the order rows come in. Each entry is marked as
fictitious, its title begins with « [Fictif] » and its address with `fictif-`.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from partnerships.choices import FOREIGN_KINDS, FRENCH_KINDS, KnowHowLabel, PartnerSize
from partnerships.models import Country, Need, Offer, Organisation, Theme

PREFIX = "fictif-"
FIRST_DAY = date(2025, 1, 6)  # the first publication; the others come in the weeks after
DAYS = 300
PLACES = 400  # the most populous organisations of each side that take part
WISHED = ("MX", "SN", "MA", "MG", "BJ", "CO", "VN")

#: By field of competence: what it is about, for offers and needs alike, and the goals (ODD) it may serve.
SUBJECTS: dict[str, tuple[Sequence[str], Sequence[int]]] = {
    "ville-durable": (("Écoquartiers", "Urbanisme et foncier", "Espaces publics"), (9, 11, 13)),
    "innovation-urbaine": (("Laboratoire urbain", "Participation citoyenne"), (9, 11, 16)),
    "eau": (("Réseaux d’eau potable", "Assainissement", "Tarification de l’eau"), (6, 11, 14)),
    "littoral": (("Gestion du trait de côte", "Ports de plaisance"), (11, 13, 14)),
    "culture": (("Festival et résidences d’auteurs", "Lecture publique"), (4, 8, 11)),
    "enseignement-superieur": (("Échanges universitaires", "Formation en alternance"), (4, 8, 9)),
    "economie": (("Pépinières d’entreprises", "Commerce de proximité"), (8, 9, 12)),
    "administration-locale": (("État civil", "Finances locales", "Commande publique"), (10, 16, 17)),
    "agriculture-alimentation": (("Circuits courts", "Restauration scolaire"), (2, 12, 15)),
    "dechets": (("Collecte sélective", "Compostage", "Ressourceries"), (11, 12, 13)),
    "education-jeunesse": (("Chantiers de jeunes", "Accueil périscolaire"), (4, 5, 10)),
    "energie-climat": (("Réseaux de chaleur", "Plan climat", "Éclairage public"), (7, 11, 13)),
    "mobilite": (("Bus à haut niveau de service", "Plan vélo"), (9, 11, 13)),
    "numerique": (("Données ouvertes", "Inclusion numérique"), (9, 10, 16)),
    "patrimoine-tourisme": (("Secteur sauvegardé", "Tourisme durable"), (8, 11, 12)),
    "risques": (("Prévention des inondations", "Plan de sauvegarde"), (11, 13, 15)),
    "sante-social": (("Maisons de santé", "Accompagnement des aînés"), (3, 5, 10)),
}
LANGUAGES: Sequence[list[str]] = (["fr"], ["fr", "es"], ["fr", "es"], ["fr", "en"], ["fr", "en", "es"], [])
ABROAD: dict[str, Sequence[list[str]]] = {"MX": (["es"], ["es"], ["es", "fr"], ["es", "en"])}


class MissingReference(Exception):
    """The organisations or the themes are not there: `load_reference` and `load_founding` load them."""


@transaction.atomic
def replace_sample(*, offers: int, needs: int, seed: int) -> tuple[int, int]:
    """Writes a sample in place of the former one; returns how many offers and needs it wrote.

    Those that a partnership was prepared from stay, and are not written again. Raises MissingReference. Real entries
    are never touched.
    """
    rng = Random(f"{offers}/{needs}/{seed}")  # noqa: S311  # a sample, not a secret
    themes = dict(Theme.objects.filter(slug__in=SUBJECTS).values_list("slug", "pk"))
    french, foreign = _largest(FRENCH_KINDS), _largest(FOREIGN_KINDS)
    if not (themes and french and foreign):
        raise MissingReference
    subjects = [(themes[slug], *SUBJECTS[slug]) for slug in sorted(themes)]
    wished = sorted(Country.objects.filter(pk__in=WISHED).values_list("pk", flat=True))
    made = [_offer(rng, french, subjects) for _ in range(offers)]
    wishes = [rng.sample(wished, rng.randint(1, 3)) if wished and rng.randrange(2) else [] for _ in made]
    written = _write(Offer, made, seed)
    through: Any = Offer.countries.through
    through.objects.bulk_create(
        through(offer_id=offer.pk, country_id=country)
        for offer, countries in zip(made, wishes, strict=True)
        if offer.pk
        for country in countries
    )
    return written, _write(Need, [_need(rng, foreign, subjects) for _ in range(needs)], seed)


def _largest(kinds: frozenset[Any]) -> list[tuple[int, str]]:
    """The id and country of the most populous, in an order that does not depend on the database."""
    rows = Organisation.objects.filter(kind__in=kinds, population__isnull=False).current()
    return list(rows.order_by("-population", "slug").values_list("pk", "country_id")[:PLACES])


def _write(model: Any, entries: list[Any], seed: int) -> int:
    """Numbers and inserts the entries; those whose address is taken keep no id."""
    former: QuerySet[Any] = model.objects.filter(is_fictitious=True, slug__startswith=PREFIX)
    former.filter(origins__isnull=True).delete()
    taken = set(former.values_list("slug", flat=True))
    for number, entry in enumerate(entries, start=1):
        entry.slug = f"{PREFIX}{seed}-{number:05}"
    new = [entry for entry in entries if entry.slug not in taken]
    model.objects.bulk_create(new, batch_size=1000)
    return len(new)


def _common(rng: Random, subjects: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    theme, names, goals = rng.choice(subjects)
    published = FIRST_DAY + timedelta(days=rng.randrange(DAYS))
    return rng.choice(names), {
        "theme_id": theme,
        "sdg_goals": sorted(rng.sample(goals, rng.randint(1, len(goals)))),
        "published_on": published if rng.randrange(20) else None,
        "is_fictitious": True,
    }


def _offer(rng: Random, places: Sequence[tuple[int, str]], subjects: Sequence[Any]) -> Offer:
    subject, common = _common(rng, subjects)
    label = rng.choice([*KnowHowLabel.values, *[""] * 6])
    years = range(2017, 2020) if label == KnowHowLabel.PACT3 else range(2020, 2025)
    return Offer(
        organisation_id=rng.choice(places)[0],
        title=f"[Fictif] {subject}",
        description=f"{subject} : méthodes, outils et agents que la collectivité propose de partager. Fiche inventée.",
        languages=rng.choice(LANGUAGES),
        label=label,
        label_year=rng.choice(years) if label else None,
        evidence="Réalisation inventée pour la démonstration." if rng.randrange(3) else "",
        **common,
    )


def _need(rng: Random, places: Sequence[tuple[int, str]], subjects: Sequence[Any]) -> Need:
    subject, common = _common(rng, subjects)
    place, country = rng.choice(places)
    published = common["published_on"]
    return Need(
        organisation_id=place,
        title=f"[Fictif] {subject} : recherche d’un partenaire",
        description=f"L’autorité locale cherche l’expérience d’une collectivité française : {subject}. Fiche inventée.",
        languages=rng.choice(ABROAD.get(country, LANGUAGES)),
        size=rng.choice([*PartnerSize.values, "", "", ""]),
        stated_on=published and published - timedelta(days=rng.randint(5, 60)),
        **common,
    )
