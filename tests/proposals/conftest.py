"""A small committee: its office, assigning offices, units, members and a session."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from members.choices import BodyKind, Role, System
from members.models import AssigningOffice, Body, Person, Session
from proposals import actions
from proposals.handling.models import Reason
from proposals.models import Category, Proposal, Text
from tests.factories import BodyFactory, SessionFactory, appoint

NOW = timezone.make_aware(datetime(2026, 3, 4, 10, 0))


@dataclass
class House:
    """Who and what the stories need."""

    session: Session
    office: Body
    staff: Person
    colleague: Person
    director: Person
    assigning: Body
    officer: Person
    member: Person
    now: datetime = NOW
    moments: int = field(default=0)

    def later(self) -> datetime:
        """A moment a minute after the last one."""
        self.moments += 1
        return self.now + timedelta(minutes=self.moments)


@pytest.fixture
def house(db: None) -> House:
    session = SessionFactory(
        number=2,
        submissions_open_on=date(2025, 12, 1),
        submissions_close_at=timezone.make_aware(datetime(2026, 1, 14, 18, 0)),
    )
    office = BodyFactory(name="市政协提案委测试", kind=BodyKind.CPPCC_COMMITTEE, system=System.CPPCC)
    assigning = BodyFactory(name="市政府督查室测试", kind=BodyKind.OFFICE, system=System.GOVERNMENT)
    AssigningOffice.objects.update_or_create(system=System.GOVERNMENT, defaults={"office": assigning})
    return House(
        session=session,
        office=office,
        staff=appoint(Role.PROPOSAL_STAFF, office, name="何晓"),
        colleague=appoint(Role.PROPOSAL_STAFF, office, name="江南"),
        director=appoint(Role.PROPOSAL_DIRECTOR, office, name="高原"),
        assigning=assigning,
        officer=appoint(Role.ASSIGNING_OFFICER, assigning, name="严明"),
        member=appoint(Role.MEMBER, name="林溪"),
    )


TEXT = Text(
    "关于增加社区养老床位的建议",
    "本市六十岁以上老人占两成，社区床位不足。",
    "用地和运营经费没有落实。",
    ("三年内每个街道新增三十张床位；", "由区财政给予运营补助。"),
)


@pytest.fixture
def draft(house: House) -> Callable[..., Proposal]:
    """Make a draft of the house's member, or of `by`."""

    def make(by: Person | None = None, text: Text = TEXT, **details: object) -> Proposal:
        author = by or house.member
        proposal = actions.begin(actions.Behind(person=author), by=author, now=house.later())
        return actions.save_text(
            proposal,
            text,
            version=None,
            by=author,
            now=house.later(),
            details=actions.Details(**details),  # type: ignore[arg-type]  # keywords of Details
        )

    return make


@pytest.fixture
def submitted(house: House, draft: Callable[..., Proposal]) -> Callable[..., Proposal]:
    def make(**kw: object) -> Proposal:
        proposal = draft(**kw)
        return actions.submit(proposal, not_secret=True, by=house.member, now=house.later())

    return make


@pytest.fixture
def filed(house: House, submitted: Callable[..., Proposal]) -> Callable[..., Proposal]:
    def make(**kw: object) -> Proposal:
        proposal = submitted(**kw)
        return actions.file(proposal, category=category(), by=house.staff, now=house.later())

    return make


def category(name: str = "社会建设") -> Category:
    return Category.objects.get(name=name)


def reason(use: str, code: str) -> Reason:
    return Reason.objects.get(use=use, code=code)


@pytest.fixture
def clerk_unit(house: House) -> Body:
    """A unit with a clerk."""
    unit: Body = BodyFactory(name="市民政局测试")
    appoint(Role.UNIT_CLERK, unit, name="沈青")
    return unit


@pytest.fixture
def other_unit(house: House) -> Body:
    unit: Body = BodyFactory(name="市财政局测试")
    appoint(Role.UNIT_CLERK, unit, name="方舟")
    return unit


@pytest.fixture
def handed(house: House, filed: Callable[..., Proposal], clerk_unit: Body) -> Callable[..., Proposal]:
    """A proposal in the hands of a unit."""

    def make() -> Proposal:
        proposal = filed()
        actions.allocate(proposal, [actions.Share(clerk_unit, "sole")], by=house.staff, now=house.later())
        actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())
        proposal.refresh_from_db()
        proposal.matter.refresh_from_db()
        return proposal

    return make


@pytest.fixture
def leader(house: House) -> Person:
    return appoint(Role.LEADER, name="陆远")
