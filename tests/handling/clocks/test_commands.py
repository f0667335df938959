"""Commands on clocks: one event each, one fold, and the ladder set anew where the last day moved."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from members.errors import Refused, WrongStep
from members.inbox.models import Message, State
from proposals.handling import audit, clockface, clocks, engine, workdays
from proposals.handling.clockwork.fold import Clock, fold
from proposals.handling.models import ClockEvent, ExtensionRequest, Ladder, LadderStep, Obligation, TimeRule
from tests.factories import appoint
from tests.handling.factories import MONDAY, House, assignment, at, house, matter, reply_clock, rule, unit

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


@pytest.fixture
def home() -> House:
    return house()


def kinds(obligation: Obligation) -> list[str]:
    return list(obligation.events.order_by("seq").values_list("kind", flat=True))


def pending(obligation: Obligation) -> list[str]:
    return list(Message.objects.filter(about=obligation.pk, state=State.PENDING).values_list("key", flat=True))


def fire(obligation: Obligation) -> None:
    """Let the engine run at the next step's moment."""
    obligation.refresh_from_db()
    assert obligation.next_at
    engine.scan(now=obligation.next_at)
    obligation.refresh_from_db()


def test_a_reply_is_due_three_months_after_it_was_given(home: House) -> None:
    obligation = reply_clock(home, on=MONDAY)

    assert (obligation.due_on, obligation.epoch, obligation.status) == (date(2026, 6, 2), 1, "open")
    assert obligation.next_at == at(date(2026, 5, 19), 9)
    assert obligation.next_step and obligation.next_step.code == "t-10"
    assert kinds(obligation) == ["start"]


def test_a_batchs_fixed_date_wins_over_the_period(home: House) -> None:
    obligation = reply_clock(home, fixed_on=date(2026, 6, 30))

    assert obligation.due_on == date(2026, 6, 30)


def test_the_same_clock_does_not_start_twice(home: House) -> None:
    obligation = reply_clock(home)

    with pytest.raises(WrongStep, match="已经在计算"):
        reply_clock(home, matter=obligation.matter, assignment=obligation.assignment)


def test_a_stage_without_a_rule_is_refused_with_a_sentence(home: House) -> None:
    with pytest.raises(Refused, match="没有适用的时限规则"):
        clocks.start(matter(home), "unheard_of", body=home.office, anchor_on=MONDAY, by=None, now=at(MONDAY))


def test_a_limit_that_touches_a_year_without_notice_is_provisional(home: House) -> None:
    assert not reply_clock(home, on=MONDAY).provisional
    assert reply_clock(home, on=date(2026, 11, 2)).provisional


def test_done_in_time_is_frozen_as_not_late(home: House) -> None:
    obligation = clocks.complete(reply_clock(home), by=home.unit.clerk, now=at(date(2026, 6, 2), 23))

    assert (obligation.status, obligation.late_workdays, obligation.next_at) == ("done", 0, None)
    assert kinds(obligation) == ["start", "complete"]


def test_done_late_is_frozen_in_workdays(home: House) -> None:
    obligation = clocks.complete(reply_clock(home), by=home.unit.clerk, now=at(date(2026, 6, 8)))

    assert obligation.late_workdays == 4


def test_what_happened_on_paper_counts_from_its_date(home: House) -> None:
    obligation = clocks.complete(reply_clock(home), by=home.staff, now=at(date(2026, 6, 8)), on=date(2026, 6, 2))

    assert obligation.late_workdays == 0
    assert obligation.done_at == at(date(2026, 6, 2), 0)


def test_nothing_is_done_tomorrow(home: House) -> None:
    with pytest.raises(Refused, match="不能晚于今天"):
        clocks.complete(reply_clock(home), by=None, now=at(MONDAY), on=MONDAY + timedelta(days=1))


