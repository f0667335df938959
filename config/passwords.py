"""Password profiles (S8): `asvs` wants length and keeps a password, `dengbao` wants kinds of characters and ages it."""

from typing import Any

DJANGO = "django.contrib.auth.password_validation"

PROFILES: dict[str, list[dict[str, Any]]] = {
    "asvs": [
        {"NAME": f"{DJANGO}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
        {"NAME": f"{DJANGO}.CommonPasswordValidator"},
        {"NAME": "members.passwords.NotTheName"},
    ],
    "dengbao": [
        {"NAME": f"{DJANGO}.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
        {"NAME": f"{DJANGO}.CommonPasswordValidator"},
        {"NAME": "members.passwords.NotTheName"},
        {"NAME": "members.passwords.ThreeKinds"},
        {"NAME": "members.passwords.NotOneOfTheLast"},
    ],
}
