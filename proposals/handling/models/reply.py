"""Replies in rounds and what the proposers say of them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from .assignment import Assignment, Contact, Reason, ResultClass, together
from .matter import Addressed, Participant, Suggestion

PERSON = settings.AUTH_USER_MODEL


class ReplyQuerySet(models.QuerySet["Reply"]):
    def checking(self) -> "ReplyQuerySet":
        """Those that wait for the assigning office."""
        return self.filter(state=Reply.State.CHECKING)

    def signing(self) -> "ReplyQuerySet":
        """Those that wait for a signature inside their unit."""
        return self.filter(state=Reply.State.SIGNING)


class Reply(Addressed):
    """A unit's reply of one round (答复); earlier rounds stay as they are.

    `letter_on` is the date on the letter. The assigning office looks at it first (CHECKING) where it has set that
    for every reply (`to_check`), and where a letter is entered after its date (`date_to_confirm`): that one is then in
    time or late by the confirmed date (P6). In a unit with steps of its own it is signed before (SIGNING).
    """

    class State(models.TextChoices):
        DRAFT = "draft", "拟稿中"
        SIGNING = "signing", "签批中"
        CHECKING = "checking", "答复待审核"
        DELIVERED = "delivered", "已答复"
        RETURNED = "returned", "退回修改"

    OPEN: ClassVar = (State.DRAFT, State.SIGNING, State.CHECKING, State.RETURNED)
    DRAFTING: ClassVar = (State.DRAFT, State.RETURNED)

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="replies")
    round = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    issuer = models.ForeignKey("members.Body", models.PROTECT, related_name="+", verbose_name="行文单位")
    doc_no = models.CharField("文号", max_length=60, blank=True)
    letter_on = models.DateField("落款日期", null=True, blank=True)
    signer = models.CharField("签发人", max_length=40, blank=True)
    result = models.ForeignKey(ResultClass, models.PROTECT, null=True, blank=True, related_name="+")
    opening = models.TextField("总体说明", blank=True)
    contact_name = models.CharField("联系人", max_length=40, blank=True)
    contact_phone = models.CharField("联系电话", max_length=40, blank=True)
    no_contact_reason = models.CharField("未面商原因", max_length=200, blank=True)
    imported = models.BooleanField("历史导入", default=False)
    drafted_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    drafted_at = models.DateTimeField()
    delivered_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    delivered_at = models.DateTimeField(null=True)
    replied_on = models.DateField("答复日期", null=True)
    return_reason = models.CharField("退回修改意见", max_length=300, blank=True)
    to_check = models.BooleanField("待审核答复", default=False)
    date_to_confirm = models.BooleanField("待确认落款日期", default=False)

    objects = ReplyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "round"], name="one_reply_a_round"),
            models.CheckConstraint(
                condition=~Q(state="delivered")
                | (
                    Q(delivered_at__isnull=False, replied_on__isnull=False)
                    & (Q(result__isnull=False) | Q(imported=True))
                ),
                name="delivered_reply_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(imported=True) | Q(drafted_by__isnull=False), name="reply_has_a_drafter"
            ),
            models.CheckConstraint(
                condition=~Q(state="checking") | Q(to_check=True) | Q(date_to_confirm=True),
                name="checking_has_a_reason",
            ),
        ]


class ReplyPoint(models.Model):
    """The answer to one numbered suggestion, with a class of its own."""

    reply = models.ForeignKey(Reply, models.CASCADE, related_name="points")
    suggestion = models.ForeignKey(Suggestion, models.PROTECT, related_name="answers")
    result = models.ForeignKey(ResultClass, models.PROTECT, null=True, related_name="+")
    text = models.TextField("答复内容", blank=True)
    same_as = models.ForeignKey(
        Suggestion, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="同第几条"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reply", "suggestion"], name="point_once")]


class EvaluationRound(models.Model):
    """When the proposers may evaluate one unit's reply of one round, and how it ended."""

    class Outcome(models.TextChoices):
        SATISFIED = "satisfied", "满意"
        BASIC = "basic", "基本满意"
        DISSATISFIED = "dissatisfied", "不满意"
        EXPLAINED = "explained", "不满意，经说明接受"
        NOT_RETURNED = "not_returned", "未反馈"

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="evaluation_rounds")
    round = models.PositiveSmallIntegerField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, choices=Outcome, blank=True)
    missing = models.PositiveSmallIntegerField("未反馈人数", default=0)
    confirmed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "round"], name="evaluation_round_once"),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="closed_round_has_outcome",
            ),
        ]


