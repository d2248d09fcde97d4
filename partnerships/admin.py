"""The registry behind the scenes: for administrators who mend a record."""

from django.contrib import admin
from django.db.models import URLField

from partnerships.models import (
    Action,
    Convention,
    Country,
    Identifier,
    Indicator,
    Milestone,
    Organisation,
    Partnership,
    Party,
    Source,
    Theme,
)


class IdentifierInline(admin.TabularInline):
    model = Identifier
    extra = 0


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    list_display = ["name", "kind", "country", "region"]
    list_filter = ["kind"]
    list_select_related = ["country", "region"]
    search_fields = ["name", "identifiers__code"]
    autocomplete_fields = ["region"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [IdentifierInline]


class PartyInline(admin.TabularInline):
    model = Party
    extra = 0
    autocomplete_fields = ["organisation", "source"]


class MilestoneInline(admin.StackedInline):
    model = Milestone
    extra = 0
    autocomplete_fields = ["source"]


@admin.register(Partnership)
class PartnershipAdmin(admin.ModelAdmin):
    list_display = ["name", "began"]
    search_fields = ["name"]
    autocomplete_fields = ["source"]
    filter_horizontal = ["themes"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [PartyInline, MilestoneInline]


@admin.register(Convention)
class ConventionAdmin(admin.ModelAdmin):
    list_display = ["title", "kind", "partnership", "signed", "in_force_on", "ends"]
    list_filter = ["kind"]
    list_select_related = ["partnership"]
    search_fields = ["title", "partnership__name"]
    autocomplete_fields = ["partnership", "renews", "source"]
    prepopulated_fields = {"slug": ["title"]}


class IndicatorInline(admin.TabularInline):
    model = Indicator
    extra = 0
    autocomplete_fields = ["source"]


@admin.register(Action)
class ActionAdmin(admin.ModelAdmin):
    list_display = ["title", "partnership", "outcome"]
    list_filter = ["outcome"]
    list_select_related = ["partnership"]
    search_fields = ["title", "partnership__name"]
    autocomplete_fields = ["partnership", "source"]
    inlines = [IndicatorInline]


@admin.register(Milestone)
class MilestoneAdmin(admin.ModelAdmin):
    list_display = ["title", "happened", "kind", "partnership"]
    list_filter = ["kind"]
    list_select_related = ["partnership"]
    search_fields = ["title", "partnership__name"]
    autocomplete_fields = ["partnership", "source"]


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin):
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    list_display = ["title", "publisher", "year"]
    search_fields = ["title"]
    prepopulated_fields = {"slug": ["title"]}


@admin.register(Theme)
class ThemeAdmin(admin.ModelAdmin):
    list_display = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Country)
class CountryAdmin(admin.ModelAdmin):
    list_display = ["iso2", "name_fr", "zone"]
    search_fields = ["iso2", "name_fr"]