def test_nothing_is_done_before_the_limit_was_last_opened_again(home: House) -> None:
    row = clocks.complete(reply_clock(home), by=None, now=at(date(2026, 5, 20)))
    clocks.reopen(row, by=home.staff, now=at(date(2026, 5, 25)), reason="登记有误")

    with pytest.raises(Refused, match="完成日期不能早于5月25日：时限在这一天重新开启"):
        clocks.complete(row, by=home.staff, now=at(date(2026, 5, 28)), on=date(2026, 5, 22))
    assert kinds(row) == ["start", "complete", "reopen"]

    done = clocks.complete(row, by=home.staff, now=at(date(2026, 5, 28)), on=date(2026, 5, 25))
    assert (done.status, kinds(row)[-1]) == ("done", "complete")


def test_an_ended_clock_takes_no_command(home: House) -> None:
    row, now = clocks.cancel(reply_clock(home), by=None, now=at(MONDAY), reason="撤案"), at(MONDAY)
    commands: list[Callable[[], object]] = [
        lambda: clocks.complete(row, by=None, now=now),
        lambda: clocks.cancel(row, by=None, now=now, reason="x"),
        lambda: clocks.pause(row, by=None, now=now, reason="x"),
        lambda: clocks.resume(row, by=None, now=now),
        lambda: clocks.extend(row, amount=1, by=None, now=now, reason="x"),
        lambda: clocks.revoke(row, by=None, now=now, reason="x"),
    ]

    for command in commands:
        with pytest.raises(WrongStep):
            command()


def test_i18_frozen_lateness_stays_whatever_becomes_of_the_calendar(home: House) -> None:
    obligation = clocks.complete(reply_clock(home), by=None, now=at(date(2026, 6, 8)))

    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Obligation.objects.filter(pk=obligation.pk).update(late_workdays=0)
    before = (obligation.due_on, obligation.late_workdays, obligation.calendar_version)
    workdays.set_local_day(date(2026, 6, 2), is_workday=False, name="市民日")
    assert engine.refold(now=at(date(2026, 6, 9))) == 0
    assert clocks.recount(obligation, now=at(date(2026, 6, 9))) is False
    obligation.refresh_from_db()
    assert (obligation.due_on, obligation.late_workdays, obligation.calendar_version) == before


def test_pausing_rests_the_ladder_and_resuming_moves_the_last_day(home: House) -> None:
    obligation = reply_clock(home)

    paused = clocks.pause(obligation, by=home.unit.clerk, now=at(date(2026, 4, 1)), reason="送审")
    assert (paused.status, paused.next_at, paused.due_on) == ("paused", None, date(2026, 6, 2))
    resumed = clocks.resume(obligation, by=home.officer, now=at(date(2026, 4, 8)))

    assert (resumed.status, resumed.due_on, resumed.epoch) == ("open", date(2026, 6, 9), 2)
    assert resumed.next_at == at(date(2026, 5, 26), 9)


def test_i14_pausing_for_no_time_at_all_makes_no_new_epoch(home: House) -> None:
    obligation = reply_clock(home)
    before = (obligation.due_on, obligation.epoch, obligation.next_at)

    clocks.pause(obligation, by=None, now=at(MONDAY, 11), reason="误操作")
    again = clocks.resume(obligation, by=None, now=at(MONDAY, 12))

    assert (again.due_on, again.epoch, again.next_at) == before


def test_a_pause_cannot_end_before_it_began(home: House) -> None:
    obligation = reply_clock(home)
    clocks.pause(obligation, by=None, now=at(date(2026, 4, 8)), reason="送审")

    with pytest.raises(Refused, match="恢复日期"):
        clocks.resume(obligation, by=None, now=at(date(2026, 4, 9)), on=date(2026, 4, 7))


