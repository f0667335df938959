"""A register on its way into the house: what it makes, what it leaves alone, what it tells."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from config.portal.actions import registers
from members.choices import BodyKind, Role, System
from members.errors import Refused
from members.inbox.models import Message
from members.models import AssigningOffice, AuditEntry, Body, Person, Session, Term
from proposals.handling import numbering
from proposals.handling.models import Event, Matter, NumberSeries, Obligation, Reply, Stage
from proposals.handling.readers import readers_of
from proposals.models import Proposal, Status
from tests.factories import BodyFactory, SessionFactory, appoint

pytestmark = pytest.mark.django_db
NOW = timezone.make_aware(datetime(2026, 4, 20, 10, 0))
HEADER = "提案编号,案由,提案者,主办单位,会办单位,交办日期,答复文号,答复日期,办理类别,备注\n"


@pytest.fixture
def register(tmp_path: Path) -> Callable[..., Path]:
    def write(*lines: str, name: str = "登记表.csv", header: str = HEADER) -> Path:
        path = tmp_path / name
        path.write_text(header + "\n".join(lines) + "\n", encoding="gb18030")
        return path

    return write


@pytest.fixture
def officer() -> Person:
    office = Body.objects.get(assigns__system=System.GOVERNMENT)
    return appoint(Role.ASSIGNING_OFFICER, office, name="严明")


def bring(
    path: Path, *, partial: bool = False, now: datetime = NOW, code: str = "14-2", by: Person | None = None
) -> registers.Result:
    seen = registers.preview(path, code, on=timezone.localdate(now))
    return registers.confirm(seen, partial=partial, by=by, now=now)


def command(*args: object) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of the command."""
    out = StringIO()
    try:
        call_command("import_proposals", *map(str, args), "--json", stdout=out, stderr=StringIO())
    except SystemExit as end:
        return int(end.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def matter(number: str) -> Matter:
    return Matter.objects.get(session__code="14-2", number=number)


def test_an_answered_proposal_is_answered_with_its_dates(register: Callable[..., Path]) -> None:
    bring(register("1,甲,林见山,市教体局,市财政局,2026.2.2,教函[2026]8号,2026.3.20,Ａ,=1+1"))

    got = matter("0001")
    [lead, co] = got.assignments.order_by("id")
    reply = Reply.objects.get()
    assert (got.stage, got.exposure, got.proposal.status) == (Stage.ANSWERED, "handling", Status.ASSIGNED)
    assert [(one.unit.name, one.role, one.state, timezone.localdate(one.given_at)) for one in (lead, co)] == [
        ("市教育局", "lead", "answered", date(2026, 2, 2)),
        ("市财政局", "co", "answered", date(2026, 2, 2)),
    ]
    assert reply.result is not None
    assert (reply.assignment, reply.doc_no, reply.replied_on, reply.result.code, reply.state) == (
        lead, "教函〔2026〕8号", date(2026, 3, 20), "A", "delivered",
    )  # fmt: skip
    assert (got.proposal.proposer_text, got.proposal.import_note) == ("林见山", "=1+1")
    assert not Obligation.objects.exists()
    assert not lead.evaluation_rounds.exists()


def test_an_open_one_gets_only_its_reply_clock_from_the_real_day(register: Callable[..., Path]) -> None:
    bring(register("1,甲,林见山,市教育局,市财政局,2026.3.5,,,,"))

    [clock] = Obligation.objects.all()
    assert (clock.stage, clock.anchor_on, clock.due_on, clock.status) == (
        "reply",
        date(2026, 3, 5),
        date(2026, 6, 5),
        "open",
    )
    assert clock.holder_body is not None
    assert (clock.holder_body.name, matter("0001").stage) == ("市教育局", Stage.HANDLING)


def test_steps_long_past_do_not_fire_and_each_office_is_told_their_number_once(
    register: Callable[..., Path], officer: Person
) -> None:
    lines = [f"{number},第{number}件,林见山,市教育局,,2025.{number}.6,,,," for number in (1, 2, 11)]
    clerk = appoint(Role.UNIT_CLERK, Body.objects.get(name="市教育局"), name="沈青")

    bring(register(*lines), code="14-1")

    subjects = Message.objects.filter(recipient=officer, channel="inapp").values_list(
        "template", "subject__open", "subject__past", "subject__overdue"
    )
    assert list(subjects) == [("history_taken_over", 3, 3, 3)]
    assert not Message.objects.filter(recipient=clerk).exists()


def test_one_without_lead_or_day_waits_with_its_units_as_the_draft(register: Callable[..., Path]) -> None:
    bring(
        register(
            "1,甲,,,市财政局,2026.3.5,教函〔2026〕1号,2026.4.1,B,",
            "2,乙,,市教育局,,2026.2.30,,,,",
            "3,丙,,市明日之星办,,2026.3.5,,,,",
            "4,丁,,市教育局,,,教函〔2026〕4号,2026.4.1,B,",
        )
    )

    assert [matter(number).stage for number in ("0001", "0002", "0003", "0004")] == [
        "filed",
        "filed",
        "filed",
        "answered",
    ]
    assert [
        [(part.unit.name, part.role) for part in matter(number).proposal.allocation.order_by("id")]
        for number in ("0001", "0002", "0003")
    ] == [[("市财政局", "co")], [("市教育局", "sole")], []]
    assert matter("0001").proposal.import_note.splitlines() == [
        "登记表所载交办日期：2026-03-05", "登记表所载答复：2026-04-01 教函〔2026〕1号 B",
    ]  # fmt: skip
    assert matter("0002").proposal.import_note == "交办日期原文：2026.2.30"
    assert matter("0003").proposal.import_note.splitlines()[0] == "待确认的单位：市明日之星办"
    assert matter("0004").proposal.import_note == "交办日期不详，按答复日期登记。"
    assert not Body.objects.filter(name__contains="明日之星").exists()


def test_every_import_is_one_event_a_matter_and_one_audit_row(register: Callable[..., Path]) -> None:
    staff = appoint(Role.PROPOSAL_STAFF, name="何晓")

    bring(register("1,甲,林见山,市教育局,,2026.2.2,教函[2026]8号,2026.3.20,A,", "2,乙,,,,,,,,"), by=staff)

    assert list(
        Event.objects.order_by("id").values_list("verb", "by__name", "payload__facts__summary", "payload__facts__row")
    ) == [
        ("imported", "何晓", "2026-02-02 交办，2026-03-20 答复（A类）教函〔2026〕8号", "2"),
        ("imported", "何晓", "尚未交办", "3"),
    ]
    assert list(AuditEntry.objects.values_list("verb", "subject", "by")) == [("proposals.import", "14-2", staff.pk)]


def test_a_missing_session_is_made_with_its_term(register: Callable[..., Path]) -> None:
    bring(register("1,甲,,市教育局,,2024.3.5,,2024.4.1,A,"), code="12-3")

    session = Session.objects.get(code="12-3")
    assert (session.name, session.term.name, session.term.starts_on) == ("十二届三次会议", "第十二届", date(2022, 1, 1))
    bring(register("2,乙,,,,,,,,"), code="12-3")
    assert (Term.objects.filter(number=12).count(), Session.objects.filter(term__number=12).count()) == (1, 1)


def test_the_sequence_goes_on_behind_the_highest_number(register: Callable[..., Path]) -> None:
    session = SessionFactory(code="14-2", number=2)

    bring(register("0007,甲,,,,,,,,", "0994,乙,,,,,,,,", "集12,丙,,,,,,,,"))

    assert NumberSeries.objects.get(session=session, kind="proposal").last == 994
    assert numbering.take(session, "proposal") == 995


def test_the_same_file_twice_adds_nothing_and_a_conflict_overwrites_nothing(register: Callable[..., Path]) -> None:
    path = register("1,甲,,市教育局,,2026.3.5,,,,", "2,乙,,,,,,,,")
    bring(path)

    again = bring(path)
    other = bring(register("1,别的题目,,市财政局,,2026.3.6,,,,", "3,丙,,,,,,,,", name="b.csv"), partial=True)

    assert (again.summary["imported"], again.summary["skipped"]) == (0, 2)
    assert (other.summary["imported"], [error["code"] for error in other.summary["errors"]]) == (
        1,
        ["duplicate_conflict"],
    )
    assert (matter("0001").title, Matter.objects.count(), Obligation.objects.count()) == ("甲", 3, 1)


def test_numbers_of_the_house_count_as_there_whatever_their_width(register: Callable[..., Path]) -> None:
    session = SessionFactory(code="14-2", number=2)
    Matter.objects.create(kind="proposal", session=session, number="7", title="甲")

    result = bring(register("0007,甲,,,,,,,,"))

    assert (result.summary["imported"], result.summary["skipped"]) == (0, 1)


def test_a_number_given_since_the_preview_stops_the_import(register: Callable[..., Path]) -> None:
    session = SessionFactory(code="14-2", number=2)
    seen = registers.preview(register("1,甲,,,,,,,,", "2,乙,,,,,,,,"), "14-2")
    Matter.objects.create(kind="proposal", session=session, number="0002", title="先到的")

    with pytest.raises(Refused, match="编号 0002 已被使用"):
        registers.confirm(seen, partial=True, by=None, now=NOW)

    assert Matter.objects.count() == 1


def test_a_year_without_calendar_comes_in_without_clock_and_says_so(register: Callable[..., Path]) -> None:
    result = bring(register("1,甲,,市教育局,,1998.3.5,,,,"), code="8-1")

    assert [(note["row"], note["code"]) for note in result.summary["warnings"]] == [(2, "no_clock")]
    assert (Obligation.objects.count(), Matter.objects.get().stage) == (0, Stage.HANDLING)


def test_what_a_register_says_and_the_house_cannot_hold_is_warned_of_and_noted(register: Callable[..., Path]) -> None:
    header = "编号,案由,提案者,主办单位,交办日期,答复日期,办理期限,提案分类,提案形式\n"
    rows = [
        "1,甲,林见山,市教育局,2026.3.5,2099.6.1,2026.3.1,海洋事业,党派",
        "2,乙,林见山,市教育局,2062.3.5,,,经济建设,个人",
    ]

    result = bring(register(*rows, header=header))

    assert [(note["row"], note["code"]) for note in result.summary["warnings"]] == [
        (2, "future_date"),
        (2, "due_before_assigned"),
        (2, "unknown_form"),
        (2, "unknown_category"),
        (3, "future_date"),
    ]
    first, second = matter("0001"), matter("0002")
    note = first.proposal.import_note
    for words in ("答复日期原文：2099.6.1", "办理期限原文：2026.3.1", "提案分类原文：海洋事业", "提案形式原文：党派"):
        assert words in note
    assert (first.stage, second.stage) == (Stage.HANDLING, Stage.FILED)
    assert Obligation.objects.get().due_on == date(2026, 6, 5), "three months by the rule, not the impossible limit"
    assert "交办日期原文：2062.3.5" in second.proposal.import_note
    assert (first.proposal.category, second.proposal.category and second.proposal.category.name) == (None, "经济建设")


def test_proposers_are_linked_only_where_they_can_be_told_apart(register: Callable[..., Path]) -> None:
    SessionFactory(code="14-2", number=2)
    known = appoint(Role.MEMBER, name="林见山")
    appoint(Role.MEMBER, name="吴秋禾")
    appoint(Role.MEMBER, name="吴秋禾")
    party = BodyFactory(name="某党派市委员会", kind=BodyKind.DEMOCRATIC_PARTY, system=System.CPPCC)

    bring(register("1,甲,林见山、吴秋禾等4人,,,,,,,", "2,乙,某党派市委员会,,,,,,,", "3,丙,不认识的人,,,,,,,"))

    assert [(one.person, one.body, one.role) for one in matter("0001").participants.all()] == [(known, None, "first")]
    assert [(one.person, one.body, one.role) for one in matter("0002").participants.all()] == [
        (None, party, "organisation")
    ]
    assert not matter("0003").participants.exists()
    assert list(Proposal.objects.order_by("id").values_list("form", "source", "consents")) == [
        ("joint", "import", False), ("collective", "import", False), ("individual", "import", False),
    ]  # fmt: skip


def test_those_who_may_see_a_handed_over_proposal_see_an_imported_one(
    register: Callable[..., Path], officer: Person
) -> None:
    staff = appoint(Role.PROPOSAL_STAFF, name="何晓")
    clerk = appoint(Role.UNIT_CLERK, Body.objects.get(name="市教育局"), name="沈青")
    stranger = appoint(Role.UNIT_CLERK, Body.objects.get(name="市财政局"), name="外人")

    bring(register("1,甲,,市教育局,,2026.3.5,,,,", "2,乙,,,,,,,,"))

    seen = {
        person.name: set(Matter.objects.visible_to(person).values_list("number", flat=True))
        for person in (staff, clerk, officer, stranger)
    }
    assert seen == {"何晓": {"0001", "0002"}, "沈青": {"0001"}, "严明": {"0001"}, "外人": set()}


def test_the_audience_written_at_once_is_the_one_that_is_derived(register: Callable[..., Path]) -> None:
    SessionFactory(code="14-2", number=2)
    appoint(Role.MEMBER, name="林见山")
    BodyFactory(name="某党派市委员会", kind=BodyKind.DEMOCRATIC_PARTY, system=System.CPPCC)

    bring(
        register(
            "1,甲,林见山、某党派市委员会,市教育局,市委宣传部,2026.3.5,,,,",
            "2,乙,林见山,市教育局,市财政局,2026.3.5,,2026.4.1,A,",
            "3,丙,某党派市委员会,,市财政局,,,,,",
        )
    )

    assert [one.readers for one in Matter.objects.order_by("id")] == [
        readers_of(one) for one in Matter.objects.order_by("id")
    ]


def test_the_command_keeps_to_its_exit_codes_and_its_shape(register: Callable[..., Path]) -> None:
    path = register(
        "1,甲,,市教育局,,2026.3.5,,,,", "1,甲,,市教育局,,2026.3.5,,,,", ",无号,,,,,,,,", "3,丙,,市环保局,,,,,,"
    )

    tried = command(path, "--session", "14-2", "--partial", "--dry-run")
    refused = command(path, "--session", "14-2")
    assert not Matter.objects.exists()
    assert not Session.objects.filter(code="14-2").exists()
    done = command(path, "--session", "14-2", "--partial")
    again = command(path, "--session", "14-2", "--partial")

    assert [(code, said["rows"], said["imported"], said["skipped"]) for code, said in (tried, refused, done, again)] == [
        (0, 4, 2, 1), (1, 4, 0, 1), (0, 4, 2, 1), (0, 4, 0, 3),
    ]  # fmt: skip
    assert done[1]["errors"] == [
        {"row": 4, "column": "提案编号", "code": "missing_number", "message": "提案编号为空，请补填。"}
    ]
    assert [(note["row"], note["column"], note["code"]) for note in done[1]["warnings"]] == [
        (5, "主办单位", "former_name")
    ]


def test_the_command_tells_misuse_from_refusal(register: Callable[..., Path], tmp_path: Path) -> None:
    picture = tmp_path / "x.xlsx"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")

    for args in (
        [tmp_path / "none.csv", "--session", "14-2"],
        [picture, "--session", "14"],
        [picture, "--session", "14-2", "--by", "nobody"],
    ):
        with pytest.raises(CommandError) as error:
            call_command("import_proposals", *map(str, args))
        assert error.value.returncode == 2
    code, said = command(picture, "--session", "14-2")
    assert (code, said["rows"], said["errors"][0]["code"]) == (1, 0, "unreadable")


def test_an_import_that_breaks_leaves_nothing_behind(register: Callable[..., Path]) -> None:
    AssigningOffice.objects.filter(system=System.GOVERNMENT).delete()

    with pytest.raises(Refused, match="交办机构"):
        bring(register("1,甲,,市教育局,,2026.3.5,,,,", "2,乙,,,,,,,,"))

    assert (Matter.objects.count(), Session.objects.filter(code="14-2").count(), NumberSeries.objects.count()) == (
        0,
        0,
        0,
    )


def test_answered_rows_are_written_together(register: Callable[..., Path], django_assert_max_num_queries: Any) -> None:
    lines = [
        f"{number},第{number}件,林见山,市教育局,市财政局,2026.3.5,教函〔2026〕{number}号,2026.4.1,A,"
        for number in range(1, 41)
    ]

    with django_assert_max_num_queries(70):
        bring(register(*lines))


def test_days_before_now_are_days(register: Callable[..., Path]) -> None:
    bring(register("1,甲,,市教育局,,2026.4.20,,,,"), now=NOW + timedelta(hours=1))

    assert Obligation.objects.get().started_on == date(2026, 4, 20)
