"""Every address of the house (S1: each view names its right or is marked public)."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("proposals/", include("proposals.urls")),
    path("reports/", include("proposals.reports.urls")),
    path("handling/", include("proposals.handling.urls")),
    path("consultations/", include("consultations.urls")),
    path("members/", include("members.urls")),
    path("duty/", include("consultations.duty.urls")),
    path("inbox/", include("members.inbox.urls")),
    path("accounts/", include("members.account_urls")),
    path("settings/", include("proposals.handling.settings_urls")),
    path("settings/", include("proposals.settings_urls")),
    path("", include("config.portal.urls")),
]
