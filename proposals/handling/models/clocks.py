"""Time limits: the calendar they are counted on, the rules, what runs, and what has fired."""

import uuid
from datetime import date, time, timedelta
from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from .matter import Addressed

PERSON = settings.AUTH_USER_MODEL
OFFICE_OPENS, OFFICE_CLOSES = time(9), time(17, 30)


def mark_of(*, provisional: bool) -> str:
    """What stands behind a day that hangs on a year whose holidays are not known."""
    return "（暂定）" if provisional else ""


class CalendarYear(models.Model):
    """A year of the working calendar; provisional (暂定) until the State Council's notice is loaded."""

    class Status(models.TextChoices):
        PUBLISHED = "published", "已公布"
        PROVISIONAL = "provisional", "暂定"

    year = models.PositiveSmallIntegerField("年份", primary_key=True)
    status = models.CharField("状态", max_length=12, choices=Status)
    doc_no = models.CharField("通知文号", max_length=60, blank=True)
    published_on = models.DateField("公布日期", null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=["published", "provisional"]), name="calendar_status_known"),
            models.CheckConstraint(
                condition=~Q(status="published") | ~Q(doc_no=""), name="published_year_names_its_notice"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} 年"


class CalendarDay(models.Model):
    """One day of the working calendar (工作日历)."""

    class Source(models.TextChoices):
        STATUTORY = "statutory", "法定节假日"
        MAKEUP = "makeup", "调休上班"
        LOCAL = "local", "本地调整"
        WEEKEND = "weekend", "平常"

    date = models.DateField(primary_key=True)
    is_workday = models.BooleanField("工作日")
    name = models.CharField("名称", max_length=40, blank=True)
    source = models.CharField("来源", max_length=12, choices=Source)
    year_says = models.JSONField(null=True, help_text="Beneath a local day: the columns of the day it stands for.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(source__in=["statutory", "makeup", "local", "weekend"]), name="calendar_source_known"
            ),
            models.CheckConstraint(condition=~Q(source="makeup") | Q(is_workday=True), name="makeup_day_is_worked"),
            models.CheckConstraint(condition=~Q(source="statutory") | Q(is_workday=False), name="statutory_day_is_off"),
        ]


class CalendarVersion(models.Model):
    """The one row that every edit of the calendar bumps in its own transaction.

    `stamp` is new with every edit: processes keep a calendar by it, even across databases.
    """

    version = models.PositiveIntegerField(default=1)
    stamp = models.UUIDField(default=uuid.uuid4)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_calendar_version")]


class Audience(models.TextChoices):
    """Who is chased; resolved to persons when a step fires (P2: never a leader)."""

    HANDLER = "handler", "经办人"
    HOLDER_CLERKS = "holder_clerks", "承办联络员"
    HOLDER_HEADS = "holder_heads", "单位负责人"
    ASSIGNING_OFFICE = "assigning_office", "交办机构"
    PROPOSAL_OFFICE = "proposal_office", "提案委"
    PERSON = "person", "本人"
    FIRST_PROPOSER = "first_proposer", "第一提案人"


class LadderQuerySet(models.QuerySet["Ladder"]):
    def latest_versions(self) -> "LadderQuerySet":
        """Those that a new rule may take; an older version stays with the rules that have it."""
        return self.filter(replaced_by=None)


