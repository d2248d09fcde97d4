"""Settings of every environment, read from environment variables (described in `.env.example`)."""

import os
from datetime import timedelta
from pathlib import Path

import environ
import pghistory
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")


def required(name: str) -> str:
    """A variable without which nothing may start; the message names it."""
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"The environment variable {name} is missing: see .env.example.")
    return value


DEBUG = env.bool("DEBUG", default=False)
AECT_DEMO = env.bool("AECT_DEMO", default=False)  # demo accounts shown on the sign-in page
AECT_STATE_BRANDING = env.bool("AECT_STATE_BRANDING", default=False)  # the State's brand block: State sites only
SECRET_KEY = required("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "aect.accounts",
    "aect.journal",
    "aect.limits",
    "aect.jobs",
    "aect.mail",
    "aect.second_factor",
    "aect.proconnect",
    "aect.saved",
    "aect.batches",
    "aect.backups",
    "aect.loading",
    "aect.spelling",
    "partnerships",
    "funding",
    "dsfr",
    "widget_tweaks",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "pgtrigger",
    "pghistory",
]

MIDDLEWARE = [
    "aect.middleware.security_headers",  # these two first, so that every answer carries them, errors too
    "csp.middleware.CSPMiddleware",
    "aect.middleware.health",
    "aect.middleware.known_methods",
    "aect.middleware.bounded_bodies",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # pages and exports; static files are compressed already
    "aect.middleware.answering_database",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "aect.journal.middleware.journal",  # from where, and what files leave
    "aect.second_factor.middleware.second_factor",
    "aect.middleware.private_pages",
    "aect.middleware.files_of_people",
    "pghistory.middleware.HistoryMiddleware",  # who changes what, and at which address
    "aect.typed.SignInMiddleware",  # public views say @login_not_required
    "django.contrib.messages.middleware.MessageMiddleware",
    "aect.limits.middleware.LimitsMiddleware",  # answers whoever asked too much
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",  # last: answers a sign-in that was tried too often
]

ROOT_URLCONF = "aect.urls"
WSGI_APPLICATION = "aect.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "aect.views.site",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "aect.templatetags.aect",
                "aect.marks",
                "aect.markup",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
DSFR_USE_INTEGRITY_CHECKSUMS = False  # hashed static files are rewritten: their checksums no longer match
DSFR_CONTENT_IS_SAFE = False  # its default prints text as markup; what is markup comes as a SafeString
DSFR_MARK_OPTIONAL_FIELDS = True  # so that it keeps quiet; `aect.marks` decides

# Data: PostgreSQL only. Limits are for web requests; commands and the worker lift the statement's one.
DATABASES = {"default": {**env.db_url_config(required("DATABASE_URL")), "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
DATABASES["default"]["OPTIONS"] = {
    "connect_timeout": 3,
    "options": " ".join(
        [
            f"-c statement_timeout={env.int('STATEMENT_TIMEOUT_MS', default=0)}",
            "-c lock_timeout=5000",
            "-c jit=off",  # compiling a query costs more than our queries take
            "-c idle_in_transaction_session_timeout=60000",
        ]
    ),
}
# Who owns the tables, for `migrate` only (see aect/journal/roles.py); what serves people must not be given it.
OWNER_URL = env.str("MIGRATION_DATABASE_URL", default="")
MIGRATION_DATABASE = env.db_url_config(OWNER_URL) if OWNER_URL else None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FIXTURE_DIR = BASE_DIR / "fixtures"  # reference data and founding cases, read by load_reference and load_founding

# History: what the triggers write (see aect/history.py) says who and where for every request that may change something.
PGHISTORY_MIDDLEWARE_METHODS = ("POST",)
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)  # the history is read by record, not by value
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(db_index=True, related_name="events")
PGHISTORY_CONTEXT_FIELD = pghistory.ContextForeignKey(db_index=False)

# Redis: a doorbell with short timeouts, so that a hung server never holds a request for longer than 2 s.
REDIS_URL = required("REDIS_URL")
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", default=30)  # a worker silent for so long has died
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "visibility_timeout": 3600,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0}
CELERY_TASK_IGNORE_RESULT = True  # the Job row says how it went
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = env.int("JOB_MAX_SECONDS", default=3600)  # a job that hangs is ended with its child
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # kB, after which a child gives way to a new one: it gives none back
CELERY_TIMEZONE = "Europe/Paris"
CELERY_BEAT_SCHEDULE = {
    "refresh-stale-apd-totals": {"task": "funding.tasks.refresh_stale_totals", "schedule": 60},
    "send-weekly-alerts": {"task": "aect.saved.tasks.request_alerts", "schedule": crontab(0, 6, day_of_week="mon")},
    "remind-of-conventions-that-end": {"task": "partnerships.tasks.remind", "schedule": crontab(0, 7)},
    "forget-old-sessions-and-attempts": {"task": "aect.accounts.tasks.forget", "schedule": 24 * 3600},
    "send-waiting-messages": {"task": "aect.mail.tasks.request_sending", "schedule": 20},
    "gather-words-of-names": {"task": "aect.spelling.tasks.gather", "schedule": 600},
    "forget-old-invitations": {"task": "partnerships.tasks.forget", "schedule": 24 * 3600},
    "forget-old-imports": {"task": "aect.batches.tasks.forget", "schedule": 24 * 3600},
    "forget-files-of-deleted-attachments": {"task": "funding.tasks.forget_files", "schedule": 24 * 3600},
    "forget-old-counts": {"task": "aect.limits.tasks.forget", "schedule": 24 * 3600},
    "forget-old-messages": {"task": "aect.mail.tasks.forget", "schedule": 24 * 3600},
}

