from django.urls import URLPattern, URLResolver, path

from proposals.handling.views import settings

app_name = "clock_settings"
urlpatterns: list[URLPattern | URLResolver] = [
    path("rules/", settings.Rules.as_view(), name="rules"),
    path("rules/<slug:code>/replace/", settings.ReplaceRule.as_view(), name="replace_rule"),
    path("rules/<slug:code>/apply/", settings.ApplyRule.as_view(), name="apply_rule"),
    path("ladders/", settings.Ladders.as_view(), name="ladders"),
    path("ladders/<slug:code>/", settings.OneLadder.as_view(), name="ladder"),
    path("ladders/<slug:code>/replace/", settings.ReplaceLadder.as_view(), name="replace_ladder"),
    path("calendar/", settings.Calendar.as_view(), name="calendar"),
    path("calendar/load/", settings.LoadYear.as_view(), name="load_year"),
    path("calendar/day/", settings.LocalDay.as_view(), name="local_day"),
]