class Ladder(models.Model):
    """The steps by which somebody is reminded of a limit, and then chased (提醒与催办节点).

    In use it never changes: a new version takes its place in the rules made from then on.
    """

    code = models.CharField("代码", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name="接替"
    )

    objects = LadderQuerySet.as_manager()

    class Meta:
        triggers = [pgtrigger.Protect(name="kept", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.name


class LadderStep(models.Model):
    """One step: when, how severe, to whom, with which words."""

    class Anchor(models.TextChoices):
        DUE = "due", "到期日"
        START = "start", "起算日"

    ladder = models.ForeignKey(Ladder, models.PROTECT, related_name="steps")
    code = models.CharField("代码", max_length=24)
    name = models.CharField("名称", max_length=40)
    anchor = models.CharField("相对于", max_length=8, choices=Anchor, default=Anchor.DUE)
    offset_workdays = models.SmallIntegerField("工作日偏移")
    at_time = models.TimeField("时刻", default=OFFICE_OPENS)
    severity = models.PositiveSmallIntegerField("轻重")
    audience_rule = ArrayField(models.CharField(max_length=24, choices=Audience), verbose_name="提醒对象")
    template = models.CharField("通知模板", max_length=40)
    repeat_every = models.PositiveSmallIntegerField("每隔（工作日）", null=True, blank=True)
    max_repeats = models.PositiveSmallIntegerField("最多次数", default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ladder", "code"], name="step_once_in_ladder"),
            models.CheckConstraint(condition=Q(anchor__in=["due", "start"]), name="step_anchor_known"),
            models.CheckConstraint(
                condition=Q(at_time__gte=OFFICE_OPENS, at_time__lte=OFFICE_CLOSES), name="step_within_office_hours"
            ),
            models.CheckConstraint(
                condition=Q(audience_rule__len__gt=0) & Q(audience_rule__contained_by=Audience.values),
                name="step_has_an_audience",
            ),
            models.CheckConstraint(
                condition=Q(repeat_every=None, max_repeats=1)
                | Q(repeat_every__gte=1, max_repeats__gte=1, max_repeats__lte=99),
                name="step_repeats_make_sense",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="kept_while_in_use",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("used", "bigint")],
                func="""
                    used := CASE WHEN TG_OP = 'INSERT' THEN NEW.ladder_id ELSE OLD.ladder_id END;
                    IF EXISTS (SELECT 1 FROM handling_obligation o JOIN handling_timerule r ON r.id = o.rule_id
                               WHERE r.ladder_id = used) THEN
                        RAISE EXCEPTION 'the steps of a ladder in use never change' USING ERRCODE = '23514';
                    END IF;
                    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.name


class TimeRuleQuerySet(models.QuerySet["TimeRule"]):
    def in_force(self, on: date) -> "TimeRuleQuerySet":
        return self.filter(valid__contains=on)


class TimeRule(models.Model):
    """How long a step of the work may take (时限规则), from one day on.

    A row in use never changes, save that its validity may be ended: a new row has a date of its own.
    """

    class Unit(models.TextChoices):
        WORKDAY = "workday", "工作日"
        DAY = "day", "天"
        MONTH = "month", "个月"

    class Direction(models.TextChoices):
        AFTER = "after", "之后"
        BEFORE = "before", "之前"

    class Start(models.TextChoices):
        NEXT_DAY = "next_day", "次日起算"

    class Roll(models.TextChoices):
        NEXT_WORKDAY = "next_workday", "顺延至下一工作日"
        NONE = "none", "不顺延"

    code = models.CharField("环节", max_length=40)
    name = models.CharField("名称", max_length=40)
    unit = models.CharField("单位", max_length=8, choices=Unit)
    amount = models.PositiveSmallIntegerField("期限")
    direction = models.CharField("方向", max_length=8, choices=Direction, default=Direction.AFTER)
    start = models.CharField("起算", max_length=12, choices=Start, default=Start.NEXT_DAY)
    roll = models.CharField("末日遇休息日", max_length=16, choices=Roll, default=Roll.NEXT_WORKDAY)
    ladder = models.ForeignKey(Ladder, models.PROTECT, null=True, blank=True, related_name="rules", db_index=False)
    valid = DateRangeField("适用日期")
    extend_amount = models.PositiveSmallIntegerField("每次最多延长", null=True, blank=True)
    extend_count = models.PositiveSmallIntegerField("最多延期次数", null=True, blank=True)
    cap_months = models.PositiveSmallIntegerField("总期限（月）", null=True, blank=True)
    bound_stage = models.CharField("随同环节", max_length=40, blank=True)
    bound_workdays = models.PositiveSmallIntegerField("早于该环节（工作日）", null=True, blank=True)
    floor_workdays = models.PositiveSmallIntegerField("不早于第几个工作日", default=2)
    basis = models.CharField("依据", max_length=120, blank=True)

    objects = TimeRuleQuerySet.as_manager()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_rule_at_a_time",
                expressions=[("code", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=Q(unit__in=["workday", "day", "month"]), name="rule_unit_known"),
            models.CheckConstraint(condition=Q(direction__in=["after", "before"]), name="rule_direction_known"),
            models.CheckConstraint(condition=Q(start="next_day"), name="rule_start_known"),
            models.CheckConstraint(condition=Q(roll__in=["next_workday", "none"]), name="rule_roll_known"),
            models.CheckConstraint(condition=Q(amount__lte=3660), name="rule_amount_believable"),
            models.CheckConstraint(
                condition=Q(bound_stage="", bound_workdays=None)
                | (~Q(bound_stage="") & Q(bound_workdays__gte=1, floor_workdays__gte=1)),
                name="rule_bound_complete",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="kept_while_in_use",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                declare=[("same", "handling_timerule")],
                func="""
                    IF NOT EXISTS (SELECT 1 FROM handling_obligation WHERE rule_id = OLD.id) THEN
                        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
                    END IF;
                    IF TG_OP = 'UPDATE' THEN
                        same := NEW;
                        same.valid := OLD.valid;
                        IF same IS NOT DISTINCT FROM OLD AND lower(NEW.valid) = lower(OLD.valid) THEN
                            RETURN NEW;
                        END IF;
                    END IF;
                    RAISE EXCEPTION 'a rule in use never changes' USING ERRCODE = '23514';
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}：{self.amount}{'个' if self.unit == 'workday' else ''}{self.get_unit_display()}"


class ObligationQuerySet(models.QuerySet["Obligation"]):
    def open(self) -> "ObligationQuerySet":
        return self.filter(status=Obligation.Status.OPEN)

    def running(self) -> "ObligationQuerySet":
        """Open or paused: not yet ended."""
        return self.filter(status__in=Obligation.RUNNING)

    def overdue(self, *, on: date) -> "ObligationQuerySet":
        """Open after their last day; `on` is the local date of the question."""
        return self.open().filter(due_on__lt=on)

    def held_by(self, *bodies: Any) -> "ObligationQuerySet":
        return self.filter(holder_body__in=bodies)


class Obligation(Addressed):
    """Something a body or a person must have done by a day (时限).

    `due_on` is the fold of its clock events and includes that day; `next_at`, `next_step` and `next_n`
    say what fires next. Whether it is overdue is a question, never a column.
    """

    class Status(models.TextChoices):
        OPEN = "open", "进行中"
        PAUSED = "paused", "暂停计时"
        DONE = "done", "已完成"
        CANCELLED = "cancelled", "已取消"

    RUNNING: ClassVar = (Status.OPEN, Status.PAUSED)

    matter = models.ForeignKey("handling.Matter", models.PROTECT, related_name="obligations")
    assignment = models.ForeignKey(
        "handling.Assignment", models.PROTECT, null=True, related_name="obligations", db_index=False
    )
    stage = models.CharField("环节", max_length=40)
    round = models.PositiveSmallIntegerField("轮次", default=1)
    holder_body = models.ForeignKey(
        "members.Body", models.PROTECT, null=True, related_name="obligations", db_index=False
    )
    holder_person = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="obligations", db_index=False)
    rule = models.ForeignKey(TimeRule, models.PROTECT, related_name="obligations")
    anchor_on = models.DateField("起算依据日")
    fixed_on = models.DateField("指定日期", null=True)
    cap_on = models.DateField("延期上限", null=True)
    started_on = models.DateField("开始日期")
    due_on = models.DateField("到期日")
    status = models.CharField("状态", max_length=12, choices=Status, default=Status.OPEN)
    epoch = models.PositiveIntegerField(default=1)
    calendar_version = models.PositiveIntegerField()
    provisional = models.BooleanField("暂定", default=False)
    done_at = models.DateTimeField("完成时间", null=True)
    late_workdays = models.PositiveSmallIntegerField("逾期工作日", null=True)
    next_at = models.DateTimeField(null=True)
    next_step = models.ForeignKey(LadderStep, models.PROTECT, null=True, related_name="+", db_index=False)
    next_n = models.PositiveSmallIntegerField(null=True)
    error = models.CharField("故障", max_length=300, blank=True)

    objects = ObligationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(holder_body__isnull=True) ^ Q(holder_person__isnull=True), name="obligation_one_holder"
            ),
            models.CheckConstraint(condition=Q(next_at=None) | Q(status="open"), name="only_open_fires"),
            models.CheckConstraint(
                condition=Q(next_at=None, next_step=None, next_n=None)
                | Q(next_at__isnull=False, next_step__isnull=False, next_n__isnull=False),
                name="next_step_complete",
            ),
            models.CheckConstraint(
                condition=Q(status="done", done_at__isnull=False, late_workdays__isnull=False)
                | (~Q(status="done") & Q(done_at=None, late_workdays=None)),
                name="done_is_frozen",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["open", "paused", "done", "cancelled"]), name="obligation_status_known"
            ),
            models.UniqueConstraint(
                fields=["matter", "assignment", "stage", "round", "holder_body", "holder_person"],
                condition=Q(status__in=["open", "paused"]),
                nulls_distinct=False,
                name="one_running_clock",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(next_at__isnull=False), name="obligation_next"),
            models.Index(
                fields=["holder_body", "due_on", "id"], condition=Q(status="open"), name="obligation_body_queue"
            ),
            models.Index(
                fields=["holder_person", "due_on", "id"],
                condition=Q(status="open", holder_person__isnull=False),
                name="obligation_person_queue",
            ),
            models.Index(
                fields=["calendar_version", "id"],
                condition=Q(status__in=["open", "paused"]),
                name="obligation_running",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="outcome_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.status = 'done' AND NEW.status = 'done'"),
                func="""
                    IF NEW.done_at IS DISTINCT FROM OLD.done_at OR NEW.due_on IS DISTINCT FROM OLD.due_on
                       OR NEW.late_workdays IS DISTINCT FROM OLD.late_workdays THEN
                        RAISE EXCEPTION 'the outcome of a time limit never changes' USING ERRCODE = '23514';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.stage}（{self.due_on}）"

    @property
    def is_running(self) -> bool:
        return self.status in Obligation.RUNNING

    @property
    def mark(self) -> str:
        """What stands behind its last day wherever that is printed, while a year's holidays are not known."""
        return mark_of(provisional=self.provisional)


