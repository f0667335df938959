"""What handling keeps about people for a time only (`docs/data.md`)."""

from datetime import datetime, timedelta

from django.db.models import Q

from proposals.handling.models import Evaluation

SIGNS_KEPT = timedelta(days=366)


def forget_signs(now: datetime) -> int:
    """Erase from where and with what device a form was sent, after a year; the form and its flags stay (S9)."""
    old = Evaluation.objects.filter(at__lt=now - SIGNS_KEPT).filter(Q(address__isnull=False) | ~Q(device=""))
    return old.update(address=None, device="")
