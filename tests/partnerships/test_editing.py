"""Officers edit the registry: forms, the version that guards them, deletion and its undoing."""

import re

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from aect import history, trash
from aect.typed import KEY, token
from partnerships.editable import KINDS
from partnerships.models import (
    Commitment,
    Convention,
    Identifier,
    Indicator,
    Organisation,
    Partnership,
    Party,
    Theme,
)
from tests import factories

pytestmark = pytest.mark.django_db


def filled(client: Client, address: str) -> dict[str, object]:
    """What the browser would send of the form at this address, left as it is."""
    page = client.get(address)
    assert page.status_code == 200, address
    form = page.context["form"]
    data = {"version": page.context["version"], "typed_by": page.context["typed_by"]}
    for bound in form:
        value = bound.value()
        if hasattr(value, "sought"):
            data |= {bound.name: value.text, f"{bound.name}_sought": value.text, f"{bound.name}_choice": value.choice}
        elif isinstance(value, list):
            data[bound.name] = [getattr(each, "pk", each) for each in value]
        elif value not in (None, False):
            data[bound.name] = value
    return data


def edit(record, *rest: object) -> str:
    return reverse(f"{record._meta.model_name}-edit", args=[record.slug, *rest])


@pytest.fixture
def partnership() -> Partnership:
    return factories.PartnershipFactory(name="Aix – Oaxaca", slug="aix-oaxaca")


def test_an_officer_changes_a_partnership(officer_client, officer, partnership):
    theme = Theme.objects.create(slug="eau", name="Eau")
    data = filled(officer_client, edit(partnership))
    answer = officer_client.post(
        edit(partnership), {**data, "summary": "L’eau des quartiers.", "began_on": "juillet 2015", "themes": [theme.pk]}
    )
    assert (answer.status_code, answer.url) == (302, "/partenariats/aix-oaxaca/")
    partnership.refresh_from_db()
    assert (partnership.summary, partnership.began, partnership.version) == ("L’eau des quartiers.", "juillet 2015", 2)
    assert list(partnership.themes.all()) == [theme]
    told = officer_client.get("/partenariats/aix-oaxaca/historique/").content.decode()
    assert officer.email in told
    assert "L’eau des quartiers." in told


def test_a_form_sent_back_as_it_was_changes_nothing(officer_client, partnership):
    convention = factories.ConventionFactory(partnership=partnership, signed_on="2015-07-15", provisional_amount="12.5")
    organisation = factories.OrganisationFactory(region=factories.OrganisationFactory(), latitude=1.5, longitude=2)
    for record in (partnership, convention, organisation):
        answer = officer_client.post(edit(record), filled(officer_client, edit(record)))
        assert answer.status_code == 302, answer.context["form"].errors
        record.refresh_from_db()
        assert record.version == 1, record


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("2015", "2015"),
        ("07/2015", "juillet 2015"),
        ("juillet 2015", "juillet 2015"),
        ("15/07/2015", "15 juillet 2015"),
        ("années 1990", "années 1990"),
        ("", ""),
    ],
)
def test_a_date_is_kept_as_it_is_known(officer_client, partnership, typed, shown):
    officer_client.post(edit(partnership), {**filled(officer_client, edit(partnership)), "began_on": typed})
    partnership.refresh_from_db()
    assert partnership.began == shown


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"population": "75 000", "latitude": "46,16", "longitude": "-1.15"}, (75_000, 46.16, -1.15)),
        ({"population": "0", "latitude": " 46 ", "longitude": "-1,150"}, (0, 46.0, -1.15)),
    ],
)
def test_numbers_are_read_as_people_write_them(officer_client, typed, kept):
    town = factories.OrganisationFactory(population=1, latitude=1.5, longitude=2.5)
    assert officer_client.post(edit(town), filled(officer_client, edit(town)) | typed).status_code == 302
    town.refresh_from_db()
    assert (town.population, town.latitude, town.longitude) == kept


@pytest.mark.parametrize(
    ("name", "typed"),
    [("population", "75.000"), ("population", "12500 hab."), ("latitude", "46,16°"), ("latitude", "1e1")],
)
def test_a_number_that_is_not_understood_is_refused_and_shown_again(officer_client, name, typed):
    """A browser's field for numbers emptied it or made another of it; Django read 75 in « 75.000 »."""
    town = factories.OrganisationFactory(population=1, latitude=1.5, longitude=2.5)
    page = officer_client.get(edit(town)).content.decode()
    assert re.search(rf'<input type="text" name="{name}" value="1(,5)?"', page)
    answer = officer_client.post(edit(town), filled(officer_client, edit(town)) | {name: typed})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [name]
    assert f'value="{typed}"' in answer.content.decode()


