from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date
from typing import Any

import pghistory
from django.db import models
from django.db.models import F, Q

from members.choices import COLLECTIVE_KINDS, UNIT_KINDS, BodyKind, Change, NameKind, System
from members.names import normal, sound, spellings

RANK = {NameKind.SHORT: 1, NameKind.ALIAS: 2, NameKind.FORMER: 3}


class BodyQuerySet(models.QuerySet["Body"]):
    def current(self) -> BodyQuerySet:
        return self.filter(ended_on=None)

    def units(self) -> BodyQuerySet:
        """Bodies that may act upon a matter (承办单位)."""
        return self.current().filter(kind__in=UNIT_KINDS)

    def collective(self) -> BodyQuerySet:
        """Bodies that may raise a collective proposal."""
        return self.current().filter(kind__in=COLLECTIVE_KINDS)

    def search(self, text: str) -> BodyQuerySet:
        """Those whose name, other names, pinyin or initials contain `text`."""
        form = normal(text)
        if not form:
            return self
        named = BodyName.objects.filter(norm__contains=form).values("body")
        return self.filter(Q(norm__contains=form) | Q(pinyin__contains=form) | Q(pk__in=named))

    def match(self, text: str) -> tuple[Body | None, str | None]:
        """Find the body that `text` names: (body, None) by its name, (body, "short" | "alias" | "former"), (None, None).

        A name that two bodies answer to is nobody's. An ended body is found only if a living one is not;
        where it has one successor, that one is returned as "former".
        """
        return self.match_many([text])[text]

    def match_many(self, texts: Iterable[str]) -> dict[str, tuple[Body | None, str | None]]:
        """`match` for many texts with a constant number of queries."""
        wanted = {text: spellings(text) for text in texts}
        forms = {form for some in wanted.values() for form in some}
        named: dict[str, set[int]] = {}
        ranked: dict[str, dict[int, NameKind]] = {}
        bodies: dict[int, Body] = {}
        for body in self.filter(norm__in=forms):
            named.setdefault(body.norm, set()).add(body.pk)
            bodies[body.pk] = body
        for name in BodyName.objects.filter(norm__in=forms, body__in=self.all()).select_related("body"):
            held = ranked.setdefault(name.norm, {})
            kind = NameKind(name.kind)
            if name.body_id not in held or RANK[kind] < RANK[held[name.body_id]]:
                held[name.body_id] = kind
            bodies.setdefault(name.body_id, name.body)
        return {text: _best(forms_of, named, ranked, bodies) for text, forms_of in wanted.items()}

    def assigning_office_for(self, body: Body) -> Body | None:
        """The office that assigns to bodies of this one's system (P9)."""
        row = AssigningOffice.objects.select_related("office").filter(system=body.system).first()
        return row.office if row else None

    def assigning_offices(self) -> BodyQuerySet:
        return self.filter(pk__in=AssigningOffice.objects.values("office"))


def _best(
    forms: list[str], named: dict[str, set[int]], ranked: dict[str, dict[int, NameKind]], bodies: dict[int, Body]
) -> tuple[Body | None, str | None]:
    for form in forms:
        found: list[tuple[int, str | None]] = [(pk, None) for pk in named.get(form, ())]
        if not any(bodies[pk].ended_on is None for pk, _ in found):
            others = ranked.get(form, {})
            for kind in NameKind:
                found += [(pk, str(kind)) for pk, held in others.items() if held == kind]
                if any(bodies[pk].ended_on is None for pk, _ in found):
                    break
        living = [(bodies[pk], how) for pk, how in found if bodies[pk].ended_on is None]
        if len(living) == 1:
            return living[0]
        if len(living) > 1:
            return None, None
        if found:
            return _heir(bodies[found[0][0]])
    return None, None


def _heir(body: Body) -> tuple[Body | None, str | None]:
    """Follow an ended body to its only successor."""
    seen = {body.pk}
    while body.ended_on is not None:
        heirs = [row.new for row in body.changes.select_related("new") if row.new and row.new.pk not in seen]
        if len(heirs) != 1:
            return None, None
        body = heirs[0]
        seen.add(body.pk)
    return body, str(NameKind.FORMER)


