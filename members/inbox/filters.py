import django_filters
from django import forms

from members.inbox.models import Message, MessageQuerySet

STATES = (("unread", "未读"), ("read", "已读"))
KINDS = (("digest", "时限提醒"), ("other", "办理动态"))


class MessageFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=STATES, method="only_state", label="阅读", empty_label="全部")
    kind = django_filters.ChoiceFilter(choices=KINDS, method="only_kind", label="类别", empty_label="全部")
    since = django_filters.DateFilter(
        field_name="created_at",
        lookup_expr="date__gte",
        label="起始日期",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    class Meta:
        model = Message
        fields: tuple[str, ...] = ()

    def only_state(self, messages: MessageQuerySet, name: str, state: str) -> MessageQuerySet:
        return messages.unread() if state == "unread" else messages.exclude(read_at=None)

    def only_kind(self, messages: MessageQuerySet, name: str, kind: str) -> MessageQuerySet:
        if kind == "digest":
            return messages.filter(subject__name="digest")
        return messages.exclude(subject__name="digest")
