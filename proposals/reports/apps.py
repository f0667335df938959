from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "proposals.reports"
    label = "reports"
    verbose_name = "社情民意与意见建议"

    def ready(self) -> None:
        from members.rights import register
        from proposals.handling import events, owners
        from proposals.handling.models import Kind
        from proposals.reports import menu, notices, rights
        from proposals.reports.owner import OpinionOwner

        owners.register(Kind.OPINION, OpinionOwner())
        events.register(
            {
                "opinion_received": events.Verb("由{origin}转为意见建议", events.AUTHORS),
                "opinion_passed": events.Verb("{on}转{to}研究", events.AUTHORS),
                "opinion_answered": events.Verb("{unit}答复，答复日期{on}", events.AUTHORS, "ok"),
            }
        )
        register("reports", rights.RIGHTS)
        notices.register()
        menu.register()
