from django.apps import AppConfig


class HandlingConfig(AppConfig):
    name = "proposals.handling"
    label = "handling"
    verbose_name = "办理"

    def ready(self) -> None:
        from members import audit_words, succession
        from members import rights as house
        from members.inbox import registry
        from proposals.handling import batches, clocks, engine, many, menu, notices, official, reminders, rights
        from proposals.handling.actions.succeeding import follow_succession

        house.register(self.label, rights.roles_by_action(rights.RIGHTS), never_delegated=rights.NEVER_DELEGATED)
        succession.register(follow_succession)
        reminders.register()
        notices.register()
        registry.register_numbers(notices.by_number)
        registry.register_running(clocks.running_epochs)
        registry.register_beat(lambda now: engine.beat("send", now=now))
        batches.register()
        many.register()
        official.register()
        audit_words.name(rights.AUDITED)
        menu.add()
