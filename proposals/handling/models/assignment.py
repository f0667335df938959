"""A matter in the hands of units: assignment, objection, contact, opinion."""

from datetime import date
from typing import ClassVar, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from .matter import Addressed, Matter

PERSON = settings.AUTH_USER_MODEL
DatedT = TypeVar("DatedT", bound=models.Model)


def together(*fields: str, name: str) -> models.CheckConstraint:
    """All of `fields` are null, or none is."""
    none = Q(**{f"{field}__isnull": True for field in fields})
    all_set = Q(**{f"{field}__isnull": False for field in fields})
    return models.CheckConstraint(condition=none | all_set, name=name)


class DatedQuerySet(models.QuerySet[DatedT]):
    def in_force(self, on: date) -> Self:
        """Rows whose validity includes that day."""
        return self.filter(Q(starts_on=None) | Q(starts_on__lte=on), Q(ends_on=None) | Q(ends_on__gte=on))


class Reason(Addressed):
    """A coded ground or reason; a row in use is kept and only ended (PROTECT)."""

    class Use(models.TextChoices):
        DECLINE = "decline", "不予立案"
        RETURN = "return", "退回修改"
        OBJECTION = "objection", "申请退回"
        EXTENSION = "extension", "延期"
        DISSATISFIED = "dissatisfied", "不满意"
        REPORT_KEEP = "report_keep", "社情民意留存"
        REPORT_RETURN = "report_back", "社情民意退回"

    use = models.CharField(max_length=12, choices=Use)
    code = models.CharField(max_length=24)
    label = models.CharField("说明", max_length=80)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["use", "code"], name="reason_once")]

    def __str__(self) -> str:
        return self.label


class ResultClass(Addressed):
    """What a reply means (办理结果 A/B/C/D): the letters differ by city, so they are rows.

    One that is `beyond` says that the powers lie with a higher body (权限在上级): nothing is solved or promised here.
    """

    code = models.CharField("类别", max_length=2)
    label = models.CharField("含义", max_length=60)
    promises = models.BooleanField("需跟踪落实", default=False)
    beyond = models.BooleanField("权限在上级", default=False)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=Q(ends_on=None), name="one_current_class"),
            models.CheckConstraint(condition=Q(promises=False) | Q(beyond=False), name="beyond_promises_nothing"),
        ]

    def __str__(self) -> str:
        return f"{self.code}类（{self.label}）"


class Policy(models.Model):
    """A choice of the committee that rules read, with the day from which it holds."""

    code = models.CharField(max_length=40)
    value = models.CharField(max_length=60)
    starts_on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "starts_on"], name="policy_once_a_day")]

    def __str__(self) -> str:
        return f"{self.code} = {self.value}"


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def current(self) -> "AssignmentQuerySet":
        """Not taken back and not passed to another unit."""
        return self.filter(ended_at=None)

    def unsettled(self) -> "AssignmentQuerySet":
        """Those whose matter is not closed yet."""
        return self.exclude(state=Assignment.State.SETTLED)

    def answering(self) -> "AssignmentQuerySet":
        """Those whose unit replies to the proposers: sole, lead and each split unit."""
        return self.exclude(role=Assignment.Role.CO)


class Assignment(Addressed):
    """A matter in the hands of one unit (交办).

    `round` is the round the unit is in now: 1, then 2 after a confirmed dissatisfaction. Replies,
    evaluations and obligations carry the round they belong to, so nothing earlier is overwritten.
    """

    class Role(models.TextChoices):
        SOLE = "sole", "独办"
        LEAD = "lead", "主办"
        CO = "co", "会办"
        SPLIT = "split", "分办"

    class State(models.TextChoices):
        PENDING = "pending", "待签收"
        SIGNED = "signed", "办理中"
        ANSWERED = "answered", "已答复"
        SETTLED = "settled", "已办结"
        ENDED = "ended", "已调整"

    OPEN: ClassVar = (State.PENDING, State.SIGNED, State.ANSWERED)

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="assignments")
    unit = models.ForeignKey("members.Body", models.PROTECT, related_name="assignments")
    role = models.CharField("职责", max_length=8, choices=Role)
    round = models.PositiveSmallIntegerField("轮次", default=1)
    state = models.CharField("状态", max_length=12, choices=State, default=State.PENDING)
    office = models.ForeignKey("members.Body", models.PROTECT, related_name="+", verbose_name="交办机构")
    given_at = models.DateTimeField("交办时间")
    given_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    replaces = models.ForeignKey("self", models.PROTECT, null=True, related_name="replaced_by")
    ruling = models.ForeignKey(
        "handling.Coordination", models.PROTECT, null=True, related_name="parts", verbose_name="协调会裁定"
    )
    signed_at = models.DateTimeField("签收时间", null=True)
    signed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    deputy = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", verbose_name="分管领导")
    section = models.CharField("科室或下属单位", max_length=60, blank=True)
    handler = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", verbose_name="经办人")
    internal_due_on = models.DateField("内部时限", null=True)
    head_comment = models.CharField("领导批办意见", max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    ended_reason = models.CharField(max_length=200, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["matter"], condition=Q(role__in=["sole", "lead"], ended_at=None), name="one_open_lead"
            ),
            models.UniqueConstraint(fields=["matter", "unit"], condition=Q(ended_at=None), name="unit_once_in_matter"),
            models.CheckConstraint(
                condition=(Q(ended_at__isnull=True) & ~Q(state="ended"))
                | (Q(ended_at__isnull=False) & Q(state="ended")),
                name="ended_means_ended",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", signed_at=None) | ~Q(state="pending"), name="pending_is_unsigned"
            ),
        ]
        indexes = [models.Index(fields=["unit", "state", "id"], name="assignment_unit")]

    def __str__(self) -> str:
        return f"{self.unit}（{self.get_role_display()}）"

    @property
    def answers(self) -> bool:
        return self.role != Assignment.Role.CO


