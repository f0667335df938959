"""Who may do what with a matter in the hands of units (S1): action × role × relation × state, as rows.

The relation says how the row must be held: an appointment alone opens no row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from members.choices import ADMINISTRATORS, STAFF_ROLES, Role
from members.rights import may, roles_for

from .eyes import Eyes
from .models import Access, Assignment, Coordination, Matter, Objection, Participant


class Held(StrEnum):
    """How an assignment is held by whoever acts upon it."""

    UNIT = "unit"  # the unit's own, through an appointment to that unit
    HANDLER = "handler"  # passed to this very person inside the unit
    OFFICE = "office"  # assigned by the office of the appointment
    COMMITTEE = "committee"  # any row that the committee's office may see
    PROPOSER = "proposer"  # a proposer of the matter himself
    FORMER = "former"  # a proposer who is no member any more, as long as the matter is open
    SECRETARY = "secretary"  # a proposing organisation's secretary or convener
    SUGGESTED = "suggested"  # the unit that an objection names
    INVITED = "invited"  # a unit that is asked before a coordination meeting rules


@dataclass(frozen=True)
class Right:
    """Roles with the relation each needs; `states` of the assignment in which the act exists at all."""

    by: Mapping[Role, Held]
    states: frozenset[str] | None = None


State = Assignment.State
IN_HAND = frozenset({State.PENDING, State.SIGNED})
SIGNED = frozenset({State.SIGNED})
GIVING_OPINIONS = frozenset({State.SIGNED, State.ANSWERED})
LIVE = frozenset({State.PENDING, State.SIGNED, State.ANSWERED})
RATED = frozenset({State.SIGNED, State.ANSWERED, State.SETTLED})  # SIGNED once more, in a later round

CLERKS = {Role.UNIT_CLERK: Held.UNIT, Role.UNIT_HEAD: Held.UNIT, Role.UNIT_DEPUTY: Held.UNIT}
HANDLERS = {**CLERKS, Role.UNIT_HANDLER: Held.HANDLER}
OFFICERS = {Role.ASSIGNING_OFFICER: Held.OFFICE}
STAFF = {Role.PROPOSAL_STAFF: Held.COMMITTEE, Role.PROPOSAL_DIRECTOR: Held.COMMITTEE}
REVIEWERS = {Role.DISCLOSURE_REVIEWER: Held.COMMITTEE}
# whoever keeps the file records what happened on paper (P1); the actions ask these roles for the sheet
KEEPERS = {**OFFICERS, **STAFF}
# the report office assigns opinions and reports itself: towards its own it is what an assigning office is
ASSIGNING = {**OFFICERS, Role.REPORT_STAFF: Held.OFFICE}
OFFICES = {**KEEPERS, **ASSIGNING}
PROPOSERS = {
    Role.MEMBER: Held.PROPOSER,
    Role.FORMER_MEMBER: Held.FORMER,
    Role.ORGANISATION_SECRETARY: Held.SECRETARY,
    Role.CONVENER: Held.SECRETARY,
}
# the report office, and those who report without raising proposals
REPORTING = {
    Role.REPORT_STAFF: Held.COMMITTEE,
    Role.REPORT_EDITOR: Held.COMMITTEE,
    Role.COMMITTEE_OFFICE: Held.PROPOSER,
    Role.LIAISON_OFFICER: Held.PROPOSER,
    Role.INVITED_REPORTER: Held.PROPOSER,
    Role.COUNTY_CPPCC: Held.PROPOSER,
}

RIGHTS: dict[str, Right] = {
    "handling.read_unit": Right({**HANDLERS, Role.UNIT_HANDLER: Held.UNIT}),
    "handling.see": Right({**HANDLERS, Role.UNIT_HANDLER: Held.UNIT, **OFFICES, Role.SESSION_STAFF: Held.COMMITTEE}),
    "handling.ledger": Right({**OFFICES, Role.SESSION_STAFF: Held.COMMITTEE}),
    "handling.oversee": Right({**STAFF, Role.SESSION_STAFF: Held.COMMITTEE}),
    "handling.decide": Right({**ASSIGNING}),
    "handling.sign_for": Right({**CLERKS, **OFFICES}, frozenset({State.PENDING})),
    "handling.object": Right({Role.UNIT_CLERK: Held.UNIT, Role.UNIT_HEAD: Held.UNIT, **OFFICES}, IN_HAND),
    "handling.withdraw_objection": Right({Role.UNIT_CLERK: Held.UNIT, Role.UNIT_HEAD: Held.UNIT, **OFFICES}, IN_HAND),
    "handling.answer_objection": Right(
        {Role.UNIT_CLERK: Held.SUGGESTED, Role.UNIT_HEAD: Held.SUGGESTED, **OFFICES}, IN_HAND
    ),
    "handling.decide_objection": Right({**OFFICES}, IN_HAND),
    "handling.call_coordination": Right({**OFFICES}, IN_HAND),
    "handling.rule_coordination": Right({**OFFICES}, IN_HAND),
    "handling.coordination_opinion": Right(
        {Role.UNIT_CLERK: Held.INVITED, Role.UNIT_HEAD: Held.INVITED, **OFFICES}, IN_HAND
    ),
    "handling.transfer": Right({**OFFICES}, IN_HAND),
    "handling.add_unit": Right({**OFFICES}, IN_HAND),
    "handling.release": Right({**OFFICES}, IN_HAND),
    "handling.make_lead": Right({**OFFICES}, LIVE),
    "handling.name_successor": Right({**OFFICES}, LIVE | {State.SETTLED}),  # of what is closed, for its promises
    "handling.pass_inside": Right({**CLERKS, **OFFICES}, IN_HAND),
    "handling.ask_extension": Right({Role.UNIT_CLERK: Held.UNIT, Role.UNIT_HEAD: Held.UNIT, **OFFICES}, SIGNED),
    "handling.withdraw_extension": Right({Role.UNIT_CLERK: Held.UNIT, Role.UNIT_HEAD: Held.UNIT, **OFFICES}, SIGNED),
    "handling.revoke_extension": Right({**OFFICES}, SIGNED),
    "handling.decide_extension": Right({**OFFICES}, SIGNED),
    "handling.record_contact": Right({**HANDLERS, **KEEPERS}, LIVE),
    "handling.confirm_contact": Right({**PROPOSERS, Role.COMMITTEE_OFFICE: Held.PROPOSER, **STAFF}),
    "handling.send_opinion": Right({**HANDLERS, **OFFICES}, GIVING_OPINIONS),
    "handling.draft_reply": Right({**HANDLERS, **OFFICES}, SIGNED),
    "handling.reply": Right({Role.UNIT_CLERK: Held.UNIT, Role.UNIT_HEAD: Held.UNIT, **OFFICES}, SIGNED),
    "handling.send_up": Right({**HANDLERS}, SIGNED),
    "handling.sign_reply": Right({**CLERKS, Role.UNIT_HANDLER: Held.UNIT}, LIVE),
    "handling.countersign": Right({**HANDLERS, **OFFICES}, LIVE),
    "handling.settle_countersigns": Right({**HANDLERS}, SIGNED),
    "handling.read_version": Right({**CLERKS, Role.UNIT_HANDLER: Held.UNIT, **ASSIGNING}),
    "handling.signing_steps": Right({Role.UNIT_CLERK: Held.UNIT, Role.UNIT_HEAD: Held.UNIT}),
    "handling.check_reply": Right({**OFFICES}, SIGNED),
    "handling.propose_disclosure": Right(
        {Role.UNIT_CLERK: Held.UNIT, Role.UNIT_HEAD: Held.UNIT, **KEEPERS},
        frozenset({State.SIGNED, State.ANSWERED, State.SETTLED}),
    ),
    "handling.return_disclosure": Right({**REVIEWERS, **STAFF}, RATED),
    "handling.review_disclosure": Right({**REVIEWERS}),
    "handling.evaluate": Right({**PROPOSERS}, frozenset({State.ANSWERED, State.SETTLED})),
    "handling.withdraw_evaluation": Right({**PROPOSERS}, frozenset({State.ANSWERED})),
    "handling.record_evaluation": Right({**STAFF}, frozenset({State.ANSWERED, State.SETTLED})),
    "handling.confirm_evaluation": Right({**STAFF}, RATED),
    "handling.confirm_dissatisfaction": Right({**STAFF}, frozenset({State.ANSWERED, State.SETTLED})),
    "handling.clear_evaluation": Right({**STAFF}, RATED),
    "handling.satisfaction": Right({**KEEPERS}),
    "handling.own_satisfaction": Right({**CLERKS}),
    "handling.appraise": Right({Role.UNIT_CLERK: Held.UNIT, Role.UNIT_HEAD: Held.UNIT, **STAFF}, RATED),
    "handling.consult_jointly": Right({**KEEPERS}, frozenset({State.ANSWERED})),
    "handling.reopen": Right({**KEEPERS}, frozenset({State.SETTLED})),
    "handling.read_promises": Right(
        {**HANDLERS, Role.UNIT_HANDLER: Held.UNIT, **KEEPERS, **PROPOSERS, Role.LEADER: Held.COMMITTEE}
    ),
    "handling.promise_figures": Right({**KEEPERS, Role.LEADER: Held.COMMITTEE}),
    "handling.report_progress": Right({**HANDLERS, **KEEPERS}, RATED),
    "handling.report_promise": Right({Role.UNIT_CLERK: Held.UNIT, Role.UNIT_HEAD: Held.UNIT, **KEEPERS}, RATED),
    "handling.decide_promise": Right({**KEEPERS}, RATED),
    "handling.review_word": Right({Role.DISCLOSURE_REVIEWER: Held.COMMITTEE}),
    "handling.archive": Right({**STAFF}),
    "handling.suspend": Right(dict.fromkeys(STAFF_ROLES - ADMINISTRATORS, Held.COMMITTEE)),
    "handling.lift_suspension": Right({Role.PROPOSAL_DIRECTOR: Held.COMMITTEE}),
    "handling.purge": Right({**STAFF}),
    "handling.chase": Right({**OFFICES}, IN_HAND),
    "handling.quiet": Right({**STAFF}),
    "handling.issue_sheet": Right(
        {**OFFICES}
    ),  # as long as its clock runs: a promise's does after the matter is closed
    "handling.read_sheet": Right({**HANDLERS, Role.UNIT_HANDLER: Held.UNIT, **OFFICES}),
    "handling.papers": Right({**HANDLERS, Role.UNIT_HANDLER: Held.UNIT, **OFFICES, **PROPOSERS}),
    "handling.take_number": Right({**HANDLERS}, GIVING_OPINIONS),
    "handling.wordings": Right({Role.UNIT_CLERK: Held.UNIT, Role.UNIT_HEAD: Held.UNIT}),
    "handling.read_catalogue": Right(
        {**HANDLERS, Role.UNIT_HANDLER: Held.UNIT, **KEEPERS, Role.SESSION_STAFF: Held.COMMITTEE}
    ),
    "handling.keep_catalogue": Right({**STAFF}),
    "handling.number_office_paper": Right({**KEEPERS}),
    "handling.number_formats": Right({Role.UNIT_CLERK: Held.UNIT, Role.UNIT_HEAD: Held.UNIT, **KEEPERS}),
    "handling.letter_templates": Right({Role.UNIT_CLERK: Held.UNIT, Role.UNIT_HEAD: Held.UNIT, **KEEPERS}),
    "handling.release_templates": Right({**STAFF}),
    "handling.explain": Right(
        {
            **HANDLERS,
            **OFFICES,
            **PROPOSERS,
            Role.SESSION_STAFF: Held.COMMITTEE,
            Role.LEADER: Held.COMMITTEE,  # of what he leads
            Role.DISCLOSURE_REVIEWER: Held.COMMITTEE,  # of what he reviews
            **REPORTING,
        }
    ),
    "handling.settings": Right({**STAFF, Role.SYSTEM_ADMINISTRATOR: Held.COMMITTEE}),
}


# what somebody who stands behind a matter himself leaves to colleagues (P13)
NOT_ON_OWN = frozenset(
    {
        "handling.sign_reply",
        "handling.check_reply",
        "handling.decide_promise",
        "handling.return_disclosure",
        "handling.record_evaluation",
        "handling.confirm_evaluation",
        "handling.confirm_dissatisfaction",
        "handling.clear_evaluation",
        "handling.appraise",
        "handling.satisfaction",
        "handling.own_satisfaction",
    }
)
# what nobody does for another (S2)
NEVER_DELEGATED = frozenset({"handling.evaluate", "handling.withdraw_evaluation"})
# whose part it is, of those behind a matter: a contact person answers the unit, his organisation evaluates (P14)
PARTS = dict.fromkeys(NEVER_DELEGATED, Participant.EVALUATING) | {
    "handling.confirm_contact": (*Participant.EVALUATING, Participant.Role.CONTACT)
}


def roles_by_action(rights: Mapping[str, Right]) -> dict[str, frozenset[Role]]:
    """What `members.rights.register` wants: the roles that grant each action."""
    return {action: frozenset(right.by) for action, right in rights.items()}


def held(user: Any, action: str, path: str = "") -> Q:
    """The condition that an assignment at `path` is held by `user` in a way that `action` asks for."""
    right = RIGHTS[action]
    to = f"{path}__" if path else ""
    condition = Q(pk__in=[])
    for role, bodies in roles_for(user, action, timezone.localdate()).items():
        match right.by.get(role):
            case Held.UNIT:
                condition |= Q(**{f"{to}unit__in": bodies})
            case Held.HANDLER:
                condition |= Q(**{f"{to}unit__in": bodies, f"{to}handler": user})
            case Held.OFFICE:
                condition |= Q(**{f"{to}office__in": bodies})
            case Held.COMMITTEE:
                condition |= Q(**{f"{to}pk__isnull": False})
            case Held.PROPOSER:
                condition |= _behind(to, action, person=user)
            case Held.FORMER:
                condition |= _behind(to, action, person=user) & Q(**{f"{to}matter__closed_at": None})
            case Held.SECRETARY:
                condition |= _behind(to, action, body__in=bodies)
            case Held.SUGGESTED:
                condition |= Q(
                    **{f"{to}objections__suggested__in": bodies, f"{to}objections__state__in": Objection.UNDECIDED}
                )
            case Held.INVITED:
                asked = Coordination.objects.open().filter(opinions__unit__in=bodies)
                condition |= Q(**{f"{to}pk__in": asked.values("assignment")})
            case _:
                pass
    if action in NOT_ON_OWN:
        own = Participant.objects.filter(person=user, left_at=None)
        condition &= ~Q(**{f"{to}matter__in": own.values("matter")})
        condition &= ~Q(**{f"{to}matter__in": own.exclude(matter__merged_into=None).values("matter__merged_into")})
    return condition


def _behind(to: str, action: str, **who: Any) -> Q:
    """Whoever `who` is stands behind the matter, or behind one merged into it, in a part that acts, and has not left."""
    facts = {**who, "left_at": None, "role__in": PARTS.get(action, Participant.Role.values)}
    condition = Q()
    for place in (f"{to}matter__participants", f"{to}matter__followers__participants"):
        condition |= Q(**{f"{place}__{name}": value for name, value in facts.items()})
    return condition


M = TypeVar("M", bound=Model)


def in_hands_of(rows: QuerySet[M], user: Any, action: str, path: str = "") -> QuerySet[M]:
    """The rows upon which `user` may do `action` today.

    `path` leads from the row to its assignment ("" for assignments). Rows whose matter the user may not
    see are left out.
    """
    right = RIGHTS[action]
    to = f"{path}__" if path else ""
    ids = rows.filter(held(user, action, path)).values("pk")
    found = rows.filter(pk__in=ids)
    if right.states is not None:
        found = found.filter(**{f"{to}state__in": right.states})
    return found.filter(**{f"{to}matter__in": Matter.objects.visible_to(user)})


def matters_for(user: Any, action: str) -> QuerySet[Matter]:
    """Matters upon which `user` may do an act of the office; a suspended one is known by its number only."""
    if not may(user, action):
        return Matter.objects.none()
    if action in ("handling.lift_suspension", "handling.purge"):
        return Matter.objects.filter(access=Access.SUSPENDED)
    return Matter.objects.visible_to(user)


def allowed(user: Any, action: str, assignment: Assignment, view: Eyes) -> bool:
    """The same question about one row at hand, without asking the database again; the matter is seen already."""
    right = RIGHTS[action]
    if right.states is not None and assignment.state not in right.states:
        return False
    if action in NOT_ON_OWN and view.participants:
        return False
    roles = roles_for(user, action, timezone.localdate())
    behind = _places(action, view)
    return any(_holds(user, held, roles[role], assignment, behind) for role, held in right.by.items() if role in roles)


def _places(action: str, view: Eyes) -> frozenset[int]:
    if action in NEVER_DELEGATED:
        return view.rates
    return view.answers if action == "handling.confirm_contact" else view.participants


def _holds(user: Any, held: Held, bodies: set[int], assignment: Assignment, behind: frozenset[int]) -> bool:
    match held:
        case Held.UNIT:
            return assignment.unit_id in bodies
        case Held.HANDLER:
            return assignment.unit_id in bodies and assignment.handler_id == user.pk
        case Held.OFFICE:
            return assignment.office_id in bodies
        case Held.COMMITTEE:
            return True
        case Held.PROPOSER | Held.SECRETARY:
            return bool(behind)
        case Held.FORMER:
            return bool(behind) and assignment.matter.closed_at is None
        case _:
            return False


AUDITED = {
    "handling.apply_rule": "时限规则用于进行中的事项",
    "handling.bring_template": "上传公文模板",
    "handling.infected": "附件查出病毒",
    "handling.add_remit": "登记职责",
    "handling.end_remit": "终止职责",
    "handling.keep_wording": "保存答复模板",
    "handling.drop_wording": "删除答复模板",
    "handling.make_paper": "生成公文",
    "handling.number_format": "设置文号格式",
    "handling.load_year": "载入年度日历",
    "handling.purge": "清除内容",
    "handling.replace_ladder": "改用新的提醒安排",
    "handling.replace_rule": "改用新的时限规则",
    "handling.refuse_template": "不启用公文模板",
    "handling.stop_template": "停用公文模板",
    "handling.use_template": "启用公文模板",
    "handling.set_local_day": "本地调整一天",
    "handling.try_again": "重做未完成的提醒",
    "view_contact_details": "查看提案者联系方式",
    "view_guarded": "查看限制查看的事项",
}
"""What the auditor reads for what is written down here."""
