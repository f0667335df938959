from django.apps import AppConfig


class HandlingConfig(AppConfig):
    name = "proposals.handling"
    label = "handling"
    verbose_name = "办理"

    def ready(self) -> None:
        from members import rights as house
        from proposals.handling import reminders, rights

        house.register(self.label, rights.roles_by_action(rights.RIGHTS), never_delegated=rights.NEVER_DELEGATED)
        reminders.register()
