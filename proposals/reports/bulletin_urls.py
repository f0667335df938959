"""Addresses of editing, bulletins, what was sent, and the rows behind them."""

from django.urls import URLPattern, URLResolver, path

from proposals.reports.views import bulletins, copies, delivering, editing, opened, series

urlpatterns: list[URLPattern | URLResolver] = [
    path("editing/", editing.Desk.as_view(), name="editing"),
    path("<uuid:public_id>/edit/", editing.Edit.as_view(), name="edit"),
    path("<uuid:public_id>/combine/", editing.Combine.as_view(), name="combine"),
    path("<uuid:public_id>/separate/", editing.Separate.as_view(), name="separate"),
    path("editions/<uuid:public_id>/", editing.EditionPage.as_view(), name="edition"),
    path("editions/<uuid:public_id>/ask/", editing.AskAuthors.as_view(), name="ask_authors"),
    path("words/<uuid:public_id>/", editing.ConfirmEdition.as_view(), name="confirm_edition"),
    path("words/<uuid:public_id>/record/", editing.RecordWord.as_view(), name="record_word"),
    path("issues/", bulletins.Issues.as_view(), name="issues"),
    path("issues/new/", bulletins.Compose.as_view(), name="compose"),
    path("issues/<uuid:public_id>/", bulletins.IssuePage.as_view(), name="issue"),
    path("issues/<uuid:public_id>/arrange/", bulletins.Arrange.as_view(), name="arrange"),
    path("issues/<uuid:public_id>/drop/", bulletins.Drop.as_view(), name="drop_issue"),
    path("issues/<uuid:public_id>/send-up/", bulletins.SendUp.as_view(), name="send_issue_up"),
    path("issues/<uuid:public_id>/take-back/", bulletins.TakeBack.as_view(), name="take_issue_back"),
    path("issues/<uuid:public_id>/sign/", bulletins.Sign.as_view(), name="sign_issue"),
    path("issues/<uuid:public_id>/issue/", bulletins.IssueNow.as_view(), name="issue_now"),
    path("issues/<uuid:public_id>/print/", copies.Print.as_view(), name="issue_print"),
    path("issues/<uuid:public_id>/file/", copies.File.as_view(), name="issue_file"),
    path("issues/<uuid:public_id>/pdf/", copies.Pdf.as_view(), name="issue_pdf"),
    path("issues/<uuid:public_id>/deliver/", delivering.Deliver.as_view(), name="deliver"),
    path("issues/<uuid:public_id>/open/", opened.OpenToMembers.as_view(), name="open_issue"),
    path("issues/<uuid:public_id>/close/", opened.CloseToMembers.as_view(), name="close_issue"),
    path("opened/", opened.Opened.as_view(), name="opened"),
    path("opened/<uuid:public_id>/", opened.OpenedIssue.as_view(), name="opened_issue"),
    path("deliveries/", delivering.Deliveries.as_view(), name="deliveries"),
    path("deliveries/<uuid:public_id>/slip/", delivering.Slip.as_view(), name="slip"),
    path("deliveries/<uuid:public_id>/drop/", delivering.DropDelivery.as_view(), name="drop_delivery"),
    path("deliveries/<uuid:public_id>/returned/", delivering.RecordReturn.as_view(), name="record_return"),
    path("series/", series.AllSeries.as_view(), name="series"),
    path("series/add/", series.ChangeSeries.as_view(), name="add_series"),
    path("series/<uuid:public_id>/", series.ChangeSeries.as_view(), name="change_series"),
    path("recipients/add/", series.ChangeRecipient.as_view(), name="add_recipient"),
    path("recipients/<uuid:public_id>/", series.ChangeRecipient.as_view(), name="change_recipient"),
]
