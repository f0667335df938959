from django.urls import URLPattern, URLResolver, path

from proposals.views import settings

app_name = "proposal_settings"
urlpatterns: list[URLPattern | URLResolver] = [
    path("proposals/", settings.Choices.as_view(), name="choices"),
    path("proposals/choices/<slug:code>/", settings.Choose.as_view(), name="choose"),
    path("proposals/<slug:key>/", settings.Rows.as_view(), name="rows"),
    path("proposals/<slug:key>/add/", settings.AddRow.as_view(), name="add_row"),
    path("proposals/<slug:key>/<uuid:public_id>/", settings.ChangeRow.as_view(), name="change_row"),
    path("proposals/<slug:key>/<uuid:public_id>/retire/", settings.RetireRow.as_view(), name="retire_row"),
    path("proposals/<slug:key>/<uuid:public_id>/resume/", settings.ResumeRow.as_view(), name="resume_row"),
    path("proposals/<slug:key>/<uuid:public_id>/remove/", settings.RemoveRow.as_view(), name="remove_row"),
]