def test_a_pause_does_not_begin_before_the_clock_last_went_on(home: House) -> None:
    obligation = reply_clock(home)
    clocks.pause(obligation, by=None, now=at(date(2026, 4, 1)), reason="送审")
    clocks.resume(obligation, by=None, now=at(date(2026, 4, 8)))

    with pytest.raises(Refused, match="暂停日期不能早于"):
        clocks.pause(obligation, by=None, now=at(date(2026, 4, 9)), reason="送审", on=date(2026, 4, 7))
    clocks.pause(obligation, by=None, now=at(date(2026, 4, 9)), reason="送审", on=date(2026, 4, 8))

    again = clocks.resume(obligation, by=None, now=at(date(2026, 4, 10)))
    assert (again.status, again.due_on) == ("open", date(2026, 6, 11))


def test_an_extension_moves_the_last_day_and_taking_it_back_restores_it(home: House) -> None:
    obligation = reply_clock(home)

    extended = clocks.extend(obligation, amount=1, by=home.officer, now=at(date(2026, 5, 6)), reason="需会商")
    assert (extended.due_on, extended.epoch) == (date(2026, 7, 2), 2)
    revoked = clocks.revoke(obligation, by=home.officer, now=at(date(2026, 5, 7)), reason="不再需要")

    assert (revoked.due_on, revoked.epoch) == (date(2026, 6, 2), 3)
    assert kinds(obligation) == ["start", "extend", "revoke"]


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        ({"to_on": date(2026, 6, 2)}, "应晚于"),
        ({"to_on": date(2026, 5, 1)}, "应晚于"),
        ({"amount": 0}, "至少为 1"),
        ({"amount": -3}, "至少为 1"),
        ({"amount": 2}, "一次延期不得晚于"),
        ({"to_on": date(2026, 7, 3)}, "一次延期不得晚于"),
        ({"to_on": date(2026, 6, 9), "amount": 1}, "二者只填其一"),
        ({}, "二者只填其一"),
    ],
)
def test_an_impossible_extension_is_refused(home: House, wanted: dict[str, Any], refusal: str) -> None:
    obligation = reply_clock(home)

    with pytest.raises(Refused, match=refusal):
        clocks.extend(obligation, by=None, now=at(date(2026, 5, 6)), reason="x", **wanted)
    assert kinds(obligation) == ["start"]


def test_i17_extensions_end_at_the_cap(home: House) -> None:
    obligation = reply_clock(home)
    for month in (5, 6, 7):
        clocks.extend(obligation, amount=1, by=None, now=at(date(2026, month, 20)), reason="x")

    with pytest.raises(Refused, match="总期限"):
        clocks.extend(obligation, amount=1, by=None, now=at(date(2026, 8, 20)), reason="x")
    obligation.refresh_from_db()
    assert obligation.due_on == date(2026, 9, 2)


def test_extensions_are_counted_against_the_rules_number_and_a_revoked_one_is_free_again(home: House) -> None:
    made = rule("twice", 20, extend_count=2)
    row = clocks.start(matter(home), made.code, body=home.unit.body, anchor_on=MONDAY, by=None, now=at(MONDAY))
    for _ in range(2):
        clocks.extend(row, amount=1, by=None, now=at(MONDAY), reason="x")

    with pytest.raises(Refused, match="最多延期 2 次"):
        clocks.extend(row, amount=1, by=None, now=at(MONDAY), reason="x")
    with pytest.raises(Refused, match="最多延期 2 次"):
        clocks.check_extension(row, to_on=date(2026, 4, 30), now=at(MONDAY))

    clocks.revoke(row, by=None, now=at(MONDAY), reason="x")
    clocks.extend(row, amount=1, by=None, now=at(MONDAY), reason="x")
    clocks.extend(row, amount=1, by=None, now=at(MONDAY), reason="x", override=True)
    assert kinds(row) == ["start", "extend", "extend", "revoke", "extend", "extend"]


