from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "proposals.reports"
    label = "reports"
    verbose_name = "社情民意与意见建议"

    def ready(self) -> None:
        from members.rights import register
        from proposals.reports import menu, notices, owner, rights, verbs

        owner.register()
        verbs.register()
        register("reports", rights.RIGHTS)
        notices.register()
        menu.register()
