"""How often somebody may try to sign in (S8), counted in PostgreSQL.

Failures are counted for a pair of account name and network address. A pair slows down, then locks; other addresses are
not touched, so nobody can lock a member out. A lock opens when the owner signs in there with an own code, or after a day.
Tries are counted before the password is looked at: many tries at once gain nothing.
"""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Max, Sum

from members.crypto import blind_index
from members.errors import Refused
from members.models import SignInFailures
from members.names import normal

FREE = 4  # tries without a wait
LOCK_AT = 10
LONGEST_WAIT = 60
FORGOTTEN_AFTER = timedelta(days=1)
BUSY_WINDOW = timedelta(minutes=15)
BUSY_AT = 100  # failures of one address with any names, in a quarter of an hour
BUSY_WAIT = 5

LOCKED = "这个用户名在本网络的登录已暂停。请点“用验证码登录”，或联系工作人员领取登录码。"
SLOW = "尝试次数过多，请{seconds}秒后再试。"

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


def attempt(account: str, address: str, *, now: datetime) -> None:
    """Count one try of this pair; raises Refused if it comes too soon, or if the pair is locked."""
    _must_not_be_busy(address, now)
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
    recent = SignInFailures.objects.filter(address=address, last_at__gt=now - BUSY_WINDOW)
    sums = recent.aggregate(failures=Sum("count"), last=Max("last_at"))
    if (sums["failures"] or 0) >= BUSY_AT and sums["last"] > now - timedelta(seconds=BUSY_WAIT):
        raise Refused(SLOW.format(seconds=BUSY_WAIT))


def succeeded(account: str, address: str) -> None:
    """Forget the failures of this pair."""
    SignInFailures.objects.filter(account=account, address=address).delete()