@pytest.mark.parametrize("act", ["pause", "complete"])
def test_time_asked_in_another_unit_than_the_rules_counts_in_its_own(home: House, act: str) -> None:
    """A month on a limit of workdays is a month, before and after the clock stood still."""
    made = rule("mixed", 5, extend_amount=30)
    row = clocks.start(matter(home), made.code, body=home.unit.body, anchor_on=MONDAY, by=None, now=at(MONDAY))
    assert row.due_on == date(2026, 3, 9)

    row = clocks.extend(row, amount=1, unit="month", by=None, now=at(date(2026, 3, 4)), reason="x")
    assert (row.due_on, row.events.get(kind="extend").unit) == (date(2026, 4, 9), "month")
    if act == "pause":
        clocks.pause(row, by=None, now=at(date(2026, 3, 5)), reason="x")
        row = clocks.resume(row, by=None, now=at(date(2026, 3, 9)))
    else:
        clocks.complete(row, by=None, now=at(date(2026, 3, 5)))
        row = clocks.reopen(row, by=None, now=at(date(2026, 3, 9)), reason="x")

    assert row.due_on == date(2026, 4, 13)


def test_whoever_may_pass_over_a_rule_passes_over_its_number_its_length_its_end_and_its_day(home: House) -> None:
    made = rule("strict", 5, extend_count=1, extend_amount=2, cap_months=1)
    row = clocks.start(matter(home), made.code, body=home.unit.body, anchor_on=MONDAY, by=None, now=at(MONDAY))
    clocks.extend(row, amount=1, by=None, now=at(MONDAY), reason="x")
    late, wanted = at(date(2026, 3, 20)), date(2026, 5, 8)

    for moment, refusal in ((late, "须在到期前提出"), (at(MONDAY), "最多延期 1 次")):
        with pytest.raises(Refused, match=refusal):
            clocks.extend(row, to_on=wanted, by=None, now=moment, reason="x")
    row = clocks.extend(row, to_on=wanted, by=home.officer, now=late, reason="经分管市领导同意", override=True)

    assert (row.due_on, row.epoch) == (wanted, 3)


def test_more_time_is_asked_for_before_the_limit_runs_out(home: House) -> None:
    obligation = reply_clock(home)
    late = at(date(2026, 6, 3))

    with pytest.raises(Refused, match="届满"):
        clocks.extend(obligation, amount=1, by=None, now=late, reason="x")

    ExtensionRequest.objects.create(
        obligation=obligation,
        asked_by=home.unit.clerk,
        asked_at=at(date(2026, 6, 1)),
        amount=1,
        unit="month",
        reason="x",
    )
    assert clocks.extend(obligation, amount=1, by=home.officer, now=late, reason="x").due_on == date(2026, 7, 2)


def test_i16_one_request_at_a_time_and_nobody_grants_the_own(home: House) -> None:
    asked = {"asked_by": home.unit.clerk, "asked_at": at(MONDAY), "amount": 1, "unit": "month", "reason": "x"}
    first = ExtensionRequest.objects.create(obligation=reply_clock(home), **asked)

    with pytest.raises(DatabaseError, match="one_extension_asked"), transaction.atomic():
        ExtensionRequest.objects.create(obligation=first.obligation, **asked)
    with pytest.raises(DatabaseError, match="nobody_grants_the_own_extension"), transaction.atomic():
        ExtensionRequest.objects.filter(pk=first.pk).update(
            state="granted",
            decided_by=home.unit.clerk,
            decided_at=at(MONDAY),
            old_due=date(2026, 6, 2),
            new_due=date(2026, 7, 2),
        )


