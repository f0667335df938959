from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from members import succession
from members.actions.appointments import SUITABLE
from members.actions.memberships import BELONGS, seat
from members.audit import record
from members.choices import BodyKind, Change, NameKind, Role, System
from members.errors import Refused, WrongStep
from members.models import Appointment, AssigningOffice, Body, BodyName, Membership, Person, Succession
from members.names import clean, normal

OFFICE_KINDS = frozenset({BodyKind.OFFICE, BodyKind.PARTY_BODY, BodyKind.DEPARTMENT, BodyKind.CPPCC_COMMITTEE})
"""What can assign to others."""


@transaction.atomic
def add_body(
    name: str,
    *,
    kind: BodyKind,
    system: System,
    by: Person,
    now: datetime,
    short_name: str = "",
    phone: str = "",
    parent: Body | None = None,
    starts_on: date | None = None,
) -> Body:
    """Add a body; raises Refused if one of that name exists."""
    name, short_name = clean(name), clean(short_name)
    _must_be_free(name, parent if kind == BodyKind.SECTION else None)
    body = Body.objects.create(
        name=name, short_name=short_name, kind=kind, system=system, phone=phone, parent=parent, starts_on=starts_on
    )
    if short_name and normal(short_name) != body.norm:
        body.names.create(name=short_name, kind=NameKind.SHORT)
    record("body.add", by=by, now=now, subject=str(body.public_id), name=name)
    return body


def _must_be_free(name: str, parent: Body | None = None) -> None:
    if not normal(name):
        raise Refused("请填写单位名称。", field="name")
    others = Body.objects.current().filter(norm=normal(name))
    others = others.filter(parent=parent) if parent else others.exclude(kind=BodyKind.SECTION)
    if others.exists():
        raise Refused(f"已有名为“{name}”的单位。", field="name")


@transaction.atomic
def add_name(body: Body, name: str, *, kind: NameKind, by: Person, now: datetime) -> BodyName:
    """Let the body answer to another name; raises Refused if another living body has it."""
    name = clean(name)
    if not normal(name):
        raise Refused("请填写名称。", field="name")
    taken = Body.objects.current().exclude(pk=body.pk)
    if taken.filter(norm=normal(name)).exists() or taken.filter(names__norm=normal(name)).exists():
        raise Refused(f"“{name}”已是另一单位的名称。", field="name")
    row, made = BodyName.objects.get_or_create(body=body, norm=normal(name), defaults={"name": name, "kind": kind})
    if made:
        record("body.name", by=by, now=now, subject=str(body.public_id), name=name, kind=kind)
    return row


@transaction.atomic
def drop_name(body: Body, name: BodyName, *, reason: str, by: Person, now: datetime) -> None:
    """Take away a name that was given by mistake; one that the body bore stays, for history is told with it."""
    if name.until is not None:
        raise Refused(f"“{name}”是该单位用过的名称，历史记录要用，不能删除。", field="name")
    record("body.drop_name", by=by, now=now, subject=str(body.public_id), name=name.name, reason=reason.strip())
    if normal(body.short_name) == name.norm:
        body.short_name = ""
        body.save(update_fields=["short_name"])
    name.delete()


@transaction.atomic
def correct_body(
    body: Body,
    *,
    name: str,
    short_name: str,
    kind: BodyKind,
    system: System,
    parent: Body | None,
    phone: str,
    reason: str,
    by: Person,
    now: datetime,
) -> Body:
    """Put right what was recorded wrongly about a body; a real change of name is a rename (`succeed`).

    Raises Refused where its people or members' seats do not fit the new kind.
    """
    body = Body.objects.select_for_update(of=("self",)).get(pk=body.pk)
    if body.ended_on is not None:
        raise WrongStep(f"{body.name}已经撤销，不再更正。")
    old = {
        field: str(getattr(body, field) or "") for field in ("name", "short_name", "kind", "system", "parent", "phone")
    }
    name, short_name = clean(name), clean(short_name)
    if normal(name) != body.norm:
        _must_be_free(name, parent if kind == BodyKind.SECTION else None)
    _must_be_parent(body, parent, kind)
    if kind != body.kind:
        _must_fit_kind(body, kind, on=timezone.localdate(now))
    if normal(short_name) != normal(body.short_name):
        body.names.filter(norm=normal(body.short_name), kind=NameKind.SHORT).delete()
        if short_name and normal(short_name) != normal(name):
            add_name(body, short_name, kind=NameKind.SHORT, by=by, now=now)
    body.name, body.short_name, body.kind, body.system = name, short_name, kind, system
    body.parent, body.phone = parent, phone.strip()
    changed = {field: old[field] for field in old if old[field] != str(getattr(body, field) or "")}
    if not changed:
        raise Refused("没有要更正的内容，请先修改再提交。")
    body.save()
    record("body.correct", by=by, now=now, subject=str(body.public_id), old=changed, reason=reason.strip())
    return body


