"""Objects for tests. Places are real, everything else is made up."""

import datetime
from decimal import Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from aect.accounts.models import Role, User
from funding import models as funding
from partnerships import models as registry
from partnerships.choices import (
    ConventionKind,
    MemberRole,
    MilestoneKind,
    NameKind,
    OrganisationKind,
    Sdg,
    Side,
    StaffKind,
    SuccessionKind,
)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"somebody{n}@demo.test")
    role = Role.AGENT


class CountryFactory(DjangoModelFactory):
    class Meta:
        model = registry.Country
        django_get_or_create = ["iso2"]

    iso2 = "FR"
    iso3 = factory.LazyAttribute(
        lambda o: {"FR": "FRA", "MX": "MEX", "SN": "SEN", "US": "USA"}.get(o.iso2, o.iso2 + "X")
    )
    name_fr = factory.LazyAttribute(
        lambda o: {"FR": "France", "MX": "Mexique", "SN": "Sénégal", "US": "États-Unis"}.get(o.iso2, o.iso2)
    )
    name_es = factory.LazyAttribute(lambda o: {"FR": "Francia", "MX": "México"}.get(o.iso2, o.name_fr))
    name_en = factory.LazyAttribute(lambda o: {"FR": "France", "MX": "Mexico"}.get(o.iso2, o.name_fr))


class SourceFactory(DjangoModelFactory):
    class Meta:
        model = registry.Source

    slug = factory.Sequence(lambda n: f"source-{n}")
    title = "Étude d’exemple"
    year = 2020


class OrganisationFactory(DjangoModelFactory):
    class Meta:
        model = registry.Organisation

    slug = factory.Sequence(lambda n: f"organisation-{n}")
    name = factory.Sequence(lambda n: f"Commune {n}")
    kind = OrganisationKind.COMMUNE
    country = factory.SubFactory(CountryFactory)


class OrganisationNameFactory(DjangoModelFactory):
    class Meta:
        model = registry.OrganisationName

    organisation = factory.SubFactory(OrganisationFactory)
    text = factory.Sequence(lambda n: f"Autre nom {n}")
    kind = NameKind.USUAL


class SuccessionFactory(DjangoModelFactory):
    class Meta:
        model = registry.Succession

    predecessor = factory.SubFactory(OrganisationFactory)
    successor = factory.SubFactory(OrganisationFactory)
    kind = SuccessionKind.MERGED


class MexicanMunicipalityFactory(OrganisationFactory):
    name = factory.Sequence(lambda n: f"Municipio {n}")
    kind = OrganisationKind.MX_MUNICIPALITY
    country = factory.SubFactory(CountryFactory, iso2="MX")


class PartnershipFactory(DjangoModelFactory):
    """A partnership without parties; `PartyFactory` adds them."""

    class Meta:
        model = registry.Partnership

    slug = factory.Sequence(lambda n: f"partenariat-{n}")
    name = factory.Sequence(lambda n: f"Partenariat {n}")


class ThemeFactory(DjangoModelFactory):
    class Meta:
        model = registry.Theme
        django_get_or_create = ["slug"]

    slug = factory.Sequence(lambda n: f"theme-{n}")
    name = factory.Sequence(lambda n: f"Thème {n}")


