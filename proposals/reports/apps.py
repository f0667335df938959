from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "proposals.reports"
    label = "reports"
    verbose_name = "社情民意与意见建议"

    def ready(self) -> None:
        from proposals.handling import events, owners
        from proposals.handling.models import Kind
        from proposals.reports.owner import OpinionOwner

        owners.register(Kind.OPINION, OpinionOwner())
        events.register({"opinion_received": events.Verb("由{origin}转为意见建议", events.AUTHORS)})
