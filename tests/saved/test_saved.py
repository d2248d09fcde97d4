"""Saved views: nothing but the list's own query string; and the weekly alert on what is new to them."""

import re

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client, override_settings

from aect.jobs.models import Job, JobState
from aect.jobs.services import claim
from aect.mail.services import send_waiting
from aect.saved import services
from aect.saved.models import Alert, SavedView
from tests import factories


@pytest.fixture
def reader(agent) -> Client:
    client = Client()
    client.force_login(agent)
    return client


def save(client: Client, query: str = "", **fields):
    return client.post("/mes-vues/enregistrer/", {"list_name": "partnerships", "query": query, "name": "Vue", **fields})


def alert(week: str = "2026-W48") -> list[mail.EmailMessage]:
    """Runs a week's alerts; returns the messages that left meanwhile."""
    before = len(mail.outbox)
    for view in SavedView.objects.alerting():
        services.note_news(view.pk, week)
    send_waiting()
    return mail.outbox[before:]


class TestSaving:
    def test_the_query_is_kept_without_page_empty_or_unknown_parameters(self, reader, agent):
        assert (
            save(reader, "tri=nom&page=3&q=roch%C3%A9&statut=&inconnu=1").url == "/partenariats/?q=roch%C3%A9&tri=nom"
        )
        view = SavedView.objects.get()
        assert (view.user, view.query) == (agent, "q=roch%C3%A9&tri=nom")

    @pytest.mark.parametrize("query", ["tri=faux", "pays=XX", "q=" + "a" * 101, "q=a%00b"])
    def test_a_query_that_the_list_refuses_is_not_kept(self, reader, query):
        page = reader.get(save(reader, query).url)
        assert "Ces critères ne sont pas ceux d’une liste" in page.content.decode()
        assert not SavedView.objects.exists()

    def test_the_same_twice_is_told(self, reader):
        save(reader, "q=a&tri=nom")
        page = reader.get(save(reader, "tri=nom&q=a&page=2").url)
        assert "Vous avez déjà enregistré cette vue" in page.content.decode()
        assert SavedView.objects.count() == 1

    def test_fifty_at_most(self, reader, agent):
        for n in range(services.MOST_VIEWS):
            services.save_view(by=agent, list_name="partnerships", query=f"q={n}", name=str(n))
        with pytest.raises(ValidationError):
            services.save_view(by=agent, list_name="partnerships", query="q=encore", name="Encore")

    def test_an_unknown_list_is_refused(self, reader):
        assert save(reader, list_name="ailleurs").status_code == 302
        assert not SavedView.objects.exists()

    def test_the_button_is_for_who_is_signed_in_and_proposes_the_chips(self, reader, client):
        assert "Enregistrer cette vue" not in client.get("/partenariats/").content.decode()

    @pytest.mark.parametrize(
        "path",
        [
            "/partenariats/",
            "/collectivites/",
            "/conventions/",
            "/projets/",
            "/savoir-faire/",
            "/savoir-faire/besoins/",
        ],
    )
    def test_each_list_is_kept_as_its_own_page_proposes(self, reader, path):
        page = reader.get(path, {"q": "campeche"}).content.decode()
        form = page[page.index("Enregistrer cette vue") :]
        assert 'value="campeche"' in form[form.index("save-view-name") :]
        name = re.search(r'name="list_name"\s+value="([a-z]+)"', form)[1]
        assert save(reader, "q=campeche", list_name=name).url == f"{path}?q=campeche"
        assert SavedView.objects.get().rows.count() == 0


class TestOwn:
    @pytest.fixture
    def view(self, agent) -> SavedView:
        return services.save_view(by=agent, list_name="partnerships", query="q=eau", name="L’eau")

    def test_rename_and_follow(self, reader, view):
        factories.PartnershipFactory(name="L’eau d’avant")
        reader.post(f"/mes-vues/{view.pk}/", {f"v{view.pk}-name": "Autre", f"v{view.pk}-is_alert": "on"})
        view.refresh_from_db()
        assert (view.name, view.is_alert, len(view.seen_ids)) == ("Autre", True, 1)
        page = reader.get("/mes-vues/").content.decode()
        assert 'href="/partenariats/?q=eau"' in page
        assert "Autre" in reader.get("/").content.decode()

    def test_a_list_to_follow_is_told_among_its_criteria(self, reader, agent):
        services.save_view(by=agent, list_name="conventions", query="vue=non-transmises&q=eau", name="À relancer")
        page = " ".join(reader.get("/mes-vues/").content.decode().split())
        assert "· Liste : Signées, sans transmission connue" in page
        form = reader.get("/conventions/?vue=non-transmises").content.decode()
        assert 'value="Signées, sans transmission connue"' in form[form.index("save-view-name") :]

    def test_delete_and_take_back(self, reader, view):
        reader.post(f"/mes-vues/{view.pk}/supprimer/")
        assert "Supprimées récemment" in reader.get("/mes-vues/").content.decode()
        assert not SavedView.objects.kept().exists()
        reader.post(f"/mes-vues/{view.pk}/retablir/")
        assert SavedView.objects.kept().get() == view

    def test_one_saved_again_meanwhile_is_not_taken_back(self, reader, view):
        reader.post(f"/mes-vues/{view.pk}/supprimer/")
        save(reader, "q=eau")
        page = reader.post(f"/mes-vues/{view.pk}/retablir/", follow=True).content.decode()
        assert "Vous avez déjà enregistré cette vue" in page
        assert SavedView.objects.kept().count() == 1

    @pytest.mark.parametrize("path", ["", "supprimer/", "retablir/"])
    def test_another_s_view_is_not_there(self, officer_client, view, path):
        assert officer_client.post(f"/mes-vues/{view.pk}/{path}").status_code == 404

    def test_as_many_queries_for_three_views_as_for_one(self, reader, agent, django_assert_max_num_queries):
        for n in range(3):
            services.save_view(by=agent, list_name="conventions", query=f"q={n}", name=str(n))
        with django_assert_max_num_queries(10):
            reader.get("/mes-vues/")