class PartyFactory(DjangoModelFactory):
    class Meta:
        model = registry.Party

    partnership = factory.SubFactory(PartnershipFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    side = Side.FRENCH


class ConventionFactory(DjangoModelFactory):
    class Meta:
        model = registry.Convention

    partnership = factory.SubFactory(PartnershipFactory)
    slug = factory.Sequence(lambda n: f"convention-{n}")
    title = factory.Sequence(lambda n: f"Convention {n}")
    kind = ConventionKind.COOPERATION
    object = "Coopération sur l’eau"


class CommitmentFactory(DjangoModelFactory):
    class Meta:
        model = registry.Commitment

    convention = factory.SubFactory(ConventionFactory)
    year = 2026
    party = factory.SubFactory(OrganisationFactory)
    amount = Decimal("10000.00")


class MilestoneFactory(DjangoModelFactory):
    class Meta:
        model = registry.Milestone

    partnership = factory.SubFactory(PartnershipFactory)
    happened_on = datetime.date(2015, 7, 15)
    kind = MilestoneKind.AGREEMENT
    title = "Signature"


class ActionFactory(DjangoModelFactory):
    class Meta:
        model = registry.Action

    partnership = factory.SubFactory(PartnershipFactory)
    title = factory.Sequence(lambda n: f"Action {n}")


class IndicatorFactory(DjangoModelFactory):
    class Meta:
        model = registry.Indicator

    action = factory.SubFactory(ActionFactory)
    name = factory.Sequence(lambda n: f"Indicateur {n}")


class SdgContributionFactory(DjangoModelFactory):
    class Meta:
        model = registry.SdgContribution

    partnership = factory.SubFactory(PartnershipFactory)
    goal = Sdg.WATER


class StaffContributionFactory(DjangoModelFactory):
    class Meta:
        model = registry.StaffContribution

    partnership = factory.SubFactory(PartnershipFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    kind = StaffKind.MISSION


class NetworkMembershipFactory(DjangoModelFactory):
    class Meta:
        model = registry.NetworkMembership

    network = factory.SubFactory(OrganisationFactory, kind=OrganisationKind.NETWORK)
    member = factory.SubFactory(OrganisationFactory)


class MembershipFactory(DjangoModelFactory):
    """An agent who edits for a collectivity."""

    class Meta:
        model = registry.Membership

    user = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    role = MemberRole.EDITOR


class OfferFactory(DjangoModelFactory):
    """Published long ago, open to all countries, without end."""

    class Meta:
        model = registry.Offer
        skip_postgeneration_save = True

    organisation = factory.SubFactory(OrganisationFactory)
    theme = factory.SubFactory(ThemeFactory, slug="eau", name="Eau et assainissement")
    slug = factory.Sequence(lambda n: f"offre-{n}")
    title = factory.Sequence(lambda n: f"Savoir-faire {n}")
    published_on = datetime.date(2025, 1, 6)

    @factory.post_generation
    def countries(self, create, codes, **kwargs):
        if create and codes:
            self.countries.set([CountryFactory(iso2=code) for code in codes])


class NeedFactory(DjangoModelFactory):
    class Meta:
        model = registry.Need

    organisation = factory.SubFactory(MexicanMunicipalityFactory)
    theme = factory.SubFactory(ThemeFactory, slug="eau", name="Eau et assainissement")
    slug = factory.Sequence(lambda n: f"besoin-{n}")
    title = factory.Sequence(lambda n: f"Besoin {n}")
    published_on = datetime.date(2025, 1, 6)


class PurposeCodeFactory(DjangoModelFactory):
    class Meta:
        model = funding.PurposeCode
        django_get_or_create = ["code"]

    code = "14030"
    category = factory.LazyAttribute(lambda o: o.code[:3])
    label_fr = factory.LazyAttribute(lambda o: f"Secteur {o.code}")
    label_en = factory.LazyAttribute(lambda o: f"Sector {o.code}")


class AidTypeFactory(DjangoModelFactory):
    class Meta:
        model = funding.AidType
        django_get_or_create = ["code"]

    code = "C01"
    label_fr = label_en = factory.LazyAttribute(lambda o: o.code)


class FinanceTypeFactory(AidTypeFactory):
    class Meta:
        model = funding.FinanceType

    code = "110"


class FlowTypeFactory(AidTypeFactory):
    class Meta:
        model = funding.FlowType

    code = "10"


class DacListingFactory(DjangoModelFactory):
    class Meta:
        model = funding.DacListing
        django_get_or_create = ["country", "first_year"]

    country = factory.SubFactory(CountryFactory, iso2="MX")
    dac_code = 358
    income_group = "UMIC"
    first_year = 1990


class CallFactory(DjangoModelFactory):
    class Meta:
        model = funding.Call

    slug = factory.Sequence(lambda n: f"appel-{n}")
    title = factory.LazyAttribute(lambda o: f"Appel à projets {o.slug}")
    first_year = last_year = 2018


class ProjectFactory(DjangoModelFactory):
    class Meta:
        model = funding.Project

    slug = factory.Sequence(lambda n: f"projet-{n}")
    partnership = factory.SubFactory(PartnershipFactory)
    title = factory.Sequence(lambda n: f"Projet {n}")
    state = "published"


class DraftFactory(ProjectFactory):
    """A collectivity's draft, which nobody holds."""

    collectivity = factory.SubFactory(OrganisationFactory)
    state = "draft"


class GuestFactory(DjangoModelFactory):
    """Somebody who has accepted, when a `user` is given."""

    class Meta:
        model = funding.Guest

    project = factory.SubFactory(DraftFactory)
    email = factory.Sequence(lambda n: f"invitada{n}@demo.test")
    accepted_at = factory.Maybe("user", yes_declaration=factory.LazyFunction(timezone.now))
    user = None


class CofinancingFactory(DjangoModelFactory):
    class Meta:
        model = funding.Cofinancing

    project = factory.SubFactory(ProjectFactory)
    funder = factory.SubFactory(OrganisationFactory)
    amount = Decimal("1000.00")
    state = "committed"


class ApdLineFactory(DjangoModelFactory):
    """A published grant to Mexico; needs its country on the DAC list to count as APD (`DacListingFactory`)."""

    class Meta:
        model = funding.ApdLine

    line_id = factory.Sequence(lambda n: f"L{n:06}")
    year = 2018
    collectivity = factory.SubFactory(OrganisationFactory)
    title = factory.Sequence(lambda n: f"Ligne {n}")
    is_published = True
    recipient = factory.SubFactory(CountryFactory, iso2="MX")
    purpose = factory.SubFactory(PurposeCodeFactory)
    aid_type = factory.SubFactory(AidTypeFactory)
    finance_type = factory.SubFactory(FinanceTypeFactory)
    flow_type = factory.SubFactory(FlowTypeFactory)
    paid_amount = Decimal("1000.00")
