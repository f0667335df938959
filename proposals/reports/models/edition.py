"""The edited text of a report (编辑稿), in versions that are never overwritten, and its authors' word on them."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from members import keys
from proposals.handling.models import Access, Addressed, Attachment, Participant, together

from .report import Report

PERSON = settings.AUTH_USER_MODEL


class EditionQuerySet(models.QuerySet["Edition"]):
    def newest_first(self) -> "EditionQuerySet":
        return self.order_by("-number")


class Edition(Addressed):
    """One version of the text that a bulletin prints (编辑稿). A report's own words stay beside it, untouched."""

    class State(models.TextChoices):
        DRAFT = "draft", "编辑中"
        ASKED = "asked", "请反映人核对"
        CONFIRMED = "confirmed", "反映人已确认"
        CHANGED = "changed", "反映人要求修改"
        SIGNED = "signed", "已签发"

    report = models.ForeignKey(Report, models.PROTECT, related_name="editions")
    number = models.PositiveSmallIntegerField("稿次")
    title = models.CharField("标题", max_length=300)
    text = models.TextField("正文")
    state = models.CharField("状态", max_length=12, choices=State, default=State.DRAFT)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="编辑")
    at = models.DateTimeField("保存时间")

    objects = EditionQuerySet.as_manager()

    class Meta:
        verbose_name = "编辑稿"
        constraints = [
            models.UniqueConstraint(fields=["report", "number"], name="edition_number_once"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "asked", "confirmed", "changed", "signed"]), name="edition_state_known"
            ),
            models.CheckConstraint(condition=~Q(text="") & ~Q(title=""), name="edition_says_something"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="frozen", fields=["report", "number", "title", "text", "by", "at"]),
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"第{self.number}稿"


class AuthorWordQuerySet(models.QuerySet["AuthorWord"]):
    def in_sight(self) -> "AuthorWordQuerySet":
        """On a text that is out of nobody's sight, and of no higher level than the own report of whoever is asked."""
        text, own = "edition__report__matter__", "participant__matter__access"
        hidden = Q(**{f"{text}access": Access.SUSPENDED}) | Q(**{f"{text}readers": [keys.SUSPENDED]})
        above = Q(**{f"{text}access": Access.SENSITIVE}) & ~Q(**{own: Access.SENSITIVE})
        above |= Q(**{f"{text}access": Access.INTERNAL, own: Access.OPEN})
        return self.exclude(hidden | above)


class AuthorWord(Addressed):
    """An author is asked whether an edited text still says what was meant (请反映人核对), and what he answered."""

    class Answer(models.TextChoices):
        SAME = "same", "意思没有变"
        CHANGE = "change", "需要修改"

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="words")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="words", verbose_name="反映人")
    asked_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="征求人")
    asked_at = models.DateTimeField("征求时间")
    answer = models.CharField("答复", max_length=8, choices=Answer, blank=True)
    text = models.CharField("需要修改的地方", max_length=1000, blank=True)
    said = models.CharField("答复方式", max_length=80, blank=True)
    proof = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="+", verbose_name="答复的凭据")
    answered_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+", verbose_name="登记人")
    answered_at = models.DateTimeField("答复时间", null=True)

    objects = AuthorWordQuerySet.as_manager()

    class Meta:
        verbose_name = "反映人的答复"
        constraints = [
            models.UniqueConstraint(fields=["edition", "participant"], name="author_asked_once_an_edition"),
            models.CheckConstraint(condition=Q(answer__in=["", "same", "change"]), name="author_answer_known"),
            models.CheckConstraint(condition=~Q(answer="change") | ~Q(text=""), name="author_says_what_to_change"),
            together("answered_by", "answered_at", name="author_answered_together"),
        ]

    def __str__(self) -> str:
        return self.get_answer_display() or "还没有答复"
