"""Who did what to which number (S23): rows are only ever added."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from members.choices import Outcome
from members.models import AuditEntry, AuditFacts, Person
from members.rights import acting_for


def record(
    verb: str,
    *,
    by: Person | None,
    now: datetime,
    subject: str = "",
    address: str | None = None,
    outcome: str = Outcome.DONE,
    **facts: Any,
) -> AuditEntry:
    """Write one audit row. `subject` is a number or public id, never a name or a text; particulars go to `facts`.

    Who acts with a lent appointment leaves both names: the own one, and `acted_for`, the lender's public id (S2).
    """
    if by is not None and (lender := acting_for(by)):
        facts["acted_for"] = lender.public_id
    text = json.dumps(facts, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False) if facts else ""
    entry = AuditEntry.objects.create(
        at=now,
        by=by,
        verb=verb,
        subject=subject,
        address=address,
        outcome=outcome,
        facts_hash=hashlib.sha256(text.encode()).hexdigest() if text else "",
    )
    if facts:
        AuditFacts.objects.create(entry=entry, facts=json.loads(text))
    return entry
