"""Settings, all from the environment; without them the mode decides, and production refuses to start (S7)."""

import os
from pathlib import Path
from typing import Any

import dj_database_url
from environs import Env, validate

from config.field_keys import field_keys
from config.mode import ROOT, read_mode, var_folder
from config.passwords import PROFILES
from config.servers import embedded_urls

env = Env()
BASE_DIR: Path = ROOT
VAR: Path = var_folder()
MODE: str = read_mode()
PRODUCTION: bool = MODE == "production"
DEMO: bool = MODE == "demo"
TEST: bool = MODE == "test"

# Who is speaking: `web` has a pool of connections, `owner` may change tables, all else is a `command` (S18).
PROCESS: str = env.str("HUIYIN_PROCESS", "command")

DEBUG: bool = env.bool("DEBUG", False)
SECRET_KEY: str = env.str("SECRET_KEY", "" if PRODUCTION else "only-for-demonstration-and-tests-" * 2)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", [] if PRODUCTION else ["127.0.0.1", "localhost", "testserver"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
# Addresses or networks of our own proxies, or `unix`; only they may say where a request came from.
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", [])
# On the internet, levels above public are off (S24).
ZONE: str = env.str(
    "ZONE", "internet" if PRODUCTION else "government", validate=validate.OneOf(["internet", "government"])
)
# Opens /metrics and the details of /readyz to others than this machine.
STATUS_TOKEN: str = env.str("STATUS_TOKEN", "")
# The supervisor knows its own web server by this.
RUN_TOKEN: str = env.str("HUIYIN_RUN", "")
DEMO_PASSWORD: str = env.str("DEMO_PASSWORD", "huiyin-demo-2026") if DEMO or TEST else ""

INSTALLED_APPS: list[str] = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "csp",
    "django_filters",
    "pgtrigger",
    "pghistory",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "members",
    "members.inbox",
    "proposals.handling",
    "proposals.reports",
    "proposals",
    "consultations.duty",
    "consultations",
    "config.portal",
]

MIDDLEWARE: list[str] = [
    "config.middleware.TrustedProxies",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.NoNul",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.NoStore",
    "config.middleware.Refusals",
    "members.keeping.SignInFirst",
    "allauth.account.middleware.AccountMiddleware",
    "config.middleware.History",
    "members.middleware.AccountStateMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
                "config.portal.context.shell",
            ],
            "builtins": ["django.templatetags.static", "members.templatetags.pieces"],
        },
    },
]


# database ------------------------------------------------------------------------------------------------------------
_embedded: dict[str, str] = {} if PRODUCTION or "DATABASE_URL" in os.environ else embedded_urls(VAR)
DATABASE_URL: str = env.str("DATABASE_URL", _embedded.get("runtime", ""))
OWNER_DATABASE_URL: str = env.str("OWNER_DATABASE_URL", _embedded.get("owner", DATABASE_URL))
PURGE_DATABASE_URL: str = env.str("PURGE_DATABASE_URL", _embedded.get("purge", ""))
RUNTIME_ROLE: str = dj_database_url.parse(DATABASE_URL).get("USER", "") if DATABASE_URL else ""
STATEMENT_SECONDS: dict[str, int] = {"web": 15, "command": 120, "owner": 0, "purge": 0}


def _database(url: str, role: str) -> dict[str, Any]:
    """Return a connection that gives up a lock after 5 s, and a statement after its role's time (0: never)."""
    if not url:
        return {}
    limits = f"-c lock_timeout=5s -c statement_timeout={STATEMENT_SECONDS[role]}s"
    database: dict[str, Any] = dict(dj_database_url.parse(url))
    return {**database, "OPTIONS": {**database.get("OPTIONS", {}), "options": limits}}


_url, _role = (OWNER_DATABASE_URL, "owner") if PROCESS == "owner" else (DATABASE_URL, PROCESS)
DATABASES: dict[str, dict[str, Any]] = {"default": _database(_url, _role)}
if PURGE_DATABASE_URL:
    DATABASES["purge"] = {**_database(PURGE_DATABASE_URL, "purge"), "TEST": {"MIRROR": "default"}}
WEB_THREADS: int = env.int("WEB_THREADS", 4)
if PROCESS == "web" and DATABASE_URL:
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": WEB_THREADS + 1, "timeout": 5}

# In this process only, and nothing that two processes must agree on: that is in PostgreSQL.
CACHES: dict[str, Any] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# people --------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "members.Person"
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/desk/"
LOGOUT_REDIRECT_URL = "/"
AUTHENTICATION_BACKENDS: list[str] = ["members.backend.AppointmentBackend"]
# `dengbao`: complexity, age and history; `asvs`: at least 12 characters, not a common one, no forced change (S8).
PASSWORD_PROFILE: str = env.str("PASSWORD_PROFILE", "asvs", validate=validate.OneOf(["dengbao", "asvs"]))

ACCOUNT_USER_MODEL_EMAIL_FIELD: str | None = None
ACCOUNT_LOGIN_METHODS: set[str] = {"username"}
ACCOUNT_SIGNUP_FIELDS: list[str] = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "members.adapter.AccountAdapter"
ACCOUNT_FORMS: dict[str, str] = {"login": "members.sign_in_forms.SignInForm"}
ACCOUNT_RATE_LIMITS = False  # ours are in PostgreSQL: members/throttle.py
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
MFA_ADAPTER = "members.adapter.SecondFactorAdapter"
MFA_FORMS: dict[str, str] = {
    "authenticate": "members.sign_in_forms.SecondFactorForm",
    "reauthenticate": "members.sign_in_forms.SecondFactorAgainForm",
    "activate_totp": "members.sign_in_forms.ActivateForm",
}
MFA_TOTP_ISSUER = "回音"
MFA_SUPPORTED_TYPES: list[str] = ["totp", "recovery_codes"]
# staff, assigning offices and administrators need a second factor (P27)
REQUIRE_MFA: bool = env.bool("REQUIRE_MFA", PRODUCTION)
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = PROFILES[PASSWORD_PROFILE]
# scrypt: dear in memory for who guesses, yet a morning's sign-ins do not queue for seconds of processor as with PBKDF2
_hashers = ["MD5PasswordHasher"] if MODE == "test" else ["ScryptPasswordHasher", "PBKDF2PasswordHasher"]
PASSWORD_HASHERS: list[str] = [f"django.contrib.auth.hashers.{name}" for name in _hashers]