class TestAlert:
    @pytest.fixture
    def view(self, agent) -> SavedView:
        factories.PartnershipFactory(name="Eau ancienne")
        return services.save_view(by=agent, list_name="partnerships", query="q=eau", name="L’eau", is_alert=True)

    def test_only_what_is_new_is_told_and_once(self, view, agent):
        assert alert() == []
        new = factories.PartnershipFactory(name="Eau nouvelle")
        factories.PartnershipFactory(name="Sans rapport")
        (message,) = alert("2026-W49")
        assert message.to == [agent.email]
        assert message.subject == "L’eau : 1 nouveauté"
        assert f"http://127.0.0.1:8000{new.get_absolute_url()}" in message.body
        assert "Partenariats · Rechercher un partenariat, une collectivité, un thème : eau" in message.body
        assert "http://127.0.0.1:8000/partenariats/?q=eau" in message.body
        assert "Eau ancienne" not in message.body
        assert "Sans rapport" not in message.body
        assert alert("2026-W49") == alert("2026-W50") == []

    @override_settings(SITE_URL="https://aect.test")
    @pytest.mark.parametrize(("of_reader", "of_view"), [("es", "en"), ("", "es")])
    def test_it_speaks_the_reader_s_language_else_that_in_which_the_view_was_saved(
        self, view, agent, of_reader, of_view
    ):
        view.language, agent.language = of_view, of_reader
        view.save()
        agent.save()
        factories.PartnershipFactory(name="Eau nouvelle", slug="eau")
        (message,) = alert()
        assert "https://aect.test/es/partenariats/eau/" in message.body

    def test_a_header_can_t_be_forged_by_a_name(self, view):
        view.name = "Eau\nBcc: autre@demo.test"
        view.save()
        factories.PartnershipFactory(name="Eau nouvelle")
        (message,) = alert()
        assert "\n" not in message.subject
        assert "Bcc" not in message.message()

    def test_nobody_else_is_written_to(self, view, agent):
        factories.PartnershipFactory(name="Eau nouvelle")
        services.note_news(view.pk, "2026-W48")
        agent.is_active = False
        agent.save()
        assert send_waiting() == 0
        assert alert("2026-W49") == []

    def test_what_is_gone_when_it_is_sent_is_not_told(self, view):
        new = factories.PartnershipFactory(name="Eau nouvelle")
        services.note_news(view.pk, "2026-W48")
        new.delete()
        assert send_waiting() == 0

    def test_the_signed_link_shows_a_button_then_stops_without_sign_in(self, view):
        factories.PartnershipFactory(name="Eau nouvelle")
        (message,) = alert()
        link = re.fullmatch(r"<http://127.0.0.1:8000(.*)>", message.extra_headers["List-Unsubscribe"])[1]
        stranger = Client(enforce_csrf_checks=True)
        assert "Arrêter l’alerte" in stranger.get(link).content.decode()
        assert SavedView.objects.get().is_alert
        assert stranger.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
        assert not SavedView.objects.get().is_alert
        assert stranger.get(f"{link[:-2]}x/").status_code == 404

    def test_the_job_notes_each_view_once(self, view):
        factories.PartnershipFactory(name="Eau nouvelle")
        for _attempt in range(2):
            job = claim(services.request_job(services.ALERTS_TASK, key="again", by=None).pk)
            services.run_alerts(job)
        assert Job.objects.filter(state=JobState.DONE).count() == 2
        assert (Alert.objects.count(), send_waiting()) == (1, 1)

    def test_asked_twice_in_a_week_it_is_one_job(self, db):
        assert services.request_alerts()
        assert services.request_alerts() is None
        assert Job.objects.count() == 1

    def test_iso_weeks_know_their_year(self):
        import datetime

        assert services.week_of(datetime.date(2027, 1, 1)) == "2026-W53"