def test_a_stored_number_is_shown_without_idle_zeros(officer_client, partnership):
    """« 12500.000 » reads as twelve million in Spanish, and « 12.500 » as twelve thousand in French."""
    row = factories.IndicatorFactory(action__partnership=partnership, unit="m", target="12500.000", value="12.500")
    address = reverse("partnership-part-edit", args=[partnership.slug, "indicateurs", row.pk])
    data = filled(officer_client, address)
    assert (data["target"], data["value"]) == ("12500", "12,5")
    assert officer_client.post(address, data).status_code == 302
    assert Indicator.objects.get().version == row.version


def test_what_is_wrong_is_said_and_kept(officer_client, partnership):
    data = {**filled(officer_client, edit(partnership)), "name": "", "began_on": "hier", "summary": "Gardé"}
    answer = officer_client.post(edit(partnership), data)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert 'role="alert"' in page
    assert 'href="#id_began_on"' in page
    assert "« hier » n’est pas une date" in page
    assert 'value="hier"' in page
    assert "Gardé" in page
    assert re.search(r'id="id_began_on"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*id="id_began_on"', page)
    assert Partnership.objects.get().name == "Aix – Oaxaca"


def test_a_constraint_on_hidden_fields_is_said_not_raised(officer_client, partnership):
    address = edit(partnership).replace("modifier/", "parties/ajouter/")
    place = factories.PartyFactory(partnership=partnership)
    data = {"side": "french", "role": "party"}
    twice = {**data, "organisation": place.organisation.name}
    dates = {"began_on": "2015", "ended_on": "2010"}
    backwards = {**data, **dates, "organisation": factories.OrganisationFactory(name="Aix").name}
    assert "prend déjà part" in officer_client.post(address, twice).content.decode()
    assert "ne vient pas avant son début" in officer_client.post(address, backwards).content.decode()
    assert Party.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "place"),
    [
        ({"signed_on": "15/07/2015", "transmitted_on": "14/07/2015"}, "transmitted_on"),
        ({"receipt_number": "AR-1"}, "receipt_number"),
        ({"renewal_years": "3"}, "renewal_years"),
        ({"signed_on": "2015", "ends_on": "2010"}, "ends_on"),
    ],
)
def test_what_a_constraint_refuses_is_said_on_a_field_that_the_summary_leads_to(officer_client, sent, place):
    convention = factories.ConventionFactory()
    answer = officer_client.post(edit(convention), filled(officer_client, edit(convention)) | sent)
    assert list(answer.context["form"].errors) == [place]
    assert answer.content.decode().count(f'href="#id_{place}"') == 1


def test_a_second_lead_is_said_on_the_box_that_was_ticked(officer_client, partnership):
    factories.PartyFactory(partnership=partnership, is_lead=True)
    other = factories.PartyFactory(partnership=partnership)
    address = reverse("partnership-part-edit", args=[partnership.slug, "parties", other.pk])
    answer = officer_client.post(address, filled(officer_client, address) | {"is_lead": "on"})
    assert list(answer.context["form"].errors) == ["is_lead"]


def test_an_official_code_is_read_with_its_spaces(officer_client):
    town = factories.OrganisationFactory()
    address = reverse("organisation-part-add", args=[town.slug, "codes"])
    officer_client.post(address, {"scheme": "siren", "code": "213 300 635"})
    assert town.identifiers.get().code == "213300635"


def test_a_button_pressed_after_the_session_ran_out_leads_back_to_its_page(client, partnership):
    """Its own address answers nothing but POST: one landed on an empty page."""
    publish, page = reverse("partnership-publish", args=[partnership.slug]), partnership.get_absolute_url()
    sent = client.post(publish, HTTP_REFERER=f"http://testserver{page}?page=2")
    assert sent.url == f"/connexion/?next={page}%3Fpage%3D2"
    for elsewhere in ("", "https://example.test/", "http://testserver.example.test/"):
        assert client.post(publish, HTTP_REFERER=elsewhere).url == f"/connexion/?next={publish}"


