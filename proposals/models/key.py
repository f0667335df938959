"""Key proposals (重点提案): from the shortlist to the result, and what leaders wrote on a proposal."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from proposals.handling.models import Addressed, together

from .proposal import Proposal

PERSON = settings.AUTH_USER_MODEL


class KeyProposal(Addressed):
    """A proposal on the shortlist for the key ones (入围), and what became of it.

    The leader who leads it stands on the matter, and so does whether it is a key proposal today.
    """

    class State(models.TextChoices):
        SHORTLISTED = "shortlisted", "入围候选"
        CHOSEN = "chosen", "待定领办领导"
        LED = "led", "待定督办方案"
        RUNNING = "running", "督办中"
        DONE = "done", "督办办结"
        NOT_CHOSEN = "not_chosen", "未列入重点"
        CEASED = "ceased", "不再列为重点"

    IN_HAND: ClassVar = (State.CHOSEN, State.LED, State.RUNNING)
    KEY: ClassVar = (*IN_HAND, State.DONE)

    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="key")
    state = models.CharField("重点提案状态", max_length=12, choices=State, default=State.SHORTLISTED)
    reason = models.CharField("入围理由", max_length=500)
    shortlisted_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    shortlisted_at = models.DateTimeField("入围时间")
    decided_on = models.DateField("主席会议日期", null=True)
    decision_no = models.CharField("决定文号", max_length=60, blank=True)
    decision = models.CharField("决定内容", max_length=500, blank=True)
    ended_reason = models.CharField("未列入或不再列为重点的理由", max_length=500, blank=True)
    secretary = models.ForeignKey(
        PERSON, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="领导秘书"
    )
    notice_on = models.DateField("领办通知送达日期", null=True)
    notice_how = models.CharField("领办通知送达方式", max_length=60, blank=True)
    plan = models.TextField("督办方案", blank=True)
    plan_due_on = models.DateField("方案完成日期", null=True)
    result = models.TextField("督办成效", blank=True)
    result_on = models.DateField("督办办结日期", null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["shortlisted", "chosen", "led", "running", "done", "not_chosen", "ceased"]),
                name="key_state_known",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="key_has_a_reason"),
            models.CheckConstraint(
                condition=~Q(state__in=["chosen", "led", "running", "done"]) | Q(decided_on__isnull=False),
                name="key_was_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["running", "done"]) | (~Q(plan="") & Q(plan_due_on__isnull=False)),
                name="key_running_has_a_plan",
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | (~Q(result="") & Q(result_on__isnull=False)), name="key_done_has_a_result"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["not_chosen", "ceased"]) | ~Q(ended_reason=""), name="key_ended_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.proposal.matter.label}（{self.get_state_display()}）"


class KeyOpinion(Addressed):
    """What an office or committee says of a candidate on the shortlist (征求意见)."""

    key = models.ForeignKey(KeyProposal, models.PROTECT, related_name="opinions")
    body = models.ForeignKey("members.Body", models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("征求时间")
    text = models.CharField("意见", max_length=500, blank=True)
    answered_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField("答复时间", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "body"], name="key_opinion_once"),
            together("answered_by", "answered_at", name="key_opinion_answered"),
            models.CheckConstraint(condition=Q(answered_at=None) | ~Q(text=""), name="key_opinion_has_text"),
        ]

    def __str__(self) -> str:
        return str(self.body)


class KeyVisit(Addressed):
    """Something done under a leader's supervision: a visit, a meeting, a tour of research (督办活动)."""

    class Kind(models.TextChoices):
        VISIT = "visit", "走访单位"
        MEETING = "meeting", "协商座谈"
        RESEARCH = "research", "实地调研"
        PROGRESS = "progress", "推进会"

    key = models.ForeignKey(KeyProposal, models.PROTECT, related_name="visits")
    kind = models.CharField("形式", max_length=8, choices=Kind)
    on = models.DateField("日期")
    place = models.CharField("地点", max_length=80)
    people = models.CharField("参加人员", max_length=300)
    notes = models.TextField("情况")
    next_step = models.CharField("下一步", max_length=300, blank=True)
    next_on = models.DateField("下一步日期", null=True, blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["visit", "meeting", "research", "progress"]), name="key_visit_kind_known"
            ),
            models.CheckConstraint(condition=Q(next_on=None) | ~Q(next_step=""), name="key_visit_next_says_what"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}（{self.place}）"


class Instruction(Addressed):
    """What came back from a leader with a copy of the proposal (送阅): read, an instruction, or passed on (P18).

    Having read it (圈阅) is never an instruction. The words belong to the office that keeps them, to the units that
    they are for and to that leader, until the office releases them.
    """

    class Kind(models.TextChoices):
        READ = "read", "圈阅"
        INSTRUCTION = "instruction", "批示"
        PASSED_ON = "passed_on", "转办"

    class Level(models.TextChoices):
        NATIONAL = "national", "国家级领导"
        PROVINCE = "province", "省级领导"
        CITY_MAIN = "city_main", "市主要领导"
        CITY = "city", "市领导"

    INSTRUCTING: ClassVar = (Kind.INSTRUCTION, Kind.PASSED_ON)

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="instructions")
    kind = models.CharField("类别", max_length=12, choices=Kind)
    level = models.CharField("层级", max_length=12, choices=Level)
    leader = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    leader_name = models.CharField("领导", max_length=40)
    on = models.DateField("日期")
    text = models.TextField("内容", blank=True)
    units = models.ManyToManyField("members.Body", blank=True, related_name="+", verbose_name="批给的单位")
    office = models.ForeignKey("members.Body", models.PROTECT, related_name="+", verbose_name="留存机构")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    released_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField("同意转告时间", null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["read", "instruction", "passed_on"]), name="instruction_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(level__in=["national", "province", "city_main", "city"]), name="instruction_level_known"
            ),
            models.CheckConstraint(condition=~Q(kind="read") | Q(text=""), name="read_says_nothing"),
            together("released_by", "released_at", name="instruction_released"),
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()}{self.get_kind_display()}"