def test_i17_a_co_handler_is_due_ten_workdays_before_the_lead_and_follows_it(home: House) -> None:
    case = matter(home)
    lead = assignment(home, case, role="lead")
    helper = unit()
    co = assignment(home, case, helper.body, role="co")
    reply = reply_clock(home, matter=case, assignment=lead, fixed_on=date(2026, 3, 31))

    opinion = clocks.start(
        case, "co_opinion", assignment=co, body=helper.body, anchor_on=MONDAY, by=None, now=at(MONDAY)
    )
    assert (opinion.due_on, opinion.epoch) == (date(2026, 3, 17), 1)
    clocks.extend(reply, amount=1, by=None, now=at(date(2026, 3, 10)), reason="x")

    opinion.refresh_from_db()
    assert (opinion.due_on, opinion.epoch) == (date(2026, 4, 2), 2)
    assert kinds(opinion) == ["start", "follow", "follow"]


def test_a_co_handler_has_two_workdays_at_least(home: House) -> None:
    case = matter(home)
    lead, helper = assignment(home, case, role="lead"), unit()
    reply_clock(home, matter=case, assignment=lead, fixed_on=date(2026, 3, 6))

    opinion = clocks.start(
        case,
        "co_opinion",
        assignment=assignment(home, case, helper.body, role="co"),
        body=helper.body,
        anchor_on=MONDAY,
        by=None,
        now=at(MONDAY),
    )

    assert opinion.due_on == date(2026, 3, 4)


def test_a_lead_that_starts_later_binds_its_co_handlers(home: House) -> None:
    case, helper = matter(home), unit()
    co = assignment(home, case, helper.body, role="co")
    opinion = clocks.start(
        case, "co_opinion", assignment=co, body=helper.body, anchor_on=MONDAY, by=None, now=at(MONDAY)
    )
    assert opinion.due_on == date(2026, 4, 2)

    reply_clock(home, matter=case, assignment=assignment(home, case, role="lead"), fixed_on=date(2026, 4, 9))

    opinion.refresh_from_db()
    assert opinion.due_on == date(2026, 3, 25)


def test_a_new_rule_moves_running_clocks_only_when_it_is_applied(home: House) -> None:
    obligation = reply_clock(home)
    clocks.pause(obligation, by=None, now=at(date(2026, 3, 9)), reason="x")
    clocks.resume(obligation, by=None, now=at(date(2026, 3, 12)))
    old = TimeRule.objects.get(code="reply")
    old.valid = (date(2000, 1, 1), date(2026, 4, 1))
    old.save()
    new = rule("reply", 2, "month", valid=(date(2026, 4, 1), None))

    obligation.refresh_from_db()
    assert obligation.due_on == date(2026, 6, 5)
    changed = clocks.apply_rule(obligation, new, by=home.staff, now=at(date(2026, 4, 2)), reason="规则调整")

    assert (changed.due_on, changed.rule, changed.next_at) == (date(2026, 5, 6), new, None)


def test_a_rule_and_a_ladder_in_use_never_change(home: House) -> None:
    reply_clock(home)
    used = TimeRule.objects.get(code="reply")
    assert used.ladder

    with pytest.raises(DatabaseError, match="rule in use"), transaction.atomic():
        TimeRule.objects.filter(pk=used.pk).update(amount=4)
    with pytest.raises(DatabaseError), transaction.atomic():
        TimeRule.objects.filter(pk=used.pk).delete()
    with pytest.raises(DatabaseError, match="ladder in use"), transaction.atomic():
        LadderStep.objects.filter(ladder=used.ladder).update(severity=1)
    with pytest.raises(DatabaseError, match="ladder in use"), transaction.atomic():
        LadderStep.objects.create(
            ladder=used.ladder,
            code="x",
            name="x",
            offset_workdays=1,
            severity=1,
            audience_rule=["person"],
            template="x",
        )
    with pytest.raises(DatabaseError), transaction.atomic():
        Ladder.objects.filter(pk=used.ladder.pk).delete()


def test_two_rules_of_one_stage_never_overlap() -> None:
    with pytest.raises(DatabaseError, match="one_rule_at_a_time"), transaction.atomic():
        rule("reply", 4, "month", valid=(date(2026, 1, 1), None))


