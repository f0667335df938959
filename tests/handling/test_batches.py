"""Many rows at once: who and what beforehand, all that can be done is done, and each refusal has its reason."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.inbox import many as inbox_many
from members.inbox import work
from members.inbox.models import LongJob, Message
from members.models import Appointment, Person
from proposals.handling import actions, clocks
from proposals.handling.models import Assignment, ExtensionRequest, Matter
from tests.handling.conftest import House, give, part_of, signed

CHASE, GRANT = reverse("handling:chase_many"), reverse("handling:grant_extensions")


@pytest.fixture
def house(house: House) -> House:
    house.now = timezone.now() - timedelta(days=2)
    return house


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def rows_in(page: str) -> list[str]:
    return re.findall(r'name="row" value="([0-9a-f-]{36})"', page)


def sent(client: Client, url: str, rows: list[str], **data: Any) -> str:
    """Confirm, and read the page that one is led to."""
    answer = client.post(url, {"row": rows, "once": str(uuid.uuid4()), **data}, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def chased(part: Assignment) -> int:
    return part.matter.events.filter(verb="chased").count()


def asked(house: House, days: int = 10) -> ExtensionRequest:
    """A request of a unit that has signed for the matter."""
    part = signed(house, give(house))
    due = clocks.open_for(assignment=part, stage="reply").get().due_on
    return actions.ask_extension(
        part, to=due + timedelta(days=days), reason="需要现场论证", by=house.clerk, now=house.later()
    )


# everything under a filter -------------------------------------------------------------------------------------------


def test_all_of_a_filter_is_what_its_list_shows_and_names_what_is_not_done(house: House) -> None:
    mine = part_of(give(house), house.unit)
    other = part_of(give(house, (house.other_unit, "sole")), house.other_unit)
    hidden = part_of(give(house), house.unit)
    Matter.objects.filter(pk=hidden.matter_id).update(access="suspended", readers=[])
    desk, ledger = signed_in(house.officer), reverse("handling:ledger")
    where = f"?unit={house.unit.public_id}"
    page = desk.get(ledger + where).content.decode()
    assert f"{CHASE}?all=1&amp;unit={house.unit.public_id}" in page and "符合条件的全部 1 件" in page

    preview = desk.get(f"{CHASE}?all=1&unit={house.unit.public_id}").content.decode()

    assert rows_in(preview) == [str(mine.public_id)]
    assert all(name in preview for name in ("将办理 1 件", house.unit.name, "沈青"))
    assert hidden.matter.title not in preview and str(other.public_id) not in preview
    sent(desk, f"{CHASE}?all=1&unit={house.unit.public_id}", rows_in(preview), text="请抓紧")
    assert (chased(mine), chased(other), chased(hidden)) == (1, 0, 0)


def test_a_filter_that_says_nonsense_chooses_nothing_beyond_its_list(house: House) -> None:
    part_of(give(house), house.unit)
    desk = signed_in(house.officer)

    for nonsense in (f"unit={uuid.uuid4()}", "unit=x", "due_before=31.2.", "tab=answered"):
        assert "没有选中" in desk.get(f"{CHASE}?all=1&{nonsense}").content.decode(), nonsense
    assert desk.get(f"{CHASE}?row=%00x").status_code == 404
    assert "没有选中" in sent(desk, f"{CHASE}?all=1", [])
    assert signed_in(house.clerk).get(f"{CHASE}?all=1").status_code == 403


def test_an_officer_never_reaches_the_parts_of_another_office(house: House) -> None:
    part = part_of(give(house), house.unit)
    Assignment.objects.filter(pk=part.pk).update(office=house.office)
    Matter.objects.filter(pk=part.matter_id).update(office=house.office)
    desk = signed_in(house.officer)

    assert "没有选中" in desk.get(f"{CHASE}?all=1").content.decode()
    page = sent(desk, CHASE, [str(part.public_id)], text="请抓紧")

    assert "未催办：1 件已不在您可以办理的范围内" in page
    assert (chased(part), part.matter.title in page) == (0, False)


# chase ---------------------------------------------------------------------------------------------------------------


def test_a_preview_says_who_is_told_and_who_cannot_be(house: House) -> None:
    fine = part_of(give(house), house.unit)
    empty = part_of(give(house, (house.third_unit, "sole")), house.third_unit)
    Appointment.objects.filter(body=house.third_unit).update(ends_on=timezone.localdate() - timedelta(days=1))
    desk = signed_in(house.staff)
    where = f"{CHASE}?row={fine.public_id}&row={empty.public_id}"

    page = desk.get(where).content.decode()
    assert "1 件不能办理" in page and "没有在任的联络员或负责人，请电话催办" in page
    after = sent(desk, CHASE, rows_in(page), text="")

    assert "已催办 1 件" in after and "没有在任的联络员" in after
    assert (chased(fine), chased(empty)) == (1, 0)


def test_what_moved_between_preview_and_confirm_is_reported(house: House) -> None:
    stays, moves = (part_of(give(house), house.unit) for _ in range(2))
    desk = signed_in(house.officer)
    preview = desk.get(f"{CHASE}?all=1").content.decode()
    later = part_of(give(house), house.unit)
    Assignment.objects.filter(pk=moves.pk).update(state="answered", signed_at=timezone.now())

    page = sent(desk, f"{CHASE}?all=1", rows_in(preview), text="请抓紧")

    assert f"第{moves.matter.number}号（{house.unit}）现在是“已答复”，不能催办" in page
    assert [chased(row) for row in (stays, moves, later)] == [1, 0, 0]


def test_twice_sent_is_once_done(house: House) -> None:
    part, desk, key = part_of(give(house), house.unit), signed_in(house.officer), str(uuid.uuid4())

    for _ in range(2):
        assert desk.post(CHASE, {"row": [str(part.public_id)], "text": "", "once": key}).status_code == 302

    assert chased(part) == 1


@pytest.fixture
def two_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_many, "AT_ONCE", 2)


def test_hundreds_go_as_a_job_that_reports_and_tells_each_person_once(house: House, two_at_once: None) -> None:
    parts = [part_of(give(house), house.unit) for _ in range(3)]
    gone = part_of(give(house), house.unit)
    desk = signed_in(house.officer)
    preview = desk.get(f"{CHASE}?all=1").content.decode()
    page = sent(desk, f"{CHASE}?all=1", rows_in(preview), text="请抓紧")
    job = LongJob.objects.get()
    assert (job.title, job.kind, "排队中" in page) == ("催办 4 件", "handling.chase_many", True)
    Matter.objects.filter(pk=gone.matter_id).update(access="suspended", readers=[])

    work.work(now=timezone.now())

    job.refresh_from_db()
    assert (job.state, job.done, job.result["sentence"]) == ("done", 4, "已催办 3 件。")
    assert [chased(part) for part in (*parts, gone)] == [1, 1, 1, 0]
    assert "1 件已不在您可以办理的范围内" in desk.get(reverse("inbox:job", args=[job.public_id])).content.decode()
    sendings = Message.objects.filter(recipient=house.clerk, channel="inapp", key__startswith="chase:")
    assert (sendings.count(), Message.objects.filter(part_of__in=sendings).count()) == (1, 3)


def test_a_job_taken_up_again_does_no_row_twice(
    house: House, monkeypatch: pytest.MonkeyPatch, two_at_once: None
) -> None:
    parts = [part_of(give(house), house.unit) for _ in range(3)]
    sent(signed_in(house.officer), CHASE, [str(part.public_id) for part in parts], text="")
    press, pressed = actions.chase, []

    def dies_at_the_second(part: Assignment, **facts: Any) -> Any:
        pressed.append(part.pk)
        if len(pressed) == 2:
            raise RuntimeError("the worker dies")
        return press(part, **facts)

    monkeypatch.setattr(actions, "chase", dies_at_the_second)
    work.work(now=timezone.now())
    assert LongJob.objects.get().done == 1

    work.work(now=timezone.now() + timedelta(minutes=2))

    assert [chased(part) for part in parts] == [1, 1, 1]
    assert LongJob.objects.get().result["sentence"] == "已催办 3 件。"


# extensions ----------------------------------------------------------------------------------------------------------


def test_extensions_are_granted_together_by_each_office(house: House) -> None:
    rows = [asked(house) for _ in range(2)]
    desk, where = signed_in(house.officer), reverse("handling:extensions")
    assert f"{GRANT}?all=1" in desk.get(where).content.decode()
    preview = desk.get(f"{GRANT}?all=1").content.decode()
    assert "同意后还要另一方审批" in preview and "需要现场论证" in preview
    assert "已同意延期 2 件" in sent(desk, GRANT, rows_in(preview), reason="")
    assert set(ExtensionRequest.objects.values_list("state", flat=True)) == {"asked"}

    again = desk.get(f"{GRANT}?all=1").content.decode()
    assert "2 件不能办理" in again and "该机构已经审批过了" in again
    staff = signed_in(house.staff)
    sent(staff, GRANT, rows_in(staff.get(f"{GRANT}?all=1").content.decode()), reason="同意")

    for row in rows:
        row.refresh_from_db()
        row.obligation.refresh_from_db()
    assert {(row.state, row.obligation.due_on == row.new_due) for row in rows} == {("granted", True)}
    heads = Message.objects.filter(key__startswith="extensions:", channel="inapp").select_related("recipient")
    assert {head.recipient.name for head in heads} == {"沈青", "林溪"} and heads.count() == 2


def test_a_request_that_ended_meanwhile_is_reported_and_the_others_go(house: House) -> None:
    stays, withdrawn = asked(house), asked(house)
    staff = signed_in(house.staff)
    rows = rows_in(staff.get(f"{GRANT}?all=1").content.decode())
    actions.withdraw_extension(withdrawn, by=house.clerk, now=house.later())

    page = sent(staff, GRANT, rows, reason="")

    assert "已同意延期 1 件" in page and "延期申请现在是“已撤回”" in page
    assert list(stays.approvals.values_list("office", flat=True)) == ["proposal"]
    assert not withdrawn.approvals.exists()


def test_one_who_asked_does_not_grant_and_a_filter_narrows(house: House) -> None:
    row = asked(house)
    ExtensionRequest.objects.filter(pk=row.pk).update(asked_by=house.staff)
    staff = signed_in(house.staff)
    where = f"{GRANT}?all=1&unit={{}}"

    assert "申请人不能审批自己提出的延期" in staff.get(where.format(house.unit.public_id)).content.decode()
    assert "没有选中" in staff.get(where.format(house.other_unit.public_id)).content.decode()
    assert signed_in(house.clerk).get(GRANT).status_code == 403
    assert "未同意延期" in sent(staff, GRANT, [str(row.public_id)], reason="")
    assert not row.approvals.exists()


# what it costs, and tables -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("url", "make"), [(CHASE, lambda house: give(house)), (GRANT, asked)])
def test_a_preview_costs_the_same_for_one_and_for_many(house: House, url: str, make: Callable[[House], Any]) -> None:
    desk = signed_in(house.officer)

    def cost() -> int:
        desk.get(f"{url}?all=1")
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(f"{url}?all=1").status_code == 200
        return len(captured)

    make(house)
    one = cost()
    for _ in range(4):
        make(house)
    assert cost() == one <= 15


def test_only_ticked_rows_are_taken_away_as_a_table(house: House) -> None:
    parts = [part_of(give(house), house.unit) for _ in range(3)]
    desk, ledger = signed_in(house.officer), reverse("handling:ledger")
    assert "导出所选" in desk.get(ledger).content.decode()

    def lines(query: str) -> int:
        answer = desk.get(f"{ledger}?export=xlsx{query}")
        assert answer.status_code == 200
        return int(table(b"".join(answer.streaming_content)).max_row) - 1  # type: ignore[attr-defined]  # a file

    ticked = f"&row={parts[0].public_id}&row={parts[2].public_id}"
    assert (lines(""), lines(ticked), lines(f"{ticked}&tab=answered")) == (3, 2, 0)
    assert desk.get(f"{ledger}?export=xlsx&row=x").status_code == 404
    other = part_of(give(house), house.unit)
    Assignment.objects.filter(pk=other.pk).update(office=house.office)
    Matter.objects.filter(pk=other.matter_id).update(office=house.office)
    assert lines(f"&row={other.public_id}") == 0


def table(content: bytes) -> Any:
    from io import BytesIO

    from openpyxl import load_workbook

    return load_workbook(BytesIO(content)).active
