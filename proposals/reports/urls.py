from django.urls import URLPattern, URLResolver, path

from proposals.reports import bulletin_urls
from proposals.reports.views import opinions

app_name = "reports"
urlpatterns: list[URLPattern | URLResolver] = [
    path("opinions/", opinions.Opinions.as_view(), name="opinions"),
    path("opinions/enter/", opinions.Enter.as_view(), name="enter_opinion"),
    path("opinions/<uuid:public_id>/", opinions.OpinionPage.as_view(), name="opinion"),
    path("opinions/<uuid:public_id>/pass-on/", opinions.PassOn.as_view(), name="pass_on"),
    path("opinions/<uuid:public_id>/assign/", opinions.AssignOpinion.as_view(), name="assign_opinion"),
    path("opinions/<uuid:public_id>/answer/", opinions.Answer.as_view(), name="answer_opinion"),
    path("leads/", opinions.Leads.as_view(), name="leads"),
    *bulletin_urls.urlpatterns,
]