def _must_be_parent(body: Body, parent: Body | None, kind: BodyKind) -> None:
    if kind == BodyKind.SECTION and parent is None:
        raise Refused("科室须填写上级单位。", field="parent")
    above = parent
    while above is not None:
        if above.pk == body.pk:
            raise Refused("上级单位不能是本单位或其下属单位。", field="parent")
        above = above.parent


def _must_fit_kind(body: Body, kind: BodyKind, *, on: date) -> None:
    for row in Appointment.objects.filter(body=body).exclude(ends_on__lt=on).order_by("role"):
        role = Role(row.role)
        if role in SUITABLE and kind not in SUITABLE[role]:
            raise Refused(f"该单位现有“{role.label}”任职，{kind.label}不能设这一角色。请先结束任职。", field="kind")
    for place, (word, kinds) in BELONGS.items():
        if kind not in kinds and Membership.objects.filter(**{place: body}, ends_on=None).exists():
            raise Refused(f"现有委员以该单位为{word}，不能改为“{kind.label}”。请先更正委员信息。", field="kind")


@transaction.atomic
def set_assigning_offices(
    offices: Mapping[System, Body | None], *, checking: Collection[System] | None = None, by: Person, now: datetime
) -> list[System]:
    """Say which office assigns to the bodies of each system (P9), and return the systems where that changed.

    What was assigned before stays with the office that did it, until that office is merged into another. The offices
    of the systems in `checking` look at every reply before it is delivered; None leaves that as it is.
    """
    rows = {
        System(row.system): row
        for row in AssigningOffice.objects.select_for_update(of=("self",)).select_related("office")
    }
    before = {system: (row.office, row.checks_replies) for system, row in rows.items()}
    checks = {system: row.checks_replies for system, row in rows.items() if checking is None} | dict.fromkeys(
        checking or (), True
    )
    changed = [
        system
        for system, office in offices.items()
        if (office, bool(office) and checks.get(system, False)) != before.get(system, (None, False))
    ]
    if not changed:
        raise Refused("没有改动，请先修改再保存。")
    for system in changed:
        office = offices[system]
        if office is None:
            rows[system].delete()
        else:
            if office.kind not in OFFICE_KINDS:
                sentence = f"“{office.name}”是{office.get_kind_display()}，不能作为交办机构。"
                raise Refused(sentence, field=system.value)
            facts = {"office": office, "checks_replies": checks.get(system, False)}
            AssigningOffice.objects.update_or_create(system=system, defaults=facts)
        record(
            "body.assigning_office", by=by, now=now, subject=str(office.public_id) if office else "",
            system=system, old=before[system][0].name if system in before else "",
            checks_replies=bool(office) and checks.get(system, False),
        )  # fmt: skip
    return changed


@transaction.atomic
def succeed(
    old: Body,
    heirs: Sequence[Body],
    *,
    kind: Change,
    on: date,
    by: Person,
    now: datetime,
    name: str = "",
    note: str = "",
) -> list[Succession]:
    """Merge, split, rename or end a body from the day `on`, in one act (P12).

    A rename keeps the body, which remembers the name it bore before. Otherwise the body ends, its appointments end the
    day before, the successors answer to its names, and other floors take its open work to them with unchanged clocks
    (`members.succession`). Raises WrongStep if the body has ended, Refused if the successors do not fit the act.
    """
    body = Body.objects.select_for_update(of=("self",)).get(pk=old.pk)
    if body.ended_on is not None:
        raise WrongStep(f"{body.name}已于{body.ended_on:%Y年%m月%d日}撤销，不能再次变更。")
    if on > timezone.localdate(now):
        raise Refused("生效日期不能晚于今天，请在生效当日办理。", field="on")
    if body.starts_on and on < body.starts_on:
        raise Refused("生效日期不能早于成立日期。", field="on")
    if kind == Change.RENAME:
        rows = [_rename(body, clean(name), on=on, note=note)]
    else:
        rows = _end(body, list(heirs), kind=kind, on=on, note=note, by=by, now=now)
    record("body.succeed", by=by, now=now, subject=str(body.public_id), kind=kind, on=on, heirs=[b.name for b in heirs])
    return rows


