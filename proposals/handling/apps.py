from django.apps import AppConfig


class HandlingConfig(AppConfig):
    name = "proposals.handling"
    label = "handling"
    verbose_name = "办理"

    def ready(self) -> None:
        from proposals.handling import reminders

        reminders.register()