# sealed personal columns (S17): `id:base64` of 32 bytes each, newest first; never in the database or its backup
_keys = {} if PRODUCTION else field_keys(VAR)
FIELD_KEYS: str = env.str("FIELD_KEYS", _keys.get("FIELD_KEYS", ""))
INDEX_KEY: str = env.str("INDEX_KEY", _keys.get("INDEX_KEY", ""))
FIELD_CIPHER: str = env.str("FIELD_CIPHER", "aes", validate=validate.OneOf(["aes", "sm4"]))

# screens -------------------------------------------------------------------------------------------------------------
FORM_RENDERER = "members.rendering.FormRenderer"
COMMITTEE_NAME: str = env.str("COMMITTEE_NAME", "市政协")

# what a browser is told ----------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT: list[str] = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False  # the committee's other hosts are not ours to bind
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
SESSION_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
# Ten megabytes of text get their sentence from the form; more is refused before it is read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# language and time ---------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

# files ---------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT: Path = Path(env.str("STATIC_ROOT", str(VAR / "static")))
STATICFILES_DIRS: list[Path] = [BASE_DIR / "static"]
MEDIA_ROOT: Path = Path(env.str("MEDIA_ROOT", str(VAR / "files")))
_static = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static if TEST else "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = TEST
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# mail goes through members/transport.py; without EMAIL_URL the demonstration writes to files, which it shows on a page
EMAIL_URL: str = env.str("EMAIL_URL", "" if PRODUCTION else f"file://{VAR / 'mail'}")
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # nothing leaves by another way
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", "huiyin@localhost")
BOUNCE_ADDRESS: str = env.str("BOUNCE_ADDRESS", "")  # where mail servers return what they cannot deliver
# outgoing gateways (members.gateways); without them the demonstration writes to files, which it shows on the same page
WEBHOOKS: str = env.str("WEBHOOKS", f"ding=file://{VAR / 'gateway'} label:政务钉钉（演示）" if DEMO else "")
WEBHOOK_SECRETS: str = env.str("WEBHOOK_SECRETS", "")
WORD_LIST: str = env.str("WORD_LIST", "")  # a file of words that point to secrets, one a line
PERSON_QUOTA: int = env.int("PERSON_QUOTA", 1_024)  # MB of files that a person may have stored
OFFICE_QUOTA: int = env.int("OFFICE_QUOTA", 102_400)  # MB, of those who keep everybody's papers in an office
CLAMD_URL: str = env.str("CLAMD_URL", "")  # unix:///path or tcp://host:port of a virus scanner
SITE_URL: str = env.str("SITE_URL", "http://127.0.0.1:8000")  # what letters and mails link to

# tasks: a doorbell that nobody hears is not an error, and never keeps a request waiting --------------------------------
REDIS_URL: str = env.str("REDIS_URL", "" if PRODUCTION or "REDIS_URL" in os.environ else embedded_urls(VAR)["redis"])
CELERY_BROKER_URL: str = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # worker and beat wait for Redis for ever
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"socket_connect_timeout": 1, "socket_timeout": 5, "max_retries": 0}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT: list[str] = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_ROUTES = {"members.inbox.tasks.work": {"queue": "long"}}  # long jobs never keep a reminder waiting
CELERY_WORKER_CONCURRENCY = 1
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 250_000  # kilobytes; the child is replaced after the task that passed it
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # intervals only: nothing to remember, nothing to corrupt
# All periodic work and the seconds between two runs, for beat and for `run_deadlines` alike. A doorbell that was not heard
# before the next is worth nothing.
_DOORBELLS = {
    "config.portal.jobs.tick": 60,
    "proposals.handling.jobs.scan": 60,
    "proposals.handling.jobs.refold": 60,
    "members.inbox.tasks.send": 60,
    "members.inbox.tasks.work": 60,
    "config.portal.jobs.forget_registers": 600,
    "members.inbox.jobs.clear_files": 3600,
    "members.jobs.forget_what_is_over": 3600,
    "proposals.handling.jobs.warn_missing_year": 6 * 3600,
    "proposals.handling.jobs.close_lapsed_rounds": 3600,
    "proposals.handling.jobs.look_for_signers": 3600,
    "proposals.handling.jobs.audit": 24 * 3600,
    "proposals.handling.jobs.forget_signs": 24 * 3600,
    "proposals.handling.jobs.scan_again": 24 * 3600,
    "members.inbox.jobs.forget_what_is_old": 24 * 3600,
    "config.portal.jobs.clear_files": 24 * 3600,
}
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    task: {"task": task, "schedule": seconds, "options": {"expires": seconds - 5}}
    for task, seconds in _DOORBELLS.items()
}

# history of business rows (docs/adr/0001-history-library.md) -----------------------------------------------------------
PGHISTORY_MIDDLEWARE_METHODS: tuple[str, ...] = ("POST", "PUT", "PATCH", "DELETE")

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "WARNING" if TEST else "INFO")},
}