def test_reopening_starts_the_ladder_anew_and_gives_back_the_closed_time(home: House) -> None:
    obligation = reply_clock(home)
    fire(obligation)
    clocks.complete(obligation, by=None, now=at(date(2026, 5, 20)))

    again = clocks.reopen(obligation, by=home.staff, now=at(date(2026, 5, 25)), reason="登记有误")

    assert (again.status, again.due_on, again.epoch) == ("open", date(2026, 6, 8), 2)
    assert (again.done_at, again.late_workdays) == (None, None)
    assert again.next_at == at(date(2026, 5, 25))


def test_a_successor_takes_the_clock_over_unchanged(home: House) -> None:
    obligation, successor = reply_clock(home), unit()
    fire(obligation)
    before = (obligation.due_on, obligation.epoch, obligation.next_at)

    moved = clocks.move_holder(obligation, successor.body, by=None, now=at(date(2026, 5, 20)))

    assert (moved.due_on, moved.epoch, moved.next_at) == before
    assert moved.holder_body == successor.body


def test_i9_after_a_transfer_reminders_go_to_the_new_unit(home: House) -> None:
    obligation, successor = reply_clock(home), unit()
    clocks.move_holder(obligation, successor.body, by=None, now=at(date(2026, 5, 4)))

    fire(obligation)

    told = set(Message.objects.filter(about=obligation.pk).values_list("recipient", flat=True))
    assert told == {successor.clerk.pk}


def test_i8_closing_takes_back_what_was_not_handed_off(home: House) -> None:
    home.unit.clerk.mail = "clerk@example.test"
    home.unit.clerk.save()
    obligation = reply_clock(home)
    fire(obligation)
    assert pending(obligation) == [f"o{obligation.pk}:e1:s{step(obligation, 't-10')}:n1:p{home.unit.clerk.pk}:email"]

    clocks.complete(obligation, by=None, now=at(date(2026, 5, 20)))

    assert pending(obligation) == []


@pytest.mark.parametrize("act", ["pause", "transfer"])
def test_i8_pausing_and_transferring_take_back_what_was_not_handed_off(home: House, act: str) -> None:
    home.unit.clerk.mail = "clerk@example.test"
    home.unit.clerk.save()
    obligation, now = reply_clock(home), at(date(2026, 5, 20))
    fire(obligation)
    assert len(pending(obligation)) == 1

    if act == "pause":
        clocks.pause(obligation, by=None, now=now, reason="送审")
    else:
        clocks.move_holder(obligation, unit().body, by=None, now=now)

    assert pending(obligation) == []


def step(obligation: Obligation, code: str) -> int:
    return LadderStep.objects.get(ladder=obligation.rule.ladder, code=code).pk


def test_a_real_change_takes_back_what_the_old_date_planned(home: House) -> None:
    home.unit.clerk.mail = "clerk@example.test"
    home.unit.clerk.save()
    obligation = reply_clock(home)
    fire(obligation)

    clocks.extend(obligation, amount=1, by=None, now=at(date(2026, 5, 20)), reason="x")

    assert pending(obligation) == []
    obligation.refresh_from_db()
    assert obligation.next_at == at(date(2026, 6, 17), 9)


FROM_THE_START = (
    {"code": "begun", "anchor": "start", "offset_workdays": 2, "audience_rule": ["holder_clerks"], "severity": 1},
    {"code": "soon", "offset_workdays": -10, "audience_rule": ["holder_clerks"], "severity": 2},
)


def told_inside(home: House) -> int:
    return Message.objects.filter(recipient=home.unit.clerk, channel="inapp", about__isnull=False).count()


