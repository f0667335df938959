"""What the proposal office does before hand-over: review, allocation, batches."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from proposals.handling.models import Addressed, Assignment, Reason, together

from .proposal import Category, Proposal

PERSON = settings.AUTH_USER_MODEL


class ReviewPass(Addressed):
    """One pass of review (初审、复审、终审); a committee sets which it keeps."""

    order = models.PositiveSmallIntegerField()
    name = models.CharField("审次", max_length=20)
    final = models.BooleanField("可作决定", default=False)
    ended_on = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order"], condition=Q(ended_on=None), name="one_pass_in_place")]

    def __str__(self) -> str:
        return self.name


class Review(models.Model):
    """What a reviewer recommends in one pass; the last pass decides."""

    class Advice(models.TextChoices):
        FILE = "file", "建议立案"
        RETURN = "return", "建议退回修改"
        MERGE = "merge", "建议并案"
        TURN = "turn", "建议转意见建议"
        LEAD = "lead", "建议转社情民意线索"
        HIGHER = "higher", "建议转上级政协"
        DECLINE = "decline", "建议不予立案"

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="reviews")
    review_pass = models.ForeignKey(ReviewPass, models.PROTECT, related_name="+")
    advice = models.CharField(max_length=8, choices=Advice)
    reason = models.ForeignKey(Reason, models.PROTECT, null=True, blank=True, related_name="+")
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="+")
    units = models.ManyToManyField("members.Body", blank=True, related_name="+", verbose_name="建议承办单位")
    key_candidate = models.BooleanField("重点提案候选", default=False)
    text = models.TextField("审查意见", blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    submission = models.PositiveSmallIntegerField("第几次提交", default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "review_pass", "submission"], name="one_review_a_pass")
        ]


class CategoryReviewer(models.Model):
    """Who reviews a category in a session (分类审查组, P15); a person may have several, a category several persons."""

    session = models.ForeignKey("members.Session", models.PROTECT, related_name="+")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    person = models.ForeignKey(PERSON, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "category", "person"], name="reviewer_once_in_category")
        ]


class Claim(models.Model):
    """Who is at work on a proposal just now; colleagues see it (H2)."""

    proposal = models.OneToOneField(Proposal, models.CASCADE, related_name="claim")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()


class AllocationPart(models.Model):
    """One unit of an allocation draft (拟办); nobody outside the offices sees it before hand-over."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="allocation")
    unit = models.ForeignKey("members.Body", models.PROTECT, related_name="+")
    role = models.CharField("职责", max_length=8, choices=Assignment.Role)
    by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "unit"], name="unit_once_in_allocation"),
            models.UniqueConstraint(
                fields=["proposal"], condition=Q(role__in=["sole", "lead"]), name="one_lead_in_allocation"
            ),
        ]


class PreConsultation(Addressed):
    """A unit is asked before hand-over whether the matter is its own (预告征求意见).

    Every question is a row of its own; a unit has one open question about a proposal at a time.
    """

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="preconsultations")
    unit = models.ForeignKey("members.Body", models.PROTECT, related_name="+")
    role = models.CharField("拟定职责", max_length=8, choices=Assignment.Role)
    asked_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    due_on = models.DateField("答复期限", null=True)
    accepts = models.BooleanField("是否同意", null=True)
    text = models.CharField("意见", max_length=300, blank=True)
    answered_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "unit"], condition=Q(answered_at=None), name="one_open_question_a_unit"
            ),
            together("answered_by", "answered_at", "accepts", name="preconsultation_answered_together"),
        ]


class Batch(Addressed):
    """One hand-over of many proposals (批量交办): date, fixed due date, joint notice; undone as long as no unit knew of it."""

    session = models.ForeignKey("members.Session", models.PROTECT, related_name="batches")
    name = models.CharField("批次名称", max_length=80)
    fixed_due_on = models.DateField("统一答复期限", null=True, blank=True)
    notice = models.TextField("联合通知", blank=True)
    doc_no = models.CharField("交办通知文号", max_length=60, blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    total = models.PositiveIntegerField(default=0)
    proposals = models.ManyToManyField(Proposal, related_name="batches")
    undone_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField("撤销时间", null=True)
    undo_reason = models.CharField("撤销原因", max_length=200, blank=True)

    class Meta:
        constraints = [
            together("undone_by", "undone_at", name="batch_undone_together"),
            models.CheckConstraint(condition=Q(undone_at=None) | ~Q(undo_reason=""), name="undone_batch_says_why"),
            models.UniqueConstraint(fields=["doc_no"], condition=~Q(doc_no=""), name="notice_number_once"),
        ]
