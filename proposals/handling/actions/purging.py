"""What must not be kept is erased: by two persons, through a database role of its own (清除, S5)."""

from datetime import datetime

import pgtrigger
from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, Q, Value, When

from members import audit
from members.errors import Refused, WrongStep
from members.models import Person
from proposals.handling import owners, readers
from proposals.handling.models import (
    Appraisal,
    ChaseSheet,
    ClockEvent,
    Commitment,
    CommitmentStep,
    Contact,
    ContactAnswer,
    CoOpinion,
    Coordination,
    CoordinationOpinion,
    Countersign,
    DocNumber,
    Evaluation,
    EventPayload,
    Explanation,
    ExtensionApproval,
    ExtensionRequest,
    JointConsultation,
    Matter,
    Objection,
    PublicWord,
    Reply,
    ReplyDisclosure,
    ReplyPoint,
    ReplyVersion,
    Signature,
    Suggestion,
    Suspension,
)
from proposals.handling.models.assignment import Assignment

from .attaching import erase
from .papering import erase_papers
from .secrecy import open_suspension

PURGED = "（已清除）"
DATABASE = "purge" if "purge" in settings.DATABASES else "default"

# model: the path to its matter, and the columns that hold words somebody wrote
ERASED: dict[type[models.Model], tuple[str, tuple[str, ...]]] = {
    Matter: ("pk", ("title", "unit_title")),
    Suggestion: ("matter", ("text",)),
    Assignment: ("matter", ("section", "head_comment", "ended_reason")),
    Objection: ("assignment__matter", ("text", "approved_by", "suggested_text", "decision_text")),
    ExtensionRequest: ("obligation__matter", ("reason", "decision_reason")),
    ExtensionApproval: ("request__obligation__matter", ("reason",)),
    Contact: ("assignment__matter", ("persons", "text")),
    ContactAnswer: ("contact__assignment__matter", ("note",)),
    Coordination: ("assignment__matter", ("reason", "place", "chair", "present", "minutes", "text")),
    CoordinationOpinion: ("coordination__assignment__matter", ("text",)),
    CoOpinion: ("assignment__matter", ("text", "doc_no")),
    DocNumber: ("assignment__matter", ("text",)),
    JointConsultation: ("assignment__matter", ("present", "minutes")),
    Reply: (
        "assignment__matter",
        ("doc_no", "signer", "opening", "contact_name", "contact_phone", "no_contact_reason", "return_reason"),
    ),
    ReplyPoint: ("reply__assignment__matter", ("text",)),
    ReplyVersion: ("reply__assignment__matter", ("why", "hash")),
    Countersign: ("version__reply__assignment__matter", ("text", "settled")),
    Signature: ("version__reply__assignment__matter", ("name", "text")),
    ReplyDisclosure: ("reply__assignment__matter", ("reason", "returned_reason")),
    Evaluation: ("round_row__assignment__matter", ("text", "approval", "checked_note", "rejected_reason")),
    Explanation: ("form__round_row__assignment__matter", ("persons", "text")),
    Appraisal: ("round_row__assignment__matter", ("text",)),
    ClockEvent: ("obligation__matter", ("reason",)),
    Suspension: ("matter", ("reason",)),
    Commitment: ("assignment__matter", ("text", "measure")),
    CommitmentStep: ("commitment__assignment__matter", ("text", "reply", "decision")),
    PublicWord: ("commitment__assignment__matter", ("text", "reason")),
    ChaseSheet: ("checkpoint__obligation__matter", ("text", "note")),
}


SAID_OR_NOT = {
    (Evaluation, "rejected_reason"),
    (CommitmentStep, "reply"),
    (PublicWord, "reason"),
    (Signature, "text"),
    (Countersign, "text"),
}
"""What stands where it must and nowhere else: a form that was turned down has a reason, a kept promise a reply."""


@transaction.atomic
def ask_purge(matter: Matter, *, by: Person, now: datetime) -> Suspension:
    """The first of two persons asks that the content be erased."""
    matter = matter.locked()
    row = open_suspension(matter)
    if row.purge_asked_by_id:
        raise WrongStep("已有人申请清除，请由另一位同事确认。")
    row.purge_asked_by, row.purge_asked_at = by, now
    row.save(update_fields=["purge_asked_by", "purge_asked_at"])
    matter.record("purge_asked", by=by, now=now)
    return row


def purge(matter: Matter, *, by: Person, now: datetime) -> Suspension:
    """Erase every word of the matter, by a second person, in one transaction of the purge role.

    Numbers, dates, units and states stay, and the chain of events stays valid: the erasure is an event itself.
    """
    if DATABASE == "default":
        raise Refused("这台服务器没有清除权限，什么都没有改动。请系统管理员设置 PURGE_DATABASE_URL 并重启后再清除。")
    with transaction.atomic(using=DATABASE):
        matter = Matter.objects.using(DATABASE).select_for_update(of=("self",)).get(pk=matter.pk)
        row = open_suspension(matter)
        if row.purge_asked_by_id is None:
            raise WrongStep("请先由一位同事申请清除。")
        if row.purge_asked_by_id == by.pk:
            raise Refused("清除须由另一位同事确认，申请人不能自己确认。")
        erase_words(matter)
        owners.of(matter).erase(matter)
        erase(matter, by=by, now=now)
        erase_papers(matter, now=now)
        row.purged_by_id, row.purged_at = by.pk, now
        row.save(update_fields=["purged_by", "purged_at"])
        matter.record("purged", by=Person.objects.using(DATABASE).get(pk=by.pk), now=now)
    readers.refresh_many(list(owners.of(matter).copies(Matter.objects.get(pk=matter.pk))))
    audit.record("handling.purge", by=by, subject=str(matter.public_id), now=now)
    return row


def erase_words(matter: Matter) -> None:
    """Blank the columns of `ERASED` in the matter and whatever hangs from it, and drop the events' facts."""
    with pgtrigger.ignore("handling.ClockEvent:append_only", "handling.ReplyVersion:frozen"):
        for model, (path, columns) in ERASED.items():
            rows = model._default_manager.using(DATABASE).filter(**{path: matter.pk})
            rows.update(**{column: words_for(model, column) for column in columns})
        ReplyVersion.objects.using(DATABASE).filter(reply__assignment__matter=matter.pk).update(content={})
    Evaluation.objects.using(DATABASE).filter(round_row__assignment__matter=matter.pk).update(flags=[])
    Suspension.objects.using(DATABASE).filter(matter=matter.pk).update(seen_by=[])
    EventPayload.objects.using(DATABASE).filter(event__matter=matter.pk).filter(~Q(facts={})).update(facts={})


def words_for(model: type[models.Model], column: str) -> str | Case:
    """What stands in place of the words: nothing where the column may be empty."""
    if (model, column) in SAID_OR_NOT:
        return Case(When(**{column: ""}, then=Value("")), default=Value(PURGED))
    if model is Matter:
        return ""
    field = model._meta.get_field(column)
    return "" if getattr(field, "blank", False) and model is not Suggestion else PURGED
