"""The register of know-how on the founding cases: the label's published figures, and the made-up sample."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from partnerships import proposals, services
from partnerships.models import Need, Offer, Partnership
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("founding")]


def test_the_published_figures_of_the_label_show_with_their_source(client):
    told = " ".join(client.get("/savoir-faire/").content.decode().split())
    assert "Label PACT3, 2018 : 10 lauréats sur 13 dossiers." in told
    assert "1552-1553" in told


class TestSample:
    def sample(self, **options) -> list[tuple]:
        call_command("sample_knowhow", **{"offers": 30, "needs": 12, "seed": 1} | options, stdout=StringIO())
        fields = ("slug", "title", "organisation__slug", "theme__slug", "languages", "sdg_goals", "published_on")
        return [
            *Offer.objects.order_by("slug").values_list(*fields),
            *Need.objects.order_by("slug").values_list(*fields),
        ]

    @pytest.mark.parametrize("wrong", ["-1", "x", "1000001"])
    def test_a_wrong_size_is_refused(self, wrong):
        with pytest.raises(CommandError):
            call_command("sample_knowhow", "--offers", wrong, "--needs", "1", "--seed", "1")

    def test_one_seed_gives_one_sample_all_marked(self):
        first = self.sample()
        assert len(first) == 42
        assert self.sample() == first != self.sample(seed=2)
        assert not Offer.objects.filter(is_fictitious=False).exists()
        assert all(row[1].startswith("[Fictif]") for row in first)
        assert {offer.organisation.country_id for offer in Offer.objects.all()} == {"FR"}
        for entry in [*Offer.objects.all(), *Need.objects.all()]:
            entry.full_clean()

    def test_real_entries_and_those_that_gave_a_partnership_stay(self, officer):
        self.sample()
        today = timezone.localdate()
        real = factories.OfferFactory()
        offer, need = next(
            (offer, proposal.entry)
            for offer in Offer.objects.published(today).for_list()
            for proposal in proposals.needs_for(offer, today, Partnership.objects.all())
        )
        services.prepare_partnership(offer, need, by=officer)
        self.sample()
        assert {real.pk, offer.pk} <= set(Offer.objects.values_list("pk", flat=True))
        assert Offer.objects.count() == 31
