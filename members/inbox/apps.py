from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "members.inbox"
    label = "inbox"
    verbose_name = "通知"