COORDINATE_AFTER = 2
"""From this many upheld objections on, only a coordination meeting decides (P9)."""


def returns_in(path: str) -> Coalesce:
    """How often the matter at `path` has gone back, as an annotation."""
    gone = Objection.objects.filter(assignment__matter=OuterRef(path), state=Objection.State.UPHELD)
    return Coalesce(Subquery(gone.order_by().values("assignment__matter").annotate(n=Count("pk")).values("n")), 0)


class ObjectionQuerySet(models.QuerySet["Objection"]):
    def undecided(self) -> Self:
        return self.filter(state__in=Objection.UNDECIDED)

    def with_returns(self) -> Self:
        """How often the matter has gone back before, as `returns` (P9)."""
        return self.annotate(returns=returns_in("assignment__matter"))


class Objection(Addressed):
    """A unit says the matter is not its own (申请退回); it stops no clock but sign-for's ladder."""

    class State(models.TextChoices):
        OPEN = "open", "待征求意见"
        DECIDING = "deciding", "待决定"
        COORDINATING = "coordinating", "协调中"
        UPHELD = "upheld", "同意调整"
        REFUSED = "refused", "不同意，继续办理"
        WITHDRAWN = "withdrawn", "单位撤回"

    DECIDABLE: ClassVar = (State.OPEN, State.DECIDING)
    UNDECIDED: ClassVar = (*DECIDABLE, State.COORDINATING)

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="objections")
    reason = models.ForeignKey(Reason, models.PROTECT, related_name="+")
    text = models.TextField("理由")
    approved_by = models.CharField("本单位审批领导", max_length=40)
    suggested = models.ForeignKey("members.Body", models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    raised_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    suggested_accepts = models.BooleanField("建议单位是否同意", null=True)
    suggested_text = models.TextField("建议单位意见", blank=True)
    suggested_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    suggested_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_text = models.TextField("决定说明", blank=True)
    new_unit = models.ForeignKey("members.Body", models.PROTECT, null=True, related_name="+")

    objects = ObjectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment"],
                condition=Q(state__in=["open", "deciding", "coordinating"]),
                name="one_open_objection",
            ),
            together("decided_by", "decided_at", name="objection_decided_together"),
            together("suggested_accepts", "suggested_at", name="objection_answer_together"),
        ]


class ExtensionApproval(models.Model):
    """One office's word on an extension; which offices must agree is a policy row (P29)."""

    class Office(models.TextChoices):
        ASSIGNING = "assigning", "交办机构"
        PROPOSAL = "proposal", "提案委"

    request = models.ForeignKey("handling.ExtensionRequest", models.PROTECT, related_name="approvals")
    office = models.CharField(max_length=12, choices=Office)
    agrees = models.BooleanField()
    reason = models.CharField("意见", max_length=200, blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "office"], name="one_word_an_office")]


class Contact(Addressed):
    """Contact with the proposers (面商), recorded by the unit and confirmed by them (P29)."""

    class When(models.TextChoices):
        BEFORE = "before", "办前联系"
        DURING = "during", "办中沟通"
        AFTER = "after", "办后回访"

    class Mode(models.TextChoices):
        VISIT = "visit", "上门走访"
        INVITED = "invited", "请进来座谈"
        SITE = "site", "现场察看"
        SYMPOSIUM = "symposium", "座谈会"
        PHONE = "phone", "电话"
        LETTER = "letter", "书面"

    FACE_TO_FACE: ClassVar = (Mode.VISIT, Mode.INVITED, Mode.SITE, Mode.SYMPOSIUM)

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="contacts")
    round = models.PositiveSmallIntegerField(default=1)
    when = models.CharField("阶段", max_length=8, choices=When)
    mode = models.CharField("方式", max_length=12, choices=Mode)
    held_on = models.DateField("日期")
    persons = models.CharField("参加人员", max_length=200)
    text = models.TextField("沟通情况")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()


class ContactAnswer(models.Model):
    """A proposer says whether the recorded contact took place."""

    contact = models.ForeignKey(Contact, models.PROTECT, related_name="answers")
    participant = models.ForeignKey("handling.Participant", models.PROTECT, related_name="+")
    took_place = models.BooleanField("属实")
    note = models.CharField("说明", max_length=200, blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["contact", "participant"], name="contact_answered_once")]


class CoOpinion(models.Model):
    """A co-handler's opinion for the lead unit (会办意见); co-handlers never reply themselves."""

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="opinions")
    round = models.PositiveSmallIntegerField(default=1)
    version = models.PositiveSmallIntegerField(default=1)
    text = models.TextField("会办意见")
    doc_no = models.CharField("文号", max_length=60, blank=True)
    letter_on = models.DateField("落款日期", null=True, blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assignment", "round", "version"], name="opinion_version_once")]


class JointConsultation(models.Model):
    """Proposers and unit gathered after a second dissatisfaction (联合会商); it closes the matter."""

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="consultations")
    round = models.PositiveSmallIntegerField(default=2)
    held_on = models.DateField("会商日期")
    present = models.CharField("参加人员", max_length=300)
    minutes = models.TextField("会商纪要")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assignment", "round"], name="one_consultation_a_round")]
