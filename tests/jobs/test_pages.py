import pytest
from django.utils import timezone

from aect.jobs.models import MAX_ATTEMPTS, Job, JobState
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
TASK = "funding.tasks.rebuild_totals"


def make_job(**fields) -> Job:
    return Job.objects.create(**{"task": TASK, "key": "k", **fields})


def test_the_page_shows_a_running_job_with_its_progress(officer_client):
    make_job(state=JobState.RUNNING, steps_done=3, steps_total=9, attempts=1)
    page = officer_client.get("/taches/").content.decode()
    assert "En cours" in page
    assert 'value="33"' in page
    assert "3/9" in page
    assert "data-unfinished" in page


def test_the_page_shows_a_job_that_is_done_with_its_result(officer_client):
    now = timezone.now()
    make_job(
        state=JobState.DONE,
        started_at=now,
        finished_at=now,
        result={"lines_read": 5000, "rows_written": 812},
        attempts=1,
    )
    page = officer_client.get("/taches/").content.decode()
    assert "Terminée" in page
    assert "812 totaux écrits" in page
    assert "data-unfinished" not in page


def test_an_agent_sees_only_what_they_asked_for(client, agent):
    make_job(key="mine", requested_by=agent)
    make_job(key="system")
    make_job(key="other", requested_by=UserFactory())
    client.force_login(agent)
    assert client.get("/taches/").content.decode().count("<tr>") == 2  # the heading and one job


def test_a_failed_job_can_be_asked_for_again(officer_client):
    failed = make_job(state=JobState.FAILED, finished_at=timezone.now(), attempts=MAX_ATTEMPTS, error="boom")
    assert "Relancer" in officer_client.get("/taches/").content.decode()
    response = officer_client.post(f"/taches/{failed.pk}/relancer/")
    assert response.url == "/taches/"
    assert Job.objects.filter(state=JobState.PENDING, key="k", task=TASK).count() == 1


def test_somebody_else_s_job_answers_as_a_missing_one(client, agent):
    failed = make_job(state=JobState.FAILED, finished_at=timezone.now())
    client.force_login(agent)
    assert client.post(f"/taches/{failed.pk}/relancer/").status_code == 404


def test_the_list_takes_the_same_number_of_queries_for_one_job_and_three(officer_client, django_assert_num_queries):
    for number in range(3):
        with django_assert_num_queries(4):  # session, account, abandoned messages, jobs
            officer_client.get("/taches/")
        make_job(key=str(number), requested_by=UserFactory())
