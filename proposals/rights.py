"""Who may do what with a proposal before and beside its handling (S1), as rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from members.choices import Role
from members.rights import roles_of
from proposals.handling.models import Assignment, Matter, Participant

from .models import EDITABLE, Proposal, Status
from .models.publication import OVER as OVER_STATES

OVER = frozenset(OVER_STATES)


class Held(StrEnum):
    """How a proposal is held by whoever acts upon it."""

    OWN = "own"  # first proposer, or whoever entered the draft for him
    OF_BODY = "of_body"  # secretary or convener of the organisation that leads
    INVITED = "invited"  # invited to co-sign, himself or an organisation he acts for
    PROPOSER = "proposer"  # any proposer
    COMMITTEE = "committee"  # any row that the proposal office may see
    OFFICE = "office"  # of the office that assigns it
    ANY_OFFICE = "any_office"  # of an office that assigned it, or a part of it (P9)
    ASKED = "asked"  # a unit asked beforehand


@dataclass(frozen=True)
class Right:
    by: Mapping[Role, Held]
    states: frozenset[str] | None = None


WRITERS = {
    Role.MEMBER: Held.OWN,
    Role.ORGANISATION_SECRETARY: Held.OF_BODY,
    Role.CONVENER: Held.OF_BODY,
}
DESK = {
    Role.PROPOSAL_STAFF: Held.COMMITTEE,
    Role.PROPOSAL_DIRECTOR: Held.COMMITTEE,
    Role.SESSION_STAFF: Held.COMMITTEE,
}
STAFF = {Role.PROPOSAL_STAFF: Held.COMMITTEE, Role.PROPOSAL_DIRECTOR: Held.COMMITTEE}
REVIEWERS = {Role.DISCLOSURE_REVIEWER: Held.COMMITTEE}
BEFORE_DECISION = frozenset({Status.SUBMITTED, Status.REVIEWING})

ON_THE_WAY = frozenset({Status.TO_NUMBER, Status.FILED, Status.ASSIGNED})

RIGHTS: dict[str, Right] = {
    "proposals.list": Right(
        {
            **WRITERS,
            **DESK,
            Role.ASSIGNING_OFFICER: Held.OFFICE,
            Role.UNIT_CLERK: Held.ASKED,
            Role.UNIT_HEAD: Held.ASKED,
            Role.UNIT_DEPUTY: Held.ASKED,
            Role.UNIT_HANDLER: Held.ASKED,
            Role.LEADER: Held.OFFICE,
            Role.LEADER_SECRETARY: Held.OFFICE,
            Role.SECRETARY_GENERAL: Held.COMMITTEE,
        }
    ),
    "proposals.own": Right({**WRITERS, Role.FORMER_MEMBER: Held.OWN}),
    "proposals.write": Right({**WRITERS}, EDITABLE),
    "proposals.revise": Right({Role.FORMER_MEMBER: Held.OWN}, frozenset({Status.RETURNED})),
    "proposals.enter": Right({**DESK}, EDITABLE),
    "proposals.correct_proposer": Right({**DESK}, frozenset({Status.DRAFT, Status.COSIGNING})),
    "proposals.discard": Right({**WRITERS}, frozenset({Status.DRAFT, Status.COSIGNING})),
    "proposals.remove_file": Right({**STAFF}, frozenset(Status) - EDITABLE - {Status.ARCHIVED, Status.WITHDRAWN}),
    "proposals.recall": Right({**WRITERS}, frozenset({Status.SUBMITTED})),
    "proposals.confirm_text": Right({**WRITERS, **DESK}),
    "proposals.invite": Right({**WRITERS, **DESK}, EDITABLE),
    "proposals.answer_invitation": Right(
        {Role.MEMBER: Held.INVITED, Role.ORGANISATION_SECRETARY: Held.INVITED, Role.CONVENER: Held.INVITED}
    ),
    "proposals.cosign_on_paper": Right({**DESK}, EDITABLE | BEFORE_DECISION | frozenset({Status.TO_NUMBER})),
    "proposals.submit": Right({**WRITERS, **DESK}, EDITABLE),
    "proposals.withdraw": Right(
        {**WRITERS, Role.FORMER_MEMBER: Held.OWN, **STAFF},
        EDITABLE | BEFORE_DECISION | frozenset({Status.TO_NUMBER, Status.FILED, Status.ASSIGNED, Status.MERGED}),
    ),
    "proposals.similar": Right({**WRITERS, Role.FORMER_MEMBER: Held.OWN, **DESK}),
    "proposals.keep_paper": Right(
        {**DESK}, frozenset(Status.values) - {Status.DRAFT, Status.COSIGNING, Status.ARCHIVED}
    ),
    "proposals.claim": Right({**DESK}, BEFORE_DECISION),
    "proposals.review": Right({**DESK}, BEFORE_DECISION),
    "proposals.decide": Right({**STAFF}, BEFORE_DECISION),
    "proposals.category_groups": Right({**STAFF}),
    "proposals.take_out": Right(
        {**STAFF},
        BEFORE_DECISION | frozenset({Status.RETURNED, Status.TO_NUMBER, Status.FILED, Status.ASSIGNED, Status.MERGED}),
    ),
    "proposals.merge": Right({**STAFF}, BEFORE_DECISION | frozenset({Status.TO_NUMBER, Status.FILED, Status.MERGED})),
    "proposals.turn": Right({**STAFF}, BEFORE_DECISION | frozenset({Status.DECLINED})),
    "proposals.number": Right({**STAFF}, frozenset({Status.TO_NUMBER})),
    "proposals.allocate": Right({**STAFF, Role.ASSIGNING_OFFICER: Held.OFFICE}, frozenset({Status.FILED})),
    "proposals.answer_preconsultation": Right({Role.UNIT_CLERK: Held.ASKED, Role.UNIT_HEAD: Held.ASKED}),
    "proposals.record_preconsultation": Right(
        {**STAFF, Role.ASSIGNING_OFFICER: Held.OFFICE}, frozenset({Status.FILED})
    ),
    "proposals.hand_over": Right({**STAFF, Role.ASSIGNING_OFFICER: Held.OFFICE}, frozenset({Status.FILED})),
    "proposals.undo_hand_over": Right({**STAFF, Role.ASSIGNING_OFFICER: Held.OFFICE}, frozenset({Status.ASSIGNED})),
    "proposals.handed_down": Right({**STAFF, Role.ASSIGNING_OFFICER: Held.OFFICE}),
    "proposals.key_list": Right({**DESK, Role.ASSIGNING_OFFICER: Held.OFFICE, Role.SECRETARY_GENERAL: Held.COMMITTEE}),
    "proposals.shortlist": Right({**STAFF}, ON_THE_WAY),
    "proposals.choose_key": Right({**STAFF}, ON_THE_WAY),
    "proposals.lead_key": Right({**STAFF}, ON_THE_WAY | frozenset({Status.CLOSED})),
    "proposals.give_key_opinion": Right(
        {**STAFF, Role.ASSIGNING_OFFICER: Held.ASKED, Role.COMMITTEE_OFFICE: Held.ASKED}
    ),
    "proposals.led": Right({Role.LEADER: Held.OWN, Role.LEADER_SECRETARY: Held.OWN}),
    "proposals.instruct": Right(
        {**STAFF, Role.ASSIGNING_OFFICER: Held.ANY_OFFICE}, frozenset({Status.FILED, Status.ASSIGNED, Status.CLOSED})
    ),
    "proposals.sent_up": Right({**STAFF}),
    "proposals.send_up": Right({**STAFF}, frozenset({Status.FILED, Status.ASSIGNED, Status.CLOSED})),
    "proposals.answer_sending": Right({**WRITERS, Role.FORMER_MEMBER: Held.OWN}),
    "proposals.honours": Right({**STAFF}),
    "proposals.award": Right({**STAFF}),
    "proposals.close_history": Right({**STAFF}, frozenset({Status.ASSIGNED})),
    "proposals.disclosures": Right({**REVIEWERS, **STAFF}),
    "proposals.open_publication": Right({**REVIEWERS, **STAFF}, OVER),
    "proposals.review_publication": Right({**REVIEWERS, **STAFF}, OVER),
    "proposals.publish_many": Right({**REVIEWERS}, OVER),
    "proposals.withdraw_publication": Right({**REVIEWERS, **STAFF}, OVER),
    "proposals.archive": Right({**STAFF}, frozenset({Status.CLOSED})),
    "proposals.placeholder": Right({**STAFF}),
    "proposals.offline": Right({**STAFF}, frozenset({Status.ASSIGNED})),
    "proposals.link_proposer": Right({**STAFF}),
    "proposals.correct": Right(
        {**STAFF},
        BEFORE_DECISION
        | frozenset({Status.TO_NUMBER, Status.FILED, Status.MERGED, Status.ASSIGNED, Status.CLOSED, Status.ARCHIVED}),
    ),
    "proposals.undo": Right({**STAFF}, frozenset({Status.DECLINED, Status.REPORTED, Status.TO_NUMBER, Status.FILED})),
    "proposals.import": Right({**STAFF, Role.SYSTEM_ADMINISTRATOR: Held.COMMITTEE}),
    "proposals.plenary": Right({**DESK}),
    "proposals.settings": Right({Role.PROPOSAL_DIRECTOR: Held.COMMITTEE, Role.SYSTEM_ADMINISTRATOR: Held.COMMITTEE}),
}


# who leads a proposal: the first proposer, or an organisation's contact person and drafters
AUTHORS = ("first", "contact", "drafter")


# what somebody of the office leaves to colleagues where he is a proposer himself (P13)
NOT_ON_OWN = frozenset(
    {
        "proposals.claim",
        "proposals.review",
        "proposals.decide",
        "proposals.merge",
        "proposals.turn",
        "proposals.correct",
        "proposals.undo",
        "proposals.shortlist",
        "proposals.sent_up",
        "proposals.send_up",
        "proposals.choose_key",
        "proposals.review_publication",
        "proposals.publish_many",
        "proposals.withdraw_publication",
    }
)


def is_held(user: Any, proposal: Proposal, action: str) -> bool:
    """Whether a proposal that `user` sees is in his hands for `action`; asks nothing of what is prefetched.

    The same rule as `in_hands_of`, for one row at hand and the relations that its page offers.
    """
    right = RIGHTS[action]
    if right.states is not None and proposal.status not in right.states:
        return False
    rows = [row for row in proposal.matter.participants.all() if row.left_at is None]
    if action in NOT_ON_OWN and any(row.person_id == user.pk for row in rows):
        return False
    for role, bodies in roles_of(user, timezone.localdate()).items():
        match right.by.get(role):
            case Held.OWN if any(row.person_id == user.pk and row.role in AUTHORS for row in rows):
                return True
            case Held.OF_BODY if any(row.body_id in bodies and row.order == 0 for row in rows):
                return True
            case Held.PROPOSER if any(row.person_id == user.pk for row in rows):
                return True
            case Held.COMMITTEE:
                return True
            case Held.OFFICE if proposal.matter.office_id in bodies:
                return True
            case Held.ANY_OFFICE if bodies & offices_in(proposal.matter):
                return True
            case _:
                pass
    return False


def offices_in(matter: Matter) -> set[int | None]:
    """The office that leads the matter, and those that assigned a part of it."""
    return {matter.office_id, *(row.office_id for row in matter.assignments.all() if row.ended_at is None)}


def in_hands_of(rows: QuerySet[Proposal], user: Any, action: str, *, whenever: bool = False) -> QuerySet[Proposal]:
    """The proposals upon which `user` may do `action` today; what he may not see is left out.

    `whenever` leaves the state aside: those upon which he could have, or will.
    """
    right = RIGHTS[action]
    condition = Q(pk__in=[])
    for role, bodies in roles_of(user, timezone.localdate()).items():
        match right.by.get(role):
            case Held.OWN:
                condition |= Q(
                    matter__participants__person=user,
                    matter__participants__role__in=AUTHORS,
                    matter__participants__left_at=None,
                )
            case Held.OF_BODY:
                condition |= Q(
                    matter__participants__body__in=bodies,
                    matter__participants__order=0,
                    matter__participants__left_at=None,
                )
            case Held.INVITED:
                condition |= Q(cosignatures__person=user) | Q(cosignatures__body__in=bodies)
            case Held.PROPOSER:
                condition |= Q(matter__participants__person=user)
            case Held.COMMITTEE:
                condition |= Q(pk__isnull=False)
            case Held.OFFICE:
                condition |= Q(matter__office__in=bodies)
            case Held.ANY_OFFICE:
                parts = Assignment.objects.current().filter(office__in=bodies)
                condition |= Q(matter__office__in=bodies) | Q(matter__in=parts.values("matter"))
            case Held.ASKED:
                condition |= Q(preconsultations__unit__in=bodies)
            case _:
                pass
    if action in NOT_ON_OWN:
        own = Participant.objects.filter(person=user, left_at=None)
        condition &= ~Q(matter__in=own.values("matter"))
    found = rows.filter(pk__in=rows.filter(condition).values("pk"))
    if right.states is not None and not whenever:
        found = found.filter(status__in=right.states)
    return found.filter(matter__in=Matter.objects.visible_to(user))


AUDITED = {
    "proposals.add_setting": "新增设置项",
    "proposals.announce_award": "公布评选结果",
    "proposals.change_setting": "修改设置项",
    "proposals.choose": "修改办理规则",
    "proposals.decide_award": "登记评选结果",
    "proposals.import": "导入提案登记表",
    "proposals.remove_setting": "删除设置项",
    "proposals.resume_setting": "恢复设置项",
    "proposals.retire_setting": "停用设置项",
    "proposals.set_groups": "设置类别分组",
    "proposals.take_back_award": "撤回公布的评选结果",
}
"""What the auditor reads for what is written down here."""
