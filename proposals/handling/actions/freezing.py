"""A reply is frozen into a version before others look at it: whatever becomes of it, that text is kept."""

from datetime import datetime

from members.models import Person
from proposals.handling.models import Reply, ReplyVersion
from proposals.handling.versions import content_of, hash_of


def freeze(
    reply: Reply, *, state: str = ReplyVersion.State.SIGNING, why: str = "", by: Person, now: datetime
) -> ReplyVersion:
    """The next version of this reply, in the words that it has now. Lock the reply first."""
    content = content_of(reply)
    return ReplyVersion.objects.create(
        reply=reply,
        number=reply.versions.count() + 1,
        content=content,
        hash=hash_of(content),
        why=why.strip(),
        by=by,
        at=now,
        state=state,
    )
