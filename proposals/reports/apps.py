from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "proposals.reports"
    label = "reports"
    verbose_name = "社情民意信息"