class EvaluationQuerySet(models.QuerySet["Evaluation"]):
    def live(self) -> "EvaluationQuerySet":
        return self.filter(withdrawn_at=None)

    def to_confirm(self) -> "EvaluationQuerySet":
        """Paper forms that a second person has not looked at yet."""
        return self.live().filter(on_paper=True, confirmed_at=None)

    def to_check(self) -> "EvaluationQuerySet":
        """Forms with something odd about them that nobody has looked into yet (S9)."""
        return self.live().exclude(flags=[]).filter(checked_at=None)

    def against(self) -> "EvaluationQuerySet":
        """Dissatisfied forms that count and whose proposer has not accepted an explanation."""
        said = Q(work=Evaluation.Grade.DISSATISFIED) | Q(result=Evaluation.Grade.DISSATISFIED)
        counted = Q(on_paper=False) | Q(confirmed_at__isnull=False)
        return self.live().filter(said, counted, explanation=None)

    def late_against(self) -> "EvaluationQuerySet":
        """Dissatisfied forms that came after their round had closed and wait for the office's word (P8).

        Not those whose unit has taken the matter up again since.
        """
        return self.against().filter(late=True, round_row__round=F("round_row__assignment__round"))


class Evaluation(Addressed):
    """What one proposer says of one unit's reply (委员评价): two ratings and reasons.

    A paper form is entered by one person of the proposal office and confirmed by another (S9), or rejected
    with a reason; a rejected form is withdrawn. What looks odd about a form stands in `flags` until somebody
    of the office has looked into it.
    """

    class Grade(models.TextChoices):
        SATISFIED = "satisfied", "满意"
        BASIC = "basic", "基本满意"
        DISSATISFIED = "dissatisfied", "不满意"

    round_row = models.ForeignKey(EvaluationRound, models.PROTECT, related_name="evaluations")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="evaluations")
    work = models.CharField("办理工作", max_length=12, choices=Grade)
    result = models.CharField("办理结果", max_length=12, choices=Grade)
    reason = models.ForeignKey(Reason, models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField("意见", blank=True)
    approval = models.CharField("本组织审定情况", max_length=200, blank=True)
    name_to_unit = models.BooleanField("同意向承办单位告知姓名", default=False)
    text_cleared = models.BooleanField("意见可转承办单位", default=False)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    on_paper = models.BooleanField("纸质评价", default=False)
    confirmed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    late = models.BooleanField("关闭后收到", default=False)
    withdrawn_at = models.DateTimeField("撤回或退回", null=True)
    rejected_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    rejected_reason = models.CharField("退回原因", max_length=200, blank=True)
    address = models.GenericIPAddressField("提交地址", null=True)
    device = models.CharField("提交设备", max_length=64, blank=True)
    flags = models.JSONField("提示核查", default=list)
    checked_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True)
    checked_note = models.CharField("核查情况", max_length=200, blank=True)

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["round_row", "participant"], condition=Q(withdrawn_at=None), name="one_form_a_person"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("by")), name="paper_form_two_persons"
            ),
            together("confirmed_by", "confirmed_at", name="form_confirmed_together"),
            together("checked_by", "checked_at", name="form_checked_together"),
            models.CheckConstraint(
                condition=Q(rejected_by=None, rejected_reason="")
                | (Q(rejected_by__isnull=False, withdrawn_at__isnull=False, on_paper=True) & ~Q(rejected_reason="")),
                name="rejected_form_says_why",
            ),
        ]

    @property
    def worst(self) -> str:
        """The lower of the two grades; the one that decides."""
        order = list(Evaluation.Grade.values)
        return max(self.work, self.result, key=order.index)


class Explanation(models.Model):
    """The office spoke with a dissatisfied proposer, who accepts what was explained (经说明接受).

    The form stays as it is; it only no longer asks for a second handling.
    """

    form = models.OneToOneField(Evaluation, models.PROTECT, primary_key=True, related_name="explanation")
    mode = models.CharField("方式", max_length=12, choices=Contact.Mode)
    held_on = models.DateField("日期")
    persons = models.CharField("参加人员", max_length=200)
    text = models.TextField("说明情况和提案者意见")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="登记人")
    at = models.DateTimeField("登记时间")

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(persons="") & ~Q(text=""), name="explanation_is_whole")]
