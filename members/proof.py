"""Whether whoever holds the device has just shown to be the person (S9).

A view that needs it raises `ReauthenticationRequired` from `allauth.core.exceptions`: the person is asked for the
password, and then the same request goes on.
"""

import time

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest


def recently_proved(request: HttpRequest) -> bool:
    """Tell whether a password, a code or a second factor was given in this session within five minutes."""
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