@pytest.mark.parametrize("act", ["calendar", "extend"])
def test_i7_a_step_counted_from_the_first_day_is_told_once_wherever_the_last_day_moves(home: House, act: str) -> None:
    home.unit.clerk.mail = "clerk@example.test"
    home.unit.clerk.save()
    rule("begun", 60, "workday", FROM_THE_START)
    obligation = clocks.start(matter(home), "begun", body=home.unit.body, anchor_on=MONDAY, by=None, now=at(MONDAY))
    fire(obligation)
    waiting, now = pending(obligation), at(date(2026, 4, 1), 11)

    for day in (date(2026, 5, 12), date(2026, 5, 13)):  # each moves the last day once more
        if act == "calendar":
            workdays.set_local_day(day, is_workday=False, name="市民日")
            assert engine.refold(now=now) == 1
        else:
            clocks.extend(obligation, amount=1, by=None, now=now, reason="x", override=True)
        engine.scan(now=now)

    obligation.refresh_from_db()
    assert obligation.epoch == 3
    assert len(waiting) == 1
    assert pending(obligation) == waiting
    assert told_inside(home) == 1
    assert obligation.next_step_id == step(obligation, "soon")
    assert audit.differences(now=now) == []
    assert set(Message.objects.filter(about=obligation.pk).values_list("epoch", flat=True)) == {3}


def test_a_step_from_the_first_day_whose_mail_a_pause_took_back_is_told_again(home: House) -> None:
    home.unit.clerk.mail = "clerk@example.test"
    home.unit.clerk.save()
    rule("begun", 60, "workday", FROM_THE_START)
    obligation = clocks.start(matter(home), "begun", body=home.unit.body, anchor_on=MONDAY, by=None, now=at(MONDAY))
    fire(obligation)

    clocks.pause(obligation, by=None, now=at(date(2026, 4, 1)), reason="送审")
    clocks.resume(obligation, by=None, now=at(date(2026, 4, 3), 10))
    fire(obligation)

    assert pending(obligation) == [f"o{obligation.pk}:e2:s{step(obligation, 'begun')}:n1:p{home.unit.clerk.pk}:email"]


def test_i15_every_move_of_the_last_day_has_one_event_with_old_and_new(home: House) -> None:
    obligation = reply_clock(home)
    clocks.extend(obligation, amount=1, by=home.officer, now=at(date(2026, 5, 6)), reason="一")
    clocks.pause(obligation, by=home.officer, now=at(date(2026, 5, 7)), reason="二")
    clocks.resume(obligation, by=home.officer, now=at(date(2026, 5, 11)))
    clocks.revoke(obligation, by=home.officer, now=at(date(2026, 5, 12)), reason="三")

    events = list(obligation.events.order_by("seq"))

    assert [event.seq for event in events] == [1, 2, 3, 4, 5]
    assert all(one.new_due == two.old_due for one, two in pairwise(events))
    obligation.refresh_from_db()
    assert events[-1].new_due == obligation.due_on
    assert {event.actor for event in events[1:]} == {home.officer}


def test_i15_the_chain_holds_over_calendar_rule_lead_and_reopening(home: House) -> None:
    case, helper = matter(home), unit()
    lead = reply_clock(home, matter=case, assignment=assignment(home, case, role="lead"))
    co = assignment(home, case, helper.body, role="co")
    opinion = clocks.start(
        case, "co_opinion", assignment=co, body=helper.body, anchor_on=date(2026, 5, 5), by=None, now=at(MONDAY)
    )
    for day in (date(2026, 5, 28), date(2026, 6, 2)):
        workdays.set_local_day(day, is_workday=False, name="市民日")
    engine.refold(now=at(date(2026, 4, 2)))
    old = lead.rule
    old.valid = (date(2000, 1, 1), date(2026, 4, 3))
    old.save()
    new = rule("reply", 2, "month", valid=(date(2026, 4, 3), None))
    clocks.apply_rule(lead, new, by=home.staff, now=at(date(2026, 4, 3)), reason="规则调整")
    clocks.complete(lead, by=home.staff, now=at(date(2026, 4, 7)))
    clocks.reopen(lead, by=home.staff, now=at(date(2026, 4, 9)), reason="登记有误")

    assert kinds(lead) == ["start", "calendar", "rule_change", "complete", "reopen"]
    assert set(kinds(opinion)) >= {"start", "follow"}
    for row in (lead, opinion):
        row.refresh_from_db()
        events = list(row.events.order_by("seq"))
        assert all(one.new_due == two.old_due for one, two in pairwise(events))
        assert events[-1].new_due == row.due_on
        assert all(one.reason for one in events if one.seq > 1 and one.old_due != one.new_due)


