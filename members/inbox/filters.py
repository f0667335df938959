import django_filters

from members.inbox.models import Message, MessageQuerySet

KINDS = (("digest", "时限提醒"), ("other", "办理动态"))


class MessageFilter(django_filters.FilterSet):
    unread = django_filters.BooleanFilter(method="only_unread", label="只看未读")
    kind = django_filters.ChoiceFilter(choices=KINDS, method="only_kind", label="类别")
    since = django_filters.DateFilter(field_name="created_at", lookup_expr="date__gte", label="起始日期")

    class Meta:
        model = Message
        fields: tuple[str, ...] = ()

    def only_unread(self, messages: MessageQuerySet, name: str, wanted: bool) -> MessageQuerySet:
        return messages.unread() if wanted else messages

    def only_kind(self, messages: MessageQuerySet, name: str, kind: str) -> MessageQuerySet:
        if kind == "digest":
            return messages.filter(subject__name="digest")
        return messages.exclude(subject__name="digest")
