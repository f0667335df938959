"""Addresses of what becomes of reports: adoption, instructions, units, feedback; circulars and quotas."""

from django.urls import URLPattern, URLResolver, path

from proposals.reports.views import circulars, outcomes, quotas

urlpatterns: list[URLPattern | URLResolver] = [
    path("<uuid:public_id>/adopted/", outcomes.RecordAdoption.as_view(), name="record_adoption"),
    path("<uuid:public_id>/instruction/", outcomes.RecordInstruction.as_view(), name="record_instruction"),
    path("<uuid:public_id>/assign/", outcomes.AssignReport.as_view(), name="assign_report"),
    path("<uuid:public_id>/feedback/", outcomes.FeedBack.as_view(), name="feed_back"),
    path("feedback/<uuid:public_id>/correct/", outcomes.CorrectFeedback.as_view(), name="correct_feedback"),
    path("adoptions/<uuid:public_id>/drop/", outcomes.DropAdoption.as_view(), name="drop_adoption"),
    path("instructions/<uuid:public_id>/drop/", outcomes.DropInstruction.as_view(), name="drop_instruction"),
    path("instructions/<uuid:public_id>/release/", outcomes.ReleaseInstruction.as_view(), name="release_instruction"),
    path("circulars/", circulars.Circulars.as_view(), name="circulars"),
    path("circulars/file/", circulars.CircularFile.as_view(), name="circular_file"),
    path("quotas/", quotas.Quotas.as_view(), name="quotas"),
    path("quotas/set/", quotas.SetQuota.as_view(), name="set_quota"),
    path("credits/", quotas.Credits.as_view(), name="credits"),
    path("credits/set/", quotas.SetCredit.as_view(), name="set_credit"),
]