def _rename(body: Body, name: str, *, on: date, note: str) -> Succession:
    if normal(name) == body.norm:
        raise Refused("新名称与现名称相同。", field="name")
    _must_be_free(name, body.parent if body.kind == BodyKind.SECTION else None)
    BodyName.objects.update_or_create(
        body=body, norm=body.norm, defaults={"name": body.name, "kind": NameKind.FORMER, "until": on}
    )
    body.names.filter(norm=normal(name)).delete()
    body.name, body.short_name = name, ""
    body.save()
    return Succession.objects.create(old=body, new=body, kind=Change.RENAME, on=on, note=note)


def _end(
    body: Body, heirs: list[Body], *, kind: Change, on: date, note: str, by: Person, now: datetime
) -> list[Succession]:
    _must_fit(body, heirs, kind)
    successors: list[Body | None] = [*heirs] or [None]
    rows = [Succession.objects.create(old=body, new=heir, kind=kind, on=on, note=note) for heir in successors]
    body.ended_on = on
    body.save(update_fields=["ended_on"])
    if len(heirs) == 1:
        _hand_on_names(body, heirs[0])
        AssigningOffice.objects.filter(office=body).update(office=heirs[0])
        _hand_on_sections(body, heirs[0], on=on, by=by, now=now)
        _hand_on_seats(body, heirs[0], on=on, by=by, now=now)
    succession.move(body, heirs, on=on, by=by, now=now)
    last = on - timedelta(days=1)
    for appointment in Appointment.objects.filter(body=body).exclude(ends_on__lt=on):
        appointment.ends_on = max(last, appointment.starts_on)
        appointment.save(update_fields=["ends_on"])
    return rows


def _hand_on_sections(body: Body, heir: Body, *, on: date, by: Person, now: datetime) -> None:
    """Sections and subordinate bodies go along with whoever serves there; one whose name the heir has merges into it."""
    theirs = {part.norm: part for part in Body.objects.current().filter(parent=heir)}
    for part in Body.objects.current().filter(parent=body).order_by("pk"):
        if same := theirs.get(part.norm):
            _end(part, [same], kind=Change.MERGE, on=on, note="", by=by, now=now)
        else:
            part.parent = heir
            part.save(update_fields=["parent"])


def _hand_on_seats(body: Body, heir: Body, *, on: date, by: Person, now: datetime) -> None:
    """Members of a merged sector, party, committee or group sit in its heir from that day on."""
    places = ("sector", "party", "committee", "group")
    belongs = Q(sector=body) | Q(party=body) | Q(committee=body) | Q(group=body)
    for row in Membership.objects.filter(belongs, ends_on=None).order_by("pk"):
        facts = {name: heir if getattr(row, f"{name}_id") == body.pk else getattr(row, name) for name in places}
        if on > row.starts_on:
            seat(row.person, row.term, starts_on=on, by=by, now=now, post=row.post, **facts)
        else:
            Membership.objects.filter(pk=row.pk).update(**facts)


def _must_fit(body: Body, heirs: list[Body], kind: Change) -> None:
    wanted = {Change.MERGE: len(heirs) == 1, Change.SPLIT: len(heirs) >= 2, Change.END: not heirs}
    if not wanted[kind]:
        sentence = {
            Change.MERGE: "并入须选择一个承接单位。",
            Change.SPLIT: "拆分须选择两个以上承接单位。",
            Change.END: "撤销不需要承接单位；有承接单位的请选择“并入”或“拆分”。",
        }[kind]
        raise Refused(sentence, field="heirs")
    if any(heir.pk == body.pk or heir.ended_on is not None for heir in heirs):
        raise Refused("承接单位必须是现有的其他单位。", field="heirs")
    if kind != Change.MERGE and AssigningOffice.objects.filter(office=body).exists():
        raise Refused("该单位是交办机构，只能并入另一单位或更名。", field="kind")


def _hand_on_names(body: Body, heir: Body) -> None:
    """The successor answers to the names of the body it takes over, without having borne them (no `until`)."""
    for name in [body.name, *body.names.values_list("name", flat=True)]:
        if normal(name) != heir.norm:
            BodyName.objects.get_or_create(
                body=heir, norm=normal(name), defaults={"name": name, "kind": NameKind.FORMER}
            )
