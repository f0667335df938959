from django.urls import URLPattern, URLResolver, path
from django.views import View

from proposals.handling.views import (
    appraising,
    contacts,
    deciding,
    evaluating,
    promises,
    queues,
    replying,
    secrecy,
    sheets,
    unit,
    why,
)
from proposals.handling.views.files import AttachmentDownload

app_name = "handling"


def part(name: str, page: type[View], address: str = "") -> URLPattern:
    """An act on one unit's part."""
    return path(f"parts/<uuid:public_id>/{address or name.replace('_', '-')}/", page.as_view(), name=name)


def row(folder: str, name: str, page: type[View], address: str) -> URLPattern:
    return path(f"{folder}/<uuid:public_id>/{address}/", page.as_view(), name=name)


urlpatterns: list[URLPattern | URLResolver] = [
    path("", queues.Queue.as_view(), name="queue"),
    path("ledger/", queues.Ledger.as_view(), name="ledger"),
    path("objections/", queues.Objections.as_view(), name="objections"),
    path("extensions/", queues.Extensions.as_view(), name="extensions"),
    path("letters/", queues.LetterDates.as_view(), name="letter_dates"),
    path("dissatisfied/", queues.Dissatisfactions.as_view(), name="dissatisfied"),
    path("paper-evaluations/", queues.PaperForms.as_view(), name="paper_evaluations"),
    path("flagged-evaluations/", queues.Flagged.as_view(), name="flagged_evaluations"),
    path("late-dissatisfied/", queues.LateDissatisfactions.as_view(), name="late_dissatisfied"),
    path("consultations/", queues.Consultations.as_view(), name="consultations"),
    path("sheets/", sheets.Sheets.as_view(), name="sheets"),
    path("sheets/issued/", sheets.IssuedSheets.as_view(), name="issued_sheets"),
    path("sheets/<uuid:public_id>/", sheets.Sheet.as_view(), name="sheet"),
    path("contacts/", contacts.Contacts.as_view(), name="contacts"),
    path("promises/", promises.Ledger.as_view(), name="promises"),
    path("promises/by-unit/", promises.Figures.as_view(), name="promise_figures"),
    path("promises/waiting/", promises.PromiseQuestions.as_view(), name="promise_questions"),
    path("promises/public/", promises.PublicWords.as_view(), name="public_words"),
    path("suspended/", secrecy.Suspensions.as_view(), name="suspensions"),
    path("sign-for/", unit.SignForMany.as_view(), name="sign_for_many"),
    path("pass-inside/", unit.PassMany.as_view(), name="pass_many"),
    path("chase/", deciding.ChaseMany.as_view(), name="chase_many"),
    path("parts/<uuid:public_id>/", unit.Part.as_view(), name="part"),
    part("contact_details", unit.ContactDetails),
    part("sign_for", unit.SignFor),
    part("pass_inside", unit.PassInside),
    part("object", unit.ObjectTo),
    part("ask_extension", unit.AskExtension, "extension"),
    part("record_contact", unit.RecordContact, "contact"),
    part("send_opinion", unit.SendOpinion, "opinion"),
    part("draft_reply", replying.DraftReply, "reply"),
    part("autosave_reply", replying.AutosaveReply, "reply/autosave"),
    part("draft_promises", promises.DraftPromises, "reply/promises"),
    part("reply", replying.SendReply, "reply/send"),
    part("transfer", deciding.Transfer),
    part("revoke_extension", deciding.RevokeExtension),
    part("add_unit", deciding.AddUnit),
    part("release", deciding.Release),
    part("make_lead", deciding.MakeLead),
    part("name_successor", deciding.NameSuccessor, "successor"),
    part("chase", deciding.Chase),
    part("reopen", deciding.Reopen),
    part("consult_jointly", deciding.ConsultJointly, "consultation"),
    part("evaluate", evaluating.Evaluate, "evaluate/<int:round>"),
    part("appraise", appraising.Appraise, "appraisal"),
    part("record_evaluation", evaluating.RecordEvaluation, "paper-evaluation"),
    part("evaluation_sheets", evaluating.EvaluationSheets, "evaluation-sheets"),
    part("confirm_dissatisfaction", evaluating.ConfirmDissatisfaction, "dissatisfaction"),
    row("objections", "decide_objection", deciding.DecideObjection, "decide"),
    row("objections", "ask_unit", deciding.AskUnit, "ask"),
    row("objections", "coordinate_objection", deciding.CoordinateObjection, "meeting"),
    row("objections", "answer_objection", unit.AnswerObjection, "answer"),
    row("objections", "withdraw_objection", unit.WithdrawObjection, "withdraw"),
    row("extensions", "decide_extension", deciding.DecideExtension, "decide"),
    row("extensions", "record_extension", deciding.RecordExtensionDecision, "record"),
    row("extensions", "withdraw_extension", unit.WithdrawExtension, "withdraw"),
    row("clocks", "issue_sheet", sheets.IssueSheet, "sheet"),
    row("contacts", "confirm_contact", unit.ConfirmContact, "confirm"),
    row("letters", "letter_date", replying.LetterDate, "confirm"),
    row("letters", "return_reply", replying.ReturnReply, "return"),
    row("evaluations", "withdraw_evaluation", evaluating.WithdrawEvaluation, "withdraw"),
    row("evaluations", "confirm_evaluation", evaluating.ConfirmEvaluation, "confirm"),
    row("evaluations", "reject_evaluation", evaluating.RejectEvaluation, "reject"),
    row("evaluations", "check_flags", evaluating.CheckFlags, "check"),
    row("evaluations", "explain_dissatisfaction", evaluating.ExplainDissatisfaction, "explanation"),
    row("evaluations", "clear_evaluation", evaluating.ClearEvaluation, "clear"),
    row("promises", "report_progress", promises.ReportProgress, "progress"),
    row("promises", "ask_delay", promises.AskDelay, "delay"),
    row("promises", "report_kept", promises.ReportKept, "kept"),
    row("promise-reports", "decide_promise", promises.DecidePromise, "decide"),
    row("public-words", "review_word", promises.ReviewWord, "review"),
    row("matters", "quiet", secrecy.Quiet, "quiet"),
    row("matters", "suspend", secrecy.Suspend, "suspend"),
    row("matters", "lift_suspension", secrecy.LiftSuspension, "lift"),
    row("matters", "purge", secrecy.Purge, "purge"),
    path("clocks/<uuid:public_id>/", why.Why.as_view(), name="why"),
    path("files/<uuid:public_id>/", AttachmentDownload.as_view(), name="attachment"),
]
