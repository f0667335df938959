from django.urls import URLPattern, URLResolver, path

from proposals.handling.views.files import AttachmentDownload

app_name = "handling"
urlpatterns: list[URLPattern | URLResolver] = [
    path("files/<uuid:public_id>/", AttachmentDownload.as_view(), name="attachment"),
]
