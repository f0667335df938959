"""Rosters of people come in: the one way behind the command and the page."""

import json
import tempfile
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from config.portal.registers.parser import NotARegister
from config.portal.registers.reading import read_sheets
from config.portal.registers.roster import Fault, Line, Roster, read_roster
from members import uploads
from members.actions import new_person, seat
from members.actions.appointments import must_suit
from members.actions.codes import make_code
from members.audit import record
from members.choices import Role
from members.errors import Refused, WrongStep
from members.models import Appointment, Body, CodeUse, Membership, Person, RosterDraft, Term
from members.models.person import index_of
from members.names import person_name

KEPT_FOR = timedelta(days=1)
COMMITTEE = "中国人民政治协商会议市委员会"
ROLE_WORDS = {
    "委员": Role.MEMBER,
    "联络员": Role.UNIT_CLERK,
    "承办联络员": Role.UNIT_CLERK,
    "经办人": Role.UNIT_HANDLER,
    "分管领导": Role.UNIT_DEPUTY,
    "负责人": Role.UNIT_HEAD,
    "主要负责人": Role.UNIT_HEAD,
    "主要领导": Role.UNIT_HEAD,
    "召集人": Role.CONVENER,
    **{role.label: role for role in Role},
    **{role.value: role for role in Role},
}
BELONGS = ("sector", "party", "committee", "group")


@dataclass(frozen=True)
class Planned:
    """What a line means: who, as what, where."""

    line: Line
    person: Person | None
    role: Role
    body: Body
    term: Term | None
    belongs: dict[str, Body | None]


@dataclass
class Plan:
    roster: Roster
    planned: list[Planned] = field(default_factory=list)
    skipped: list[Fault] = field(default_factory=list)
    errors: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def summary(self, *, imported: int | None = None) -> dict[str, Any]:
        """The shape that scripts rely on."""
        done = len(self.planned) if imported is None else imported
        rows = len(self.planned) + len(self.skipped) + len(self.errors)
        faults = {"errors": self.errors, "warnings": self.warnings}
        lists = {
            kind: [{"row": f.row, "column": f.column, "message": f.message} for f in found]
            for kind, found in faults.items()
        }
        return {"rows": rows, "imported": done, "skipped": len(self.skipped), **lists}


@dataclass(frozen=True)
class Slip:
    """A new person's first code, to be printed once."""

    name: str
    username: str
    code: str
    body: str


def read(path: Path) -> Roster:
    try:
        return read_roster(read_sheets(path))
    except NotARegister as error:
        raise Refused(str(error), field="file") from error


@transaction.atomic
def take_in(upload: "UploadedFile[Any]", *, by: Person, now: datetime) -> RosterDraft:
    """Read an uploaded roster and keep its rows, sealed, until they are confirmed; the file itself is not kept."""
    clean = uploads.check(upload, use=uploads.Use.REGISTER)
    with tempfile.NamedTemporaryFile(suffix=".table") as file:
        file.write(clean.content)
        file.flush()
        roster = read(Path(file.name))
    RosterDraft.objects.filter(made_at__lt=now - KEPT_FOR).delete()
    rows = json.dumps(roster.as_json(), ensure_ascii=False)
    return RosterDraft.objects.create(by=by, file_name=clean.display_name[:200], rows=rows, made_at=now)


def plan(roster: Roster, *, on: date) -> Plan:
    """Find out what each line means, in a constant number of queries; nothing is written."""
    made = Plan(roster, errors=list(roster.errors), warnings=list(roster.warnings))
    known = _Known(roster, on)
    for line in roster.lines:
        try:
            planned = known.understand(line, made)
        except Refused as error:
            label = roster.labels.get(error.field or "", roster.labels["name"])
            made.errors.append(Fault(line.row, label, str(error)))
            continue
        if planned is None:
            made.skipped.append(Fault(line.row, roster.labels["name"], "已在系统中，没有变化。"))
        else:
            made.planned.append(planned)
    return made


