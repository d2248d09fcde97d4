"""Administrators mend records by hand; each page opens, and an amount is read as people write it."""

from decimal import Decimal

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from aect import urls  # noqa: F401  # the site map settles what is administered
from aect.accounts.models import Role
from aect.jobs.models import Job
from funding.models import ApdLine
from tests.factories import ApdLineFactory, DacListingFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> Client:
    client = Client()
    client.force_login(UserFactory(role=Role.ADMINISTRATOR, is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_each_page_opens(administrator, model):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert administrator.get(reverse(f"{name}_changelist")).status_code == 200
    can_add = admin.site._registry[model].has_add_permission(administrator.get("/admin/").wsgi_request)
    assert administrator.get(reverse(f"{name}_add")).status_code == (200 if can_add else 403)


def test_saving_a_line_assesses_it_and_asks_for_its_totals(administrator):
    DacListingFactory()
    line = ApdLineFactory()
    address = reverse("admin:funding_apdline_change", args=[line.pk])
    form = administrator.get(address).context["adminform"].form
    data = {name: "" if value is None else value for name, value in form.initial.items()}
    response = administrator.post(address, {**data, "paid_amount": "1 234,50", "sdg_goals": "6"})
    assert response.status_code == 302
    assert ApdLine.objects.get().apd_amount == Decimal("1234.50")
    assert Job.objects.filter(state="pending").count() == 1


def test_a_wrong_amount_is_named_and_nothing_is_lost(administrator):
    line = ApdLineFactory()
    address = reverse("admin:funding_apdline_change", args=[line.pk])
    form = administrator.get(address).context["adminform"].form
    data = {name: "" if value is None else value for name, value in form.initial.items()}
    response = administrator.post(address, {**data, "paid_amount": "1e9", "title": "Titre corrigé", "sdg_goals": ""})
    assert response.status_code == 200
    page = response.content.decode()
    assert "n’est pas un montant" in page
    assert 'value="1e9"' in page
    assert 'value="Titre corrigé"' in page
    assert ApdLine.objects.get().title == line.title


def test_somebody_who_is_no_administrator_is_sent_away(agent, client):
    client.force_login(agent)
    assert client.get("/admin/").status_code == 302
