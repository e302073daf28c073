"""One settings module, driven by the environment; the README has the table of its variables.

Without DATABASE_URL and REDIS_URL the embedded servers below DATA_DIR are used, and the secrets
that `make run` made there.
"""

from pathlib import Path
from typing import Any

import environ
from celery.schedules import crontab, schedule
from django.utils.csp import CSP

from smsportal.embedded import addresses
from smsportal.logs import logging_config
from smsportal.mailers import mailer
from smsportal.reporting import report_to

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.path("DATA_DIR", default=str(BASE_DIR / ".data"))
DATA = Path(str(DATA_DIR))


def _secret_file(name: str) -> str:
    path = DATA / name
    return path.read_text().strip() if path.is_file() else ""


DEBUG = env.bool("DEBUG", default=False)
DESIGN_PAGE = env.bool("DESIGN_PAGE", default=DEBUG)  # /design/, for who works on the pages
PORT = env.str("PORT", default="8000")
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://localhost:{PORT}").rstrip("/")
SECURE = PUBLIC_URL.startswith("https://")
SECRET_KEY = env.str("SECRET_KEY", default="") or _secret_file("secret_key") or "not-yet-made"
KEYRING = env.str("KEYRING", default="")
KEYRING_FILE = env.str("KEYRING_FILE", default=str(DATA / "keyring"))

# Long lists as files, for a day: the web process and the bulk worker both reach it.
EXPORTS_DIR = Path(env.str("EXPORTS_DIR", default="") or DATA / "exports")

# The operator's, never a team's: this is what keeps a team from aiming us at other hosts.
PROVIDER_BASE_URLS = {
    "smsgig": env.str("SMSGIG_BASE_URL", default="https://smsgig.com/api/v1").rstrip("/"),
    "smsvilla": env.str("SMSVILLA_BASE_URL", default="https://smsvilla.com/api/v1").rstrip("/"),
}

ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[PUBLIC_URL.split("//")[-1].split(":")[0], "localhost", "127.0.0.1"]
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "smsportal",
    "accounts",
    "ledger",
    "rentals",
    "alerts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_filters",
    "pgtrigger",
    "heroicons",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "smsportal.compression.PageCompression",
    "accounts.pages.middleware.CacheMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.pages.middleware.ActivityMiddleware",
    "accounts.pages.middleware.LanguageMiddleware",
    "accounts.pages.middleware.TimeZoneMiddleware",
    "accounts.pages.middleware.AuditMiddleware",
]

ROOT_URLCONF = "smsportal.urls"
WSGI_APPLICATION = "smsportal.wsgi.application"
ASGI_APPLICATION = "smsportal.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.pages.context.workspace",
            ],
            "builtins": [
                "django_htmx.templatetags.django_htmx",
                "smsportal.templatetags.icons",
            ],
        },
    }
]

# --- the two services -------------------------------------------------------------------------

DATABASE_URL = env.str("DATABASE_URL", default="") or addresses.database_url(DATA)
DATABASES: dict[str, dict[str, Any]] = {"default": env.db_url_config(DATABASE_URL)}
DATABASE_POOL = env.int("DATABASE_POOL", default=0)  # asgi.py and wsgi.py ask for one
DATABASES["default"] |= {
    "CONN_MAX_AGE": 0 if DATABASE_POOL else 600,
    "CONN_HEALTH_CHECKS": True,  # a restarted database costs no error page
    "OPTIONS": {
        **DATABASES["default"].get("OPTIONS", {}),
        "connect_timeout": 5,
        **(
            {
                "pool": {
                    "min_size": 0,
                    "max_size": DATABASE_POOL,
                    "timeout": 10,
                    "reconnect_timeout": 2,
                }
            }
            if DATABASE_POOL
            else {}
        ),
    },
}
REDIS_URL = env.str("REDIS_URL", default="") or addresses.redis_url(DATA)

# Pages must answer while Redis is away, so neither sessions nor the cache live there.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- signing in -------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "none"  # people come by an invitation's link, which proves it
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # strangers get no e-mail from us
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_ADAPTER = "accounts.allauth.AccountAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
USERSESSIONS_TRACK_ACTIVITY = True
USERSESSIONS_ADAPTER = "accounts.allauth.SessionsAdapter"
# How many proxies of ours stand in front: whose address a failed sign-in is counted for, and
# the audit log tells.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0)

