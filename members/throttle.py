"""How often somebody may try to sign in (S8), counted in PostgreSQL.

Failures are counted for a pair of account name and network address. A pair slows down, then locks; other addresses are
not touched, so nobody can lock a member out. A lock opens when the owner signs in there with an own code, or after a day.
An account that is tried from many addresses slows down for all of them but those from which it was signed in to lately,
and never locks. Tries are counted before the password is looked at: many tries at once gain nothing.
"""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max, QuerySet, Sum

from members.choices import Outcome
from members.crypto import blind_index
from members.errors import Refused
from members.models import AuditEntry, SignInFailures
from members.names import normal

FREE = 4  # tries without a wait
LOCK_AT = 10
LONGEST_WAIT = 60
FORGOTTEN_AFTER = timedelta(days=1)
BUSY_WINDOW = timedelta(minutes=15)
BUSY_AT = 100  # failures of one address with any names, in a quarter of an hour
BUSY_WAIT = 5
TRIED_AT = 20  # failures of one account from any addresses, in a quarter of an hour
TRIED_WAIT = 10
FAMILIAR_FOR = timedelta(days=30)

LOCKED = "这个用户名在本网络的登录已暂停。请点“用登录码登录”，或联系工作人员领取登录码。"
SLOW = "尝试次数过多，请{seconds}秒后再试。"
SLOW_ACCOUNT = "这个用户名尝试次数过多，请{seconds}秒后再试，或点“用登录码登录”。"

COUNT = """
INSERT INTO members_signinfailures (account, address, count, first_at, last_at)
VALUES (%(account)s, %(address)s, 1, %(now)s, %(now)s)
ON CONFLICT (account, address) DO UPDATE SET
    count = CASE WHEN members_signinfailures.last_at < %(forgotten)s THEN 1 ELSE members_signinfailures.count + 1 END,
    last_at = %(now)s
WHERE members_signinfailures.last_at < %(forgotten)s
   OR (members_signinfailures.count < %(lock_at)s
       AND members_signinfailures.last_at <= %(now)s - make_interval(secs => CASE
           WHEN members_signinfailures.count < %(free)s THEN 0
           ELSE least(%(longest)s, 2 ^ (members_signinfailures.count - %(free)s + 1)) END))
RETURNING count
"""


def account_key(name: str, *, use: str = "password") -> str:
    """Return what is stored of a typed name: nothing that could be read."""
    return blind_index(f"{use}:{normal(name)}", place="throttle")


@transaction.atomic
def attempt(account: str, address: str, *, now: datetime, name: str = "") -> None:
    """Count one try of this pair; raises Refused if it comes too soon, or if the pair is locked.

    `name` is what was typed, where the account as a whole may slow down as well.
    """
    _must_not_be_busy(address, now)
    if name:
        _must_not_be_tried_everywhere(account, address, name, now)
    facts: dict[str, str | int | datetime] = {
        "account": account,
        "address": address,
        "now": now,
        "forgotten": now - FORGOTTEN_AFTER,
        "lock_at": LOCK_AT,
        "free": FREE,
        "longest": LONGEST_WAIT,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, facts)
        counted = cursor.fetchone()
    if counted is None:
        raise Refused(_why(account, address, now))


def _why(account: str, address: str, now: datetime) -> str:
    row = SignInFailures.objects.filter(account=account, address=address).first()
    if row is None or row.count >= LOCK_AT:
        return LOCKED
    until = row.last_at + timedelta(seconds=min(LONGEST_WAIT, 2 ** (row.count - FREE + 1)))
    return SLOW.format(seconds=max(1, int((until - now).total_seconds()) + 1))


def _must_not_be_busy(address: str, now: datetime) -> None:
    failures, last = _recent(SignInFailures.objects.filter(address=address), now)
    if failures >= BUSY_AT and last > now - timedelta(seconds=BUSY_WAIT):
        raise Refused(SLOW.format(seconds=BUSY_WAIT))


def _must_not_be_tried_everywhere(account: str, address: str, name: str, now: datetime) -> None:
    """Let one try through every few seconds, whoever makes it; the lock keeps tries at once in a row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [account])
    failures, last = _recent(SignInFailures.objects.filter(account=account), now)
    if failures < TRIED_AT or last <= now - timedelta(seconds=TRIED_WAIT):
        return
    since = now - FAMILIAR_FOR
    signed_in = AuditEntry.objects.filter(verb="sign_in", outcome=Outcome.DONE, address=address, at__gt=since)
    if not signed_in.filter(by__username__iexact=name).exists():
        raise Refused(SLOW_ACCOUNT.format(seconds=TRIED_WAIT))


def _recent(rows: QuerySet[SignInFailures], now: datetime) -> tuple[int, datetime]:
    """How many failures there were of late, and when the last one was."""
    sums = rows.filter(last_at__gt=now - BUSY_WINDOW).aggregate(failures=Sum("count"), last=Max("last_at"))
    return sums["failures"] or 0, sums["last"] or now - BUSY_WINDOW


def succeeded(account: str, address: str) -> None:
    """Forget the failures of this pair."""
    SignInFailures.objects.filter(account=account, address=address).delete()