class ClockEvent(models.Model):
    """What changed a clock; written once. `due_on` of an obligation is the fold of these."""

    class Kind(models.TextChoices):
        START = "start", "开始"
        PAUSE = "pause", "暂停"
        RESUME = "resume", "恢复"
        EXTEND = "extend", "延期"
        REVOKE = "revoke", "撤销延期"
        RULE_CHANGE = "rule_change", "适用新规则"
        FOLLOW = "follow", "随主办期限调整"
        CALENDAR = "calendar", "日历调整"
        MOVE = "move", "移交承接单位"
        COMPLETE = "complete", "完成"
        CANCEL = "cancel", "取消"
        REOPEN = "reopen", "重新开启"

    append_only = True

    obligation = models.ForeignKey(Obligation, models.PROTECT, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    on_date = models.DateField("日期")
    amount = models.SmallIntegerField("延长", null=True)
    unit = models.CharField(max_length=8, choices=TimeRule.Unit, blank=True)
    to_on = models.DateField("延至", null=True)
    takes_back = models.PositiveIntegerField("撤销第几条", null=True)
    rule = models.ForeignKey(TimeRule, models.PROTECT, null=True, related_name="+", db_index=False)
    reason = models.CharField("原因", max_length=300, blank=True)
    actor = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField("时间")
    old_due = models.DateField("原到期日", null=True)
    new_due = models.DateField("新到期日")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["obligation", "seq"], name="clock_event_seq_once"),
            models.CheckConstraint(
                condition=~Q(kind="extend")
                | Q(amount__isnull=True, to_on__isnull=False)
                | Q(amount__gte=1, unit__in=["workday", "day", "month"], to_on__isnull=True),
                name="extension_by_amount_or_date",
            ),
            models.CheckConstraint(condition=~Q(kind="revoke") | Q(takes_back__isnull=False), name="revoke_names_one"),
            models.CheckConstraint(
                condition=Q(kind="rule_change", rule__isnull=False) | ~Q(kind="rule_change") & Q(rule__isnull=True),
                name="rule_change_names_the_rule",
            ),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.obligation_id}#{self.seq} {self.kind}"