def test_i17_signing_for_never_ends_after_the_reply(home: House) -> None:
    """Whenever a unit is given a proposal, by the rules that are shipped."""
    calendar = workdays.working_calendar()
    sign, reply = (clockface.rule_of(TimeRule.objects.get(code=code)) for code in ("sign_for", "reply"))

    for n in range(3 * 365):
        day = date(2024, 1, 1) + timedelta(days=n)
        assert fold(Clock(sign, day), calendar) <= fold(Clock(reply, day), calendar)


def test_i15_what_happened_to_a_clock_is_never_rewritten(home: House) -> None:
    event = reply_clock(home).events.get()

    with pytest.raises(DatabaseError), transaction.atomic():
        ClockEvent.objects.filter(pk=event.pk).update(reason="改写")
    with pytest.raises(DatabaseError), transaction.atomic():
        ClockEvent.objects.filter(pk=event.pk).delete()


def test_i4_only_an_open_clock_has_a_next_moment(home: House) -> None:
    obligation = reply_clock(home)

    with pytest.raises(DatabaseError, match="only_open_fires"), transaction.atomic():
        Obligation.objects.filter(pk=obligation.pk).update(status="cancelled")


def test_imported_history_fires_nothing_that_is_past(home: House) -> None:
    obligation = reply_clock(home, on=MONDAY, now=at(date(2026, 6, 25)), fire_past=False)

    assert clocks.past_steps([obligation], now=at(date(2026, 6, 25))) == 1
    assert engine.scan(now=at(date(2026, 6, 25))).fired == 0
    assert set(obligation.checkpoints.values_list("outcome", flat=True)) == {"superseded"}
    obligation.refresh_from_db()
    assert obligation.next_at == at(date(2026, 7, 1), 9)


def test_what_is_past_when_a_clock_starts_comes_to_the_most_severe_step(home: House) -> None:
    obligation = reply_clock(home, on=MONDAY, now=at(date(2026, 6, 4), 22))

    assert obligation.next_at == at(date(2026, 6, 5), 9)
    fire(obligation)

    fired = obligation.checkpoints.filter(outcome="fired").values_list("step__code", flat=True)
    assert list(fired) == ["t+1"]


def test_the_explanation_counts_every_day(home: House) -> None:
    case = matter(home)
    obligation = clocks.start(
        case, "sign_for", body=home.unit.body, anchor_on=date(2026, 2, 13), by=None, now=at(date(2026, 2, 13))
    )

    lines = clocks.explain(obligation)

    assert [(line.on.isoformat(), line.count) for line in lines if line.count] == [
        ("2026-02-14", 1),
        ("2026-02-24", 2),
        ("2026-02-25", 3),
    ]
    assert [line.text for line in lines if line.on == date(2026, 2, 14)] == ["第 1 个工作日（春节调休上班）"]
    assert lines[-1].on == obligation.due_on == date(2026, 2, 25)


def test_a_clock_held_by_nobody_or_by_two_is_refused(home: House) -> None:
    person = appoint("member")
    for body, holder in ((None, None), (home.office, person)):
        with pytest.raises(DatabaseError, match="one_holder"), transaction.atomic():
            Obligation.objects.create(
                matter=matter(home),
                stage="reply",
                rule=TimeRule.objects.get(code="reply"),
                anchor_on=MONDAY,
                started_on=MONDAY,
                due_on=MONDAY,
                calendar_version=1,
                holder_body=body,
                holder_person=holder,
            )
