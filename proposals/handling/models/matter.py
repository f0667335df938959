"""What somebody must act upon, and who stands behind it."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from members import keys
from members.rights import acting_for, keys_of


class Kind(models.TextChoices):
    PROPOSAL = "proposal", "提案"
    OPINION = "opinion", "意见建议"
    HANDED_DOWN = "handed_down", "上级交办件"
    REPORT = "report", "社情民意信息"


FOLDERS: dict[str, str] = {
    Kind.PROPOSAL: "proposals",
    Kind.OPINION: "reports/opinions",
    Kind.HANDED_DOWN: "proposals/handed-down",
    Kind.REPORT: "reports",
}


class Access(models.TextChoices):
    OPEN = "open", "公开"
    INTERNAL = "internal", "内部"
    SENSITIVE = "sensitive", "敏感"
    SUSPENDED = "suspended", "暂停查看"


class Exposure(models.TextChoices):
    DRAFT = "draft", "本人"
    OFFICE = "office", "提案机构"
    HANDLING = "handling", "办理中可见"
    PUBLISHED = "published", "已公开"


class Stage(models.TextChoices):
    """The one column that lists filter by; labels follow the offices' own words."""

    DRAFT = "draft", "草稿"
    COSIGNING = "cosigning", "联名中"
    SUBMITTED = "submitted", "待审查"
    REVIEWING = "reviewing", "审查中"
    RETURNED = "returned", "退回修改"
    TO_NUMBER = "to_number", "待编号"
    FILED = "filed", "待交办"
    TO_SIGN = "to_sign", "待签收"
    COORDINATING = "coordinating", "协调中"
    HANDLING = "handling", "办理中"
    ANSWERED = "answered", "已答复待评价"
    TO_PASS_UP = "to_pass_up", "待报送"
    REHANDLING = "rehandling", "二次办理"
    CLOSED = "closed", "已办结"
    CLOSED_SILENT = "closed_silent", "办结（未反馈）"
    ARCHIVED = "archived", "已归档"
    MERGED = "merged", "已并案"
    DECLINED = "declined", "不予立案"
    TURNED = "turned", "转意见建议"
    REPORTED = "reported", "转社情民意"
    PASSED_UP = "passed_up", "转上级政协"
    WITHDRAWN = "withdrawn", "已撤案"
    # of reports, before units have them and beside that
    SCREENING = "screening", "待筛选"
    EDITING = "editing", "编辑中"
    SIGNING = "signing", "待签发"
    ISSUED = "issued", "已刊发"
    KEPT = "kept", "留存备查"
    REFERRED = "referred", "原文转送"
    LED = "led", "转提案线索"
    COMBINED = "combined", "已合并"
    RECALLED = "recalled", "已撤回"
    TO_TELL = "to_tell", "待反馈"


OF_REPORTS = frozenset(
    {
        Stage.SCREENING,
        Stage.EDITING,
        Stage.SIGNING,
        Stage.ISSUED,
        Stage.KEPT,
        Stage.REFERRED,
        Stage.LED,
        Stage.COMBINED,
        Stage.RECALLED,
        Stage.TO_TELL,
    }
)