def test_every_part_has_a_page_and_can_be_added(officer_client, partnership):
    organisation = factories.OrganisationFactory()
    other = factories.OrganisationFactory(name="Autre organisme", kind="network")
    convention = factories.ConventionFactory(partnership=partnership)
    action = partnership.actions.create(title="Forage")
    chosen = {"": other.name, "_sought": other.name, "_choice": other.pk}
    names = ("organisation", "network", "successor", "predecessor", "party")
    picked = {name: {f"{name}{end}": value for end, value in chosen.items()} for name in names}
    samples = {
        "parties": {**picked["organisation"], "side": "french", "role": "party"},
        "reperes": {"title": "Visite", "kind": "meeting", "happened_on": "2015"},
        "actions": {"title": "Puits"},
        "indicateurs": {"action": action.pk, "name": "Débit", "value": "12,5"},
        "odd": {"goal": 6},
        "agents": {**picked["organisation"], "kind": "other"},
        "codes": {"scheme": "inegi", "code": "01"},
        "noms": {"text": "Aix-en-Provence", "kind": "usual"},
        "successeurs": {**picked["successor"], "kind": "merged"},
        "predecesseurs": {**picked["predecessor"], "kind": "merged"},
        "reseaux": picked["network"],
        "engagements": {**picked["party"], "year": 2015, "amount": "1 234,50"},
    }
    with_parts = [kind for kind in KINDS if kind.parts]
    for kind, record in zip(with_parts, (partnership, organisation, convention), strict=True):
        for name, part in kind.parts.items():
            if name != "actions":
                part.model.objects.all().delete()
            address = reverse(f"{kind.name}-part-add", args=[record.slug, name])
            assert officer_client.get(address).status_code == 200
            sample = dict(samples[name])
            if name == "agents":
                sample["kind"] = part.model._meta.get_field("kind").choices[0][0]
            answer = officer_client.post(address, sample)
            assert answer.status_code == 302, (name, answer.context["form"].errors)
            row = part.of(record).exclude(pk=action.pk).get() if name == "actions" else part.of(record).get()
            page = reverse(f"{kind.name}-part-edit", args=[record.slug, name, row.pk])
            assert officer_client.post(page, filled(officer_client, page)).status_code == 302, name
    assert Indicator.objects.get().value == 12.5
    assert Commitment.objects.get().amount == 1234.5


def test_a_new_milestone_concerns_those_who_take_part_and_nobody_else(officer_client, partnership):
    """Its form listed every organisation without a milestone: 38 874 boxes, 13 MB."""
    ours, other = factories.PartyFactory(partnership=partnership).organisation, factories.OrganisationFactory()
    address = reverse("partnership-part-add", args=[partnership.slug, "reperes"])
    assert [*officer_client.get(address).context["form"].fields["organisations"].queryset] == [ours]
    row = factories.MilestoneFactory(partnership=partnership)
    row.organisations.add(other)
    address = reverse("partnership-part-edit", args=[partnership.slug, "reperes", row.pk])
    assert {*officer_client.get(address).context["form"].fields["organisations"].queryset} == {ours, other}


def test_forms_speak_the_reader_s_language(officer_client, partnership):
    """Hints and goals were frozen in the language in which the process started."""
    town = factories.OrganisationFactory()
    addresses = (edit(partnership), f"/collectivites/{town.slug}/savoir-faire/ajouter/")
    with translation.override("fr"):  # a request leaves its own language behind
        dates, goals = (officer_client.get(f"/es{address}").content.decode() for address in addresses)
    assert "Como se conoce" in dates
    assert "Telle qu’elle est connue" not in dates
    assert "Égalité entre les sexes" not in goals


def test_an_ambiguous_name_is_answered_with_a_choice(officer_client, partnership):
    first, second = (factories.OrganisationFactory(name=name) for name in ("Saint-Denis (93)", "Saint-Denis (974)"))
    address = reverse("partnership-part-add", args=[partnership.slug, "parties"])
    data = {"organisation": "saint-denis", "side": "french", "role": "party"}
    answer = officer_client.post(address, data)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "choisissez la bonne" in page
    assert f'value="{first.pk}"' in page
    assert f'value="{second.pk}"' in page
    sought = {"organisation_sought": "saint-denis", "organisation_choice": str(second.pk)}
    assert officer_client.post(address, {**data, **sought, "organisation": "Nulle part"}).status_code == 400
    assert officer_client.post(address, {**data, **sought}).status_code == 302
    assert partnership.parties.get().organisation == second


