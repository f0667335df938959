from datetime import date
from typing import cast

import django_filters
from django.db.models import Q
from django.db.models.functions import Coalesce

from members.day_filters import Since
from members.days import end_of, start_of
from members.inbox import registry
from members.inbox.models import Channel, Message, MessageQuerySet, State
from members.inbox.registry import SENDING
from members.models import Person
from members.widgets import Day

STATES = (("unread", "未读"), ("read", "已读"))
KINDS = (("digest", "时限提醒"), ("other", "办理动态"))


class MessageFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=STATES, method="only_state", label="阅读", empty_label="全部")
    kind = django_filters.ChoiceFilter(choices=KINDS, method="only_kind", label="类别", empty_label="全部")
    since = Since("created_at", "起始日期")

    class Meta:
        model = Message
        fields: tuple[str, ...] = ()

    def only_state(self, messages: MessageQuerySet, name: str, state: str) -> MessageQuerySet:
        return messages.unread() if state == "unread" else messages.exclude(read_at=None)

    def only_kind(self, messages: MessageQuerySet, name: str, kind: str) -> MessageQuerySet:
        if kind == "digest":
            return messages.filter(subject__name="digest")
        return messages.exclude(subject__name="digest")


OUTGOING = tuple((channel.value, channel.label) for channel in Channel if channel != Channel.INAPP)


class LedgerFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="only_person", label="收件人")
    number = django_filters.CharFilter(method="only_number", label="案号")
    key = django_filters.CharFilter(method="only_key", label="标识")
    channel = django_filters.ChoiceFilter(choices=OUTGOING, label="渠道", empty_label="全部")
    state = django_filters.ChoiceFilter(choices=State, label="状态", empty_label="全部")
    day = django_filters.DateFilter(method="only_day", label="生成日期", widget=Day)

    class Meta:
        model = Message
        fields: tuple[str, ...] = ()

    def only_person(self, messages: MessageQuerySet, name: str, text: str) -> MessageQuerySet:
        return messages.filter(recipient__in=Person.objects.search(text))

    def only_number(self, messages: MessageQuerySet, name: str, number: str) -> MessageQuerySet:
        """Only matters that whoever asks may see; a sending is found by what it carries."""
        assert self.request is not None
        matters, clocks = registry.by_number(number.strip(), cast(Person, self.request.user))
        left = Message.objects.exclude(channel=Channel.INAPP)
        of_clocks = left.filter(about__in=clocks)
        of_matters = left.filter(about=None, subject__matter__in=matters).exclude(template=SENDING)
        found = of_clocks.values(whole=Coalesce("part_of", "pk")).union(
            of_matters.values(whole=Coalesce("part_of", "pk")), all=True
        )
        return messages.filter(pk__in=found)

    def only_key(self, messages: MessageQuerySet, name: str, key: str) -> MessageQuerySet:
        """The key of a message, of a fact in it, or its Message-ID."""
        carriers = Message.objects.filter(key=key, part_of__isnull=False).values("part_of")
        return messages.filter(Q(key=key) | Q(message_id=key) | Q(pk__in=carriers))

    def only_day(self, messages: MessageQuerySet, name: str, day: date) -> MessageQuerySet:
        return messages.filter(created_at__range=(start_of(day), end_of(day)))
