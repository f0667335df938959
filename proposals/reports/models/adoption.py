"""What became of a report outside: who adopted it (采用), what leaders wrote on it, what its authors were told (P18, P30)."""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from proposals.handling.models import Access, Addressed, Attachment, Matter, together
from proposals.handling.models.assignment import DatedQuerySet

from .issue import Delivery, IssueItem
from .report import Report

PERSON = settings.AUTH_USER_MODEL


class Level(models.TextChoices):
    """How high somebody stands who adopted a report or wrote on it."""

    NATION = "nation", "全国"
    PROVINCE = "province", "省级"
    CITY = "city", "市级"
    COUNTY = "county", "县级"


LEVELS = Q(level__in=["nation", "province", "city", "county"])


class CreditRule(Addressed):
    """What an adoption or an instruction counts for (计分规则), from a day on; one in use stays as it is and is only ended."""

    class Merit(models.TextChoices):
        SINGLE = "single", "单篇采用"
        COMBINED = "combined", "综合采用"
        ORIGINAL = "original", "原文转发"
        INSTRUCTION = "instruction", "批示"
        TRANSFER = "transfer", "转办"

    merit = models.CharField("事项", max_length=12, choices=Merit)
    level = models.CharField("层级", max_length=8, choices=Level)
    points = models.DecimalField("分值", max_digits=5, decimal_places=1)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期", null=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = "计分规则"
        constraints = [
            models.UniqueConstraint(
                fields=["merit", "level"], condition=Q(ends_on=None), name="one_credit_rule_in_force"
            ),
            models.CheckConstraint(
                condition=Q(merit__in=["single", "combined", "original", "instruction", "transfer"]),
                name="credit_merit_known",
            ),
            models.CheckConstraint(condition=LEVELS, name="credit_level_known"),
            models.CheckConstraint(condition=Q(points__gte=0), name="credit_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()}{self.get_merit_display()}"


class AdoptionQuerySet(models.QuerySet["Adoption"]):
    def standing(self) -> "AdoptionQuerySet":
        """Without those that were entered by mistake."""
        return self.filter(dropped_at=None)


class Adoption(Addressed):
    """Somebody adopted a report (采用): a fact with its day, which counts by the rule of that day.

    It rests on an issue that was issued; what was passed on in its original words needs none, nor does a register of
    earlier years.
    """

    class Source(models.TextChoices):
        ENTERED = "entered", "登记"
        LISTED = "listed", "采用清单"
        REGISTER = "register", "历史登记簿"

    report = models.ForeignKey(Report, models.PROTECT, related_name="adoptions")
    item = models.ForeignKey(IssueItem, models.PROTECT, null=True, related_name="adoptions", verbose_name="所在期次")
    level = models.CharField("层级", max_length=8, choices=Level)
    adopter = models.CharField("采用单位", max_length=80)
    form = models.CharField("采用方式", max_length=12, choices=CreditRule.Merit.choices[:3])
    journal = models.CharField("刊物和期号", max_length=80, blank=True)
    on = models.DateField("采用日期")
    source = models.CharField("依据", max_length=8, choices=Source, default=Source.ENTERED)
    rule = models.ForeignKey(CreditRule, models.PROTECT, null=True, related_name="+", verbose_name="计分规则")
    by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("登记时间")
    dropped_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    dropped_at = models.DateTimeField("撤销时间", null=True)
    dropped_reason = models.CharField("撤销原因", max_length=200, blank=True)

    objects = AdoptionQuerySet.as_manager()

    class Meta:
        verbose_name = "采用记录"
        constraints = [
            models.UniqueConstraint(
                fields=["report", "adopter", "on"], condition=Q(dropped_at=None), name="adoption_once_a_day"
            ),
            models.CheckConstraint(condition=LEVELS, name="adoption_level_known"),
            models.CheckConstraint(
                condition=Q(form__in=["single", "combined", "original"]), name="adoption_form_known"
            ),
            models.CheckConstraint(
                condition=Q(source__in=["entered", "listed", "register"]), name="adoption_source_known"
            ),
            models.CheckConstraint(
                condition=Q(item__isnull=False) | Q(form="original") | Q(source="register"),
                name="adoption_rests_on_an_issue",
            ),
            together("dropped_by", "dropped_at", name="adoption_dropped_together"),
            models.CheckConstraint(condition=Q(dropped_at=None) | ~Q(dropped_reason=""), name="dropped_says_why"),
        ]
        indexes = [models.Index(fields=["on"], name="adoption_day")]

    def __str__(self) -> str:
        return f"{self.adopter}{self.get_form_display()}"

    @property
    def points(self) -> Decimal:
        return self.rule.points if self.rule else Decimal(0)


class InstructionQuerySet(models.QuerySet["Instruction"]):
    def counted(self) -> "InstructionQuerySet":
        """What is an instruction: having read a report (圈阅) is none."""
        return self.filter(kind__in=Instruction.INSTRUCTING)


class Instruction(Addressed):
    """What came back from a leader with a 送阅单: read (圈阅), an instruction (批示), passed on (转办) (P18).

    The words belong to the report office, the units that they are for and that leader, until the office releases them
    to the authors. The picture of them (`scan`) is a file of the report, and goes with the instruction.
    """

    class Kind(models.TextChoices):
        READ = "read", "圈阅"
        INSTRUCTION = "instruction", "批示"
        TRANSFER = "transfer", "转办"

    INSTRUCTING: ClassVar = (Kind.INSTRUCTION, Kind.TRANSFER)

    report = models.ForeignKey(Report, models.PROTECT, related_name="instructions")
    delivery = models.ForeignKey(
        Delivery, models.PROTECT, null=True, related_name="instructions", verbose_name="送阅记录"
    )
    kind = models.CharField("类别", max_length=12, choices=Kind)
    level = models.CharField("层级", max_length=8, choices=Level)
    leader = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    leader_name = models.CharField("领导", max_length=40)
    on = models.DateField("日期")
    text = models.TextField("内容", blank=True)
    scan = models.OneToOneField(
        Attachment, models.PROTECT, null=True, related_name="instruction", verbose_name="扫描件"
    )
    units = models.ManyToManyField("members.Body", blank=True, related_name="+", verbose_name="批给的单位")
    rule = models.ForeignKey(CreditRule, models.PROTECT, null=True, related_name="+", verbose_name="计分规则")
    by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("登记时间")
    released_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField("同意转告时间", null=True)

    objects = InstructionQuerySet.as_manager()

    class Meta:
        verbose_name = "领导批示"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["read", "instruction", "transfer"]), name="report_instruction_kind_known"
            ),
            models.CheckConstraint(condition=LEVELS, name="report_instruction_level_known"),
            models.CheckConstraint(condition=~Q(kind="read") | Q(text=""), name="report_read_says_nothing"),
            together("released_by", "released_at", name="report_instruction_released"),
        ]
        indexes = [models.Index(fields=["on"], name="report_instruction_day")]

    def __str__(self) -> str:
        return f"{self.get_level_display()}领导{self.get_kind_display()}"

    @property
    def points(self) -> Decimal:
        return self.rule.points if self.rule else Decimal(0)


class Feedback(Addressed):
    """What the authors were told of a report's result, in plain words (反馈); each time it was handled.

    What was told is never written over: a correction (更正) stands beside it, with its reason.
    """

    report = models.ForeignKey(Report, models.PROTECT, related_name="feedbacks")
    units = models.CharField("答复单位", max_length=200, blank=True)
    text = models.TextField("告知内容")
    on = models.DateField("反馈日期")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="corrected_by", verbose_name="更正的反馈"
    )
    reason = models.CharField("更正说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "反馈"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="feedback_says_something"),
            models.CheckConstraint(
                condition=Q(corrects=None, reason="") | Q(corrects__isnull=False) & ~Q(reason=""),
                name="feedback_corrected_says_why",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:40]


def main_of(report: Report) -> Report:
    """The report in whose name things happen: itself, or the one that it was put into."""
    main = report.matter.merged_into
    return Report.objects.select_related("matter").get(matter=main) if main else report


def family_of(report: Report) -> list[Matter]:
    """The matter of a main report, then those of what was put into it; what is suspended hears nothing."""
    rows = Matter.objects.filter(merged_into=report.matter_id).exclude(access=Access.SUSPENDED).order_by("pk")
    return [report.matter, *rows]