@pghistory.track(pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=["norm", "pinyin"])
class Body(models.Model):
    """Any organisation (单位、组织); a *unit* is a body that acts upon a matter."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField("全称", max_length=128)
    norm = models.CharField(max_length=128, editable=False)
    short_name = models.CharField("简称", max_length=64, blank=True)
    pinyin = models.CharField(max_length=255, blank=True, editable=False)
    kind = models.CharField("类别", max_length=16, choices=BodyKind)
    system = models.CharField("系统", max_length=16, choices=System)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="parts", verbose_name="上级单位"
    )
    phone = models.CharField("公务电话", max_length=64, blank=True)
    starts_on = models.DateField("成立日期", null=True, blank=True)
    ended_on = models.DateField("撤销日期", null=True, blank=True)

    objects = BodyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["norm"],
                condition=Q(ended_on=None) & ~Q(kind="section"),
                name="one_current_body_per_name",
                violation_error_message="已有同名的单位。",
            ),
            models.UniqueConstraint(
                fields=["parent", "norm"],
                condition=Q(ended_on=None, kind="section"),
                name="one_section_per_name_in_a_body",
                violation_error_message="本单位已有同名的科室。",
            ),
            models.CheckConstraint(condition=Q(kind__in=BodyKind.values), name="body_kind_known"),
            models.CheckConstraint(condition=Q(system__in=System.values), name="body_system_known"),
            models.CheckConstraint(condition=~Q(norm=""), name="body_has_a_name"),
            models.CheckConstraint(condition=~Q(kind="section") | Q(parent__isnull=False), name="section_has_a_parent"),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(starts_on=None) | Q(ended_on__gte=F("starts_on")),
                name="body_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.short_name or self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Derive what search needs from the name."""
        self.norm = normal(self.name)
        self.pinyin = f"{sound(self.name)} {sound(self.short_name)}".strip()[:255]
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "norm", "pinyin"}
        super().save(*args, **kwargs)

    def name_on(self, on: date) -> str:
        """Return the full name that the body bore on that day; reads `names`, so lists prefetch it."""
        former = [name for name in self.names.all() if name.kind == NameKind.FORMER and name.until and on < name.until]
        return min(former, key=lambda name: name.until or date.max).name if former else self.name


class BodyName(models.Model):
    """Another name that a body answers to; a former one was borne before the day `until`."""

    body = models.ForeignKey(Body, models.CASCADE, related_name="names")
    name = models.CharField("名称", max_length=128)
    norm = models.CharField(max_length=128, editable=False, db_index=True)
    kind = models.CharField("类别", max_length=8, choices=NameKind)
    until = models.DateField("使用至", null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["body", "norm"], name="one_row_per_name_of_a_body"),
            models.CheckConstraint(condition=Q(kind__in=NameKind.values), name="body_name_kind_known"),
            models.CheckConstraint(condition=~Q(norm=""), name="body_name_not_empty"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.norm = normal(self.name)
        super().save(*args, **kwargs)


class Succession(models.Model):
    """What became of a body on a day (机构变更): rows with `new` say who goes on with its work."""

    old = models.ForeignKey(Body, models.PROTECT, related_name="changes")
    new = models.ForeignKey(Body, models.PROTECT, null=True, related_name="origins")
    kind = models.CharField("方式", max_length=8, choices=Change)
    on = models.DateField("日期")
    note = models.CharField("依据", max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["old", "new", "on"], name="one_succession_per_pair_and_day"),
            models.CheckConstraint(condition=Q(kind__in=Change.values), name="succession_kind_known"),
            models.CheckConstraint(
                condition=Q(kind="end", new=None) | (~Q(kind="end") & Q(new__isnull=False)),
                name="only_an_end_has_no_successor",
            ),
            models.CheckConstraint(
                condition=Q(kind="rename", old=F("new")) | (~Q(kind="rename") & ~Q(old=F("new"))) | Q(new=None),
                name="only_a_rename_keeps_the_body",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on}"


class AssigningOffice(models.Model):
    """Which office assigns to the bodies of a system (交办机构), and whether it checks their replies first."""

    system = models.CharField("系统", max_length=16, choices=System, unique=True)
    office = models.ForeignKey(Body, models.PROTECT, related_name="assigns", verbose_name="交办机构")
    checks_replies = models.BooleanField("答复先经交办机构审核", default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(system__in=System.values), name="assigning_system_known")]

    def __str__(self) -> str:
        return f"{self.get_system_display()} — {self.office_id}"