# Accounts
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "aect.proconnect.backends.ProConnectBackend",
]
PASSWORD_RESET_TIMEOUT = 3600  # the mailed link lasts an hour
SESSION_ENGINE = "aect.accounts.sessions"
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=8) * 3600  # however busy: a working day
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_MINUTES", default=30) * 60

# Failed sign-ins are counted by account and address together: who guesses an account does not lock its owner out.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "username"  # as `authenticate` is called, wherever a password is asked for
AXES_USERNAME_CALLABLE = "aect.accounts.throttling.account_tried"
AXES_CLIENT_IP_CALLABLE = "aect.accounts.throttling.counted_address"
AXES_LOCKOUT_CALLABLE = "aect.accounts.views.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the time that was told stays true
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# They are also counted by address, network (/24, /48) and account, for the same time (see aect/accounts/guessing.py).
GUESSES_PER_ADDRESS = env.int("GUESSES_PER_ADDRESS", default=20)
GUESSES_PER_NETWORK = env.int("GUESSES_PER_NETWORK", default=100)
GUESSES_PER_ACCOUNT = env.int("GUESSES_PER_ACCOUNT", default=100)

# A password costs a quarter of a second of a processor: so many are checked at once, so many more wait, for so long.
PASSWORD_HASHERS = ["aect.accounts.guessing.Hasher"]
PASSWORDS_AT_ONCE = env.int("PASSWORDS_AT_ONCE", default=max(1, (os.cpu_count() or 1) // 2))
PASSWORDS_WAITING = env.int("PASSWORDS_WAITING", default=3)
PASSWORDS_PER_ADDRESS = env.int("PASSWORDS_PER_ADDRESS", default=2)
PASSWORDS_PATIENCE = 3  # seconds

# What costs a worker for long, such as a file: so much at once in all, one of it for people who are signed in, and for
# each of them or, of the others, for each address. Keep it under the number of requests that the web serves at once.
HEAVY_AT_ONCE = env.int("HEAVY_AT_ONCE", default=3)
HEAVY_PER_READER = env.int("HEAVY_PER_READER", default=1)

# Messages that may be caused in an hour: by strangers from one address or network, by one person, and to one recipient.
MAILS_PER_ADDRESS = env.int("MAILS_PER_ADDRESS", default=20)
MAILS_PER_NETWORK = env.int("MAILS_PER_NETWORK", default=100)
MAILS_PER_PERSON = env.int("MAILS_PER_PERSON", default=40)
MAILS_PER_RECIPIENT = env.int("MAILS_PER_RECIPIENT", default=10)

# The second factor of who signs in by password: whoever likes may have one; these must (`second_factor.services`).
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", default=not AECT_DEMO)  # of officers and administrators
OTP_TOTP_ISSUER = "AECT"  # the name that their application shows beside the code

# ProConnect (OpenID Connect), offered where an issuer is named; the names are mozilla-django-oidc's where it has one.
OIDC_ISSUER = env.str("OIDC_ISSUER", default="")
OIDC_RP_CLIENT_ID = required("OIDC_RP_CLIENT_ID") if OIDC_ISSUER else ""
OIDC_RP_CLIENT_SECRET = required("OIDC_RP_CLIENT_SECRET") if OIDC_ISSUER else ""
OIDC_RP_SIGN_ALGO = env.str("OIDC_RP_SIGN_ALGO", default="RS256")  # the only one believed, id_token and userinfo alike
if OIDC_RP_SIGN_ALGO not in {"RS256", "ES256"}:
    raise ImproperlyConfigured("OIDC_RP_SIGN_ALGO is RS256 or ES256: see .env.example.")
OIDC_RP_SCOPES = env.str("OIDC_RP_SCOPES", default="") or "openid email given_name usual_name"
OIDC_ASK_AMR = env.bool("OIDC_ASK_AMR", default=True)  # by what means the person was identified
OIDC_USE_PKCE = env.bool("OIDC_USE_PKCE", default=False)  # ProConnect refuses parameters that it does not document
OIDC_OP_AUTHORIZATION_ENDPOINT = env.str("OIDC_OP_AUTHORIZATION_ENDPOINT", default="") or f"{OIDC_ISSUER}/authorize"
OIDC_OP_TOKEN_ENDPOINT = env.str("OIDC_OP_TOKEN_ENDPOINT", default="") or f"{OIDC_ISSUER}/token"
OIDC_OP_JWKS_ENDPOINT = env.str("OIDC_OP_JWKS_ENDPOINT", default="") or f"{OIDC_ISSUER}/jwks"
OIDC_OP_USER_ENDPOINT = env.str("OIDC_OP_USER_ENDPOINT", default="") or f"{OIDC_ISSUER}/userinfo"
OIDC_OP_LOGOUT_ENDPOINT = env.str("OIDC_OP_LOGOUT_ENDPOINT", default="") or f"{OIDC_ISSUER}/session/end"
OIDC_TIMEOUT = env.float("OIDC_TIMEOUT", default=3)  # seconds for each of its three answers
PROCONNECT_ABOUT = "https://www.proconnect.gouv.fr/"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Languages: French without prefix, /es/ and /en/ for the same pages.
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("Français")), ("es", _("Espagnol")), ("en", _("Anglais"))]
LOCALE_PATHS = [BASE_DIR / "aect" / "locale"]
TIME_ZONE = "Europe/Paris"
USE_TZ = True