def test_an_organisation_is_found_by_its_code(officer_client, partnership):
    Identifier.objects.create(organisation=factories.MexicanMunicipalityFactory(), scheme="inegi", code="20067")
    address = reverse("partnership-part-add", args=[partnership.slug, "parties"])
    officer_client.post(address, {"organisation": "20067", "side": "foreign", "role": "party"})
    assert partnership.parties.get().organisation.kind == "mx_municipality"


def test_new_records_get_an_address_of_their_own(officer_client, partnership):
    answer = officer_client.post("/partenariats/nouveau/", {"name": "Aix – Oaxaca"})
    assert answer.url == "/partenariats/aix-oaxaca-2/"
    assert officer_client.post("/partenariats/nouveau/", {"name": "Nouveau"}).url == "/partenariats/nouveau-2/"
    data = {"title": "Accord", "kind": "twinning"}
    assert officer_client.post("/conventions/nouvelle/", {**data, "partnership": "Aix"}).status_code == 400
    chosen = {"partnership": "Aix", "partnership_sought": "Aix", "partnership_choice": partnership.pk}
    answer = officer_client.post("/conventions/nouvelle/", {**chosen, **data})
    assert answer.url == "/conventions/accord/"
    data = {"name": "Oaxaca", "kind": "mx_municipality", "country": factories.CountryFactory(iso2="MX").pk}
    assert officer_client.post("/organisations/nouvelle/", data).url == "/collectivites/oaxaca/"


