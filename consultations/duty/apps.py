from django.apps import AppConfig


class DutyConfig(AppConfig):
    name = "consultations.duty"
    label = "duty"
    verbose_name = "履职"
