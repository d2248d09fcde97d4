"""The register of know-how: what stands on its pages, who may do what, and the partnership made from a match."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone
from django.utils.translation import override

from aect import trash
from partnerships import proposals, services
from partnerships.choices import Sdg, Side
from partnerships.filters.knowhow import EntryFilter
from partnerships.models import Country, Need, Offer, Partnership, PartnershipOrigin
from tests import factories
from tests.partnerships.test_editing import edit, filled
from tests.partnerships.test_models import refused

EVERY = Partnership.objects.all()

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def today():
    return timezone.localdate()


def text(response) -> str:
    return " ".join(response.content.decode().split())


class TestModel:
    @pytest.mark.parametrize(
        ("published", "closes", "state"),
        [(None, None, "draft"), (1, None, "draft"), (0, None, "published"), (-9, 1, "published"), (-9, 0, "closed")],
    )
    def test_the_state_follows_from_the_dates(self, today, published, closes, state):
        dates = [None if days is None else today + days * DAY for days in (published, closes)]
        factories.OfferFactory(published_on=dates[0], closes_on=dates[1])
        assert Offer.objects.with_state(today).get().state == state
        assert Offer.objects.published(today).exists() == (state == "published")

    @pytest.mark.parametrize(
        ("make", "wrong", "constraint", "message"),
        [
            (factories.OfferFactory, {"sdg_goals": [18]}, "offer_sdg_goals_from_1_to_17", "de 1 à 17"),
            (factories.NeedFactory, {"languages": ["xx"]}, "need_languages_are_known", "langue de travail"),
            (
                factories.OfferFactory,
                {"closes_on": datetime.date(2020, 1, 1)},
                "offer_closes_after_publication",
                "clôture ne vient pas avant",
            ),
            (factories.OfferFactory, {"label_year": 2018}, "offer_label_year_is_of_a_label", "celle d’un label"),
            (
                factories.OfferFactory,
                {"label": "pact3", "label_year": 18},
                "offer_label_year_is_of_a_label",
                "celle d’un label",
            ),
            (
                factories.NeedFactory,
                {"stated_on": datetime.date(2026, 1, 1), "closes_on": datetime.date(2025, 6, 1)},
                "need_closes_after_it_was_stated",
                "avant le jour où le besoin",
            ),
        ],
    )
    def test_the_database_refuses_and_the_form_says_why(self, make, wrong, constraint, message):
        row = make()
        for name, value in wrong.items():
            setattr(row, name, value)
        refused(row, constraint, message)

    def test_who_offers_is_french_and_who_needs_is_not(self):
        french, foreign = factories.OrganisationFactory(), factories.MexicanMunicipalityFactory()
        with pytest.raises(ValidationError, match="collectivité française"):
            factories.OfferFactory.build(organisation=foreign, theme=factories.ThemeFactory()).clean()
        with pytest.raises(ValidationError, match="autorité locale étrangère"):
            factories.NeedFactory.build(organisation=french, theme=factories.ThemeFactory()).clean()


class TestLists:
    def make(self, many):
        for _ in range(many):
            region = factories.OrganisationFactory(kind="region")
            town = factories.OrganisationFactory(region=region)
            factories.OfferFactory(organisation=town, countries=["MX"], sdg_goals=[6], languages=["fr"])
            factories.NeedFactory(sdg_goals=[6], languages=["es"])

    @pytest.mark.parametrize(("path", "queries"), [("/savoir-faire/", 15), ("/savoir-faire/besoins/", 14)])
    def test_a_list_asks_as_much_for_three_rows_as_for_one(self, client, django_assert_num_queries, path, queries):
        for many in (1, 2):
            self.make(many)
            with django_assert_num_queries(queries):
                client.get(path)

    @pytest.mark.parametrize("path", ["/savoir-faire/offres/o/", "/savoir-faire/besoins/n/"])
    def test_a_record_asks_as_much_for_three_matches_as_for_one(self, client, django_assert_max_num_queries, path):
        offer, need = factories.OfferFactory(slug="o"), factories.NeedFactory(slug="n")
        counts = []
        for many in (0, 2):
            self.make(many)
            services.prepare_partnership(offer, need, by=factories.UserFactory())
            with django_assert_max_num_queries(20) as asked:
                assert len(client.get(path).context["proposals"]) == many + 1
            counts.append(len(asked))
        assert counts[0] == counts[1]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("q=reseaux", ["Réseaux d’eau"]),
            ("q=saintes", ["Réseaux d’eau"]),
            ("q=ASSAINISSEMENT", ["Réseaux d’eau"]),
            ("q=pedalage", ["Plan vélo"]),
            ("domaine=mobilite", ["Plan vélo"]),
            ("odd=6", ["Réseaux d’eau"]),
            ("langue=es", ["Réseaux d’eau"]),
            ("label=pact3", ["Plan vélo"]),
            ("type=ca", ["Plan vélo"]),
            ("region=nouvelle-aquitaine", ["Réseaux d’eau"]),
            ("pays=MX", ["Plan vélo", "Réseaux d’eau"]),
            ("pays=SN", ["Plan vélo"]),
            ("tri=titre", ["Plan vélo", "Réseaux d’eau"]),
            ("tri=collectivite", ["Plan vélo", "Réseaux d’eau"]),
        ],
    )
    def test_each_filter_of_offers(self, client, query, found):
        factories.CountryFactory(iso2="SN")
        region = factories.OrganisationFactory(kind="region", slug="nouvelle-aquitaine")
        town = factories.OrganisationFactory(name="Saintes", region=region)
        factories.OfferFactory(
            title="Réseaux d’eau", organisation=town, sdg_goals=[6, 11], languages=["fr", "es"], countries=["MX"]
        )
        factories.OfferFactory(
            title="Plan vélo",
            description="Apprendre le pédalage",
            theme=factories.ThemeFactory(slug="mobilite", name="Mobilité"),
            organisation=factories.OrganisationFactory(kind="ca", name="CA de l’Ouest"),
            label="pact3",
        )
        page = client.get(f"/savoir-faire/?{query}").context["page"]
        assert sorted(offer.title for offer in page) == found

    def boxes(self, page, name) -> list[str]:
        return [str(box.data["label"]) for box in page.context["filterset"].form[name]]

    def test_each_choice_of_offers_says_how_many_it_would_give(self, client, officer_client):
        for iso2 in ("SN", "BJ"):
            factories.CountryFactory(iso2=iso2)
        region = factories.OrganisationFactory(kind="region", slug="ouest", name="Ouest")
        town = factories.OrganisationFactory(region=region)
        culture = factories.ThemeFactory(slug="culture", name="Culture")
        water = factories.ThemeFactory(slug="eau", name="Eau")
        factories.OfferFactory(organisation=region, theme=water, sdg_goals=[6, 11], languages=["fr"], countries=["SN"])
        factories.OfferFactory(organisation=town, theme=culture, sdg_goals=[6], languages=["fr", "es"], label="pact3")
        factories.OfferFactory(organisation=town, theme=culture, published_on=None)
        page = client.get("/savoir-faire/")
        assert sorted(self.boxes(page, "domaine")) == ["Culture (1)", "Eau (1)"]
        assert [label[:2] + label[-4:] for label in self.boxes(page, "odd")] == ["6. (2)", "11 (1)"]
        assert self.boxes(page, "langue") == ["français (2)", "espagnol (1)"]
        assert self.boxes(page, "pays") == [f"{Country.objects.get(pk='SN')} (2)"]
        assert self.boxes(page, "region") == ["Ouest (2)"]
        assert "etat" not in page.context["filterset"].form.fields
        assert self.boxes(officer_client.get("/savoir-faire/"), "etat") == ["Brouillon (1)", "En ligne (2)"]
        both = client.get("/savoir-faire/?domaine=eau&domaine=culture&odd=11&odd=4&pays=BJ&langue=fr")
        assert both.context["page"].paginator.count == 0  # the offer of goal 11 is for Senegal
        assert self.boxes(both, "pays") == [
            f"{Country.objects.get(pk='BJ')} (0)",
            f"{Country.objects.get(pk='SN')} (1)",
        ]
        assert client.get("/savoir-faire/?odd=11&odd=6").context["page"].paginator.count == 2

    def test_each_choice_gives_as_many_rows_as_it_says(self, client):
        self.make(3)
        factories.OfferFactory(countries=["SN"], sdg_goals=[1, 6], languages=["es", "fr"], label="pact3")
        factories.NeedFactory(sdg_goals=[6], languages=["pt"], size="small")
        for path in ("/savoir-faire/", "/savoir-faire/besoins/"):
            page = client.get(path)
            for name in page.context["filterset"].filters:
                boxes = page.context["filterset"].form[name] if name in EntryFilter.field_order and name != "q" else ()
                for box in boxes:
                    asked = client.get(path, {name: box.data["value"]}).context["page"].paginator.count
                    assert str(box.data["label"]).endswith(f"({asked})"), (path, name, box.data["label"])

    @pytest.mark.parametrize(("query", "found"), [("pays=MX", 1), ("pays=SN", 0), ("taille=small", 1), ("odd=1", 0)])
    def test_filters_of_needs(self, client, query, found):
        factories.CountryFactory(iso2="SN")
        factories.NeedFactory(size="small", sdg_goals=[6])
        assert client.get(f"/savoir-faire/besoins/?{query}").context["page"].paginator.count == found

    @pytest.mark.parametrize("query", ["odd=18", "langue=xx", "domaine=nul", "pays=ZZ", "etat=draft&odd=x", "page=0"])
    def test_a_wrong_value_is_a_400(self, client, query):
        factories.OfferFactory()
        response = client.get(f"/savoir-faire/?{query}")
        assert response.status_code == 400
        assert not response.context["page"].object_list

    def test_the_way_to_the_other_list_keeps_what_it_understands(self, client):
        factories.CountryFactory(iso2="MX")
        factories.OfferFactory(countries=["MX"])
        told = text(client.get("/savoir-faire/?q=eau&pays=MX&label=pact3&inconnu=1&page=2"))
        assert 'href="/savoir-faire/besoins/?q=eau&amp;pays=MX"' in told

    def test_an_empty_register_says_so(self, client):
        assert "Aucune offre n’est en ligne." in text(client.get("/savoir-faire/"))
        assert "Aucun besoin n’est en ligne." in text(client.get("/savoir-faire/besoins/"))
        assert "Rien ne répond à ces critères." in text(client.get("/savoir-faire/?q=rien"))

    @pytest.mark.parametrize(
        ("make", "path"),
        [(factories.OfferFactory, "/savoir-faire/"), (factories.NeedFactory, "/savoir-faire/besoins/")],
    )
    def test_a_record_knows_those_around_it(self, client, make, path):
        rows = [make(title=title) for title in ("Eau", "Forêt", "Ville")]
        page = client.get(f"{path}?tri=titre").content.decode()
        assert f'href="{rows[1].get_absolute_url()}?tri=titre"' in page
        page = client.get(f"{rows[1].get_absolute_url()}?tri=titre").content.decode()
        assert "Résultat 2 sur 3" in page
        for row in (rows[0], rows[2]):
            assert f'href="{row.get_absolute_url()}?tri=titre"' in page
        assert f'href="{path}?tri=titre#ligne-{rows[1].slug}"' in page
        assert "Résultat" not in client.get(rows[1].get_absolute_url()).content.decode()

    def test_a_table_names_its_languages_and_groups_no_year(self, client):
        factories.OfferFactory(languages=["fr", "es"], label="pact3", label_year=2018)
        query = "colonnes=titre,langues,annee"
        page = " ".join(client.get(f"/savoir-faire/?affichage=tableau&{query}").content.decode().split())
        assert "<li>français</li><li>espagnol</li>" in page
        assert '<td data-label="Année du label">2018</td>' in page
        raw = client.get(f"/savoir-faire/export.csv?{query}").getvalue().decode()
        assert raw.endswith(",fr|es,2018\n")
        told = client.get(f"/es/savoir-faire/export.csv?{query}&profil=excel-fr").getvalue().decode()
        assert told.endswith(";français|espagnol;2018\r\n")

    def test_made_up_entries_say_so_on_each_page(self, client):
        offer, need = factories.OfferFactory(is_fictitious=True), factories.NeedFactory()
        assert "Données fictives." in text(client.get("/savoir-faire/"))
        assert "Données fictives." not in text(client.get("/savoir-faire/besoins/"))
        assert "Données fictives." in text(client.get(offer.get_absolute_url()))
        told = text(client.get(need.get_absolute_url()))
        assert "Données fictives." not in told
        assert "fr-badge--warning" in told  # its match is made up


class TestRights:
    @pytest.fixture(params=["anonymous", "agent", "officer"])
    def reader(self, request, client):
        if request.param != "anonymous":
            client.force_login(factories.UserFactory(role=request.param))
        client.role = request.param
        return client

    @pytest.mark.parametrize("make", [factories.OfferFactory, factories.NeedFactory])
    def test_drafts_and_closed_entries_are_for_those_who_edit(self, reader, today, make):
        make(title="En ligne")
        hidden = [make(published_on=None), make(published_on=today + DAY), make(closes_on=today)]
        for row in hidden:
            assert reader.get(row.get_absolute_url()).status_code == (200 if reader.role == "officer" else 404)
        path = "/savoir-faire/" if make is factories.OfferFactory else "/savoir-faire/besoins/"
        shown = [row.title for row in reader.get(path).context["page"]]
        assert len(shown) == (4 if reader.role == "officer" else 1)
        asked = reader.get(f"{path}?etat=draft").context["page"].paginator.count
        assert asked == (2 if reader.role == "officer" else 1)  # for the others the parameter is unknown, and said

    def test_only_those_who_edit_reach_the_forms_and_prepare(self, reader):
        offer, need = factories.OfferFactory(), factories.NeedFactory()
        refused = 302 if reader.role == "anonymous" else 404
        for path in (
            f"/savoir-faire/offres/{offer.slug}/modifier/",
            f"/savoir-faire/besoins/{need.slug}/modifier/",
            f"/savoir-faire/besoins/{need.slug}/supprimer/",
            f"/collectivites/{offer.organisation.slug}/savoir-faire/ajouter/",
        ):
            assert reader.get(path).status_code == (200 if reader.role == "officer" else refused)
        prepared = reader.post(f"/savoir-faire/offres/{offer.slug}/preparer/{need.slug}/")
        assert prepared.status_code == (302 if reader.role == "officer" else refused)
        assert Partnership.objects.exists() == (reader.role == "officer")
        told = text(reader.get(offer.get_absolute_url()))
        assert ("Modifier" in told) == (reader.role == "officer")

    def test_matches_with_drafts_are_proposed_to_nobody(self, reader):
        offer = factories.OfferFactory()
        factories.NeedFactory(published_on=None)
        assert reader.get(offer.get_absolute_url()).context["proposals"] == []


class TestForms:
    WRITTEN = {
        "title": "Réseaux d’eau",
        "description": "Ce que nous savons faire",
        "languages": ["fr", "es"],
        "sdg_goals": ["6", "11"],
        "published_on": "2026-01-05",
        "closes_on": "",
    }

    def test_a_french_collectivity_offers(self, officer_client):
        factories.CountryFactory(iso2="MX")
        town = factories.OrganisationFactory(slug="saintes", name="Saintes")
        own = factories.PartyFactory(organisation=town).partnership
        factories.PartnershipFactory(name="D’autres")
        path = "/collectivites/saintes/savoir-faire/ajouter/"
        page = text(officer_client.get(path))
        assert own.name in page
        assert "D’autres" not in page
        answer = officer_client.post(
            path,
            {
                **self.WRITTEN,
                "theme": factories.ThemeFactory().pk,
                "countries": ["MX"],
                "label": "pact3",
                "label_year": 2018,
                "partnerships": [own.pk],
            },
        )
        offer = Offer.objects.get()
        assert answer.headers["Location"] == "/savoir-faire/offres/reseaux-deau-saintes/" == offer.get_absolute_url()
        assert (offer.sdg_goals, offer.languages, offer.label_words) == ([6, 11], ["fr", "es"], "Label PACT3 (2018)")
        assert [*offer.countries.all(), *offer.partnerships.all()] == [factories.CountryFactory(iso2="MX"), own]
        assert not offer.is_fictitious

    def test_a_foreign_authority_needs(self, officer_client):
        town = factories.MexicanMunicipalityFactory(slug="campeche")
        written = {**self.WRITTEN, "theme": factories.ThemeFactory().pk, "size": "large", "stated_on": "2026-01-01"}
        officer_client.post("/collectivites/campeche/savoir-faire/ajouter/", written)
        need = Need.objects.get()
        assert (need.organisation, need.size, need.stated_on) == (town, "large", datetime.date(2026, 1, 1))

    def test_the_same_title_twice_gets_two_addresses(self, officer_client):
        factories.OrganisationFactory(slug="saintes", name="Saintes")
        for _ in range(2):
            written = {**self.WRITTEN, "theme": factories.ThemeFactory().pk}
            assert officer_client.post("/collectivites/saintes/savoir-faire/ajouter/", written).status_code == 302
        addresses = ["reseaux-deau-saintes", "reseaux-deau-saintes-2"]
        assert list(Offer.objects.order_by("pk").values_list("slug", flat=True)) == addresses

    def test_what_is_wrong_is_said_first_and_nothing_typed_is_lost(self, officer_client):
        offer = factories.OfferFactory(title="Avant")
        wrong = {"title": "", "sdg_goals": ["99"], "closes_on": "2025-01-01", "label_year": "2018"}
        answer = officer_client.post(edit(offer), {**filled(officer_client, edit(offer)), **self.WRITTEN, **wrong})
        told = text(answer)
        assert answer.status_code == 400
        assert 'role="alert"' in told
        assert 'href="#id_title"' in told
        assert 'href="#id_sdg_goals_0"' in told
        assert 'id="id_sdg_goals_0"' in told
        assert "Ce que nous savons faire" in told
        assert "99 n’en fait pas partie" in told.replace("’", "’")
        offer.refresh_from_db()
        assert offer.title == "Avant"

    def test_a_rule_of_the_database_is_a_message(self, officer_client):
        offer = factories.OfferFactory()
        wrong = {**self.WRITTEN, "closes_on": "2025-01-01", "label_year": "2018"}
        told = text(officer_client.post(edit(offer), {**filled(officer_client, edit(offer)), **wrong}))
        assert "La clôture ne vient pas avant la publication." in told
        assert "celle d’un label" in told

    def test_an_offer_keeps_its_address_when_its_title_changes(self, officer_client):
        offer = factories.OfferFactory(slug="reste")
        officer_client.post(edit(offer), {**filled(officer_client, edit(offer)), **self.WRITTEN})
        assert Offer.objects.get().slug == "reste"
        assert Offer.objects.get().title == "Réseaux d’eau"

    @pytest.mark.parametrize("make", [factories.OfferFactory, factories.NeedFactory])
    def test_the_second_of_two_sees_both_versions_and_may_save_over(self, officer_client, make):
        entry = make(title="Avant", languages=["fr"], sdg_goals=[6])
        rows = type(entry).objects
        mine = filled(officer_client, edit(entry))
        rows.update(title="Le leur", languages=["es", "fr"], sdg_goals=[])
        mine |= {"title": "Le mien", "languages": ["en", "fr"], "published_on": "05/01/2026"}
        answer = officer_client.post(edit(entry), mine)
        assert answer.status_code == 409
        found = {row.label: row[1:] for row in answer.context["differences"]}
        assert found["Intitulé"] == ("Avant", "Le leur", "Le mien")
        assert found["Langues de travail"] == ("français", "français, espagnol", "français, anglais")
        assert found["Objectifs de développement durable"] == (Sdg(6).label, "", Sdg(6).label)
        assert 'value="Le mien"' in text(answer)
        assert rows.get().title == "Le leur"
        again = {**mine, "version": answer.context["version"]}
        assert officer_client.post(edit(entry), again).status_code == 302
        assert (rows.get().title, set(rows.get().languages)) == ("Le mien", {"en", "fr"})

    @pytest.mark.parametrize("make", [factories.OfferFactory, factories.NeedFactory])
    def test_a_form_sent_back_as_it_was_changes_nothing(self, officer_client, make):
        entry = make(languages=["fr"], sdg_goals=[6, 11])
        assert officer_client.post(edit(entry), filled(officer_client, edit(entry))).status_code == 302
        assert type(entry).objects.get().version == 1

    def test_what_was_typed_comes_back_after_an_expired_session(self, officer, officer_client):
        officer.set_password("un mot de passe")
        officer.save()
        officer_client.force_login(officer)
        path = f"/collectivites/{factories.OrganisationFactory().slug}/savoir-faire/ajouter/"
        data = {**self.WRITTEN, "typed_by": officer_client.get(path).context["typed_by"]}
        officer_client.logout()
        answer = officer_client.post(path, data)
        answer = officer_client.post(
            answer.url, {"username": officer.email, "password": "un mot de passe"}, follow=True
        )
        assert "Ce que nous savons faire" in text(answer)
        assert not Offer.objects.exists()

    def test_an_offer_of_who_is_french_no_longer_is_refused_in_words(self, officer_client):
        offer = factories.OfferFactory()
        data = filled(officer_client, edit(offer))
        type(offer.organisation).objects.filter(pk=offer.organisation_id).update(kind="university")
        answer = officer_client.post(edit(offer), data)
        assert answer.status_code == 400
        assert "Une offre est celle d’une collectivité française." in text(answer)

    def test_an_entry_is_deleted_and_put_back_unless_a_partnership_came_of_it(self, officer_client, officer):
        offer, need = factories.OfferFactory(countries=["MX"]), factories.NeedFactory()
        path = edit(offer).replace("modifier", "supprimer")
        assert officer_client.post(path, {"version": 1}).url == "/savoir-faire/"
        event = trash.latest_deletion(Offer, offer.pk)
        restored = officer_client.post(f"/corbeille/partnerships.offer/{event}/")
        assert restored.url == offer.get_absolute_url()
        assert [country.pk for country in Offer.objects.get().countries.all()] == ["MX"]
        services.prepare_partnership(offer, need, by=officer)
        assert officer_client.post(edit(need).replace("modifier", "supprimer"), {"version": 1}).status_code == 409
        assert Need.objects.exists()


class TestProposals:
    def test_the_best_comes_first_and_ties_stand_by_address(self, today):
        need = factories.NeedFactory(sdg_goals=[6, 11], languages=["es"])
        plain = [factories.OfferFactory(slug=slug) for slug in ("b", "a")]
        spoken = factories.OfferFactory(languages=["es"])
        shared = factories.OfferFactory(sdg_goals=[6])
        elsewhere = factories.OfferFactory(countries=["SN"], sdg_goals=[6, 11])
        other = factories.OfferFactory(theme=factories.ThemeFactory(slug="culture", name="Culture"))
        found = [proposal.entry for proposal in proposals.offers_for(need, today, EVERY)]
        assert found == [shared, spoken, plain[1], plain[0]]
        assert elsewhere not in found
        assert other not in found

    def test_both_sides_propose_the_same_matches(self, today):
        for n in range(4):
            factories.OfferFactory(sdg_goals=[n + 1, 6], countries=["MX"] if n % 2 else ["SN"])
            factories.NeedFactory(sdg_goals=[n + 1])
        there = {(o.pk, p.entry.pk) for o in Offer.objects.for_list() for p in proposals.needs_for(o, today, EVERY)}
        back = {(p.entry.pk, n.pk) for n in Need.objects.for_list() for p in proposals.offers_for(n, today, EVERY)}
        assert there == back
        assert len(there) == 8

    def test_the_nearest_are_judged_when_there_are_too_many(self, today, monkeypatch):
        monkeypatch.setattr(proposals, "CANDIDATES", 1)
        need = factories.NeedFactory(sdg_goals=[6, 11], languages=["es"])
        factories.OfferFactory(slug="a", languages=["es"])
        factories.OfferFactory(slug="b", sdg_goals=[6], languages=["es"])
        factories.OfferFactory(slug="c", sdg_goals=[6, 11, 1])
        assert [proposal.entry.slug for proposal in proposals.offers_for(need, today, EVERY)] == ["c"]

    def test_those_who_are_partners_already_say_so(self, client):
        offer, need = factories.OfferFactory(), factories.NeedFactory()
        link = factories.PartyFactory(organisation=offer.organisation).partnership
        assert "Déjà partenaires" not in text(client.get(offer.get_absolute_url()))
        factories.PartyFactory(partnership=link, organisation=need.organisation, side=Side.FOREIGN)
        for entry in (offer, need):
            told = text(client.get(entry.get_absolute_url()))
            assert f'Déjà partenaires : <a href="{link.get_absolute_url()}">' in told.replace("\xa0", " ")


class TestPreparation:
    @pytest.fixture
    def match(self):
        offer = factories.OfferFactory(
            organisation__name="La Rochelle", title="Réseaux", sdg_goals=[6, 11], languages=["es"]
        )
        return offer, factories.NeedFactory(organisation__name="Campeche", sdg_goals=[11], languages=["es"])

    def test_a_match_gives_a_partnership_in_preparation(self, match, officer):
        offer, need = match
        services.prepare_partnership(offer, need, by=officer)
        made = Partnership.objects.for_list().get()
        assert (made.name, made.slug, made.status) == ("La Rochelle – Campeche", "la-rochelle-campeche", "preparing")
        assert made.french_parties == [offer.organisation]
        assert made.foreign_parties == [need.organisation]
        assert list(made.themes.all()) == [offer.theme]
        assert [row.goal for row in made.sdg_contributions.all()] == [11]
        told = made.milestones.get().description
        assert "Offre : Réseaux (La Rochelle)." in told
        assert "Langue commune : espagnol." in told.replace("\xa0", " ")
        assert made.origin.prepared_by == officer

    def test_a_second_click_leads_to_the_same(self, match, officer_client):
        path = "/savoir-faire/offres/{}/preparer/{}/".format(*(entry.slug for entry in match))
        first, second = officer_client.post(path), officer_client.post(path)
        assert first.headers["Location"] == second.headers["Location"] == "/partenariats/la-rochelle-campeche/"
        assert Partnership.objects.count() == 1
        told = text(officer_client.get(match[0].get_absolute_url()))
        assert "Un partenariat en est né" in told
        assert "Préparer un partenariat" not in told
        assert officer_client.get(path).status_code == 405

    @pytest.mark.parametrize("change", [{"closes_on": datetime.date(2025, 2, 1)}, {"published_on": None}])
    def test_an_offer_no_longer_online_prepares_nothing(self, match, officer_client, change):
        offer, need = match
        Offer.objects.filter(pk=offer.pk).update(**change)
        answer = officer_client.post(f"/savoir-faire/offres/{offer.slug}/preparer/{need.slug}/", follow=True)
        assert "ne répond plus à ce besoin" in text(answer)
        assert not Partnership.objects.exists()

    def test_another_field_prepares_nothing(self, match, officer):
        offer, need = match
        need.theme = factories.ThemeFactory(slug="culture", name="Culture")
        need.save()
        with pytest.raises(services.NoMatch):
            services.prepare_partnership(offer, need, by=officer)
        assert not Partnership.objects.exists()

    def test_what_is_written_is_french_whatever_the_officer_reads(self, match, officer_client):
        offer, need = match
        with override("fr"):  # and back, for the tests that follow
            officer_client.post(f"/en/savoir-faire/offres/{offer.slug}/preparer/{need.slug}/")
        assert "Langue commune" in Partnership.objects.get().milestones.get().description

    def test_of_made_up_entries_comes_a_made_up_partnership(self, officer, client):
        offer, need = factories.OfferFactory(is_fictitious=True), factories.NeedFactory()
        made = services.prepare_partnership(offer, need, by=officer)
        assert made.is_fictitious
        assert made.name.startswith("[Fictif]")
        assert "Données fictives." in text(client.get(made.get_absolute_url()))
        assert client.get("/").context["figures"]["partnerships"] == 0

    def test_the_database_refuses_a_second_partnership_of_one_match(self, match, officer):
        offer, need = match
        services.prepare_partnership(offer, need, by=officer)
        again = PartnershipOrigin(
            partnership=factories.PartnershipFactory(), offer=offer, need=need, prepared_by=officer
        )
        with pytest.raises(ValidationError, match="déjà préparé"):
            again.validate_constraints()


class TestCollectivityPage:
    def test_it_lists_what_the_collectivity_offers_or_needs(self, client, officer_client):
        offer, need = factories.OfferFactory(title="Réseaux"), factories.NeedFactory(title="Assainir")
        draft = factories.OfferFactory(title="Secret", organisation=offer.organisation, published_on=None)
        page = text(client.get(offer.organisation.get_absolute_url()))
        assert "Réseaux" in page
        assert "Secret" not in page
        assert "Ajouter un savoir-faire" not in page
        assert "Assainir" in text(client.get(need.organisation.get_absolute_url()))
        page = text(officer_client.get(draft.organisation.get_absolute_url()))
        assert "Secret" in page
        assert f"/collectivites/{draft.organisation.slug}/savoir-faire/ajouter/" in page

    def test_it_says_nothing_when_there_is_nothing_to_say(self, client):
        assert 'aria-labelledby="savoir-faire"' not in text(
            client.get(factories.OrganisationFactory().get_absolute_url())
        )


def test_a_sample_without_reference_says_what_to_do():
    with pytest.raises(CommandError, match="load_reference"):
        call_command("sample_knowhow", offers=1, needs=1, seed=1)