ADDRESSES = (
    "/partenariats/nouveau/",
    "/partenariats/aix-oaxaca/modifier/",
    "/partenariats/aix-oaxaca/supprimer/",
    "/partenariats/aix-oaxaca/parties/ajouter/",
    "/conventions/nouvelle/",
    "/organisations/nouvelle/",
    "/corbeille/",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_only_officers_come_here(client, agent, partnership, address):
    assert client.get(address).url == f"/connexion/?next={address}"
    client.force_login(agent)
    for answer in (client.get(address), client.post(address, {"name": "Volé", "version": 1})):
        assert answer.status_code in (404, 405)
    assert Partnership.objects.get().name == "Aix – Oaxaca"


def test_readers_see_no_button(client, officer_client, partnership):
    assert "/modifier/" not in client.get("/partenariats/aix-oaxaca/").content.decode()
    page = officer_client.get("/partenariats/aix-oaxaca/").content.decode()
    for end in ("modifier", "historique", "supprimer"):
        assert page.count(f"/partenariats/aix-oaxaca/{end}/") == 1
    assert "/partenariats/nouveau/" in officer_client.get("/partenariats/").content.decode()


@pytest.mark.parametrize("version", ["", "x", "0", "9" * 40, "-1", "٣"])
def test_a_form_without_its_version_is_stale(officer_client, partnership, version):
    data = {**filled(officer_client, edit(partnership)), "version": version, "name": "Autre"}
    assert officer_client.post(edit(partnership), data).status_code == 409
    assert Partnership.objects.get().name == "Aix – Oaxaca"


def test_the_second_of_two_sees_both_versions_and_may_save_over(officer_client, partnership):
    mine = filled(officer_client, edit(partnership))
    Partnership.objects.update(name="La leur", summary="Leur résumé")
    answer = officer_client.post(edit(partnership), {**mine, "name": "La mienne"})
    assert answer.status_code == 409
    found = {row.label: row[1:] for row in answer.context["differences"]}
    assert found == {"Nom": ("Aix – Oaxaca", "La leur", "La mienne"), "Résumé": ("", "Leur résumé", "")}
    assert 'value="La mienne"' in answer.content.decode()
    assert Partnership.objects.get().name == "La leur"
    again = {**mine, "name": "La mienne", "version": answer.context["version"]}
    assert officer_client.post(edit(partnership), again).status_code == 302
    assert Partnership.objects.get().name == "La mienne"


def test_what_was_typed_comes_back_after_an_expired_session(officer, partnership):
    client = Client()
    client.force_login(officer)
    officer.set_password("un mot de passe")
    officer.save()
    client.force_login(officer)
    data = {**filled(client, edit(partnership)), "summary": "Tapé longtemps"}
    client.session.flush()
    client.cookies.pop("sessionid", None)
    answer = client.post(edit(partnership), data)
    assert answer.url == f"/connexion/?next={edit(partnership)}"
    answer = client.post(answer.url, {"username": officer.email, "password": "un mot de passe"}, follow=True)
    page = answer.content.decode()
    assert "Votre session avait expiré" in page
    assert "Tapé longtemps" in page
    assert Partnership.objects.get().summary == ""
    assert KEY not in client.session
    assert client.post(edit(partnership), {**data, "version": answer.context["version"]}).status_code == 302
    assert Partnership.objects.get().summary == "Tapé longtemps"


def test_what_was_typed_is_given_to_nobody_else(officer, partnership):
    other = factories.UserFactory(role="officer")
    client = Client()
    client.force_login(officer)
    data = {**filled(client, edit(partnership)), "summary": "Confidentiel"}
    client.logout()
    client.post(edit(partnership), data)
    assert KEY in client.session
    kept = dict(client.session[KEY])
    client.force_login(other)
    session = client.session
    session[KEY] = kept
    session.save()
    assert "Confidentiel" not in client.get(edit(partnership)).content.decode()
    assert KEY not in client.session


def test_nothing_is_kept_for_who_never_had_the_form(client, partnership):
    client.post(edit(partnership), {"summary": "x", "typed_by": "forgé"})
    assert KEY not in client.session


def test_a_text_too_long_is_not_kept(officer, partnership):
    client = Client()
    client.force_login(officer)
    data = {**filled(client, edit(partnership)), "summary": "x" * 100_001}
    client.logout()
    client.post(edit(partnership), data)
    assert KEY not in client.session


def delete(client: Client, record) -> object:
    address = reverse(f"{record._meta.model_name}-delete", args=[record.slug])
    return client.post(address, {"version": record.version})


def test_a_deletion_asks_first_and_tells_what_goes_with_it(officer_client, partnership):
    factories.PartyFactory.create_batch(2, partnership=partnership)
    page = officer_client.get("/partenariats/aix-oaxaca/supprimer/").content.decode()
    assert "parties : 2" in page
    assert Partnership.objects.exists()


def test_a_deletion_is_refused_while_others_depend_on_it(officer_client, partnership):
    convention = factories.ConventionFactory(partnership=partnership)
    answer = delete(officer_client, partnership)
    assert answer.status_code == 409
    assert convention.title in answer.content.decode()
    assert Partnership.objects.exists()


def test_a_deletion_of_what_changed_since_is_asked_again(officer_client, partnership):
    partnership.version = 7
    assert delete(officer_client, partnership).status_code == 409
    assert Partnership.objects.exists()


def whole(partnership: Partnership) -> list[object]:
    return [
        list(rows.order_by("pk").values())
        for rows in (
            Partnership.objects.all(),
            Partnership.themes.through.objects.all(),
            Party.objects.all(),
            partnership.actions.all(),
            Indicator.objects.all(),
        )
    ]


def without_version(tables: list) -> list[object]:
    return [[{k: v for k, v in row.items() if k != "version"} for row in rows] for rows in tables]


def test_a_deletion_is_undone_whole(officer_client, partnership):
    factories.PartyFactory.create_batch(2, partnership=partnership)
    partnership.themes.add(Theme.objects.create(slug="eau", name="Eau"))
    partnership.actions.create(title="Forage").indicators.create(name="Débit", value="12.5")
    before = whole(partnership)
    answer = delete(officer_client, partnership)
    assert (answer.status_code, answer.url) == (302, "/partenariats/")
    assert not Party.objects.exists()
    [message] = get_messages(answer.wsgi_request)
    address = re.search(r'formaction="([^"]+)"', str(message)).group(1)
    assert "Aix – Oaxaca" in officer_client.get("/corbeille/").content.decode()
    assert officer_client.post(address).url == "/partenariats/aix-oaxaca/"
    after = whole(partnership)
    assert without_version(after) == without_version(before)
    assert after[0][0]["version"] == 2  # a form opened before is stale
    assert "La corbeille est vide" in officer_client.get("/corbeille/").content.decode()


def test_a_part_alone_is_undone_and_its_record_s_deletion_counts_once(officer_client, partnership):
    party = factories.PartyFactory(partnership=partnership, organisation__name="Aix")
    address = reverse("partnership-part-delete", args=[partnership.slug, "parties", party.pk])
    assert officer_client.get(address).status_code == 200
    assert officer_client.post(address, {"version": 1}).status_code == 302
    page = officer_client.get("/corbeille/").content.decode()
    assert "Partie « Aix »" in page
    event = trash.latest_deletion(Party, party.pk)
    assert officer_client.post(f"/corbeille/partnerships.party/{event}/").url == "/partenariats/aix-oaxaca/"
    assert Party.objects.get().pk == party.pk


def test_an_undoing_is_refused_when_the_address_is_taken(officer_client, partnership):
    pk = partnership.pk
    delete(officer_client, partnership)
    factories.PartnershipFactory(slug="aix-oaxaca", name="Autre")
    event = trash.latest_deletion(Partnership, pk)
    answer = officer_client.post(f"/corbeille/partnerships.partnership/{event}/", follow=True)
    assert "n’a pas pu être annulée" in answer.content.decode()
    assert Partnership.objects.get().name == "Autre"


def test_an_undoing_is_refused_when_what_it_needs_is_gone(officer_client):
    source = factories.SourceFactory()
    partnership = factories.PartnershipFactory(source=source)
    pk = partnership.pk
    delete(officer_client, partnership)
    source.delete()
    event = trash.latest_deletion(Partnership, pk)
    answer = officer_client.post(f"/corbeille/partnerships.partnership/{event}/", follow=True)
    assert "n’existe plus" in answer.content.decode()
    assert not Partnership.objects.exists()


def test_a_deletion_is_undone_once_and_within_a_month(officer_client, partnership):
    pk = partnership.pk
    delete(officer_client, partnership)
    events = history.events_of(Partnership).objects
    event = events.get(pgh_label="delete")
    address = f"/corbeille/partnerships.partnership/{event.pgh_id}/"
    assert officer_client.post(address).status_code == 302
    assert "existe" in officer_client.post(address, follow=True).content.decode()
    Partnership.objects.all().delete()
    events.filter(pgh_label="delete").update(pgh_created_at=timezone.now() - trash.KEPT * 2)
    late = trash.latest_deletion(Partnership, pk)
    assert officer_client.post(f"/corbeille/partnerships.partnership/{late}/").status_code == 404
    assert officer_client.post("/corbeille/accounts.user/1/").status_code == 404
    assert officer_client.get(address).status_code == 405


def test_a_form_takes_as_many_queries_for_one_part_as_for_many(officer_client, django_assert_max_num_queries):
    partnership = factories.PartnershipFactory()

    def ask() -> int:
        with django_assert_max_num_queries(40) as queries:
            officer_client.get(edit(partnership))
        return len(queries)

    factories.PartyFactory(partnership=partnership)
    one = ask()
    factories.PartyFactory.create_batch(5, partnership=partnership)
    assert ask() == one


def test_a_convention_answers_to_the_law_and_its_slug_stays(officer_client):
    convention = factories.ConventionFactory(signed_on="2015-07-15", slug="accord")
    data = {**filled(officer_client, edit(convention)), "title": "Autre titre", "transmitted_on": "01/01/2010"}
    assert "après sa signature" in officer_client.post(edit(convention), data).content.decode()
    assert officer_client.post(edit(convention), {**data, "transmitted_on": "août 2015"}).status_code == 400
    assert officer_client.post(edit(convention), {**data, "transmitted_on": "01/08/2015"}).status_code == 302
    assert Convention.objects.get().slug == "accord"


def test_hostile_input_is_refused_without_an_error(officer_client, partnership):
    address = reverse("partnership-part-add", args=[partnership.slug, "parties"])
    for text in ("\0", "x" * 5000, "%", "_", "\\", "'; DROP", "9" * 400, "٣"):
        data = {"organisation": text, "organisation_sought": text, "organisation_choice": text, "side": text}
        assert officer_client.post(address, {**data, "began_on": text}).status_code == 400
    address = reverse("partnership-part-add", args=[partnership.slug, "indicateurs"])
    for number in ("1e3000000", "NaN", "١٢٣", "1" * 50, "-"):
        assert officer_client.post(address, {"name": "x", "value": number}).status_code == 400
    assert officer_client.get(reverse("partnership-part-add", args=[partnership.slug, "rien"])).status_code == 404
    assert Organisation.objects.count() == 0


def test_what_was_typed_for_a_record_deleted_meanwhile_is_shown_with_the_way_back(officer_client, partnership):
    mine = filled(officer_client, edit(partnership)) | {"summary": "Tapé <b>longtemps</b>\nsur deux lignes"}
    delete(officer_client, partnership)
    answer = officer_client.post(edit(partnership), mine)
    page = answer.content.decode()
    assert answer.status_code == 410
    assert ">Tapé &lt;b&gt;longtemps&lt;/b&gt;\nsur deux lignes</textarea>" in page
    assert "Aix – Oaxaca</textarea>" in page
    restored = officer_client.post(re.search(r'formaction="([^"]+)"', page).group(1))
    assert restored.url == "/partenariats/aix-oaxaca/"
    assert officer_client.post(edit(partnership), mine).status_code == 409  # the version has grown
    assert Partnership.objects.get().summary == ""


def test_what_was_typed_for_a_part_deleted_meanwhile_is_shown(officer_client, partnership):
    action = partnership.actions.create(title="Forage")
    address = reverse("partnership-part-edit", args=[partnership.slug, "actions", action.pk])
    mine = filled(officer_client, address) | {"title": "Forage profond", "outcome": "planned"}
    action.delete()
    answer = officer_client.post(address, mine)
    assert answer.status_code == 410
    assert ">Forage profond</textarea>" in answer.content.decode()
    assert "/corbeille/partnerships.action/" in answer.content.decode()
    delete(officer_client, partnership)
    added = reverse("partnership-part-add", args=[partnership.slug, "actions"])
    answer = officer_client.post(added, mine)
    assert answer.status_code == 410
    assert "/corbeille/partnerships.partnership/" in answer.content.decode()


def test_a_record_that_never_was_shows_the_reader_s_own_text_alone(officer_client, agent, client, partnership):
    mine = filled(officer_client, edit(partnership)) | {"name": "Mien"}
    nowhere = edit(partnership).replace("aix-oaxaca", "nulle-part")
    answer = officer_client.post(nowhere, mine)
    assert answer.status_code == 404
    assert ">Mien</textarea>" in answer.content.decode()
    assert "/corbeille/" not in answer.content.decode().partition("<main")[2].partition("</main>")[0]
    for forged in ({}, {"typed_by": "x"}, {"typed_by": mine["typed_by"][:-1]}):
        assert "Mien" not in officer_client.post(nowhere, {**mine, "typed_by": "", **forged}).content.decode()
    delete(officer_client, partnership)
    client.force_login(agent)
    own = {**mine, "typed_by": token(agent)}
    answers = [client.post(address, own) for address in (edit(partnership), nowhere)]
    bodies = [re.sub(r'nonce="[^"]+"|csrfmiddlewaretoken" value="[^"]+"', "", a.content.decode()) for a in answers]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert bodies[0].replace("aix-oaxaca", "nulle-part") == bodies[1]
    assert "Mien" not in client.post(edit(partnership), mine).content.decode()  # another person's form


def test_what_was_typed_before_a_session_ran_out_is_shown_when_the_record_is_gone(officer, partnership):
    client = Client()
    client.force_login(officer)
    data = {**filled(client, edit(partnership)), "summary": "Tapé longtemps"}
    client.logout()
    client.post(edit(partnership), data)
    partnership.delete()
    session = client.session
    kept = dict(session[KEY])
    client.force_login(officer)
    session = client.session
    session[KEY] = kept
    session.save()
    answer = client.get(edit(partnership))
    assert answer.status_code == 410
    assert ">Tapé longtemps</textarea>" in answer.content.decode()


def test_the_page_that_edits_leads_to_each_kind_of_rows_and_says_whose_each_indicator_is(officer_client, partnership):
    for title in ("Puits de Mitla", "Puits de Tlacolula"):
        factories.IndicatorFactory(action__partnership=partnership, action__title=title, name="Puits creusés")
    page = officer_client.get(edit(partnership)).content.decode()
    assert '<a class="fr-summary__link" href="#indicateurs">Indicateurs (2)</a>' in page
    for title in ("Puits de Mitla", "Puits de Tlacolula"):
        assert f'Modifier<span class="fr-sr-only">&nbsp;: Puits creusés · {title}</span>' in page
