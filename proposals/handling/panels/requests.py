"""What waits for an office: objections, extensions, and the meetings where units pass a matter on."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse

from members.days import short_day
from members.shown import Act, Fact
from proposals.handling.aspects import Aspect, aspects
from proposals.handling.blocks import RequestShown
from proposals.handling.eyes import Eye, Eyes
from proposals.handling.models import (
    COORDINATE_AFTER,
    Assignment,
    Coordination,
    CoordinationOpinion,
    ExtensionRequest,
    Matter,
    Objection,
)
from proposals.handling.rights import allowed

from .links import to


def open_requests(matter: Matter, rows: Sequence[Any]) -> list[Objection | ExtensionRequest]:
    """What waits for a decision on one of the parts; asked only where there is such a thing."""
    found: list[Objection | ExtensionRequest] = []
    if any(row.has_objection for row in rows):
        parts = {row.pk: row for row in rows}
        objections = Objection.objects.undecided().with_returns().filter(assignment__in=rows)
        for objection in objections.select_related("reason", "suggested"):
            objection.assignment = parts[objection.assignment_id]
            found.append(objection)
    if any(row.has_asked for row in rows):
        asked = ExtensionRequest.objects.asked().filter(obligation__matter=matter)
        found += asked.select_related("obligation__assignment__unit", "obligation__assignment__office")
    return found


def part_of(request: Objection | ExtensionRequest) -> Assignment:
    part = request.assignment if isinstance(request, Objection) else request.obligation.assignment
    assert part is not None
    return part


def request_shown(user: Any, request: Objection | ExtensionRequest, view: Eyes) -> RequestShown | None:
    assignment = part_of(request)
    seen = aspects(view, assignment)
    words = "撤回申请" if Eye.UNIT in view.of(assignment) else "登记单位撤回（纸质）"
    if isinstance(request, Objection):
        if Aspect.OBJECTION not in seen:
            return None
        decide = allowed(user, "handling.decide_objection", assignment, view)
        withdraw = allowed(user, "handling.withdraw_objection", assignment, view)
        page, about, label = "decide_objection", str(request.public_id), "作出决定"
        if request.state == Objection.State.COORDINATING:
            page, about, label = "call_coordination", str(assignment.public_id), "召开协调会"
            decide = allowed(user, "handling.call_coordination", assignment, view) and not getattr(
                assignment, "is_called", False
            )
        return RequestShown(
            f"{assignment.unit}申请退回（{request.get_state_display()}）",
            objection_facts(request),
            [Act(label, reverse(f"handling:{page}", args=[about]), kind="primary")] * decide
            + [Act(words, to("withdraw_objection", request))] * withdraw,
        )
    if Aspect.EXTENSION not in seen:
        return None
    decide = allowed(user, "handling.decide_extension", assignment, view)
    withdraw = allowed(user, "handling.withdraw_extension", assignment, view)
    return RequestShown(
        f"{assignment.unit}申请延期（{request.get_state_display()}）",
        extension_facts(request),
        [Act("审批", to("decide_extension", request), kind="primary")] * decide
        + [Act(words, to("withdraw_extension", request))] * withdraw,
    )


def objection_facts(row: Objection) -> list[Fact]:
    facts = [
        Fact("退回原因", row.reason),
        Fact("理由", row.text, wide=True),
        Fact("本单位审批领导", row.approved_by),
        Fact("建议承办单位", row.suggested or "未提出"),
    ]
    if row.suggested_at:
        answer = "同意接办" if row.suggested_accepts else "不同意接办"
        facts.append(Fact("建议单位意见", f"{answer}　{row.suggested_text}", wide=True))
    if returns := getattr(row, "returns", 0):
        facts.append(Fact("该件已调整", f"{returns}次" + ("，须由协调会裁定" if returns >= COORDINATE_AFTER else "")))
    return facts


def coordinations_shown(user: Any, matter: Matter, rows: Sequence[Any], view: Eyes) -> list[RequestShown]:
    """Meetings about the parts that are not called off: for the unit, the offices, and the units that a ruling binds."""
    asked = CoordinationOpinion.objects.select_related("unit").order_by("pk")
    found = Coordination.objects.filter(assignment__matter=matter, called_off_at=None).order_by("-pk")
    found = found.select_related("assignment__unit").prefetch_related(Prefetch("opinions", asked))
    shown = []
    for one in found:
        about = [one.assignment, *(row for row in rows if row.ruling_id == one.pk)]
        if not any(Aspect.OBJECTION in aspects(view, part) for part in about):
            continue
        acts = []
        if one.ruled_at is None and allowed(user, "handling.rule_coordination", one.assignment, view):
            acts = [Act("登记协调会和裁定", to("rule_coordination", one), kind="primary")]
        inside = bool(view.of(one.assignment) & {Eye.STAFF, Eye.OFFICE})
        title = f"协调会裁定：{one.get_ruling_display()}" if one.ruled_at else f"{one.assignment.unit}承办事项协调会"
        shown.append(RequestShown(title, coordination_facts(one, opinions=inside), acts))
    return shown


def coordination_facts(row: Coordination, *, opinions: bool) -> list[Fact]:
    """What is known of a meeting; what each unit said before it is the offices' to read."""
    facts = [
        Fact("召开原因", row.reason, wide=True),
        Fact("会议", f"{short_day(row.held_on or row.meets_on)}　{row.place}"),
        Fact("邀请单位", "、".join(one.unit.name for one in row.opinions.all()), wide=True),
        *(Fact("书面意见", str(one), wide=True) for one in row.opinions.all() if opinions),
        Fact("主持人", row.chair),
        Fact("参加单位和人员", row.present, wide=True),
        Fact("会议纪要", row.minutes, wide=True),
        Fact("裁定理由", row.text, wide=True),
    ]
    return [fact for fact in facts if fact.value]


def extension_facts(row: ExtensionRequest) -> list[Fact]:
    return [Fact("现在的期限", row.old_due), Fact("申请延至", row.to_on), Fact("理由", row.reason, wide=True)]
