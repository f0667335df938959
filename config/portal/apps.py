from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "config.portal"
    label = "portal"
    verbose_name = "门户"

    def ready(self) -> None:
        from config import fitness  # noqa: F401  registers its checks
        from config.portal.actions import registers
        from config.portal.views.saved_views import saved_views
        from members import navigation
        from members.inbox import work
        from members.pages import ListPage

        ListPage.extras.append(saved_views)
        work.register(registers.JOB, registers.run_job)
        navigation.register(
            navigation.Entry("我的", "工作台", "layout-dashboard", "portal:desk", order=10),
            navigation.Entry(
                "管理", "导入提案登记表", "upload", "portal:import_proposals", "proposals.import", order=60
            ),
            navigation.Entry("管理", "导入信息登记表", "upload", "portal:import_reports", "reports.import", order=61),
            navigation.Entry("管理", "导入采用清单", "upload", "portal:import_adoptions", "reports.import", order=62),
            navigation.Entry("管理", "运行状况", "timer", "portal:engine", "handling.settings", order=80),
            navigation.Entry("我的", "设置", "settings", "portal:settings", order=90),
        )
