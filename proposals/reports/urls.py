from django.urls import URLPattern, URLResolver, path

from proposals.reports import bulletin_urls, outcome_urls
from proposals.reports.views import opinions, report, screening, writing

app_name = "reports"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", report.Reports.as_view(), name="list"),
    path("mine/", report.Mine.as_view(), name="mine"),
    path("new/", writing.Fresh.as_view(), name="fresh"),
    path("new/autosave/", writing.AutosaveFresh.as_view(), name="autosave_fresh"),
    path("enter/", writing.Enter.as_view(), name="enter"),
    path("similar/", writing.SimilarOnes.as_view(), name="similar"),
    path("screening/", screening.Queue.as_view(), name="screening"),
    path("screening/claim/", screening.ClaimMany.as_view(), name="claim_many"),
    path("screening/accept/", screening.AcceptMany.as_view(), name="accept_many"),
    path("screening/keep/", screening.KeepMany.as_view(), name="keep_many"),
    path("files/<uuid:public_id>/remove/", writing.RemoveFile.as_view(), name="remove_file"),
    path("leads/<uuid:public_id>/take-up/", screening.TakeUp.as_view(), name="take_up"),
    path("<uuid:public_id>/", report.ReportPage.as_view(), name="report"),
    path("<uuid:public_id>/write/", writing.Write.as_view(), name="write"),
    path("<uuid:public_id>/autosave/", writing.AutosaveDraft.as_view(), name="autosave"),
    path("<uuid:public_id>/discard/", writing.Discard.as_view(), name="discard"),
    path("<uuid:public_id>/withdraw/", writing.Withdraw.as_view(), name="withdraw"),
    path("<uuid:public_id>/screen/", screening.Screen.as_view(), name="screen"),
    path("<uuid:public_id>/give-back/", screening.GiveBack.as_view(), name="give_back"),
    path("<uuid:public_id>/keep/", screening.Keep.as_view(), name="keep"),
    path("<uuid:public_id>/refer/", screening.Refer.as_view(), name="refer"),
    path("<uuid:public_id>/accept/", screening.Accept.as_view(), name="accept"),
    path("<uuid:public_id>/lead/", screening.Lead.as_view(), name="lead"),
    path("<uuid:public_id>/withdraw-lead/", screening.WithdrawLead.as_view(), name="withdraw_lead"),
    path("<uuid:public_id>/level/", screening.SetLevel.as_view(), name="set_level"),
    path("opinions/", opinions.Opinions.as_view(), name="opinions"),
    path("opinions/enter/", opinions.Enter.as_view(), name="enter_opinion"),
    path("opinions/<uuid:public_id>/", opinions.OpinionPage.as_view(), name="opinion"),
    path("opinions/<uuid:public_id>/pass-on/", opinions.PassOn.as_view(), name="pass_on"),
    path("opinions/<uuid:public_id>/assign/", opinions.AssignOpinion.as_view(), name="assign_opinion"),
    path("opinions/<uuid:public_id>/answer/", opinions.Answer.as_view(), name="answer_opinion"),
    path("leads/", opinions.Leads.as_view(), name="leads"),
    *bulletin_urls.urlpatterns,
    *outcome_urls.urlpatterns,
]
