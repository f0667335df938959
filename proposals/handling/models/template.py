"""The own letter templates of units and offices (公文模板)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from members.rights import bodies_of

from .assignment import together
from .matter import Addressed

PERSON = settings.AUTH_USER_MODEL


class PaperKind(models.TextChoices):
    REPLY = "reply", "答复函"
    OPINION = "opinion", "会办意见函"
    CHASE = "chase", "督办单"
    EXTENSION = "extension", "延期批复"
    FORM = "form", "征询意见表"
    REGISTER = "register", "办理登记表"


class LetterTemplateQuerySet(models.QuerySet["LetterTemplate"]):
    def visible_to(self, user: Any) -> "LetterTemplateQuerySet":
        """One's own unit's or office's; the proposal office sees all, as the second person where a unit has none."""
        if user.has_perm("handling.release_templates"):
            return self
        return self.filter(body__in=bodies_of(user, "handling.letter_templates", timezone.localdate()))

    def waiting(self) -> "LetterTemplateQuerySet":
        return self.filter(state=LetterTemplate.State.WAITING)

    def in_use(self, body: int, kind: str) -> "LetterTemplate | None":
        return self.filter(body=body, kind=kind, state=LetterTemplate.State.ON).first()


class LetterTemplate(Addressed):
    """One version of a body's own .docx for one kind of document; without one in use the built-in letter stands.

    Who brought it does not put it into use: a second person has looked at it (S14). No version is changed or thrown
    away, so that each document can say which one made it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "待启用"
        ON = "on", "使用中"
        OFF = "off", "已停用"

    body = models.ForeignKey("members.Body", models.PROTECT, related_name="letter_templates", verbose_name="单位")
    kind = models.CharField("文种", max_length=12, choices=PaperKind)
    version = models.PositiveSmallIntegerField("版本")
    state = models.CharField("状态", max_length=8, choices=State, default=State.WAITING)
    name = models.CharField("文件名", max_length=120)
    stored = models.CharField(max_length=60)
    size = models.PositiveIntegerField("大小")
    sha256 = models.CharField("校验码", max_length=64)
    uses = models.JSONField("用到的字段", default=list)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="上传人")
    at = models.DateTimeField("上传时间")
    released_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", verbose_name="启用人")
    released_at = models.DateTimeField("启用时间", null=True)
    refused = models.CharField("不启用的原因", max_length=200, blank=True)

    objects = LetterTemplateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["body", "kind", "version"], name="template_version_once"),
            models.UniqueConstraint(fields=["body", "kind"], condition=Q(state="on"), name="one_template_in_use"),
            models.CheckConstraint(condition=Q(kind__in=PaperKind.values), name="template_kind_known"),
            models.CheckConstraint(condition=Q(state__in=["waiting", "on", "off"]), name="template_state_known"),
            models.CheckConstraint(
                condition=~Q(state="on") | Q(released_by__isnull=False), name="template_in_use_is_released"
            ),
            models.CheckConstraint(
                condition=Q(released_by=None) | ~Q(released_by=F("by")), name="template_released_by_another"
            ),
            together("released_by", "released_at", name="template_released_together"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}模板第{self.version}版"
