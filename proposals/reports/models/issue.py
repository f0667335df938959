"""Bulletins (刊物): their series, numbered issues, who signed them, and what was sent to whom."""

from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from members import keys
from members.rights import keys_of, may
from proposals.handling.models import Access, Addressed, Attachment, together

from .edition import Edition
from .report import Report

PERSON = settings.AUTH_USER_MODEL
LEVELS = (Access.OPEN, Access.INTERNAL, Access.SENSITIVE)
"""From the lowest to the highest; what is suspended has none."""
LEVEL_CHOICES = [(level.value, level.label) for level in LEVELS]
LEVEL_NAMES = ["open", "internal", "sensitive"]


def rank(level: str) -> int:
    """The higher, the fewer may see it."""
    return LEVEL_NAMES.index(level)


class SeriesQuerySet(models.QuerySet["Series"]):
    def current(self) -> "SeriesQuerySet":
        return self.filter(ended_on=None)


class Series(Addressed):
    """A series of bulletins (刊物): what stands at its head, up to which level it goes, how it is signed."""

    class Kind(models.TextChoices):
        ORDINARY = "ordinary", "普通"
        SPECIAL = "special", "专报"
        URGENT = "urgent", "急报"

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField("刊名", max_length=40, unique=True)
    kind = models.CharField("种类", max_length=8, choices=Kind, default=Kind.ORDINARY)
    publisher = models.CharField("编发单位", max_length=60)
    level = models.CharField("最高密级", max_length=12, choices=LEVEL_CHOICES, default=Access.INTERNAL)
    checked = models.BooleanField("先核稿再签发", default=True)
    ended_on = models.DateField("停用日期", null=True, blank=True)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name = "刊物"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["ordinary", "special", "urgent"]), name="series_kind_known"),
            models.CheckConstraint(condition=Q(level__in=LEVEL_NAMES), name="series_level_known"),
        ]

    def __str__(self) -> str:
        return self.name


class SeriesYear(models.Model):
    """The last number that a series has given in a year: a row to lock."""

    series = models.ForeignKey(Series, models.PROTECT, related_name="years")
    year = models.PositiveSmallIntegerField("年份")
    last = models.PositiveIntegerField("已用到", default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "year"], name="series_year_once")]

    def __str__(self) -> str:
        return f"{self.series} {self.year}年"


class RecipientQuerySet(models.QuerySet["Recipient"]):
    def current(self) -> "RecipientQuerySet":
        return self.filter(ended_on=None)

    def in_order(self) -> "RecipientQuerySet":
        return self.order_by("order", "pk")


class Recipient(Addressed):
    """Whom bulletins go to (发送对象): a leader, an office, a higher CPPCC; up to which level he may see them."""

    class Kind(models.TextChoices):
        LEADER = "leader", "领导"
        PARTY = "party", "党委办公室"
        GOVERNMENT = "government", "政府办公室"
        PROVINCE = "province", "省政协"
        NATION = "nation", "全国政协"
        UNIT = "unit", "部门"
        OTHER = "other", "其他"

    kind = models.CharField("类别", max_length=12, choices=Kind)
    name = models.CharField("名称", max_length=80)
    person = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="领导")
    level = models.CharField("最高可看密级", max_length=12, choices=LEVEL_CHOICES, default=Access.INTERNAL)
    series = models.ManyToManyField(Series, blank=True, related_name="recipients", verbose_name="固定发送的刊物")
    order = models.PositiveSmallIntegerField("顺序", default=0)
    ended_on = models.DateField("停用日期", null=True, blank=True)

    objects = RecipientQuerySet.as_manager()

    class Meta:
        verbose_name = "发送对象"
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=Q(ended_on=None), name="recipient_name_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["leader", "party", "government", "province", "nation", "unit", "other"]),
                name="recipient_kind_known",
            ),
            models.CheckConstraint(condition=Q(level__in=LEVEL_NAMES), name="recipient_level_known"),
        ]

    def __str__(self) -> str:
        return self.name


