"""A reply on its way through its unit (送签): the unit's own steps, the frozen versions, and who signed which."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from members.choices import Role

from .assignment import together
from .matter import Addressed
from .reply import Reply

PERSON = settings.AUTH_USER_MODEL
SIGNERS = (Role.UNIT_HANDLER, Role.UNIT_CLERK, Role.UNIT_DEPUTY, Role.UNIT_HEAD)


class SigningKind(models.TextChoices):
    """What a step of the way is for (签批环节)."""

    COUNTERSIGN = "countersign", "会办会签"
    SECTION = "section", "科室审核"
    OFFICE = "office", "办公室核稿"
    DEPUTY = "deputy", "分管领导审签"
    HEAD = "head", "主要领导签发"


def role_choices() -> list[tuple[str, str]]:
    return [(role.value, role.label.removeprefix("承办单位")) for role in SIGNERS]


def signer_named(prefix: str) -> models.CheckConstraint:
    """One named person or everyone of one role; co-handlers are asked as they are."""
    nobody, one = Q(person=None, role=""), Q(person__isnull=False, role="") | Q(person=None, role__in=SIGNERS)
    condition = Q(kind="countersign") & nobody | ~Q(kind="countersign") & one
    return models.CheckConstraint(condition=condition, name=f"{prefix}_names_its_signer")


class Signer(models.Model):
    """Whose turn a step is: a named person of the unit, or everyone of a role in it."""

    kind = models.CharField("环节", max_length=12, choices=SigningKind)
    order = models.PositiveSmallIntegerField("次序")
    person = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", verbose_name="签批人")
    role = models.CharField("签批角色", max_length=24, choices=role_choices(), blank=True)

    class Meta:
        abstract = True

    @property
    def who(self) -> str:
        if self.kind == SigningKind.COUNTERSIGN:
            return "会办单位"
        return self.person.name if self.person else f"任一{dict(role_choices())[self.role]}"


class SigningStepQuerySet(models.QuerySet["SigningStep"]):
    def current(self) -> "SigningStepQuerySet":
        return self.filter(ended_on=None)


class SigningStep(Signer, Addressed):
    """One step of a unit's way to a signed reply; a unit without any sends its replies as they are."""

    unit = models.ForeignKey("members.Body", models.PROTECT, related_name="signing_steps")
    ended_on = models.DateField("停用日期", null=True)

    objects = SigningStepQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=SigningKind.values), name="signing_step_kind_known"),
            signer_named("signing_step"),
            models.UniqueConstraint(
                fields=["unit", "order"], condition=Q(ended_on=None), name="one_signing_step_a_place"
            ),
            models.UniqueConstraint(
                fields=["unit"], condition=Q(ended_on=None, kind="countersign"), name="one_countersigning_step"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}（{self.who}）"


class ReplyVersion(Addressed):
    """A reply as it was sent up for signature: its whole content, frozen; every earlier one is kept.

    `turn` is the order of the signature that it waits for.
    """

    class State(models.TextChoices):
        SIGNING = "signing", "签批中"
        SIGNED = "signed", "已签发"
        BACK = "back", "退回修改"
        DROPPED = "dropped", "已撤回"

    reply = models.ForeignKey(Reply, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField("稿次")
    content = models.JSONField("全文")
    hash = models.CharField(max_length=64)
    why = models.CharField("送签说明", max_length=300, blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="送签人")
    at = models.DateTimeField("送签时间")
    state = models.CharField(max_length=8, choices=State, default=State.SIGNING)
    turn = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reply", "number"], name="reply_version_once"),
            models.UniqueConstraint(fields=["reply"], condition=Q(state="signing"), name="one_version_at_signing"),
            models.CheckConstraint(
                condition=Q(state__in=["signing", "signed", "back", "dropped"]), name="reply_version_state_known"
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="frozen", fields=["reply", "number", "content", "hash", "why", "by", "at"]),
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"第{self.number}稿"


class Signature(Signer):
    """One step of one version, as the unit's steps were when it was sent up, and what was said at it.

    `name` is who signed: on paper the leader, on screen whoever acted, with the lender beside a delegate.
    """

    version = models.ForeignKey(ReplyVersion, models.PROTECT, related_name="signatures")
    agrees = models.BooleanField("同意", null=True)
    text = models.CharField("意见", max_length=300, blank=True)
    name = models.CharField("签批人姓名", max_length=100, blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", verbose_name="经手人")
    at = models.DateTimeField("签批时间", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "order"], name="signature_once_a_step"),
            models.CheckConstraint(condition=Q(kind__in=SigningKind.values), name="signature_kind_known"),
            signer_named("signature"),
            together("agrees", "by", "at", name="signature_together"),
            models.CheckConstraint(condition=~Q(agrees=False) | ~Q(text=""), name="sent_back_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}（{self.name or self.who}）"


class CountersignQuerySet(models.QuerySet["Countersign"]):
    def waiting(self) -> "CountersignQuerySet":
        """Asked, not answered, and not gone on without."""
        return self.filter(answer="", settled_at=None, version__state=ReplyVersion.State.SIGNING)


class Countersign(Addressed):
    """A co-handler is asked what it thinks of one frozen version of the lead's reply (会签).

    `settled` is what the lead did about an amendment or a dissent, or why it went on without an answer; an answer
    that comes after that is `late`: it is kept and shown, and changes nothing.
    """

    class Answer(models.TextChoices):
        AGREE = "agree", "同意"
        AMEND = "amend", "建议修改"
        DISSENT = "dissent", "不同意"

    AGAINST: ClassVar = (Answer.AMEND, Answer.DISSENT)

    version = models.ForeignKey(ReplyVersion, models.PROTECT, related_name="countersigns")
    assignment = models.ForeignKey("handling.Assignment", models.PROTECT, related_name="countersigns")
    answer = models.CharField("会签意见", max_length=8, choices=Answer, blank=True)
    text = models.TextField("修改建议或不同意的理由", blank=True)
    late = models.BooleanField("逾期提交", default=False)
    by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(null=True)
    settled = models.TextField("处理情况", blank=True)
    settled_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)

    objects = CountersignQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "assignment"], name="countersign_once_a_version"),
            models.CheckConstraint(condition=Q(answer__in=["", "agree", "amend", "dissent"]), name="countersign_known"),
            together("by", "at", name="countersign_together"),
            together("settled_by", "settled_at", name="countersign_settled_together"),
            models.CheckConstraint(
                condition=Q(answer="", at=None) | (~Q(answer="") & Q(at__isnull=False)), name="countersign_has_a_day"
            ),
            models.CheckConstraint(
                condition=~Q(answer__in=["amend", "dissent"]) | ~Q(text=""), name="countersign_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assignment.unit}会签{self.version}"
