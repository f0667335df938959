from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session as SignedIn
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from members.models import Absence, Code, Once, PasswordRecord, RosterDraft, SignInFailures

DAY = timedelta(days=1)
PASSWORDS_KEPT = 5


def forget(now: datetime) -> None:
    """Delete what `docs/data.md` says is kept for a short time; safe to run twice, late, or beside itself."""
    SignInFailures.objects.filter(last_at__lt=now - DAY).delete()
    RosterDraft.objects.filter(made_at__lt=now - DAY).delete()
    Absence.objects.filter(ends_on__lt=(now - 30 * DAY).date()).delete()
    Code.objects.filter(expires_at__lt=now - DAY).delete()
    Once.objects.filter(made_at__lt=now - 2 * DAY).delete()
    SignedIn.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.exclude(session_key__in=SignedIn.objects.values("session_key")).delete()
    _keep_the_last_passwords()


def _keep_the_last_passwords() -> None:
    newest_first = Window(RowNumber(), partition_by=F("person"), order_by=[F("at").desc(), F("pk").desc()])
    old = (
        PasswordRecord.objects.annotate(place=newest_first)
        .filter(place__gt=PASSWORDS_KEPT)
        .values_list("pk", flat=True)
    )
    PasswordRecord.objects.filter(pk__in=list(old)).delete()
