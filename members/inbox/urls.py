from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from members.inbox import views
from members.inbox.sent_mail import SentMailList, SentMailPage

app_name = "inbox"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.InboxList.as_view(), name="list"),
    path("read/", views.MarkAllReadPage.as_view(), name="mark_all_read"),
    path("undelivered/", views.UndeliveredPage.as_view(), name="undelivered"),
    path("ledger/", views.LedgerPage.as_view(), name="ledger"),
    path("undelivered/mail/", views.UndeliveredMailList.as_view(), name="undelivered_mail"),
    path("undelivered/mail/<uuid:public_id>/resend/", views.ResendPage.as_view(), name="resend"),
    path("undelivered/<uuid:public_id>/phone/", views.ToldByPhonePage.as_view(), name="told_by_phone"),
    path("jobs/", views.JobList.as_view(), name="jobs"),
    path("jobs/<uuid:public_id>/", views.JobPage.as_view(), name="job"),
    path("jobs/<uuid:public_id>/retry/", views.RetryJobPage.as_view(), name="retry_job"),
    path("jobs/<uuid:public_id>/file/", views.JobFile.as_view(), name="job_file"),
    path("<uuid:public_id>/", views.MessagePage.as_view(), name="message"),
]
if not settings.PRODUCTION:  # S7: what was sent can be read only where nobody is real
    urlpatterns += [
        path("sent-mail/", SentMailList.as_view(), name="sent_mail"),
        path("sent-mail/<slug:name>/", SentMailPage.as_view(), name="sent_mail_page"),
    ]