class IssueQuerySet(models.QuerySet["Issue"]):
    def visible_to(self, user: Any) -> "IssueQuerySet":
        """The report office's; of the sensitive ones only those of whoever keeps sensitive reports.

        Whoever signs has those that wait for his signature, and those that he signed.
        """
        found = Q(pk__in=[])
        if may(user, "reports.issues"):
            secret = IssueItem.objects.filter(report__matter__access=Access.SENSITIVE).values("issue")
            every = keys.SENSITIVE_REPORTS in keys_of(user)
            found |= Q(pk__gt=0) if every else ~Q(level=Access.SENSITIVE) & ~Q(pk__in=secret)
        if may(user, "reports.sign_issue"):
            signed = IssueSignature.objects.filter(by=user).values("issue")
            found |= Q(state=Issue.State.SIGNING) | Q(pk__in=signed)
        return self.filter(found)

    def issued(self) -> "IssueQuerySet":
        return self.filter(state=Issue.State.ISSUED)

    def newest_first(self) -> "IssueQuerySet":
        return self.order_by("-pk")


class Issue(Addressed):
    """One issue of a series (期): its items in their order, signed, then issued under the next number of the year.

    A special brief goes to one addressee. `level` is the highest of its items.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "组稿中"
        CHECKING = "checking", "待核稿"
        SIGNING = "signing", "待签发"
        SIGNED = "signed", "已签发待编发"
        ISSUED = "issued", "已编发"

    OPEN = (State.DRAFT, State.CHECKING, State.SIGNING, State.SIGNED)
    ON_THE_WAY = (State.CHECKING, State.SIGNING, State.SIGNED)

    series = models.ForeignKey(Series, models.PROTECT, related_name="issues")
    addressee = models.ForeignKey(Recipient, models.PROTECT, null=True, related_name="+", verbose_name="专报对象")
    level = models.CharField("密级", max_length=12, choices=LEVEL_CHOICES, default=Access.OPEN)
    state = models.CharField("状态", max_length=8, choices=State, default=State.DRAFT)
    round = models.PositiveSmallIntegerField("送签次数", default=0)
    sent_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", verbose_name="送签人")
    version = models.PositiveIntegerField(default=1)
    listed = models.CharField("报送和发送（印在文末）", max_length=500, blank=True)
    made_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="组稿人")
    made_at = models.DateTimeField("组稿时间")
    year = models.PositiveSmallIntegerField("年份", null=True)
    number = models.PositiveIntegerField("期号", null=True)
    issued_on = models.DateField("编发日期", null=True)
    issued_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", verbose_name="编发人")
    opened_on = models.DateField("向委员开放日期", null=True)

    objects = IssueQuerySet.as_manager()

    class Meta:
        verbose_name = "刊物期次"
        constraints = [
            models.UniqueConstraint(
                fields=["series", "year", "number"], condition=Q(number__isnull=False), name="issue_number_once"
            ),
            models.CheckConstraint(condition=Q(level__in=LEVEL_NAMES), name="issue_level_known"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "checking", "signing", "signed", "issued"]), name="issue_state_known"
            ),
            together("year", "number", "issued_on", "issued_by", name="issue_numbered_together"),
            models.CheckConstraint(
                condition=Q(state="issued", number__isnull=False) | (~Q(state="issued") & Q(number=None)),
                name="issued_means_numbered",
            ),
            models.CheckConstraint(
                condition=Q(opened_on=None) | Q(state="issued", level="open"), name="opened_is_issued_and_open"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="number_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("series_id", "year", "number") | pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.number IS NOT NULL"),
                func="""
                    IF TG_OP = 'DELETE' OR NEW.number IS DISTINCT FROM OLD.number OR NEW.year IS DISTINCT FROM OLD.year
                        OR NEW.series_id IS DISTINCT FROM OLD.series_id THEN
                        RAISE EXCEPTION 'a given number never changes' USING ERRCODE = '23514';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series}{self.mark}"

    @property
    def mark(self) -> str:
        """2026年第12期, or that it has no number yet."""
        return f"{self.year}年第{self.number}期" if self.number else "（未编号）"

    def get_absolute_url(self) -> str:
        return f"/reports/issues/{self.public_id}/"