# Static files: hashed names, compressed once, served by WhiteNoise.
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "aect.finders.PlotlyFinder",
]
STORAGES = {
    "default": {"BACKEND": "aect.storage.WholeFileStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(BASE_DIR / "var" / "media"))

BODY_MAX_BYTES = env.int("BODY_MAX_BYTES", default=2_621_440)  # of what a form sends, its files apart

# What an imported file may hold at most; a message names the limit that was met.
IMPORT_MAX_BYTES = env.int("IMPORT_MAX_BYTES", default=20 * 1024 * 1024)
IMPORT_MAX_COLUMNS = env.int("IMPORT_MAX_COLUMNS", default=200)
IMPORT_MAX_ROWS = env.int("IMPORT_MAX_ROWS", default=100_000)  # without the header
IMPORT_KEEP_DAYS = env.int("IMPORT_KEEP_DAYS", default=30)  # of one that was not written
IMPORT_MAX_CELL = env.int("IMPORT_MAX_CELL", default=10_000)  # characters
IMPORT_MAX_UNPACKED = env.int("IMPORT_MAX_UNPACKED", default=100 * 1024 * 1024)  # bytes of a workbook's XML
IMPORT_MAX_CELLS = env.int("IMPORT_MAX_CELLS", default=1_500_000)  # rows × columns of a sheet; each costs 32 bytes
IMPORT_MAX_MEMORY = env.int("IMPORT_MAX_MEMORY", default=176 * 1024 * 1024)  # bytes, of the process that reads it
IMPORT_MAX_SECONDS = env.int("IMPORT_MAX_SECONDS", default=20)  # of computing, of the same

# What a record may hold of attached files.
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_BYTES", default=10 * 1024 * 1024)
ATTACHMENT_MAX_COUNT = env.int("ATTACHMENT_MAX_COUNT", default=20)

# Security. The two hashes are styles that plotly.js makes by itself: an empty <style> that it then fills
# through the CSSOM, and the inert rules of its tile maps; a browser test fails when an upgrade changes them.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "style-src": [
            "'self'",
            "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
            "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='",
        ],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
HTTPS = env.bool("HTTPS", default=not (DEBUG or AECT_DEMO))  # the demo and the tests are plain HTTP on this machine
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"  # __Host-: no other site of the domain can set it
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
CSRF_FAILURE_VIEW = "aect.views.csrf_failure"  # Django's own page styles itself, which the policy refuses
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": X_FRAME_OPTIONS,
    "Referrer-Policy": SECURE_REFERRER_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in ["camera", "display-capture", "geolocation", "microphone", "payment", "usb", "browsing-topics"]
    ),
}

# Who publishes this installation, for the legal pages; what is empty is said to be missing.
LEGAL_PUBLISHER = env.str("LEGAL_PUBLISHER", default="")
LEGAL_DIRECTOR = env.str("LEGAL_DIRECTOR", default="")
LEGAL_HOST = env.str("LEGAL_HOST", default="")
CONTACT_EMAIL = env.str("CONTACT_EMAIL", default="")
SECURITY_CONTACT = env.str("SECURITY_CONTACT", default="") or (CONTACT_EMAIL and f"mailto:{CONTACT_EMAIL}")

SITE_URL = (env.str("SITE_URL", default="") or "http://127.0.0.1:8000").rstrip("/")  # of links in messages
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="") or CONTACT_EMAIL or "aect@localhost"
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT_SECONDS", default=20)  # of each answer of the mail server
globals().update(env.email_url("EMAIL_URL", default="consolemail://"))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
