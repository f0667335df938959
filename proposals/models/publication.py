"""What the public may read of a proposal and its replies: copies of their own, made by the disclosure review (M16)."""

import uuid
from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from proposals.handling.models import Access, Reply, ReplyDisclosure, together

from .proposal import Proposal, Status

PERSON = settings.AUTH_USER_MODEL
OVER = (Status.ASSIGNED, Status.CLOSED, Status.ARCHIVED)


class PublicationQuerySet(models.QuerySet["Publication"]):
    def public(self, on: date) -> "PublicationQuerySet":
        """What everybody may read on that day; whatever becomes of the proposal counts at once (S5, S19).

        A day to come needs nobody who publishes on it.
        """
        return self.filter(state=Publication.State.RELEASED, publish_on__lte=on, **FREE)

    def taken_back(self) -> "PublicationQuerySet":
        """What was public once and tells where it stood that it is no more; of a suspended matter nothing is told."""
        return self.filter(
            state=Publication.State.WITHDRAWN, publish_on__lte=F("ended_on"), proposal__matter__access=Access.OPEN
        )

    def waiting(self) -> "PublicationQuerySet":
        """What the reviewers have before them: all that waits, and replies that came after the decision."""
        added = Reply.objects.filter(
            assignment__matter=OuterRef("proposal__matter"),
            assignment__ended_at=None,
            state=Reply.State.DELIVERED,
            disclosure__attribute=ReplyDisclosure.Attribute.ACTIVE,
            disclosure__returned_at=None,
            public_copy=None,
        )
        late = Q(state=Publication.State.RELEASED) & Q(Exists(added))
        return self.filter(Q(waiting_since__isnull=False) | late).filter(
            proposal__matter__merged_into=None, proposal__status__in=OVER
        )


FREE: dict[str, Any] = {
    "proposal__matter__access": Access.OPEN,
    "proposal__matter__placeholder": False,
    "proposal__matter__merged_into": None,
    "proposal__internal": False,
    "proposal__consents": True,
    "proposal__status__in": OVER,
}
"""The proposal's own side of it: what its columns say today."""


class Publication(models.Model):
    """The disclosure review of a proposal (公开审查), its decision, and the public copy.

    The copy is made when the reviewer decides, from the words as they are then, with what he masked: `hidden` are
    words that he hid by hand, `kept` what was found and may stand. `waiting_since` says that a decision is wanted,
    a first or a further one; what was published stays as it is until then. Whoever has looked at the copy as it would be
    made says so (`checked_by`): `checked_mark` is the digest of the words that he saw, and of the masks on them.
    """

    class State(models.TextChoices):
        NONE = "none", "未公开"
        RELEASED = "released", "决定公开"
        REFUSED = "refused", "不予公开"
        WITHDRAWN = "withdrawn", "已撤回公开"

    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="publication")
    state = models.CharField("公开情况", max_length=12, choices=State, default=State.NONE)
    waiting_since = models.DateTimeField("送审时间", null=True)
    hidden = models.JSONField("手工遮盖的文字", default=list)
    kept = models.JSONField("不遮盖的文字", default=list)
    title = models.CharField("公开的案由", max_length=300, blank=True)
    situation = models.TextField("公开的情况与问题", blank=True)
    analysis = models.TextField("公开的原因分析", blank=True)
    suggestions = models.JSONField("公开的建议", default=list)
    publish_on = models.DateField("公布日期", null=True)
    with_evaluation = models.BooleanField("同时公布评价结果", default=False)
    reason = models.CharField("不公开或撤回的原因", max_length=200, blank=True)
    decided_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField("决定时间", null=True)
    ended_on = models.DateField("撤回日期", null=True)
    checked_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField("核对时间", null=True)
    checked_mark = models.CharField("核对的文本", max_length=64, blank=True)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["none", "released", "refused", "withdrawn"]), name="publication_state_known"
            ),
            together("decided_by", "decided_at", name="publication_decided_together"),
            together("checked_by", "checked_at", name="publication_checked_together"),
            models.CheckConstraint(
                condition=Q(state="none") | Q(decided_at__isnull=False), name="publication_is_decided"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["released", "withdrawn"]) | Q(publish_on__isnull=False),
                name="released_has_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["refused", "withdrawn"]) | ~Q(reason=""), name="not_public_says_why"
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn", ended_on__isnull=False) | (~Q(state="withdrawn") & Q(ended_on=None)),
                name="withdrawn_has_a_day",
            ),
        ]
        indexes = [
            models.Index(
                F("publish_on").desc(), F("id").desc(), name="publication_newest", condition=Q(state="released")
            )
        ]

    def __str__(self) -> str:
        return str(self.proposal)

    def is_public(self, on: date) -> bool:
        """The same as `public`, of a row at hand with its proposal and matter."""
        proposal, matter = self.proposal, self.proposal.matter
        free = matter.access == Access.OPEN and not matter.placeholder and matter.merged_into_id is None
        allowed = proposal.consents and not proposal.internal and proposal.status in OVER
        out = self.state == self.State.RELEASED and self.publish_on is not None and self.publish_on <= on
        return free and allowed and out

    @property
    def public_id(self) -> uuid.UUID:
        """The matter's, as the proposal's. To be fetched with its matter."""
        return self.proposal.public_id

    @property
    def was_public(self) -> bool:
        return self.publish_on is not None and self.publish_on <= timezone.localdate()


class PublicReply(models.Model):
    """The public copy of one delivered reply; answers as `{"suggestion", "text", "result"}`."""

    publication = models.ForeignKey(Publication, models.PROTECT, related_name="replies")
    reply = models.OneToOneField(Reply, models.PROTECT, related_name="public_copy")
    opening = models.TextField("公开的总体说明", blank=True)
    answers = models.JSONField("公开的逐条答复", default=list)
