"""What a unit promised, what became of it, and what of that may be said outside."""

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from .assignment import Assignment, together
from .clocks import Obligation
from .matter import Addressed
from .reply import ReplyPoint

PERSON = settings.AUTH_USER_MODEL


class CommitmentQuerySet(models.QuerySet["Commitment"]):
    def given(self) -> "CommitmentQuerySet":
        """Those of delivered replies; what a draft says is nobody's business outside its unit and office."""
        return self.exclude(state=Commitment.State.DRAFT)

    def running(self) -> "CommitmentQuerySet":
        return self.filter(state=Commitment.State.RUNNING)

    def overdue(self, *, on: date) -> "CommitmentQuerySet":
        """Not kept when its last day had passed; one that is reported as kept waits for the office."""
        return self.running().filter(clock__status=Obligation.Status.OPEN, clock__due_on__lt=on)

    def with_requests(self) -> "CommitmentQuerySet":
        """Each with whether something about it waits for the office's decision."""
        return self.annotate(waiting=Exists(CommitmentStep.objects.asked().filter(commitment=OuterRef("pk"))))


class Commitment(Addressed):
    """A dated promise with a result that can be checked, given in the answer to one suggestion (承诺事项).

    It is written with the draft and frozen once the reply is delivered; earlier rounds' promises stay. `due_on` is the
    day that was promised; the day that holds is its clock's, which runs on whatever becomes of the matter. `number`
    counts the promises of a matter, and is what its clocks carry as their round: so several run at once. `assignment`
    is the part whose unit keeps it: another than the reply's where the duty has passed on.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "拟稿中"
        RUNNING = "running", "推进中"
        KEPT = "kept", "已落实"

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="commitments")
    point = models.ForeignKey(ReplyPoint, models.PROTECT, related_name="commitments")
    number = models.PositiveSmallIntegerField("序号", null=True)
    text = models.CharField("承诺事项", max_length=300)
    measure = models.CharField("可检验的结果", max_length=300)
    due_on = models.DateField("承诺完成日期")
    state = models.CharField("状态", max_length=8, choices=State, default=State.DRAFT)
    clock = models.OneToOneField(Obligation, models.PROTECT, null=True, related_name="commitment")
    given_on = models.DateField("承诺日期", null=True)
    kept_on = models.DateField("落实日期", null=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text="") & ~Q(measure=""), name="commitment_is_whole"),
            models.CheckConstraint(
                condition=Q(state="draft", number=None, clock=None, given_on=None)
                | (~Q(state="draft") & Q(number__isnull=False, clock__isnull=False, given_on__isnull=False)),
                name="commitment_given_with_its_clock",
            ),
            models.CheckConstraint(
                condition=Q(state="kept", kept_on__isnull=False) | (~Q(state="kept") & Q(kept_on=None)),
                name="commitment_kept_on_a_day",
            ),
            models.CheckConstraint(condition=Q(state__in=["draft", "running", "kept"]), name="commitment_state_known"),
        ]
        indexes = [models.Index(fields=["assignment", "state"], name="commitment_part")]

    def __str__(self) -> str:
        return f"第{self.number}项承诺"


class CommitmentStepQuerySet(models.QuerySet["CommitmentStep"]):
    def asked(self) -> "CommitmentStepQuerySet":
        return self.filter(state=CommitmentStep.State.ASKED)


class CommitmentStep(Addressed):
    """What a unit said of its promise: how far it is, that it takes longer, or that it is kept.

    The last two are the assigning office's to decide; `reply` is the second reply (再次答复) that every proposer gets
    once the office has found the promise kept.
    """

    class Kind(models.TextChoices):
        PROGRESS = "progress", "报告进展"
        DELAY = "delay", "申请调整时间"
        KEPT = "kept", "报告落实"

    class State(models.TextChoices):
        NOTED = "noted", "已登记"
        ASKED = "asked", "待交办机构决定"
        AGREED = "agreed", "已同意"
        BACK = "back", "退回"

    DECIDED: ClassVar = (State.AGREED, State.BACK)

    commitment = models.ForeignKey(Commitment, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=8, choices=Kind)
    state = models.CharField(max_length=8, choices=State)
    text = models.TextField("情况")
    reply = models.TextField("再次答复", blank=True)
    old_due = models.DateField("原定日期", null=True)
    to_on = models.DateField("调整到", null=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    decided_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField("决定说明", max_length=300, blank=True)

    objects = CommitmentStepQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["commitment"], condition=Q(state="asked"), name="one_question_a_promise"),
            models.CheckConstraint(condition=~Q(text=""), name="commitment_step_has_text"),
            models.CheckConstraint(
                condition=Q(kind="progress", state="noted")
                | (Q(kind__in=["delay", "kept"]) & Q(state__in=["asked", "agreed", "back"])),
                name="progress_asks_nothing",
            ),
            models.CheckConstraint(
                condition=Q(kind="delay", old_due__isnull=False, to_on__gt=F("old_due"))
                | (~Q(kind="delay") & Q(old_due=None, to_on=None)),
                name="delay_says_until_when",
            ),
            models.CheckConstraint(condition=~Q(kind="kept") | ~Q(reply=""), name="kept_promise_is_told"),
            models.CheckConstraint(
                condition=(Q(state__in=["noted", "asked"], decided_by=None))
                | (Q(state__in=["agreed", "back"], decided_by__isnull=False)),
                name="commitment_step_decided",
            ),
            together("decided_by", "decided_at", name="commitment_step_decided_together"),
        ]


class PublicWordQuerySet(models.QuerySet["PublicWord"]):
    def waiting(self) -> "PublicWordQuerySet":
        return self.filter(state=PublicWord.State.WAITING)


class PublicWord(Addressed):
    """A change of a promise as it may be told outside (P25): 推进中, 已落实 or 调整为×月, never 逾期.

    Nobody outside reads it before the disclosure reviewer has passed it, in his words if he changes them.
    """

    class Word(models.TextChoices):
        RUNNING = "running", "推进中"
        MOVED = "moved", "调整时间"
        KEPT = "kept", "已落实"

    class State(models.TextChoices):
        WAITING = "waiting", "待审查"
        PASSED = "passed", "可以公开"
        REFUSED = "refused", "不公开"

    commitment = models.ForeignKey(Commitment, models.PROTECT, related_name="public_words")
    word = models.CharField("状态", max_length=8, choices=Word)
    month = models.DateField("调整到的月份", null=True)
    text = models.CharField("公开的承诺事项", max_length=300)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    at = models.DateTimeField("发生时间")
    reviewed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    reason = models.CharField("不公开的原因", max_length=200, blank=True)

    objects = PublicWordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="public_word_has_text"),
            models.CheckConstraint(
                condition=Q(word="moved", month__isnull=False) | (~Q(word="moved") & Q(month=None)),
                name="moved_word_names_the_month",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", reviewed_by=None)
                | (Q(state__in=["passed", "refused"], reviewed_by__isnull=False)),
                name="public_word_reviewed",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(reason=""), name="refused_word_says_why"),
            together("reviewed_by", "reviewed_at", name="public_word_reviewed_together"),
        ]

    @property
    def said(self) -> str:
        """The word as the public reads it."""
        return f"调整为{self.month.year}年{self.month.month}月" if self.month else self.get_word_display()
