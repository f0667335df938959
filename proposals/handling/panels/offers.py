"""What this person can do now with a matter and its parts."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone

from members.rights import may
from members.shown import Act
from proposals.handling.eyes import Eye
from proposals.handling.models import COORDINATE_AFTER, Access, Assignment, ExtensionRequest, Matter, Objection
from proposals.handling.owners import course_of
from proposals.handling.rights import IN_HAND, allowed

from .links import to
from .requests import part_of
from .shown import Panels

MAIN_STAGES = ("reply", "rehandle", "co_opinion")


WORDS = {
    "sign_for": "签收",
    "object": "申请退回",
    "pass_inside": "内部分办",
    "record_contact": "登记沟通",
    "send_opinion": "提交会办意见",
    "draft_reply": "拟写答复",
    "ask_extension": "申请延期",
    "revoke_extension": "撤销延期",
    "call_coordination": "召开协调会",
    "transfer": "调整承办单位",
    "add_unit": "增加承办单位",
    "make_lead": "改为主办",
    "release": "不再承办",
    "name_successor": "指定承接单位",
    "chase": "催办",
    "consult_jointly": "登记联合会商",
    "reopen": "重新办理",
    "papers": "公文",
}
URGENT = ("sign_for", "draft_reply", "send_opinion")
WORDED = ("draft_reply", "send_opinion", "record_contact", "consult_jointly")
"""Acts that take words; what is handled offline has none of them (P19)."""
APPLIES = {"record_contact": "contact", "consult_jointly": "evaluation", "reopen": "evaluation"}
"""Acts that belong to what not every kind of matter has (`owners.Course`)."""
OF_THE_UNIT = (*URGENT, "object", "pass_inside", "record_contact", "ask_extension")


def suspend_act(user: Any, matter: Matter) -> list[Act]:
    """The way to take a matter out of everyone's sight, open to all of the committee's staff (S5)."""
    if matter.access == Access.SUSPENDED or not may(user, "handling.suspend"):
        return []
    return [Act("暂停查看", reverse("handling:suspend", args=[matter.public_id]), "lock", "ghost")]


def fill_acts(user: Any, panels: Panels, waiting: Sequence[Objection | ExtensionRequest]) -> None:
    """What this person can do now: of his own, with each of several units, and from a unit's paper."""
    for row in panels.assignments:
        offered = [name for name in WORDS if offer(user, name, row, panels, waiting)]
        outside = Eye.UNIT not in panels.view.of(row)
        several = len(panels.assignments) > 1 and outside
        if outside and (theirs := [Act(WORDS[name], to(name, row)) for name in offered if name in OF_THE_UNIT]):
            panels.recorded.append((str(row.unit), theirs))
            offered = [name for name in offered if name not in OF_THE_UNIT]
        if several and offered:
            panels.by_unit.append((str(row.unit), [act_on(row, name) for name in offered]))
            continue
        for name in offered:
            primary = name in URGENT and not any(act.kind == "primary" for act in panels.acts)
            panels.acts.append(Act(WORDS[name], to(name, row), kind="primary" if primary else ""))


def coordinated(row: Any) -> bool:
    """Whether only a meeting changes the unit of a part that `parts_of` has read."""
    return row.ruling_id is not None or row.returns >= COORDINATE_AFTER


def act_on(row: Assignment, name: str) -> Act:
    """The button of an act that stands below the unit's name."""
    return Act(WORDS[name], to(name, row), about=str(row.unit))


def offer(
    user: Any, name: str, row: Assignment, panels: Panels, waiting: Sequence[Objection | ExtensionRequest]
) -> bool:
    """Whether an act is worth offering: the right, the state, and what is already under way."""
    if not allowed(user, f"handling.{name}", row, panels.view):
        return False
    running = {clock.stage: clock for clock in panels.obligations if clock.assignment_id == row.pk and clock.is_running}
    clocks = running.keys()
    kinds = {type(request) for request in waiting if part_of(request).pk == row.pk}
    if panels.offline and name in WORDED:
        return False
    if name in APPLIES and not getattr(course_of(row.matter), APPLIES[name]):
        return False
    match name:
        case "object":
            window = running.get("objection_window")
            from_paper = Eye.UNIT not in panels.view.of(row)  # of a day on which it was still open
            in_time = window is not None and (from_paper or window.due_on >= timezone.localdate())
            return in_time and Objection not in kinds
        case "ask_extension":
            return bool(clocks & {*MAIN_STAGES}) and ExtensionRequest not in kinds
        case "draft_reply":
            return row.answers and row.pk not in panels.under_way
        case "reopen":
            return row.answers
        case "revoke_extension":
            extended = [one for one in panels.obligations if one.assignment_id == row.pk and one.extended]
            return any(one.is_running for one in extended) and ExtensionRequest not in kinds
        case "call_coordination":  # beside an objection its own card offers it
            return Objection not in kinds and coordinated(row) and not getattr(row, "is_called", False)
        case "transfer":
            return Objection not in kinds and not coordinated(row)
        case "add_unit":
            return row.answers
        case "release":
            return (
                row.role in (Assignment.Role.CO, Assignment.Role.SPLIT) and Objection not in kinds and not row.ruling_id
            )
        case "make_lead":
            lead = next((one for one in panels.assignments if one.role == Assignment.Role.LEAD), None)
            undecided = {part_of(one).pk for one in waiting if isinstance(one, Objection)}
            ruled = row.ruling_id or (lead and lead.ruling_id)
            in_hand = lead is not None and lead.state in IN_HAND and not (ruled or undecided & {lead.pk, row.pk})
            return row.role == Assignment.Role.CO and in_hand
        case "send_opinion":
            return not row.answers and any(one.answers and one.state in IN_HAND for one in panels.assignments)
        case "name_successor":
            over = row.state == Assignment.State.SETTLED and "commitment" not in clocks
            return row.unit.ended_on is not None and not over
        case "consult_jointly":
            return row.pk in panels.to_consult
        case _:
            return True
