from django.conf import settings
from django.db import models
from django.db.models import Q

from members.inbox.models.message import Channel


class ChannelStop(models.Model):
    """A channel that refused this person's address for good (渠道停用).

    `mark` is the blind index of the refused address: once the person has another one the stop no longer applies.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="channel_stops")
    channel = models.CharField("渠道", max_length=8, choices=Channel)
    mark = models.CharField("地址摘要", max_length=64)
    error = models.CharField("问题", max_length=500, default="")
    stopped_at = models.DateTimeField("停用时间")

    class Meta:
        verbose_name = "渠道停用"
        constraints = [
            models.UniqueConstraint(fields=["person", "channel"], name="channel_stopped_once"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="channel_stop_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.channel}"


class PhoneNotice(models.Model):
    """Somebody was told by telephone what stood unread in the inbox (已电话通知).

    It covers every message up to `upto`; a later one puts the person on the list again.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="phone_notices")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="通知人")
    at = models.DateTimeField("记录时间")
    upto = models.DateTimeField("截至")
    note = models.CharField("备注", max_length=200, default="", blank=True)

    class Meta:
        verbose_name = "电话通知"
        indexes = [models.Index(fields=["person", "-upto"], name="phone_notice_latest")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.at:%Y-%m-%d}"
