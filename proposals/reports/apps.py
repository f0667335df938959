from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "proposals.reports"
    label = "reports"
    verbose_name = "社情民意与意见建议"

    def ready(self) -> None:
        from members import audit_words
        from members.rights import register
        from proposals.reports import (
            bulletin_files,
            editing_offers,
            edition_notices,
            many,
            menu,
            notices,
            outcome_notices,
            outcomes,
            owner,
            report_notices,
            rights,
            verbs,
        )

        owner.register()
        verbs.register()
        register("reports", rights.RIGHTS)
        audit_words.name(rights.AUDITED)
        notices.register()
        edition_notices.register()
        outcome_notices.register()
        bulletin_files.register()
        editing_offers.register()
        report_notices.register()
        outcomes.register()
        many.register()
        menu.register()
