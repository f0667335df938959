"""Settings, all from the environment; without them the mode decides, and production refuses to start (S7)."""

from pathlib import Path
from typing import Any

import dj_database_url
from environs import Env, validate

from config.field_keys import field_keys
from config.mode import ROOT, read_mode, var_folder
from config.servers import embedded_urls

env = Env()
BASE_DIR: Path = ROOT
VAR: Path = var_folder()
MODE: str = read_mode()
PRODUCTION: bool = MODE == "production"
DEMO: bool = MODE == "demo"
# web has the connection pool, command is everything else; owner and purge are database roles of their own (S18)
PROCESS: str = env.str("HUIYIN_PROCESS", "command")

_embedded = {} if PRODUCTION else embedded_urls(VAR)
DATABASE_URL: str = env.str("DATABASE_URL", _embedded.get("runtime", ""))
OWNER_DATABASE_URL: str = env.str("OWNER_DATABASE_URL", _embedded.get("owner", DATABASE_URL))
PURGE_DATABASE_URL: str = env.str("PURGE_DATABASE_URL", _embedded.get("purge", ""))
REDIS_URL: str = env.str("REDIS_URL", _embedded.get("redis", ""))

DEBUG: bool = env.bool("DEBUG", False)
SECRET_KEY: str = env.str("SECRET_KEY", "" if PRODUCTION else "only-for-demonstration-and-tests-" * 2)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", [] if PRODUCTION else ["127.0.0.1", "localhost", "testserver"])

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
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
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


def _database(url: str, *, statement_seconds: int) -> dict[str, Any]:
    """Return a connection that waits 5 s for a lock at most and `statement_seconds` for a statement (0: for ever)."""
    if not url:
        return {}
    limits = f"-c lock_timeout=5s -c statement_timeout={statement_seconds}s"
    database: dict[str, Any] = dict(dj_database_url.parse(url))
    database["OPTIONS"] = {**database.get("OPTIONS", {}), "options": limits}
    return database


_URLS = {"owner": OWNER_DATABASE_URL, "purge": PURGE_DATABASE_URL}
_SECONDS = {"web": 15, "worker": 120, "beat": 15, "command": 120, "owner": 0, "purge": 0}
DATABASES: dict[str, Any] = {
    "default": _database(_URLS.get(PROCESS, DATABASE_URL), statement_seconds=_SECONDS.get(PROCESS, 120)),
}
if PROCESS == "web" and DATABASES["default"]:
    _threads = env.int("WEB_THREADS", 4)
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": _threads + 1, "timeout": 5}

CACHES: dict[str, Any] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# people ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "members.Person"
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/desk/"
LOGOUT_REDIRECT_URL = "/"
AUTHENTICATION_BACKENDS: list[str] = ["members.backend.AppointmentBackend"]

ACCOUNT_USER_MODEL_EMAIL_FIELD: str | None = None
ACCOUNT_LOGIN_METHODS: set[str] = {"username"}
ACCOUNT_SIGNUP_FIELDS: list[str] = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"

# sealed personal columns (S17): `id:base64` of 32 bytes each, newest first; never in the database or its backup
_keys = {} if PRODUCTION else field_keys(VAR)
FIELD_KEYS: str = env.str("FIELD_KEYS", _keys.get("FIELD_KEYS", ""))
INDEX_KEY: str = env.str("INDEX_KEY", _keys.get("INDEX_KEY", ""))
FIELD_CIPHER: str = env.str("FIELD_CIPHER", "aes", validate=validate.OneOf(["aes", "sm4"]))

# screens -------------------------------------------------------------------------------------------------------------
FORM_RENDERER = "members.rendering.FormRenderer"
COMMITTEE_NAME: str = env.str("COMMITTEE_NAME", "市政协")

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
EMAIL_URL: str = env.str("EMAIL_URL", "" if PRODUCTION else f"file://{VAR / 'mail'}")
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", "huiyin@localhost")
CLAMD_URL: str = env.str("CLAMD_URL", "")  # unix:///path or tcp://host:port of a virus scanner
SITE_URL: str = env.str("SITE_URL", "http://127.0.0.1:8000")  # what letters and mails link to

# tasks: a doorbell that nobody hears is not an error -----------------------------------------------------------------
CELERY_BROKER_URL: str = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT: list[str] = ["json"]
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"socket_connect_timeout": 1, "socket_timeout": 5}
CELERY_TIMEZONE = TIME_ZONE