class ExtensionRequestQuerySet(models.QuerySet["ExtensionRequest"]):
    def asked(self) -> "ExtensionRequestQuerySet":
        return self.filter(state=ExtensionRequest.State.ASKED)


class ExtensionRequest(Addressed):
    """A unit asks for more time (申请延期); asking alone moves nothing."""

    class State(models.TextChoices):
        ASKED = "asked", "待批准"
        GRANTED = "granted", "已同意"
        REFUSED = "refused", "不同意"
        WITHDRAWN = "withdrawn", "已撤回"
        REVOKED = "revoked", "延期已撤销"

    obligation = models.ForeignKey(Obligation, models.PROTECT, related_name="extension_requests")
    asked_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("申请时间")
    amount = models.PositiveSmallIntegerField("延长", null=True)
    unit = models.CharField(max_length=8, choices=TimeRule.Unit, blank=True)
    to_on = models.DateField("延至", null=True)
    reason = models.CharField("理由", max_length=300)
    on_paper = models.BooleanField("纸质办理", default=False)
    state = models.CharField(max_length=12, choices=State, default=State.ASKED)
    decided_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField("决定说明", max_length=300, blank=True)
    old_due = models.DateField("原到期日", null=True)
    new_due = models.DateField("新到期日", null=True)

    objects = ExtensionRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["obligation"], condition=Q(state="asked"), name="one_extension_asked"),
            models.CheckConstraint(
                condition=Q(amount__isnull=True, to_on__isnull=False)
                | Q(amount__gte=1, unit__in=["workday", "day", "month"], to_on__isnull=True),
                name="extension_asks_amount_or_date",
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by=None, decided_at=None)
                | (~Q(state="asked") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="extension_decided_together",
            ),
            models.CheckConstraint(
                condition=Q(on_paper=True) | ~Q(state__in=["granted", "refused"]) | ~Q(decided_by=models.F("asked_by")),
                name="nobody_grants_the_own_extension",
            ),
            models.CheckConstraint(
                condition=~Q(state="granted") | Q(old_due__isnull=False, new_due__gte=models.F("old_due")),
                name="extension_never_shortens",
            ),
        ]

    def __str__(self) -> str:
        return f"延期申请（{self.get_state_display()}）"


