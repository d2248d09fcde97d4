"""The site map. French addresses carry no prefix; /es/ and /en/ serve the same pages."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from dsfr.models import DsfrConfig

from aect import views
from aect.proconnect.urls import returns as proconnect_returns

admin.site.unregister(DsfrConfig)  # header and footer are our templates': that form would change nothing
admin.site.unregister([TOTPDevice, StaticDevice])  # they would show other people's secrets; an action removes them
admin.site.site_header = admin.site.site_title = _("Administration de l’AECT")

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("", include(proconnect_returns)),
    path("readyz", views.readyz, name="readyz"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    *i18n_patterns(
        path("", include("aect.accounts.urls")),
        path("", include("aect.second_factor.urls")),
        path("", include("aect.proconnect.urls")),
        path("mentions-legales/", views.page, {"template": "site/legal.html"}, name="legal"),
        path("donnees-personnelles/", views.page, {"template": "site/privacy.html"}, name="privacy"),
        path("accessibilite/", views.page, {"template": "site/accessibility.html"}, name="accessibility"),
        path("plan-du-site/", views.page, {"template": "site/site_map.html"}, name="site_map"),
        path("recherche/", views.search, name="search"),
        path("recherche/suggestions/", views.suggestions, name="suggestions"),
        path("taches/", include("aect.jobs.urls")),
        path("journal/", include("aect.journal.urls")),
        path("imports/", include("aect.batches.urls")),
        path("donnees-chargees/", include("aect.loading.urls")),
        path("", include("aect.saved.urls")),
        path("", include("funding.urls")),
        path("", include("partnerships.urls")),
        path("admin/login/", login_not_required(RedirectView.as_view(pattern_name="login", query_string=True))),
        path("admin/", admin.site.urls),
        prefix_default_language=False,
    ),
]

handler400 = views.bad_request
handler403 = views.permission_denied
handler404 = views.page_not_found
handler500 = views.server_error