MAILERS = {"default": mailer(env.str("EMAIL_URL", default="consolemail://"))}
SILENCED_SYSTEM_CHECKS = ["mail.E001"]  # without a mail server it is printed, as the README says
DEFAULT_FROM_EMAIL = env.str("FROM_EMAIL", default="SMS Portal <no-reply@localhost>")

# Whether alerts may be sent to webhooks by http and in private networks: only to try it out.
PRIVATE_WEBHOOKS = env.bool("PRIVATE_WEBHOOKS", default=False)

# --- the browser ------------------------------------------------------------------------------

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "worker-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "smsportal.stylesheets.JoinedStylesheets"},
}
WHITENOISE_USE_FINDERS = True

# Each in its own words. Another one: docs/contributor.md.
LANGUAGES = [("en", "English"), ("pl", "Polski")]
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "smsportal.formats"

# --- work behind the pages --------------------------------------------------------------------

CELERY_BROKER_URL = addresses.broker_url(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False  # the rows are the queue: a message is worth nothing twice
CELERY_TASK_DEFAULT_QUEUE = "now"
CELERY_TASK_QUEUES = {
    name: {"exchange": name, "routing_key": name} for name in ("now", "poll", "bulk")
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    "socket_keepalive": True,
    "visibility_timeout": 3600,
}
CELERY_TASK_PUBLISH_RETRY = False  # a nudge that the broker does not take is dropped
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # keeps no file: the rows say when what was done
CELERY_BEAT_SCHEDULE = {
    "poll": {"task": "rentals.tick", "schedule": schedule(1.0), "options": {"queue": "poll"}},
    "sweep": {"task": "rentals.sweep", "schedule": schedule(2.0), "options": {"queue": "now"}},
    "catalogue": {
        "task": "rentals.refresh_catalogues",
        "schedule": schedule(60.0),
        "options": {"queue": "bulk"},
    },
    "reconcile": {
        "task": "ledger.tick",
        "schedule": schedule(10.0),
        "options": {"queue": "bulk"},
    },
    "exports": {
        "task": "ledger.make_exports",
        "schedule": schedule(10.0),
        "options": {"queue": "bulk"},
    },
    "refunds": {
        "task": "ledger.fold_refunds",
        "schedule": schedule(60.0),
        "options": {"queue": "bulk"},
    },
    "old-exports": {
        "task": "ledger.purge_exports",
        "schedule": schedule(600.0),
        "options": {"queue": "bulk"},
    },
    "spend": {
        "task": "rentals.fold_spend",
        "schedule": schedule(10.0),
        "options": {"queue": "bulk"},
    },
    "alerts": {
        "task": "alerts.evaluate",
        "schedule": schedule(60.0),
        "options": {"queue": "bulk"},
    },
    "send-alerts": {
        "task": "alerts.send_due",
        "schedule": schedule(10.0),
        "options": {"queue": "bulk"},
    },
    "forget-alerts-sent": {
        "task": "alerts.forget",
        "schedule": schedule(3600.0),
        "options": {"queue": "bulk"},
    },
    "quality": {
        "task": "rentals.fold_quality",
        "schedule": schedule(15.0),
        "options": {"queue": "bulk"},
    },
    "arrivals": {
        "task": "rentals.learn_arrivals",
        "schedule": schedule(1800.0),
        "options": {"queue": "bulk"},
    },
    # Four times a day by the clock, so that one that is missed is made up for.
    "purge": {
        "task": "rentals.purge",
        "schedule": crontab(minute="17", hour="*/6"),
        "options": {"queue": "bulk"},
    },
    "request-counts": {
        "task": "accounts.forget_request_counts",
        "schedule": schedule(3600.0),
        "options": {"queue": "bulk"},
    },
    # Hourly, because a beat that is started again begins to count anew.
    "request-log": {
        "task": "accounts.forget_requests",
        "schedule": schedule(3600.0),
        "options": {"queue": "bulk"},
    },
    "deleted-views": {
        "task": "accounts.forget_views",
        "schedule": schedule(3600.0),
        "options": {"queue": "bulk"},
    },
    "console-answers": {
        "task": "accounts.forget_answers",
        "schedule": schedule(300.0),
        "options": {"queue": "bulk"},
    },
}

LOGGING = logging_config(debug=DEBUG)
SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    report_to(SENTRY_DSN)
