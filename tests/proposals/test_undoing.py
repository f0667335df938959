"""A hand-over is undone as long as nothing of it has left the house, and refused with a sentence afterwards."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox.models import Channel, Message, State
from members.models import Body, Person
from proposals import actions
from proposals.actions.handing_over import HELD
from proposals.handling import actions as handling
from proposals.handling import clocks, readers
from proposals.handling.models import Assignment, Matter, Obligation
from proposals.handling.sights import note
from proposals.models import Batch, Proposal, Status
from tests.factories import appoint

from .conftest import House
from .test_handing_over import shares
from .test_pages_thread import page_of, send, signed_in
from .test_reviewing import fresh, running, told, verbs

Filed = Callable[[], Proposal]


@pytest.fixture
def house(house: House) -> House:
    house.now = timezone.now() - timedelta(minutes=5)
    return house


@pytest.fixture
def batch(house: House, filed: Filed, clerk_unit: Body, other_unit: Body) -> Batch:
    """Two proposals in the hands of two units since a moment."""
    with_mail(clerk_unit)
    rows = [filed() for _ in range(2)]
    for row in rows:
        actions.allocate(row, shares(clerk_unit, other_unit), by=house.officer, now=house.later())
    made, _ = actions.hand_over(rows, session=house.session, by=house.officer, now=house.later())
    return made


def clerk_of(unit: Body) -> Person:
    return unit.appointments.get().person


def with_mail(unit: Body) -> None:
    clerk = clerk_of(unit)
    clerk.mail = "clerk@example.org"
    clerk.save()


def undone(house: House, batch: Batch, by: Person | None = None) -> Batch:
    return actions.undo_hand_over(batch, reason="统一答复期限写错", by=by or house.officer, now=house.later())


def rows_of(batch: Batch) -> list[Proposal]:
    return list(batch.proposals.select_related("matter").order_by("pk"))


def test_everything_is_as_before_and_can_be_handed_over_again(house: House, batch: Batch, clerk_unit: Body) -> None:
    [first, _] = rows_of(batch)
    before = Obligation.objects.get(matter=first.matter, stage="assignment")
    assert before.status == "done"

    undone(house, batch)

    batch.refresh_from_db()
    assert (batch.undone_by, batch.undo_reason) == (house.officer, "统一答复期限写错")
    for row in rows_of(batch):
        assert (row.status, row.matter.stage, running(row)) == (Status.FILED, "filed", ["assignment"])
        assert verbs(row)[-2:] == ["assigned", "hand_over_undone"]
    again = clocks.open_for(matter=first.matter, stage="assignment").get()
    assert (again.due_on, again.holder_body) == (before.due_on, before.holder_body)
    assert set(Assignment.objects.values_list("state", flat=True)) == {"ended"}
    assert not Matter.objects.visible_to(clerk_of(clerk_unit)).exists()
    assert readers.audit()[1] == []
    assert told(clerk_of(clerk_unit)) == [] and told(house.member).count("proposal_handed_over") == 0
    [new], _ = actions.hand_over_by_session(rows_of(batch), by=house.officer, now=house.later())
    assert (new.total, fresh(first).status) == (2, Status.ASSIGNED)
    assert sorted(told(clerk_of(clerk_unit))) == ["assigned", "assigned", "sending"]


def test_mail_of_a_batch_waits_and_is_taken_back(house: House, batch: Batch) -> None:
    mails = Message.objects.filter(channel=Channel.EMAIL, part_of=None, key__startswith="handover:")
    assert {mail.not_before - mail.created_at for mail in mails} == {HELD}

    undone(house, batch)

    assert set(mails.values_list("state", flat=True)) == {State.CANCELLED}
    assert not Message.objects.filter(channel=Channel.EMAIL, state=State.PENDING, part_of__in=mails).exists()


def test_one_proposal_alone_is_told_at_once(house: House, filed: Filed, clerk_unit: Body) -> None:
    with_mail(clerk_unit)
    proposal = filed()
    actions.allocate(proposal, shares(clerk_unit), by=house.officer, now=house.later())
    actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())

    mail = Message.objects.get(channel=Channel.EMAIL, part_of=None, key__startswith="handover:")
    assert mail.not_before == mail.created_at


def signs(house: House, batch: Batch, clerk: Person) -> None:
    part = Assignment.objects.select_related("matter", "unit", "office").filter(unit__appointments__person=clerk)[0]
    handling.sign_for(part, by=clerk, now=house.later())


def opens(house: House, batch: Batch, clerk: Person) -> None:
    note(clerk, [rows_of(batch)[1].matter_id])


def reads(house: House, batch: Batch, clerk: Person) -> None:
    Message.objects.inbox_of(clerk).update(read_at=house.later())


def is_mailed(house: House, batch: Batch, clerk: Person) -> None:
    rows = Message.objects.filter(recipient=clerk, channel=Channel.EMAIL, part_of=None)
    rows.update(state=State.SENT, sent_at=house.later(), attempts=1)


def is_being_mailed(house: House, batch: Batch, clerk: Person) -> None:
    Message.objects.filter(recipient=clerk, channel=Channel.EMAIL, part_of=None).update(attempts=1)


def is_suspended(house: House, batch: Batch, clerk: Person) -> None:
    handling.suspend(rows_of(batch)[0].matter, reason="核查", by=house.staff, now=house.later())


def is_numbered(house: House, batch: Batch, clerk: Person) -> None:
    Batch.objects.filter(pk=batch.pk).update(doc_no="政督〔2026〕1号")


def is_withdrawn(house: House, batch: Batch, clerk: Person) -> None:
    actions.withdraw(rows_of(batch)[0], reason="情况已变化", by=house.staff, now=house.later())


@pytest.mark.parametrize(
    ("happens", "sentence"),
    [
        (signs, "交办以后已有办理记录，不能再撤销"),
        (opens, "沈青已经打开过第"),
        (reads, "沈青已经看过交办通知"),
        (is_mailed, "发给沈青的邮件已经送出"),
        (is_being_mailed, "发给沈青的邮件已经送出"),
        (is_suspended, "正在保密核查"),
        (is_numbered, "交办通知已经编号（政督〔2026〕1号）"),
        (is_withdrawn, "现在是“已撤案”"),
    ],
)
def test_what_has_left_the_house_is_not_undone(
    house: House,
    batch: Batch,
    clerk_unit: Body,
    happens: Callable[[House, Batch, Person], None],
    sentence: str,
) -> None:
    happens(house, batch, clerk_of(clerk_unit))
    url, desk = reverse("proposals:undo_hand_over", args=[batch.public_id]), signed_in(house.staff)

    with pytest.raises(WrongStep, match=sentence):
        undone(house, batch, by=house.staff)

    page = desk.get(url).content.decode()
    assert sentence in page and "撤销整批交办" not in page
    assert desk.post(url, {"reason": "写错"}).status_code == 422
    batch.refresh_from_db()
    assert batch.undone_at is None
    assert Assignment.objects.exclude(state="ended").exists()


def test_a_proposer_who_has_read_of_it_is_told(house: House, batch: Batch) -> None:
    Message.objects.inbox_of(house.member).filter(key__startswith="handed_over:").update(read_at=house.later())

    undone(house, batch)

    assert told(house.member).count("proposal_hand_over_undone") == 2


def test_undone_once_with_a_reason_by_whoever_leads_all_of_it(house: House, batch: Batch, filed: Filed) -> None:
    with pytest.raises(Refused, match="请写明"):
        actions.undo_hand_over(batch, reason=" ", by=house.officer, now=house.later())
    Matter.objects.filter(pk=rows_of(batch)[0].matter_id).update(office=house.office)
    with pytest.raises(WrongStep, match="请由提案委撤销"):
        undone(house, batch)
    undone(house, batch, by=house.staff)
    with pytest.raises(WrongStep, match="已经撤销过"):
        undone(house, batch, by=house.staff)


def test_the_batch_leads_to_it_and_says_afterwards_who_did_it(house: House, batch: Batch, clerk_unit: Body) -> None:
    where, url = (reverse(f"proposals:{name}", args=[batch.public_id]) for name in ("batch", "undo_hand_over"))
    assert signed_in(clerk_of(clerk_unit)).get(url).status_code == 403
    assert signed_in(appoint(Role.ASSIGNING_OFFICER)).get(url).status_code == 404
    client = signed_in(house.officer)
    assert url in page_of(client, where)
    assert all(word in page_of(client, url) for word in (clerk_unit.name, "2 件", "撤销整批交办"))

    assert send(client, url, reason="统一答复期限写错") == where

    page = page_of(client, where)
    assert "严明" in page and "统一答复期限写错" in page and url not in page
    assert "已撤销" in page_of(client, reverse("proposals:batches"))
    assert client.get(reverse("proposals:batch_papers", args=[batch.public_id])).status_code == 404


def test_undoing_costs_the_same_queries_for_two_and_for_many(
    house: House, filed: Filed, clerk_unit: Body, other_unit: Body
) -> None:
    def cost(amount: int) -> int:
        rows = [filed() for _ in range(amount)]
        for row in rows:
            actions.allocate(row, shares(clerk_unit, other_unit), by=house.officer, now=house.later())
        made, _ = actions.hand_over(rows, session=house.session, by=house.officer, now=house.later())
        with CaptureQueriesContext(connection) as captured:
            undone(house, made)
        return len(captured)

    assert cost(2) == cost(7)


def test_questions_asked_beforehand_do_not_make_a_hand_over_dearer(
    house: House, filed: Filed, clerk_unit: Body, other_unit: Body
) -> None:
    def cost(amount: int) -> int:
        rows = [filed() for _ in range(amount)]
        for row in rows:
            actions.allocate(row, shares(clerk_unit, other_unit), by=house.officer, now=house.later())
            actions.consult_units(row, by=house.officer, now=house.later())
        with CaptureQueriesContext(connection) as captured:
            actions.hand_over(rows, session=house.session, by=house.officer, now=house.later())
        return len(captured)

    assert cost(2) == cost(5)