class Checkpoint(models.Model):
    """A step of the ladder has fired, or was passed over for a more severe one (提醒节点)."""

    class Outcome(models.TextChoices):
        FIRED = "fired", "已发出"
        SUPERSEDED = "superseded", "已并入"

    append_only = True

    obligation = models.ForeignKey(Obligation, models.PROTECT, related_name="checkpoints", db_index=False)
    epoch = models.PositiveIntegerField()
    step = models.ForeignKey(LadderStep, models.PROTECT, related_name="+", db_index=False)
    n = models.PositiveSmallIntegerField()
    fired_at = models.DateTimeField()
    outcome = models.CharField(max_length=12, choices=Outcome)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["obligation", "epoch", "step", "n"], name="checkpoint_once"),
            models.CheckConstraint(condition=Q(outcome__in=["fired", "superseded"]), name="checkpoint_outcome_known"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]


class EngineBeat(models.Model):
    """When a loop of the engine last went well; shown as a banner when stale."""

    name = models.CharField(max_length=80, primary_key=True)
    last_ok_at = models.DateTimeField()
    oldest_due_lag = models.DurationField(default=timedelta)
    found = models.PositiveIntegerField(default=0)  # differences that the nightly audit saw


class EngineClock(models.Model):
    """The offset of the engine's clock: possible only where the database is marked test or drill."""

    mark = models.CharField(max_length=12, blank=True)
    offset = models.DurationField(default=timedelta)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_engine_clock"),
            models.CheckConstraint(
                condition=Q(offset=timedelta()) | Q(mark__in=["test", "drill"]), name="only_a_marked_clock_moves"
            ),
        ]
