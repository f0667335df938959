"""A report is edited beside its own words (编辑); each saved text is a version of its own, and its authors may be asked."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from members.errors import Refused, Stale, WrongStep
from members.models import Person
from members.uploads import Clean
from proposals.handling import queries
from proposals.handling.models import Access, Participant
from proposals.reports.comparing import tidy
from proposals.reports.models import AuthorWord, Edition, Report, Status
from proposals.reports.models.issue import rank

from .base import SUSPENDED, expect, keep_sheet, lock, not_own, speaking_for, today, told

State = Edition.State
MOST, MOST_COMBINED = 1_500, 3_000
"""Characters of an edited text; of one that several reports went into."""


@transaction.atomic
def save_edition(
    report: Report, *, title: str, text: str, by: Person, now: datetime, seen: int | None = None
) -> Edition:
    """Keep the edited text as the next version; the same words once more are the version that is there.

    Raises Stale if somebody saved another version after version `seen` was read.
    """
    report = lock(report)
    expect(report, Status.EDITING)
    not_own(report, by)
    last = report.editions.select_related("by").newest_first().first()
    title, text = " ".join(title.split()), tidy(text)
    if last and (last.title, last.text) == (title, text):
        return last
    if seen is not None and last and seen != last.number:
        raise Stale(f"您打开本页之后，{last.by}保存了{last}。您写的文字在下面，请对照后再保存。")
    most = MOST_COMBINED if report.matter.followers.exists() else MOST
    if not title:
        raise Refused("请填写标题。", field="title")
    if not text:
        raise Refused("请填写正文。", field="text")
    if len(text) > most:
        raise Refused(f"正文不能超过{most}字，现在有{len(text)}字。请再精简。", field="text")
    number = last.number + 1 if last else 1
    edition = Edition.objects.create(report=report, number=number, title=title, text=text, by=by, at=now)
    report.matter.record("report_edited", by=by, now=now, number=number)
    return edition


def latest(report: Report) -> Edition | None:
    return report.editions.newest_first().first()


@transaction.atomic
def ask_authors(edition: Edition, people: Sequence[Participant], *, by: Person, now: datetime) -> list[AuthorWord]:
    """Ask some of those behind a report, or behind one that went into it, whether the text still says what they meant."""
    edition = _lock(edition)
    if not people:
        raise Refused("请至少选择一位反映人。", field="people")
    known = {row.pk: row for row in authors_to_ask(edition)}
    if any(one.pk not in known for one in people):
        raise Refused("所选的反映人中有人已经征求过，或已不是反映人。请刷新后重新选择。", field="people")
    words = [
        AuthorWord.objects.create(edition=edition, participant=known[one.pk], asked_by=by, asked_at=now)
        for one in people
    ]
    _settle(edition)
    for word in words:
        matter = word.participant.matter
        event = matter.record("report_author_asked", by=by, now=now, who=str(word.participant), number=edition.number)
        told_of = matter.report
        told_of.matter = matter
        told(told_of, _people(word.participant, now=now), event, "author_asked", now=now, word=str(word.public_id))
    return words


def authors_to_ask(edition: Edition) -> list[Participant]:
    """Those behind it who can be asked here: of the roster, not asked about this version yet.

    Whose own report is of a lower level than the one that it went into does not read that.
    """
    matter = edition.report.matter
    rows = queries.participants_of(matter).exclude(role=Participant.Role.DRAFTER).exclude(words__edition=edition)
    found = rows.select_related("person", "body", "matter__report").order_by("matter", "order", "pk")
    return [
        row for row in found if row.matter.access != Access.SUSPENDED and rank(row.matter.access) >= rank(matter.access)
    ]


@transaction.atomic
def answer_edition(
    word: AuthorWord,
    *,
    same: bool,
    text: str = "",
    by: Person,
    now: datetime,
    said: str = "",
    proof: Clean | None = None,
) -> AuthorWord:
    """An author says that the meaning is the same, or what must be changed.

    What he said on the telephone or on paper is entered by the office, which says how (`said`, P1) and may keep what
    shows it: his letter, a picture of his message (`proof`).
    """
    edition = _lock(word.edition)
    word = AuthorWord.objects.select_for_update(of=("self",)).select_related("participant__matter").get(pk=word.pk)
    if word.participant.matter.access == Access.SUSPENDED:
        raise WrongStep(SUSPENDED)
    if word.answer:
        raise WrongStep("这一稿已经答复过了。")
    if not same and not text.strip():
        raise Refused("请写明哪里需要修改。", field="text")
    if not said.strip() and by.pk not in _people(word.participant, now=now):
        raise Refused("代反映人登记的，请写明答复方式和日期，例如：11月3日电话。", field="said")
    word.answer = AuthorWord.Answer.SAME if same else AuthorWord.Answer.CHANGE
    word.text, word.said = "" if same else text.strip(), said.strip()
    word.answered_by, word.answered_at = by, now
    word.proof = keep_sheet([edition.report], proof, by=by, now=now)
    word.save(update_fields=["answer", "text", "said", "proof", "answered_by", "answered_at"])
    _settle(edition)
    event = edition.report.matter.record(
        "report_author_answered", by=by, now=now, who=str(word.participant), answer=word.get_answer_display()
    )
    told(
        edition.report,
        {word.asked_by_id, edition.by_id},
        event,
        "author_answered",
        now=now,
        edition=str(edition.public_id),
    )
    return word


def _people(participant: Participant, *, now: datetime) -> list[int]:
    """Who speaks for one author: the person, or those who act for the body."""
    return speaking_for([participant], on=today(now))


def _lock(edition: Edition) -> Edition:
    """The version as it is now, its matter locked first; only the latest one of a report in hand is asked about."""
    report = lock(edition.report)
    expect(report, Status.EDITING)
    fresh = Edition.objects.select_for_update(of=("self",)).get(pk=edition.pk)
    fresh.report = report
    if report.editions.filter(number__gt=fresh.number).exists():
        raise WrongStep("已经有新的编辑稿，请核对新的一稿。")
    return fresh


def _settle(edition: Edition) -> None:
    """What the answers so far make of the version."""
    answers = set(edition.words.values_list("answer", flat=True))
    if AuthorWord.Answer.CHANGE in answers:
        edition.state = State.CHANGED
    else:
        edition.state = State.ASKED if "" in answers else State.CONFIRMED
    Edition.objects.filter(pk=edition.pk).update(state=edition.state)