class _Known:
    """What the house knows of the people and bodies that a roster names."""

    def __init__(self, roster: Roster, on: date) -> None:
        lines = roster.lines
        names = {person_name(line.name) for line in lines}
        usernames = {line.username.casefold() for line in lines if line.username}
        people = Person.objects.filter(name__in=names) | Person.objects.filter(username__in=usernames)
        self.people: list[Person] = list(people.distinct())
        ids = [person.pk for person in self.people]
        self.held = {
            (row.person_id, row.body_id, row.role): row for row in Appointment.objects.on_day(on).filter(person__in=ids)
        }
        self.seats = {
            (row.person_id, row.term_id): row for row in Membership.objects.filter(person__in=ids, ends_on=None)
        }
        texts = {line.unit for line in lines} | {getattr(line, name) for line in lines for name in BELONGS}
        self.bodies = Body.objects.current().match_many(texts - {""})
        self.committee, _ = Body.objects.current().match(COMMITTEE)
        self.terms = {term.number: term for term in Term.objects.all()}
        self.seen: set[tuple[object, ...]] = set()
        self.new_names: dict[str, Line] = {}

    def understand(self, line: Line, made: Plan) -> Planned | None:
        """Raises Refused with the column at fault; None means that nothing would change."""
        line = replace(line, name=person_name(line.name))
        _must_be_contact(line)
        role = self.role_of(line)
        body = self.body_of(line, role, made)
        term = self.term_of(line) if role == Role.MEMBER else None
        belongs = {name: self.named(line, name, made) for name in BELONGS}
        person = self.person_of(line, role, body)
        figures = "".join(c for c in line.phone if c.isdigit())
        key = (
            line.username or line.name,
            figures,
            body.pk,
            role,
            *(getattr(belongs[name], "pk", None) for name in BELONGS),
        )
        if key in self.seen:
            return None
        self.seen.add(key)
        if person is not None and self.is_there(person, line, role, body, term, belongs):
            return None
        if person is None:
            self._must_be_one(line)
        return Planned(line, person, role, body, term, belongs)

    def _must_be_one(self, line: Line) -> None:
        other = self.new_names.get(line.name)
        if other and not line.username and (not line.phone or not other.phone):
            raise Refused(f"与第{other.row}行同名，无法区分。请填写手机号或用户名。", field="name")
        self.new_names[line.name] = line

    def role_of(self, line: Line) -> Role:
        if not line.role:
            return Role.UNIT_CLERK if line.unit else Role.MEMBER
        role = ROLE_WORDS.get(line.role)
        if role is None:
            raise Refused(f"不认识的角色“{line.role[:20]}”。", field="role")
        return role

    def body_of(self, line: Line, role: Role, made: Plan) -> Body:
        if role == Role.MEMBER or not line.unit:
            if self.committee is None:
                raise Refused("系统中没有“市政协”这一单位，请先新增。", field="name")
            return self.committee
        body = self.named(line, "unit", made)
        assert body is not None
        must_suit(body, role)
        return body

    def named(self, line: Line, column: str, made: Plan) -> Body | None:
        text = getattr(line, column)
        if not text:
            return None
        body, how = self.bodies[text]
        if body is None:
            raise Refused(f"没有名为“{text[:40]}”的单位。", field=column)
        if how == "former":
            made.warnings.append(
                Fault(line.row, made.roster.labels[column], f"“{text}”是曾用名，已对应“{body.name}”。")
            )
        return body

    def term_of(self, line: Line) -> Term:
        figures = "".join(c for c in line.term if c.isdecimal())
        term = (
            self.terms.get(int(figures)) if figures else max(self.terms.values(), key=lambda t: t.number, default=None)
        )
        if term is None:
            raise Refused("没有这一届，请先在“届次”中新增。", field="term")
        return term

    def person_of(self, line: Line, role: Role, body: Body) -> Person | None:
        if line.username:
            person = next((p for p in self.people if p.username.casefold() == line.username.casefold()), None)
            if person and person.name != line.name:
                raise Refused(f"用户名“{line.username}”是另一人的。", field="username")
            return person
        same = [person for person in self.people if person.name == line.name]
        if line.phone:
            by_phone = [p for p in same if p.phone_index == index_of("phone", line.phone)]
            if len(by_phone) == 1:
                return by_phone[0]
            same = by_phone or [p for p in same if not p.phone_index]
        here = [p for p in same if (p.pk, body.pk, role) in self.held]
        if len(here) == 1:
            return here[0]
        if same:
            raise Refused("系统中已有同名人员，无法区分。请填写其用户名或手机号。", field="name")
        return None

    def is_there(
        self, person: Person, line: Line, role: Role, body: Body, term: Term | None, belongs: dict[str, Body | None]
    ) -> bool:
        if (person.pk, body.pk, role) not in self.held:
            return False
        if term is None:
            return True
        seated = self.seats.get((person.pk, term.pk))
        return seated is not None and all(
            value is None or getattr(seated, f"{name}_id") == value.pk for name, value in belongs.items()
        )