class IssueItemQuerySet(models.QuerySet["IssueItem"]):
    def in_order(self) -> "IssueItemQuerySet":
        return self.order_by("order", "pk")

    def not_out_yet(self) -> "IssueItemQuerySet":
        return self.filter(issue__state__in=Issue.OPEN).select_related("issue__series")

    def issued(self) -> "IssueItemQuerySet":
        return self.filter(issue__state=Issue.State.ISSUED)

    def opened(self) -> "IssueItemQuerySet":
        """What members may read: of issues that are opened to them, and still public and in sight today."""
        rows = self.filter(issue__opened_on__isnull=False, report__matter__access=Access.OPEN)
        return rows.exclude(report__matter__readers=[keys.SUSPENDED])


class IssueItem(models.Model):
    """One report of an issue, in the words of one edition; those combined with it stand behind it."""

    issue = models.ForeignKey(Issue, models.PROTECT, related_name="items")
    report = models.ForeignKey(Report, models.PROTECT, related_name="issue_items")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="issue_items")
    order = models.PositiveSmallIntegerField("顺序")

    objects = IssueItemQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issue", "report"], name="report_once_in_issue")]

    def __str__(self) -> str:
        return f"{self.order}"


class IssueSignature(models.Model):
    """Who checked or signed an issue, in which round of sending it up, on screen or on paper; what sent it back."""

    class Step(models.TextChoices):
        CHECK = "check", "核稿"
        SIGN = "sign", "签发"

    issue = models.ForeignKey(Issue, models.PROTECT, related_name="signatures")
    round = models.PositiveSmallIntegerField("第几次送签")
    step = models.CharField("环节", max_length=8, choices=Step)
    agrees = models.BooleanField("同意")
    text = models.CharField("意见", max_length=300, blank=True)
    name = models.CharField("签批人", max_length=100)
    on = models.DateField("日期")
    sheet = models.CharField("纸质单据", max_length=60, blank=True)
    scan = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="+", verbose_name="单据扫描件")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="经手人")
    at = models.DateTimeField("时间")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issue", "round", "step"], name="one_signature_a_step"),
            models.CheckConstraint(condition=Q(step__in=["check", "sign"]), name="issue_step_known"),
            models.CheckConstraint(condition=Q(agrees=True) | ~Q(text=""), name="issue_sent_back_says_why"),
            models.CheckConstraint(condition=Q(scan=None) | ~Q(sheet=""), name="scan_is_of_a_sheet"),
        ]

    def __str__(self) -> str:
        return f"{self.get_step_display()}：{self.name}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user: Any) -> "DeliveryQuerySet":
        return self.filter(issue__in=Issue.objects.visible_to(user))


class Delivery(Addressed):
    """An issue was sent to somebody (发送): when, how, at which level; whether its slip came back (送阅单, P18)."""

    class How(models.TextChoices):
        PAPER = "paper", "纸质"
        SYSTEM = "system", "公文系统"
        SECURE = "secure", "机要"
        UPWARD = "upward", "上级信息报送系统"

    class Returned(models.TextChoices):
        READ = "read", "圈阅"
        INSTRUCTION = "instruction", "批示"
        TRANSFER = "transfer", "转办"

    issue = models.ForeignKey(Issue, models.PROTECT, related_name="deliveries")
    recipient = models.ForeignKey(Recipient, models.PROTECT, related_name="deliveries")
    level = models.CharField("发送时密级", max_length=12, choices=LEVEL_CHOICES)
    sent_on = models.DateField("发送日期")
    how = models.CharField("方式", max_length=8, choices=How, default=How.PAPER)
    copies = models.PositiveSmallIntegerField("份数", default=1)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="登记人")
    at = models.DateTimeField("登记时间")
    returned = models.CharField("送阅单", max_length=12, choices=Returned, blank=True)
    returned_on = models.DateField("退回日期", null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = "发送记录"
        constraints = [
            models.UniqueConstraint(fields=["issue", "recipient"], name="issue_sent_once_to_each"),
            models.CheckConstraint(condition=Q(level__in=LEVEL_NAMES), name="delivery_level_known"),
            models.CheckConstraint(
                condition=Q(how__in=["paper", "system", "secure", "upward"]), name="delivery_how_known"
            ),
            models.CheckConstraint(
                condition=Q(returned__in=["", "read", "instruction", "transfer"]), name="delivery_returned_known"
            ),
            models.CheckConstraint(
                condition=Q(returned="", returned_on=None) | (~Q(returned="") & Q(returned_on__isnull=False)),
                name="delivery_returned_together",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.issue}→{self.recipient}"
