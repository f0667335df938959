import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KeyTransform

from members.gateways import gateways

if TYPE_CHECKING:
    from members.models import Person


class Channel(models.TextChoices):
    INAPP = "inapp", "站内"
    EMAIL = "email", "邮件"
    WEBHOOK = "webhook", "短信等网关"


class State(models.TextChoices):
    PENDING = "pending", "待发送"
    SENT = "sent", "已送出"
    CANCELLED = "cancelled", "已取消"
    DEAD = "dead", "送不到"
    UNKNOWN = "unknown", "结果不明"


ALONE = Q(part_of=None) | Q(channel=Channel.INAPP)
"""What fails or arrives by itself: a whole sending or a single message; in the inbox each fact of a sending, too."""


class MessageQuerySet(models.QuerySet["Message"]):
    def inbox_of(self, person: "Person") -> Self:
        """What stands in this person's inbox: whole sendings and single messages, never a sending's parts."""
        return self.filter(recipient=person, channel=Channel.INAPP, part_of=None)

    def unread(self) -> Self:
        return self.filter(read_at=None)

    def waiting(self, *, now: datetime) -> Self:
        return self.filter(state=State.PENDING, part_of=None, not_before__lte=now)

    def outgoing(self) -> Self:
        """What leaves the house: whole sendings and single messages by mail or gateway."""
        return self.filter(part_of=None).exclude(channel=Channel.INAPP)

    def undeliverable(self) -> Self:
        """What needs a person's eye: refused for good, taken by a server that never said so, or not to be shown at all."""
        return self.filter(ALONE, state__in=[State.DEAD, State.UNKNOWN])


class Message(models.Model):
    """What one person is told by one channel (通知), once: `key` is unique.

    A sending (one mail that lists several facts) is a message too; its facts point to it by `part_of` and are
    never handed off on their own. No text is kept: it is rendered when shown or sent, for this recipient,
    from `template` and the references in `subject`. What leaves the house in no other way is put into words once by
    the sender (`to_try`), so that a template that breaks is noticed.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    key = models.CharField("标识", max_length=200, unique=True)
    about = models.BigIntegerField("时限", null=True)
    epoch = models.PositiveIntegerField("时限版本", null=True)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="messages", db_index=False, verbose_name="收件人"
    )
    channel = models.CharField("渠道", max_length=8, choices=Channel)
    gateway = models.CharField("网关", max_length=24, default="")
    template = models.CharField("模板", max_length=80)
    subject = models.JSONField("事由", default=dict)
    part_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="facts", db_index=False)
    not_before = models.DateTimeField("不早于")
    state = models.CharField("状态", max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField("次数", default=0)
    resent_at = models.DateTimeField("重发时间", null=True)
    resent_from = models.PositiveIntegerField("重发前次数", default=0)
    message_id = models.CharField("邮件标识", max_length=250, default="")
    created_at = models.DateTimeField("生成时间")
    sent_at = models.DateTimeField("送出时间", null=True)
    to_try = models.BooleanField("待试读", default=False)
    read_at = models.DateTimeField("阅读时间", null=True)
    error = models.CharField("问题", max_length=500, default="")

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = "通知"
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="message_channel"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="message_state"),
            models.CheckConstraint(
                condition=~Q(state=State.SENT) | Q(sent_at__isnull=False), name="message_sent_has_moment"
            ),
            models.CheckConstraint(
                condition=Q(read_at=None) | Q(channel=Channel.INAPP), name="message_only_inapp_is_read"
            ),
            models.CheckConstraint(
                condition=Q(channel=Channel.WEBHOOK) & ~Q(gateway="") | ~Q(channel=Channel.WEBHOOK) & Q(gateway=""),
                name="message_webhook_names_gateway",
            ),
            models.CheckConstraint(
                condition=Q(about=None, epoch=None) | Q(about__isnull=False, epoch__isnull=False),
                name="message_about_with_epoch",
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before", "id"], condition=Q(state=State.PENDING, part_of=None), name="message_waiting"
            ),
            models.Index(fields=["about"], condition=Q(state=State.PENDING), name="message_pending_about"),
            models.Index(fields=["part_of", "id"], condition=Q(part_of__isnull=False), name="message_facts"),
            models.Index(
                F("recipient"),
                F("created_at").desc(),
                F("id").desc(),
                condition=Q(channel=Channel.INAPP, part_of=None),
                name="message_inbox",
            ),
            models.Index(
                fields=["recipient", "created_at"],
                condition=Q(channel=Channel.INAPP, part_of=None, read_at=None),
                name="message_unread",
            ),
            models.Index(
                fields=["created_at", "id"],
                condition=Q(ALONE, state__in=[State.DEAD, State.UNKNOWN]),
                name="message_undeliverable",
            ),
            models.Index(fields=["id"], condition=Q(to_try=True), name="message_to_try"),
            # what the ledger finds by a number: mails about a clock, and about a matter
            models.Index(
                fields=["about"],
                condition=Q(about__isnull=False) & ~Q(channel=Channel.INAPP),
                name="message_about_clock",
            ),
            models.Index(
                KeyTransform("matter", "subject"),
                condition=Q(about=None) & ~Q(channel=Channel.INAPP) & ~Q(template="sending"),
                name="message_about_matter",
            ),
            models.Index(
                F("created_at").desc(),
                F("id").desc(),
                condition=Q(part_of=None) & ~Q(channel=Channel.INAPP),
                name="message_outgoing",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    def by_what(self) -> str:
        """The channel in words: of several gateways the one that it goes by."""
        if not self.gateway:
            return self.get_channel_display()
        gateway = gateways().get(self.gateway)
        return gateway.label if gateway else f"{self.get_channel_display()}（{self.gateway}）"

    @property
    def has_left(self) -> bool:
        """Whether it was handed off, may be on its way, or was read: then nobody can take it back."""
        if self.channel == Channel.INAPP:
            return self.read_at is not None
        return self.attempts > 0 or self.state not in (State.PENDING, State.CANCELLED)

    def may_be_resent(self) -> bool:
        return self.state in (State.DEAD, State.UNKNOWN)
