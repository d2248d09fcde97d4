"""Mending records by hand. Totals and code lists are looked at here, not changed."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from aect.accounts.models import User
from funding import services
from funding.choices import ProjectState
from funding.models import (
    AidType,
    ApdLine,
    ApdTotal,
    Call,
    Channel,
    Cofinancing,
    DacListing,
    FinanceType,
    FlowType,
    Project,
    PublishedFigure,
    PurposeCode,
)
from funding.models.apd import ASSESSED_FIELDS


@admin.register(ApdLine)
class ApdLineAdmin(admin.ModelAdmin):
    list_display = [
        "line_id",
        "year",
        "collectivity",
        "title",
        "paid_amount",
        "apd_amount",
        "is_fictitious",
        "is_published",
    ]
    list_filter = ["year", "apd_reason", "counts_as_refugees", "is_fictitious", "is_published"]
    list_select_related = ["collectivity"]
    search_fields = ["line_id", "title"]
    raw_id_fields = ["collectivity", "project"]
    readonly_fields = [*ASSESSED_FIELDS, "is_published"]
    actions = ["publish", "unpublish"]

    def save_model(self, request: HttpRequest, obj: ApdLine, form: Any, change: bool) -> None:
        services.save_line(obj, by=cast(User, request.user))

    def delete_model(self, request: HttpRequest, obj: ApdLine) -> None:
        self.delete_queryset(request, ApdLine.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApdLine]) -> None:
        services.delete_lines(queryset, by=cast(User, request.user))

    @admin.action(description=_("Publier les lignes choisies"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[ApdLine]) -> None:
        services.publish_lines(queryset, by=cast(User, request.user))

    @admin.action(description=_("Ne plus publier les lignes choisies"), permissions=["change"])
    def unpublish(self, request: HttpRequest, queryset: QuerySet[ApdLine]) -> None:
        services.unpublish_lines(queryset, by=cast(User, request.user))


@admin.register(Call)
class CallAdmin(admin.ModelAdmin):
    list_display = ["title", "first_year", "last_year", "state_cap_percent"]
    search_fields = ["title"]
    filter_horizontal = ["organisers"]
    prepopulated_fields = {"slug": ["title"]}


class CofinancingInline(admin.TabularInline):
    model = Cofinancing
    extra = 0
    raw_id_fields = ["funder"]


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):
    list_display = ["title", "partnership", "call", "begins_on", "budget_amount"]
    list_select_related = ["partnership", "call"]
    search_fields = ["title", "partnership__name"]
    prepopulated_fields = {"slug": ["title"]}
    inlines = [CofinancingInline]
    autocomplete_fields = ["sectors"]
    raw_id_fields = ["collectivity", "holder"]

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> list[str]:
        """The state changes by its buttons, which leave a trace and tell those concerned."""
        return ["state", "holder", "due_on"] if obj else ["holder", "due_on"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"state": ProjectState.PUBLISHED, **super().get_changeform_initial_data(request)}


@admin.register(PublishedFigure)
class PublishedFigureAdmin(admin.ModelAdmin):
    list_display = ["label", "year", "value", "unit", "is_approximate", "source"]
    list_filter = ["metric", "unit"]
    list_select_related = ["source"]
    search_fields = ["label", "key"]


class ReadOnlyAdmin(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ApdTotal)
class ApdTotalAdmin(ReadOnlyAdmin):
    list_display = ["year", "collectivity", "recipient", "purpose", "lines", "apd_amount", "computed_at"]
    list_filter = ["year", "is_fictitious", "is_published"]
    list_select_related = ["collectivity", "recipient", "purpose"]


@admin.register(AidType, Channel, FinanceType, FlowType, PurposeCode)
class CodeAdmin(ReadOnlyAdmin):
    list_display = ["code", "label_fr", "withdrawn_on"]
    search_fields = ["code", "label_fr", "label_en"]


@admin.register(DacListing)
class DacListingAdmin(ReadOnlyAdmin):
    list_display = ["country", "income_group", "first_year", "last_year"]
    list_filter = ["income_group"]
    list_select_related = ["country"]
