"""The registry behind the scenes: for administrators who mend a record."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import URLField
from django.utils.translation import gettext_lazy as _

from partnerships import law
from partnerships.models import (
    Action,
    Commitment,
    Convention,
    Country,
    Identifier,
    Indicator,
    Milestone,
    Need,
    NetworkMembership,
    Offer,
    Organisation,
    OrganisationName,
    Partnership,
    Party,
    SdgContribution,
    Source,
    StaffContribution,
    Succession,
    Theme,
)


class IdentifierInline(admin.TabularInline):
    model = Identifier
    extra = 0


class OrganisationNameInline(admin.TabularInline):
    model = OrganisationName
    extra = 0
    autocomplete_fields = ["source"]


class BecameInline(admin.TabularInline):
    model = Succession
    fk_name = "predecessor"
    verbose_name_plural = _("devient")
    extra = 0
    autocomplete_fields = ["successor", "source"]


class CameFromInline(BecameInline):
    fk_name = "successor"
    verbose_name_plural = _("succède à")
    autocomplete_fields = ["predecessor", "source"]


class NetworkInline(admin.TabularInline):
    model = NetworkMembership
    fk_name = "member"
    extra = 0
    autocomplete_fields = ["network", "source"]


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    list_display = ["name", "kind", "country", "region"]
    list_filter = ["kind"]
    list_select_related = ["country", "region"]
    search_fields = ["name", "names__text", "identifiers__code"]
    autocomplete_fields = ["region", "parent", "source"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [IdentifierInline, OrganisationNameInline, NetworkInline, BecameInline, CameFromInline]


class PartyInline(admin.TabularInline):
    model = Party
    extra = 0
    autocomplete_fields = ["organisation", "source"]


class MilestoneInline(admin.StackedInline):
    model = Milestone
    extra = 0
    autocomplete_fields = ["organisations", "source"]


class SdgInline(admin.TabularInline):
    model = SdgContribution
    extra = 0
    autocomplete_fields = ["source"]


class StaffInline(admin.TabularInline):
    model = StaffContribution
    extra = 0
    autocomplete_fields = ["organisation", "source"]


@admin.register(Partnership)
class PartnershipAdmin(admin.ModelAdmin):
    list_display = ["name", "began"]
    search_fields = ["name"]
    autocomplete_fields = ["source"]
    filter_horizontal = ["themes"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [PartyInline, MilestoneInline, SdgInline, StaffInline]


class CommitmentInline(admin.TabularInline):
    model = Commitment
    extra = 0
    autocomplete_fields = ["party"]


@admin.register(Convention)
class ConventionAdmin(admin.ModelAdmin):
    """What the law calls an error is said on its field and not saved; a warning is said once saved."""

    list_display = ["title", "kind", "partnership", "signed", "in_force_on", "ends"]
    list_filter = ["kind"]
    list_select_related = ["partnership"]
    search_fields = ["title", "partnership__name"]
    autocomplete_fields = ["partnership", "renews", "amends", "signatories", "source"]
    prepopulated_fields = {"slug": ["title"]}
    inlines = [CommitmentInline]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "partnership",
                    "title",
                    "slug",
                    "kind",
                    "amends",
                    "signatories",
                    "object",
                    "provisional_amount",
                ]
            },
        ),
        (
            _("Côté français"),
            {
                "fields": [
                    "deliberated_on",
                    ("signed_on", "signed_on_precision"),
                    ("transmitted_on", "receipt_number"),
                    "in_force_on",
                    ("referred_on", "annulled_on"),
                ]
            },
        ),
        (
            _("Côté mexicain"),
            {"fields": ["sre_notified_on", ("sre_opinion_on", "sre_opinion"), "sre_registration_number"]},
        ),
        (_("Accord avec un État étranger"), {"fields": ["state_exception", "authorised_on"]}),
        (
            _("Fin et renouvellement"),
            {"fields": [("ends_on", "ends_on_precision"), ("is_tacitly_renewed", "renewal_years"), "renews"]},
        ),
        (_("Source"), {"fields": ["source", "source_place"]}),
    ]

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        saved = Convention.objects.for_page(Convention.objects.all()).get(pk=form.instance.pk)
        for check in law.checks(saved.terms, saved.charges):
            messages.warning(request, f"{check.message} ({check.article})")


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


class EntryAdmin(admin.ModelAdmin):
    list_display = ["title", "organisation", "theme", "published_on", "is_fictitious"]
    list_filter = ["theme", "is_fictitious"]
    list_select_related = ["organisation", "theme"]
    search_fields = ["title", "organisation__name"]
    autocomplete_fields = ["organisation", "source"]
    prepopulated_fields = {"slug": ["title"]}


@admin.register(Offer)
class OfferAdmin(EntryAdmin):
    autocomplete_fields = [*EntryAdmin.autocomplete_fields, "countries", "partnerships", "actions"]


@admin.register(Need)
class NeedAdmin(EntryAdmin):
    pass


@admin.register(Milestone)
class MilestoneAdmin(admin.ModelAdmin):
    list_display = ["title", "happened", "kind", "partnership"]
    list_filter = ["kind"]
    list_select_related = ["partnership"]
    search_fields = ["title", "partnership__name"]
    autocomplete_fields = ["partnership", "organisations", "source"]


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
