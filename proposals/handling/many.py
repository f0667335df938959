"""What the offices do with many rows at once: press units, and grant extensions that were asked for."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from members.days import short_day
from members.inbox.many import Many, Preview, Whom
from members.inbox.many import register as offer
from members.models import Person
from members.rights import roles_of

from . import actions, queries
from .actions.extending import needed_of
from .models import Assignment, ExtensionApproval, ExtensionRequest, Matter
from .reminders import name_of
from .rights import ASSIGNING, in_hands_of

Office = ExtensionApproval.Office


def register() -> None:
    offer(Chase)
    offer(GrantExtensions)


def number_of(matter: Matter) -> str:
    return matter.numbered or "一件未编号的事项"


def units_told(parts: Sequence[Assignment], posts: dict[int, queries.Post], *, also: str = "") -> Whom:
    """Whom an act on these parts reaches: each unit with its pieces and the names of those who hear of it."""
    amounts: dict[int, int] = {}
    for part in parts:
        amounts[part.unit_id] = amounts.get(part.unit_id, 0) + 1
    units = {part.unit_id: str(part.unit) for part in parts}
    people = {person for unit in amounts for person in posts[unit].people}
    names = dict(Person.objects.filter(pk__in=people).values_list("pk", "name"))
    rows = [
        (units[unit], f"{amounts[unit]} 件", "、".join(names[one] for one in posts[unit].people) + also)
        for unit in sorted(amounts, key=lambda unit: (-amounts[unit], units[unit]))
    ]
    return Whom("通知的单位", ("承办单位", "件数", "通知"), rows)


def posts_of(parts: Iterable[Assignment], *, on: date) -> dict[int, queries.Post]:
    return queries.posts_at({part.unit_id for part in parts}, on=on)


class Chase(Many[Assignment]):
    """The offices press units (批量催办)."""

    kind = "handling.chase_many"
    action = "handling.chase"
    verb = "催办"

    def rows(self) -> QuerySet[Assignment]:
        rows = Assignment.objects.select_related("matter", "unit", "office")
        return in_hands_of(rows, self.by, self.action).order_by("matter_id", "pk")

    def name_of(self, row: Assignment) -> str:
        return f"{name_of(row.matter)}（{row.unit}）"

    def reference(self, row: Assignment) -> str:
        return f"{number_of(row.matter)}（{row.unit}）"

    def look(self, rows: Sequence[Assignment]) -> Preview:
        posts = posts_of(rows, on=timezone.localdate())
        why_not = {row.pk: actions.nobody_at(row.unit) for row in rows if not posts[row.unit_id].people}
        reached = [row for row in rows if row.pk not in why_not]
        return Preview(why_not, whom=units_told(reached, posts) if reached else None)

    def act(self, row: Assignment, facts: dict[str, Any], *, sending: str, now: datetime) -> None:
        actions.chase(row, text=facts["text"], by=self.by, now=now, sending=sending)

    def lost(self, ids: Sequence[str]) -> list[str]:
        """Those that stand in this person's ledger are named, with the state that they are in now."""
        rows = Assignment.objects.filter(public_id__in=ids).select_related("matter", "unit").order_by("pk")
        seen = in_hands_of(rows, self.by, "handling.ledger")
        named = [f"{self.reference(row)}现在是“{row.get_state_display()}”，不能催办。" for row in seen]
        return named + (super().lost(ids[len(named) :]) if len(named) < len(ids) else [])


class GrantExtensions(Many[ExtensionRequest]):
    """One office's consent to extensions that units asked for (批量同意延期); a refusal says why, one by one."""

    kind = "handling.grant_extensions"
    action = "handling.decide_extension"
    verb = "同意延期"

    def rows(self) -> QuerySet[ExtensionRequest]:
        part = "obligation__assignment"
        rows = ExtensionRequest.objects.asked().select_related(f"{part}__matter", f"{part}__unit", f"{part}__office")
        found = in_hands_of(rows.prefetch_related("approvals"), self.by, self.action, part)
        return found.order_by(f"{part}__matter", "pk")

    def name_of(self, row: ExtensionRequest) -> str:
        part = part_of(row)
        return f"{name_of(part.matter)}（{part.unit}）"

    def reference(self, row: ExtensionRequest) -> str:
        part = part_of(row)
        return f"{number_of(part.matter)}（{part.unit}）"

    def look(self, rows: Sequence[ExtensionRequest]) -> Preview:
        today = timezone.localdate()
        needed = needed_of([part_of(row) for row in rows], on=today)
        why_not = {row.pk: why for row in rows if (why := self.why_not(row, needed[part_of(row).pk]))}
        parts = [part_of(row) for row in rows if row.pk not in why_not]
        what = {row.pk: self.what(row, needed[part_of(row).pk]) for row in rows}
        posts = posts_of(parts, on=today)
        return Preview(why_not, what, units_told(parts, posts, also="，提案者") if parts else None)

    def why_not(self, row: ExtensionRequest, needed: set[str]) -> str:
        if row.asked_by_id == self.by.pk and not row.on_paper:
            return actions.OWN_REQUEST
        if (office := office_for(self.by, part_of(row))) not in needed:
            return actions.NOT_ASKED_OF_OFFICE
        if any(said.office == office for said in row.approvals.all()):
            return actions.OFFICE_HAS_SPOKEN
        if not row.obligation.is_running:
            return "这项办理的期限已经结束。"
        if row.to_on and row.to_on <= row.obligation.due_on:
            return f"现在的期限已经是{short_day(row.obligation.due_on)}，不早于申请的日期。"
        return ""

    def what(self, row: ExtensionRequest, needed: set[str]) -> str:
        said = {one.office for one in row.approvals.all()} | {office_for(self.by, part_of(row))}
        left = "；同意后还要另一方审批" if needed - said else ""
        return f"由{short_day(row.obligation.due_on)}延至{short_day(row.to_on)}；{row.reason.rstrip('。；')}{left}。"

    def act(self, row: ExtensionRequest, facts: dict[str, Any], *, sending: str, now: datetime) -> None:
        actions.decide_extension(
            row,
            office=office_for(self.by, part_of(row)),
            agrees=True,
            reason=facts["reason"],
            by=self.by,
            now=now,
            sending=sending,
        )

    def lost(self, ids: Sequence[str]) -> list[str]:
        """Of what stands in this person's ledger one says what became of the request."""
        rows = ExtensionRequest.objects.filter(public_id__in=ids).order_by("pk")
        rows = rows.select_related("obligation__assignment__matter", "obligation__assignment__unit")
        seen = in_hands_of(rows, self.by, "handling.ledger", "obligation__assignment")
        named = [
            f"{self.reference(row)}的延期申请现在是“{row.get_state_display()}”，承办单位是“{part_of(row).get_state_display()}”，不能再审批。"
            for row in seen
        ]
        return named + (super().lost(ids[len(named) :]) if len(named) < len(ids) else [])


def part_of(row: ExtensionRequest) -> Assignment:
    part = row.obligation.assignment
    assert part is not None
    return part


def office_for(person: Person, part: Assignment) -> str:
    """For which office this person speaks: an officer for the assigning one, staff for the proposal office."""
    roles = roles_of(person, timezone.localdate())
    officer = any(part.office_id in roles.get(role, ()) for role in ASSIGNING)
    return str(Office.ASSIGNING if officer else Office.PROPOSAL)