class Addressed(models.Model):
    """A row that has a page of its own; running keys never leave the house (S19)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True


class Priority(Addressed):
    """A priority of the year (市委中心工作) that matters can be cut by (P23)."""

    year = models.PositiveSmallIntegerField("年份")
    name = models.CharField("中心工作", max_length=60)
    ended_on = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["year", "name"], name="priority_once_a_year")]

    def __str__(self) -> str:
        return self.name


class MatterQuerySet(models.QuerySet["Matter"]):
    def visible_to(self, user: Any) -> "MatterQuerySet":
        """Rows that `user` may see today: one array overlap, no joins."""
        return self.filter(readers__overlap=keys_of(user))


class Matter(Addressed):
    """What somebody must act upon (办理事项), made together with its owner.

    `readers` holds audience keys (`members.keys`); the acting transaction writes it through
    `readers.refresh` whenever who may see the matter changes.
    """

    kind = models.CharField(max_length=16, choices=Kind)
    origin = models.CharField("上级来源", max_length=16, blank=True)
    session = models.ForeignKey("members.Session", models.PROTECT, null=True, related_name="matters")
    number = models.CharField("编号", max_length=24, null=True, blank=True)
    title = models.CharField("案由", max_length=300, blank=True)
    unit_title = models.CharField("单位所见标题", max_length=300, blank=True)
    access = models.CharField("密级", max_length=12, choices=Access, default=Access.OPEN)
    exposure = models.CharField(max_length=12, choices=Exposure, default=Exposure.DRAFT)
    stage = models.CharField("状态", max_length=16, choices=Stage, default=Stage.DRAFT)
    readers = ArrayField(models.IntegerField(), default=list)
    priority = models.ForeignKey(Priority, models.PROTECT, null=True, blank=True, related_name="matters")
    leader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    key = models.BooleanField("重点提案", default=False)
    office = models.ForeignKey("members.Body", models.PROTECT, null=True, related_name="+", verbose_name="牵头交办机构")
    quiet = models.BooleanField("不自动催办", default=False)
    placeholder = models.BooleanField("涉密占位", default=False)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="followers")
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)

    objects = MatterQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "kind", "number"], condition=Q(number__isnull=False), name="number_once_in_session"
            ),
            models.CheckConstraint(condition=~Q(number=""), name="number_not_empty"),
            models.CheckConstraint(condition=Q(placeholder=False) | Q(title=""), name="placeholder_has_no_title"),
            models.CheckConstraint(condition=Q(access__in=Access.values), name="matter_access_known"),
            models.CheckConstraint(condition=Q(exposure__in=Exposure.values), name="matter_exposure_known"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="matter_stage_known"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="matter_kind_known"),
        ]
        indexes = [
            GinIndex(fields=["readers"], name="matter_readers"),
            models.Index(fields=["stage", "id"], name="matter_stage"),
            models.Index(fields=["session", "number"], name="matter_number"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="number_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("number") | pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.number IS NOT NULL"),
                func="""
                    IF TG_OP = 'DELETE' OR NEW.number IS DISTINCT FROM OLD.number THEN
                        RAISE EXCEPTION 'a given number never changes' USING ERRCODE = '23514';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        """The page of its owner."""
        return f"/{FOLDERS[self.kind]}/{self.public_id}/"

    def get_stage_display(self) -> str:  # type: ignore[no-redef]  # Django takes what is there
        """As Django says it, without going through all stages for each row of a list."""
        return str(Stage(self.stage).label)

    def get_access_display(self) -> str:  # type: ignore[no-redef]
        return str(Access(self.access).label)

    @property
    def numbered(self) -> str:
        """Its number in a sentence, 第0012号, 信0012号; empty without one."""
        if not self.number:
            return ""
        return f"第{self.number}号" if self.number.isascii() else f"{self.number}号"

    @property
    def label(self) -> str:
        """How a sentence names the matter: by number if it has one."""
        return self.numbered or f"《{self.title}》"

    @property
    def title_for_units(self) -> str:
        """The title that units read, where the proposal office gave them one of their own (S3)."""
        return self.unit_title or self.title

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def out_of_sight(self) -> bool:
        """Whether it is suspended, or holds words of one that is."""
        return self.access == Access.SUSPENDED or self.readers == [keys.SUSPENDED]

    def locked(self) -> "Matter":
        """The same row under a lock: the first lock of every command."""
        return Matter.objects.select_for_update(of=("self",)).get(pk=self.pk)

    def record(
        self,
        verb: str,
        *,
        by: Any,
        now: datetime,
        assignment: Any = None,
        on_paper: bool = False,
        **facts: Any,
    ) -> "Event":
        """Write what happened (办理记录): once, in the acting transaction, never changed.

        `facts` are the values as they were; they live apart so that a purge can erase them and
        leave the chain whole (S5). The matter must be locked by the caller.
        """
        return record_many({self: facts}, verb, by=by, now=now, assignment=assignment, on_paper=on_paper)[self.pk]


