"""Numbers of letters (文号): by the own format of the unit or the assigning office, one series a year, none given twice."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from members import audit
from members.errors import Refused, WrongStep
from members.models import AssigningOffice, Body, Person
from proposals.handling.models import Assignment, CoOpinion, DocNumber, NumberFormat, Reply

from .paper import acts_for, expect, in_the_open, lock

Kind = NumberFormat.Kind


def kind_of(assignment: Assignment) -> Kind:
    return Kind.REPLY if assignment.answers else Kind.OPINION


@transaction.atomic
def set_format(body: Body, kind: str, pattern: str, *, after: int, by: Person, now: datetime) -> NumberFormat:
    """From now on the body numbers so, beginning after `after`; what was given keeps its number."""
    if faults := re.sub(r"\{年\}|\{序号\}", "", pattern):
        if "{" in faults or "}" in faults or pattern.count("{序号}") != 1:
            raise Refused("格式里请用 {序号} 代表序号、{年} 代表年份，例如：×民函〔{年}〕{序号}号。", field="pattern")
    else:
        raise Refused("格式里请写明发文机关代字，例如：×民函〔{年}〕{序号}号。", field="pattern")
    if kind in NumberFormat.OF_OFFICES and not AssigningOffice.objects.filter(office=body).exists():
        raise Refused(f"{Kind(kind).label}由交办机构行文，{body}不用设置。请选择本单位行文的文种。", field="kind")
    row, _ = NumberFormat.objects.update_or_create(
        body=body, kind=kind, defaults={"pattern": pattern, "year": timezone.localdate(now).year, "last": after}
    )
    audit.record("handling.number_format", by=by, now=now, subject=str(row.public_id), pattern=pattern, after=after)
    return row


def next_number(assignment: Assignment, *, on: date) -> str:
    """What would be given now; empty where the unit has set no format."""
    return next_of(assignment.unit_id, kind_of(assignment), on=on)


def next_of(body: int, kind: str, *, on: date) -> str:
    row = NumberFormat.objects.filter(body=body, kind=kind).first()
    return row.written((row.last if row.year == on.year else 0) + 1, on.year) if row else ""


@transaction.atomic
def give_number(assignment: Assignment, *, typed: str = "", by: Person, now: datetime) -> str:
    """Number this round's letter: with what was given on paper, or with the next of the unit's series.

    The series' row stays locked until the transaction ends. Raises Refused if the number is another letter's.
    """
    assignment = lock(assignment)
    in_the_open(assignment)
    expect(assignment, Assignment.State.SIGNED, Assignment.State.ANSWERED)
    letter = to_number(assignment)
    on = timezone.localdate(now)
    text = typed.strip() or from_series(assignment.unit_id, kind_of(assignment), on=on)
    letter.doc_no = text
    keep_number(letter, assignment=assignment, on=on)
    if isinstance(letter, Reply):
        letter.version += 1
        letter.save(update_fields=["doc_no", "version"])
    else:
        letter.save(update_fields=["doc_no"])
    return text


def to_number(assignment: Assignment) -> Reply | CoOpinion:
    """The letter of this round that has no number yet."""
    if assignment.answers:
        open_ones = assignment.replies.select_for_update(of=("self",)).filter(state__in=Reply.DRAFTING)
        draft = open_ones.filter(round=assignment.round).select_related("issuer").first()
        if draft is None:
            raise WrongStep("没有可以编号的答复稿：请先拟写答复；已送签的，先收回再取文号。")
        return draft
    opinion = assignment.opinions.select_for_update(of=("self",)).order_by("-round", "-version").first()
    if opinion is None:
        raise WrongStep("还没有提交会办意见。请先提交，再取文号。")
    if opinion.doc_no:
        raise WrongStep(f"这份会办意见已编文号“{opinion.doc_no}”。")
    return opinion


@transaction.atomic
def number_office_paper(
    assignment: Assignment, kind: str, key: str, *, typed: str = "", by: Person, now: datetime
) -> str:
    """Number a sheet or a decision of the assigning office: with what stands on the paper, or the next of its series.

    Who keeps the file for the office records its number and takes none. Raises Refused if the number is another letter's.
    """
    assignment = lock(assignment)
    in_the_open(assignment)
    on, text = timezone.localdate(now), typed.strip()
    given = DocNumber.objects.filter(assignment=assignment, kind=kind, key=key).first()
    if given and not text:
        raise WrongStep(f"这份{Kind(kind).label}已编文号“{given.text}”。编错的，请填写正确的文号。")
    if not text:
        if not acts_for(by, assignment.office_id, on=on):
            raise Refused(f"下一个文号由{assignment.office}自己取用。请填写纸质上已编的文号。", field="typed")
        text = from_series(assignment.office_id, kind, on=on)
    place = {"assignment": assignment, "kind": kind, "key": key, "round": given.round if given else assignment.round}
    keep(text, body=assignment.office, year=on.year, place=place, field="typed")
    return text


def from_series(body: int, kind: str, *, on: date) -> str:
    rows = NumberFormat.objects.select_for_update(of=("self",))
    row = rows.filter(body=body, kind=kind).first()
    if row is None:
        raise Refused("本单位还没有设置文号格式。请先设置，或填写纸质上已编的文号。", field="typed")
    if row.year != on.year:
        row.year, row.last = on.year, 0
    taken = set(DocNumber.objects.filter(body=row.body_id, year=on.year).values_list("text", flat=True))
    row.last += 1
    while row.written(row.last, on.year) in taken:
        row.last += 1
    row.save(update_fields=["year", "last"])
    return row.written(row.last, on.year)


def keep_number(letter: Reply | CoOpinion, *, assignment: Assignment, on: date) -> None:
    """Write down whose number the letter bears; without one it has none any more.

    Raises Refused if the issuer gave it to another letter of that year.
    """
    text = letter.doc_no.strip()
    if isinstance(letter, Reply):
        kind, issuer = Kind.REPLY, letter.issuer
    else:
        kind, issuer = Kind.OPINION, assignment.unit
    place = {"assignment": assignment, "kind": kind, "round": letter.round, "key": ""}
    if not text:
        DocNumber.objects.filter(**place).delete()
        return
    keep(text, body=issuer, year=(letter.letter_on or on).year, place=place, field="doc_no")


def keep(text: str, *, body: Body, year: int, place: Mapping[str, Any], field: str) -> None:
    try:
        with transaction.atomic():
            DocNumber.objects.update_or_create(**place, defaults={"body": body, "year": year, "text": text})
    except IntegrityError as error:
        sentence = f"文号“{text}”{body}{year}年已经用在另一份文上。请核对纸质件，或改用下一个文号。"
        raise Refused(sentence, field=field) from error
