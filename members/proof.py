"""Whether whoever holds the device has just shown to be the person (S9).

A view that needs it raises `ReauthenticationRequired` from `allauth.core.exceptions`: the person is asked for the
password, and then the same request goes on.
"""

import time

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from members.errors import Refused
from members.models import Person


def recently_proved(request: HttpRequest) -> bool:
    """Tell whether a password, a code or a second factor was given in this session within five minutes."""
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def check_password(person: Person, password: str) -> None:
    """Ask for the password again (S6, S9); failures count like those of a sign-in. Not within a transaction."""
    try:
        good = get_adapter().reauthenticate(person, password)
    except ValidationError as error:
        raise Refused(error.messages[0], field="password") from error
    if not good:
        raise Refused("密码不正确。", field="password")