def _must_be_contact(line: Line) -> None:
    if line.phone and not 6 <= sum(c.isdigit() for c in line.phone) <= 15:
        raise Refused("手机号不正确。", field="phone")
    if line.mail:
        try:
            validate_email(line.mail)
        except ValidationError as error:
            raise Refused("邮箱不正确。", field="mail") from error


@transaction.atomic
def bring_in(made: Plan, *, partial: bool, by: Person | None, now: datetime) -> list[Slip]:
    """Write what was planned; without `partial` nothing comes in as long as one row is at fault.

    From a page the appointments wait for a second person's confirmation; on the server (`by` None) they count at once.
    """
    if made.errors and not partial:
        raise Refused(f"有 {len(made.errors)} 行不能导入，没有导入任何人。请改正后重试，或选择只导入没有错误的行。")
    slips = [slip for planned in made.planned if (slip := _bring_in_one(planned, made, by=by, now=now))]
    record("roster.import", by=by, now=now, rows=len(made.planned), new=len(slips))
    return slips


def _bring_in_one(planned: Planned, made: Plan, *, by: Person | None, now: datetime) -> Slip | None:
    line, today = planned.line, timezone.localdate(now)
    starts_on = date.fromisoformat(line.starts_on) if line.starts_on else today
    slip = None
    person = planned.person
    if person is None:
        person = new_person(
            line.name, username=line.username, phone=line.phone, mail=line.mail, address=line.address, by=by, now=now
        )
        code = make_code(person, CodeUse.FIRST, now=now, issued_by=by)
        slip = Slip(person.name, person.username, code, str(planned.body))
    if planned.term is not None:
        seat(person, planned.term, starts_on=starts_on, by=by, now=now, post=line.post, **planned.belongs)
    if not Appointment.objects.on_day(today).filter(person=person, body=planned.body, role=planned.role).exists():
        try:
            with transaction.atomic():
                Appointment.objects.create(
                    person=person,
                    body=planned.body,
                    role=planned.role,
                    starts_on=starts_on,
                    document=line.document,
                    granted_by=by,
                )
        except IntegrityError as error:
            raise Refused(
                f"第{line.row}行“{line.name}”：任职与现有任职冲突（同一人不能同时在政协机关和承办单位任职）。"
            ) from error
    return slip


@transaction.atomic
def confirm_draft(draft: RosterDraft, *, partial: bool, by: Person, now: datetime) -> tuple[Plan, list[Slip]]:
    """Bring in a draft once; its rows are erased. Raises WrongStep the second time."""
    draft = RosterDraft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
    if draft.imported_at is not None:
        raise WrongStep("这份名册已经导入。")
    made = plan(Roster.from_json(json.loads(draft.rows)), on=timezone.localdate(now))
    slips = bring_in(made, partial=partial, by=by, now=now)
    draft.imported_at, draft.rows = now, ""
    draft.save(update_fields=["imported_at", "rows"])
    return made, slips


def look_at(draft: RosterDraft, *, on: date) -> Plan:
    return plan(Roster.from_json(json.loads(draft.rows)), on=on)