def record_many(
    facts: Mapping[Matter, Mapping[str, Any]],
    verb: str,
    *,
    by: Any,
    now: datetime,
    assignment: Any = None,
    on_paper: bool = False,
) -> dict[int, "Event"]:
    """`Matter.record` for many locked matters, each with its facts; returns the events by matter id.

    It writes on the connection that the matters were read by: a purge has its own. Who acts with a lent
    appointment leaves both names (S2).
    """
    if lender := acting_for(by, (assignment.unit_id, assignment.office_id) if assignment else ()):
        facts = {matter: {**own, "acted_for": lender.name} for matter, own in facts.items()}
    here = next((matter._state.db for matter in facts), None)
    ends = Event.objects.using(here).filter(matter__in=facts).order_by("matter_id", "-seq").distinct("matter_id")
    last = {matter: (seq, chain) for matter, seq, chain in ends.values_list("matter_id", "seq", "chain")}
    events = {
        matter.pk: Event.next(
            matter,
            verb,
            by=by,
            at=now,
            after=last.get(matter.pk, (0, "")),
            assignment=assignment,
            on_paper=on_paper,
            facts=own,
        )
        for matter, own in facts.items()
    }
    Event.objects.using(here).bulk_create(events.values())
    payloads = (EventPayload(event=events[matter.pk], facts=own) for matter, own in facts.items())
    EventPayload.objects.using(here).bulk_create(payloads)
    return events


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def named(self) -> "ParticipantQuerySet":
        """With their names, in their order; what else is known of a person, sealed columns above all, is not read."""
        own = [field.name for field in Participant._meta.concrete_fields]
        names = [f"person__{name}" for name in ("name", "public_id", "withdrawn_at")]
        names += [f"body__{name}" for name in ("name", "short_name", "public_id")]
        return self.select_related("person", "body").only(*own, *names).order_by("order", "pk")

    def cosigning(self) -> "ParticipantQuerySet":
        """Those who joined: members, and organisations other than the one that leads."""
        role = Participant.Role
        return self.filter(Q(role=role.COSIGNER) | Q(role=role.ORGANISATION, order__gt=0))

    def leading(self) -> "ParticipantQuerySet":
        """The first proposer, or the organisation whose proposal it is."""
        role = Participant.Role
        return self.filter(Q(role=role.FIRST) | Q(role=role.ORGANISATION, order=0), left_at=None)


class Participant(models.Model):
    """Who stands behind a matter: who is told and who evaluates."""

    class Role(models.TextChoices):
        FIRST = "first", "第一提案人"
        COSIGNER = "cosigner", "联名人"
        ORGANISATION = "organisation", "集体提案者"
        CONTACT = "contact", "联系人"
        DRAFTER = "drafter", "执笔人"
        AUTHOR = "author", "反映人"

    EVALUATING: ClassVar = (Role.FIRST, Role.COSIGNER, Role.ORGANISATION)

    matter = models.ForeignKey(Matter, models.CASCADE, related_name="participants")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="participations")
    body = models.ForeignKey("members.Body", models.PROTECT, null=True, related_name="participations")
    role = models.CharField(max_length=12, choices=Role)
    order = models.PositiveSmallIntegerField(default=0)
    name_public = models.BooleanField("同意公开姓名", default=False)
    left_at = models.DateTimeField("退出时间", null=True)
    withdrew = models.BooleanField("撤回", default=False)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=True) ^ Q(body__isnull=True), name="participant_person_or_body"
            ),
            models.UniqueConstraint(
                fields=["matter", "person", "role"], condition=Q(person__isnull=False), name="person_once_in_role"
            ),
            models.UniqueConstraint(
                fields=["matter", "body", "role"], condition=Q(body__isnull=False), name="body_once_in_role"
            ),
            models.UniqueConstraint(
                fields=["matter"], condition=Q(role="first", left_at=None), name="one_first_proposer"
            ),
        ]

    def __str__(self) -> str:
        return str(self.person or self.body)

    @property
    def leads(self) -> bool:
        """Whether this is the first proposer, or the organisation whose proposal it is."""
        return self.role == self.Role.FIRST or (self.role == self.Role.ORGANISATION and self.order == 0)

    @property
    def cosigns(self) -> bool:
        """Whether somebody else's proposal was joined."""
        return self.role == self.Role.COSIGNER or (self.role == self.Role.ORGANISATION and self.order > 0)


