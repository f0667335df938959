"""Outstanding proposals and advanced units (优秀提案、先进承办单位): by which criteria, and who was chosen."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from proposals.handling.models import Addressed, together
from proposals.handling.models.assignment import DatedQuerySet

from .proposal import Proposal

PERSON = settings.AUTH_USER_MODEL


class Honour(models.TextChoices):
    PROPOSAL = "proposal", "优秀提案"
    UNIT = "unit", "先进承办单位"


class Measure(models.TextChoices):
    """What is computed of a candidate; `proposals.merits` says how."""

    COSIGNERS = "cosigners", "联名人数"
    KEY = "key", "重点提案"
    INSTRUCTED = "instructed", "领导批示、转办"
    APPRAISED = "appraised", "承办单位评议为好的比例"
    SOLVED = "solved", "建议落实率"
    DISSATISFIED = "dissatisfied", "最终不满意"
    ANSWERED = "answered", "答复件数"
    ON_TIME = "on_time", "按期答复率"
    OPINIONS = "opinions", "会办意见按期率"
    CONTACT = "contact", "沟通确认率"
    SATISFACTION = "satisfaction", "最终满意率"
    FIRST = "first", "首轮满意率"
    PROMISES = "promises", "承诺按期落实率"
    OVERDUE = "overdue", "逾期未答复"
    MISSED = "missed", "承诺逾期"
    RETURNED = "returned", "评价回收率"
    FORMS = "forms", "评价回收份数"


class Criterion(Addressed):
    """One criterion of an honour (评选标准), valid from a day on.

    A figure gives `points` in full from `mark` on and its share of them below; with a bar, whoever is on the wrong
    side of `mark` is not a candidate.
    """

    class Use(models.TextChoices):
        POINTS = "points", "计分"
        BAR = "bar", "否决"

    OF: ClassVar[dict[tuple[str, str], tuple[Measure, ...]]] = {
        (Honour.PROPOSAL, Use.POINTS): (
            Measure.SOLVED,
            Measure.APPRAISED,
            Measure.COSIGNERS,
            Measure.INSTRUCTED,
            Measure.KEY,
        ),
        (Honour.PROPOSAL, Use.BAR): (Measure.DISSATISFIED, Measure.MISSED),
        (Honour.UNIT, Use.POINTS): (
            Measure.ON_TIME,
            Measure.SATISFACTION,
            Measure.FIRST,
            Measure.SOLVED,
            Measure.CONTACT,
            Measure.PROMISES,
            Measure.OPINIONS,
            Measure.ANSWERED,
        ),
        (Honour.UNIT, Use.BAR): (
            Measure.OVERDUE,
            Measure.DISSATISFIED,
            Measure.MISSED,
            Measure.RETURNED,
            Measure.FORMS,
        ),
    }
    """Which measures an honour knows, and for which use."""

    honour = models.CharField(max_length=8, choices=Honour)
    use = models.CharField(max_length=8, choices=Use)
    measure = models.CharField("指标", max_length=16, choices=Measure)
    points = models.PositiveSmallIntegerField("分值", null=True, blank=True)
    mark = models.PositiveSmallIntegerField("满分线或界限")
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["honour", "use", "measure"], condition=Q(ends_on=None), name="criterion_once_at_a_time"
            ),
            models.CheckConstraint(condition=Q(honour__in=Honour.values), name="criterion_honour_known"),
            models.CheckConstraint(condition=Q(measure__in=Measure.values), name="criterion_measure_known"),
            models.CheckConstraint(
                condition=Q(use="points", points__isnull=False, points__gte=1, mark__gte=1) | Q(use="bar", points=None),
                name="criterion_gives_points_or_bars",
            ),
        ]

    def __str__(self) -> str:
        return self.get_measure_display()


class Award(Addressed):
    """Who gets an honour of a session (评选结果): decided by people from the computed list, then announced.

    `reason` says why the decision departs from the list. Until it is announced only the proposal office knows of it.
    """

    class State(models.TextChoices):
        DECIDED = "decided", "未公布"
        ANNOUNCED = "announced", "已公布"

    honour = models.CharField("表彰", max_length=8, choices=Honour)
    session = models.ForeignKey("members.Session", models.PROTECT, related_name="awards")
    state = models.CharField("状态", max_length=12, choices=State, default=State.DECIDED)
    version = models.PositiveIntegerField(default=1)
    decided_on = models.DateField("决定日期")
    number = models.CharField("决定文号", max_length=60, blank=True)
    reason = models.CharField("与名次不一致的理由", max_length=500, blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField("登记时间")
    announced_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    announced_at = models.DateTimeField("公布时间", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "honour"], name="one_award_a_session"),
            models.CheckConstraint(condition=Q(honour__in=Honour.values), name="award_honour_known"),
            together("announced_by", "announced_at", name="award_announced_together"),
            models.CheckConstraint(
                condition=Q(state="decided", announced_at=None) | Q(state="announced", announced_at__isnull=False),
                name="award_announced_with_its_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session}{self.get_honour_display()}"

    @property
    def is_announced(self) -> bool:
        return self.state == self.State.ANNOUNCED


class AwardEntry(models.Model):
    """One candidate of an award as he stood when it was decided: chosen, or passed over though his place was higher."""

    award = models.ForeignKey(Award, models.PROTECT, related_name="entries")
    proposal = models.ForeignKey(Proposal, models.PROTECT, null=True, related_name="honours")
    unit = models.ForeignKey("members.Body", models.PROTECT, null=True, related_name="+")
    unit_name = models.CharField("当时的单位名称", max_length=128, blank=True)
    chosen = models.BooleanField("入选")
    place = models.PositiveSmallIntegerField("名次")
    points = models.DecimalField("得分", max_digits=7, decimal_places=2)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(proposal=None) ^ Q(unit=None), name="award_entry_proposal_or_unit"),
            models.CheckConstraint(condition=Q(unit=None, unit_name="") | ~Q(unit_name=""), name="award_unit_is_named"),
            models.UniqueConstraint(
                fields=["award", "proposal"], condition=Q(proposal__isnull=False), name="proposal_once_in_award"
            ),
            models.UniqueConstraint(
                fields=["award", "unit"], condition=Q(unit__isnull=False), name="unit_once_in_award"
            ),
        ]


class AwardFigure(models.Model):
    """What one criterion said of an entry, and what that was worth."""

    entry = models.ForeignKey(AwardEntry, models.PROTECT, related_name="figures")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    value = models.CharField("数值", max_length=80)
    points = models.DecimalField("得分", max_digits=7, decimal_places=2, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "criterion"], name="figure_once_an_entry")]
