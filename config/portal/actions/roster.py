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
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from config.portal.registers.parser import NotARegister
from config.portal.registers.reading import read_sheets
from config.portal.registers.roster import Fault, Line, Roster, read_roster
from members import uploads
from members.actions import appoint, change_contact, new_person, seat
from members.actions.appointments import must_end, must_suit
from members.actions.codes import make_code
from members.actions.memberships import BELONGS, must_belong
from members.audit import record
from members.choices import STAFF_ROLES, Role
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
# whoever is of the committee itself; everybody else is of a unit that the row must name
OF_THE_COMMITTEE = STAFF_ROLES | {Role.MEMBER, Role.FORMER_MEMBER, Role.INVITED_REPORTER}
CONTACT = ("phone", "mail", "address")


@dataclass(frozen=True)
class Planned:
    """What a line means: who, as what, where."""

    line: Line
    person: Person | None
    role: Role
    body: Body
    term: Term | None
    belongs: dict[str, Body | None]
    contact: dict[str, str] = field(default_factory=dict)
    """What of a known person's contact details the row changes."""
    appoints: bool = True
    """False where the appointment is there already."""

    @property
    def starts_on(self) -> date | None:
        return date.fromisoformat(self.line.starts_on) if self.line.starts_on else None

    @property
    def ends_on(self) -> date | None:
        return date.fromisoformat(self.line.ends_on) if self.line.ends_on else None


