"""Imported answered proposals end with the dates of their register, and nobody is told (历史提案办结)."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.choices import BodyKind, System
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.models import Body
from proposals import actions
from proposals.actions.importing import Row, import_proposals
from proposals.handling.models import EvaluationRound, Matter
from proposals.models import Proposal
from tests.factories import BodyFactory

from .conftest import House

pytestmark = pytest.mark.django_db


def imported(house: House, amount: int = 1, **changes: object) -> list[Proposal]:
    """Answered on 20 March 2025 by two units that share it, unless said otherwise."""
    units: tuple[Body, ...] = tuple(BodyFactory(kind=BodyKind.DEPARTMENT, system=System.GOVERNMENT) for _ in range(2))
    ordinary: dict[str, object] = {
        "split": units, "assigned_on": date(2025, 2, 3), "replied_on": date(2025, 3, 20), "reply_class": "A",
    }  # fmt: skip
    rows = [Row(f"{number:04}", f"第{number}个旧案", **{**ordinary, **changes}) for number in range(1, amount + 1)]  # type: ignore[arg-type]  # keywords of Row
    import_proposals(rows, house.session, by=None, now=house.now)
    return list(Proposal.objects.select_related("matter").order_by("pk"))


def test_it_closes_with_real_dates_and_what_the_register_knows(house: House) -> None:
    [proposal] = imported(house)

    closed = actions.close_history(
        proposal, closed_on=date(2025, 4, 8), outcome="satisfied", by=house.staff, now=house.now
    )

    matter = closed.matter
    assert (closed.status, matter.stage, f"{timezone.localtime(matter.closed_at):%Y-%m-%d}") == (
        "closed", "closed", "2025-04-08",
    )  # fmt: skip
    assert set(matter.assignments.values_list("state", flat=True)) == {"settled"}
    rounds = EvaluationRound.objects.filter(assignment__matter=matter)
    assert list(rounds.values_list("round", "outcome", "confirmed_by")) == [(1, "satisfied", house.staff.pk)] * 2
    event = matter.events.get(verb="history_closed")
    assert (event.by, event.payload.facts) == (house.staff, {"on": "2025-04-08"})
    assert not Message.objects.exists()
    assert actions.archive(closed, by=house.staff, now=house.now).status == "archived"


def test_without_a_word_of_the_register_nothing_is_invented(house: House) -> None:
    silent, unknown = imported(house, 2)

    actions.close_history(unknown, closed_on=None, by=house.staff, now=house.now)
    actions.close_history(silent, closed_on=None, outcome="not_returned", by=house.staff, now=house.now)

    assert list(Matter.objects.order_by("pk").values_list("stage", flat=True)) == ["closed_silent", "closed"]
    assert set(EvaluationRound.objects.values_list("assignment__matter", flat=True)) == {silent.matter_id}
    unknown.matter.refresh_from_db()
    assert f"{unknown.matter.closed_at:%Y-%m-%d %H:%M}" == "2025-03-19 16:00"


def test_it_is_refused_with_a_sentence(house: House) -> None:
    [answered] = imported(house)
    with pytest.raises(Refused, match="办结日期不能早于答复日期（2025-03-20）"):
        actions.close_history(answered, closed_on=date(2025, 3, 19), by=house.staff, now=house.now)
    with pytest.raises(Refused, match="不能晚于今天"):
        actions.close_history(answered, closed_on=date(2026, 3, 5), by=house.staff, now=house.now)
    actions.close_history(answered, closed_on=None, by=house.staff, now=house.now)
    with pytest.raises(WrongStep, match="只有已答复待评价的历史提案"):
        actions.close_history(answered, closed_on=None, by=house.staff, now=house.now)

    import_proposals(
        [Row("0100", "未答复", lead=BodyFactory(), assigned_on=date(2026, 2, 3))], house.session, by=None, now=house.now
    )
    still_open = Proposal.objects.get(matter__number="0100")
    with pytest.raises(WrongStep, match="不是历史导入的答复"):
        actions.close_history(still_open, closed_on=None, by=house.staff, now=house.now)


def test_staff_closes_one_or_many_from_the_list(house: House, client: Client) -> None:
    rows = imported(house, 4)
    client.force_login(house.staff)
    listed = client.get(reverse("proposals:list"), {"stage": "answered"}).content.decode()
    many, one = reverse("proposals:close_history_many"), reverse("proposals:close_history", args=[rows[3].public_id])
    assert many in listed and many not in client.get(reverse("proposals:list")).content.decode()
    assert one in client.get(rows[3].get_absolute_url()).content.decode()

    ids = [str(row.public_id) for row in rows[:3]]
    page = client.get(many, {"row": ids})
    assert "将办理 3 件" in page.content.decode()
    bad = client.post(many, {"row": ids, "closed_on": "昨天", "outcome": "splendid"})
    assert bad.status_code == 422 and "办结日期请写成年-月-日" in bad.content.decode()
    assert client.post(many, {"row": ids, "closed_on": "2025-04-01", "outcome": "basic"}).status_code == 302
    assert client.post(one, {"closed_on": "", "outcome": ""}).status_code == 302
    assert client.post(one, {"closed_on": "", "outcome": ""}).status_code == 404

    assert list(Matter.objects.values_list("stage", flat=True)) == ["closed"] * 4
    assert one not in client.get(rows[3].get_absolute_url()).content.decode()
    client.force_login(house.member)
    assert client.get(many).status_code == 403
