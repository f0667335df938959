from django.apps import AppConfig


class HandlingConfig(AppConfig):
    name = "proposals.handling"
    label = "handling"
    verbose_name = "办理"
