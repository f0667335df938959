"""Proposals whose matter lies outside the city's powers, on their way to a higher body (转报上级, P10)."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from proposals.handling.models import Addressed, together

from .proposal import Proposal

PERSON = settings.AUTH_USER_MODEL


class SentUp(Addressed):
    """One way up to one body: the proposer is asked, it is sent, its fate (去向) becomes known.

    `answered_on` is the day on which the first proposer said yes or no, on screen or on paper; `answered_by` entered it.
    """

    class State(models.TextChoices):
        ASKED = "asked", "待提案者答复"
        AGREED = "agreed", "待转报"
        REFUSED = "refused", "提案者不同意"
        SENT = "sent", "已转报待回音"
        KNOWN = "known", "上级已有回音"
        DROPPED = "dropped", "不再转报"

    OPEN: ClassVar = (State.ASKED, State.AGREED, State.SENT)
    GONE: ClassVar = (State.SENT, State.KNOWN)

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="sent_up")
    to = models.CharField("上级机关", max_length=80)
    reason = models.CharField("转报理由", max_length=500)
    state = models.CharField("状态", max_length=8, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("征求时间")
    answered_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    answered_on = models.DateField("答复日期", null=True)
    on_paper = models.BooleanField("纸质或电话答复", default=False)
    sent_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    sent_on = models.DateField("转报日期", null=True)
    number = models.CharField("文号", max_length=60, blank=True)
    note = models.CharField("备注", max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["asked", "agreed", "refused", "sent", "known", "dropped"]),
                name="sent_up_state_known",
            ),
            models.CheckConstraint(condition=~Q(to="") & ~Q(reason=""), name="sent_up_says_whither_and_why"),
            models.UniqueConstraint(
                fields=["proposal", "to"],
                condition=Q(state__in=["asked", "agreed", "sent"]),
                name="sent_up_once_while_open",
            ),
            together("answered_by", "answered_on", name="sent_up_answered_together"),
            together("sent_by", "sent_on", name="sent_up_together"),
            models.CheckConstraint(
                condition=~Q(state__in=["agreed", "refused", "sent", "known"]) | Q(answered_on__isnull=False),
                name="sent_up_was_answered",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["sent", "known"], sent_on__isnull=False)
                | (~Q(state__in=["sent", "known"]) & Q(sent_on=None)),
                name="sent_up_has_its_day",
            ),
        ]

    def __str__(self) -> str:
        return f"转报{self.to}"


class Fate(Addressed):
    """What the higher body made of it (去向), as it became known; there may be several, one after the other."""

    class Kind(models.TextChoices):
        TAKEN_UP = "taken_up", "已受理"
        ANSWERED = "answered", "已答复"
        NOT_TAKEN = "not_taken", "未采纳"

    sent_up = models.ForeignKey(SentUp, models.PROTECT, related_name="fates")
    kind = models.CharField("去向", max_length=12, choices=Kind)
    on = models.DateField("日期")
    text = models.CharField("情况", max_length=1000)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField("登记时间")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["taken_up", "answered", "not_taken"]), name="fate_kind_known"),
            models.CheckConstraint(condition=~Q(text=""), name="fate_says_what"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