@dataclass
class Plan:
    roster: Roster
    planned: list[Planned] = field(default_factory=list)
    skipped: list[Fault] = field(default_factory=list)
    errors: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    document: str = ""
    """For rows that name none."""

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
            column = {"body": "unit"}.get(error.field or "", error.field or "")
            label = roster.labels.get(column, roster.labels["name"])
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
        self.on = on
        self.held = {(row.person_id, row.body_id, row.role): row for row in not_over(on).filter(person__in=ids)}
        self.seats = {
            (row.person_id, row.term_id): row
            for row in Membership.objects.filter(person__in=ids, ends_on=None).select_related(*BELONGS)
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
        for name, belonged in belongs.items():
            must_belong(name, belonged)
        person = self.person_of(line, role, body)
        planned = Planned(line, person, role, body, term, belongs)
        self.must_last(planned)
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
        if person is None:
            self._must_be_one(line)
            return planned
        planned = self.filled_up(planned, made)
        return None if self.is_there(planned) and not planned.contact else planned

    def must_last(self, planned: Planned) -> None:
        must_end(planned.role, planned.ends_on)
        if planned.ends_on and planned.ends_on < (planned.starts_on or self.on):
            raise Refused("结束日期不能早于开始日期。", field="ends_on")

    def filled_up(self, planned: Planned, made: Plan) -> Planned:
        """A known person's row: what it leaves out stays as it is, what it changes is told beforehand."""
        person, line, labels = planned.person, planned.line, made.roster.labels
        assert person is not None

        def hint(column: str, words: str) -> None:
            made.warnings.append(Fault(line.row, labels[column], words))

        contact = {name: getattr(line, name) for name in CONTACT if differs(person, name, getattr(line, name))}
        if "mail" in contact and person.mail_verified_at:
            del contact["mail"]
            hint("mail", "本人核实过的邮箱与此不同，没有改动；请本人在“我的账号”中修改。")
        for name in contact:
            tail = f"（尾号{person.phone[-4:]}）" if name == "phone" and person.phone else ""
            hint(
                name,
                f"与系统中{tail or '所存的'}不同，导入时改为名册所列。"
                if getattr(person, name)
                else "系统中没有，导入时补上。",
            )
        held = self.held.get((person.pk, planned.body.pk, planned.role))
        if held and planned.ends_on and held.ends_on != planned.ends_on:
            hint("ends_on", "已有这项任职，名册不改动其结束日期；请在此人的页面办理。")
        seated = self.seats.get((person.pk, planned.term.pk)) if planned.term else None
        if seated is None:
            return replace(planned, contact=contact, appoints=held is None)
        belongs = {name: body or getattr(seated, name) for name, body in planned.belongs.items()}
        filled = replace(
            planned,
            appoints=held is None,
            contact=contact,
            belongs=belongs,
            line=replace(line, post=line.post or seated.post),
        )
        if not self.is_seated(filled) and (filled.starts_on or self.on) <= seated.starts_on:
            raise Refused(
                f"与系统中{seated.starts_on:%Y年%m月%d日}起的委员信息不同；要改动，请填写此后的开始日期。",
                field="starts_on",
            )
        return filled

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
        if role == Role.MEMBER or (not line.unit and role in OF_THE_COMMITTEE):
            if self.committee is None:
                raise Refused("系统中没有“市政协”这一单位，请先新增。", field="name")
            body = self.committee
        elif not line.unit:
            raise Refused(f"请填写“{role.label}”所在的单位。", field="unit")
        else:
            named = self.named(line, "unit", made)
            assert named is not None
            body = named
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
        fit = [p for p in same if p.phone_index == index_of("phone", line.phone)] if line.phone else []
        if len(fit) == 1:
            return fit[0]
        without = [p for p in same if not (line.phone and p.phone_index)]
        here = [p for p in fit or without if (p.pk, body.pk, role) in self.held]
        if len(here) == 1:
            return here[0]
        if same:
            raise Refused(self.who_else(line, same), field="name")
        return None

    def who_else(self, line: Line, same: list[Person]) -> str:
        """Why a namesake's row cannot be understood, and what tells the two apart."""
        known = "、".join(sorted(person.username for person in same))
        differs_ = bool(line.phone) and all(person.phone_index for person in same)
        return (
            f"已有同名人员{'，手机号不同' if differs_ else '，无法区分'}（用户名 {known}）。"
            "是同一人的，请在“用户名”列填写其用户名；是另一人的，请填写一个新的用户名。"
        )

    def is_there(self, planned: Planned) -> bool:
        person = planned.person
        if person is None or (person.pk, planned.body.pk, planned.role) not in self.held:
            return False
        return planned.term is None or self.is_seated(planned)

    def is_seated(self, planned: Planned) -> bool:
        assert planned.person is not None and planned.term is not None
        seated = self.seats.get((planned.person.pk, planned.term.pk))
        return seated is not None and all(
            getattr(seated, name) == value for name, value in (*planned.belongs.items(), ("post", planned.line.post))
        )


def not_over(on: date) -> QuerySet[Appointment]:
    """Appointments that count on that day or later."""
    return Appointment.objects.filter(Q(ends_on=None) | Q(ends_on__gte=on))


def differs(person: Person, column: str, text: str) -> bool:
    """Whether the row has another phone, mail or address than the house; an empty cell says nothing."""
    if not text:
        return False
    if column == "address":
        return text != person.address
    known: str = getattr(person, f"{column}_index")
    return index_of(column, text) != known


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
    starts_on = planned.starts_on or today
    slip = None
    person = planned.person
    if person is None:
        person = new_person(
            line.name, username=line.username, phone=line.phone, mail=line.mail, address=line.address, by=by, now=now
        )
        code = make_code(person, CodeUse.FIRST, now=now, issued_by=by)
        slip = Slip(person.name, person.username, code, str(planned.body))
    elif planned.contact:
        kept = {name: planned.contact.get(name, getattr(person, name)) for name in CONTACT}
        change_contact(person, **kept, by=by, now=now)
    try:
        if planned.term is not None:
            seat(person, planned.term, starts_on=starts_on, by=by, now=now, post=line.post, **planned.belongs)
        if (
            planned.appoints
            and not not_over(today).filter(person=person, body=planned.body, role=planned.role).exists()
        ):
            document = line.document or made.document
            appoint(
                person,
                planned.body,
                planned.role,
                starts_on=starts_on,
                ends_on=planned.ends_on,
                document=document,
                by=by,
                now=now,
            )
    except Refused as error:
        field_ = error.field if error.field == "document" else None
        raise Refused(f"第{line.row}行“{line.name}”：{error}", field=field_) from error
    return slip


@transaction.atomic
def confirm_draft(
    draft: RosterDraft, *, partial: bool, document: str, by: Person, now: datetime
) -> tuple[Plan, list[Slip]]:
    """Bring in a draft once; its rows are erased. `document` stands for rows that name none.

    Raises WrongStep the second time.
    """
    draft = RosterDraft.objects.select_for_update(of=("self",)).get(pk=draft.pk)
    if draft.imported_at is not None:
        raise WrongStep("这份名册已经导入。")
    made = plan(Roster.from_json(json.loads(draft.rows)), on=timezone.localdate(now))
    made.document = document
    slips = bring_in(made, partial=partial, by=by, now=now)
    draft.imported_at, draft.rows = now, ""
    draft.save(update_fields=["imported_at", "rows"])
    return made, slips


def look_at(draft: RosterDraft, *, on: date) -> Plan:
    return plan(Roster.from_json(json.loads(draft.rows)), on=on)