class Suggestion(models.Model):
    """One numbered suggestion that must be answered by itself (P29)."""

    matter = models.ForeignKey(Matter, models.CASCADE, related_name="suggestions")
    number = models.PositiveSmallIntegerField("序号")
    text = models.TextField("建议内容")
    unit = models.ForeignKey("members.Body", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["matter", "number"], name="suggestion_number_once"),
            models.CheckConstraint(condition=~Q(text=""), name="suggestion_has_text"),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.for_units}"

    @property
    def for_units(self) -> str:
        """The text, with the unit that the allocation named for it."""
        return f"{self.text}（由{self.unit}研究）" if self.unit else self.text


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


class Event(models.Model):
    """What happened (办理记录). Who may read a verb is said in `handling.events`.

    `chain` covers sequence, verb, ids and the hash of the payload with the previous link.
    """

    append_only = True

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField()
    verb = models.CharField(max_length=32)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    assignment = models.ForeignKey("handling.Assignment", models.PROTECT, null=True, related_name="events")
    on_paper = models.BooleanField("纸质办理", default=False)
    payload_hash = models.CharField(max_length=64)
    chain = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["matter", "seq"], name="event_seq_once")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.matter_id}#{self.seq} {self.verb}"

    @classmethod
    def next(
        cls,
        matter: Matter,
        verb: str,
        *,
        by: Any,
        at: datetime,
        after: tuple[int, str],
        assignment: Any,
        on_paper: bool,
        facts: Mapping[str, Any],
    ) -> "Event":
        """The unsaved event that follows `after`, a pair (sequence, chain)."""
        seq, previous = after[0] + 1, after[1]
        payload = json.dumps(facts, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False)
        payload_hash = _digest(payload)
        chain = _digest(previous, str(seq), verb, str(matter.pk), str(by.pk if by else ""), payload_hash)
        return cls(
            matter=matter,
            seq=seq,
            verb=verb,
            by=by,
            at=at,
            assignment=assignment,
            on_paper=on_paper,
            payload_hash=payload_hash,
            chain=chain,
        )


class EventPayload(models.Model):
    """The facts of an event, apart from it: erased by a purge, never otherwise."""

    append_only = True

    event = models.OneToOneField(Event, models.PROTECT, primary_key=True, related_name="payload")
    facts = models.JSONField(default=dict, encoder=DjangoJSONEncoder)


class NumberSeries(models.Model):
    """The last number given, one row a session and kind; see `numbering.take`."""

    session = models.ForeignKey("members.Session", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "kind"], name="one_series")]


class SuspensionQuerySet(models.QuerySet["Suspension"]):
    def in_force(self) -> "SuspensionQuerySet":
        """Neither lifted nor ended by a purge."""
        return self.filter(lifted_at=None, purged_at=None)


class Suspension(models.Model):
    """View suspended for a secrecy check (暂停查看), and what became of it (S5)."""

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="suspensions")
    access_before = models.CharField(max_length=12, choices=Access)
    reason = models.CharField("原因", max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    seen_by = models.JSONField("此前查看或下载者", default=list)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    purge_asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    purge_asked_at = models.DateTimeField(null=True)
    purged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    purged_at = models.DateTimeField(null=True)

    objects = SuspensionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["matter"], condition=Q(lifted_at=None, purged_at=None), name="one_open_suspension"
            ),
            models.CheckConstraint(
                condition=Q(purged_by=None) | ~Q(purged_by=models.F("purge_asked_by")), name="purge_needs_two_persons"
            ),
        ]


class Sight(models.Model):
    """That a person has had a matter's text before the eyes (S5): one row for both, with the first and the last day."""

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="sights")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    first_on = models.DateField("第一次查看")
    last_on = models.DateField("最近查看")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["matter", "person"], name="sight_once")]
