"""Proposals that were not filed and went another way than an opinion: a report lead, or a higher CPPCC."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from members.rights import may
from proposals.handling.models import Access, Addressed, Matter


class ReferralQuerySet(models.QuerySet["Referral"]):
    def visible_to(self, user: Any) -> "ReferralQuerySet":
        """Whoever keeps reports has the leads of what is not suspended; the rest goes with its proposal."""
        with_origin = Q(origin__in=Matter.objects.visible_to(user))
        if may(user, "reports.leads"):
            with_origin |= Q(kind=Referral.Kind.LEAD) & ~Q(origin__access=Access.SUSPENDED)
        return self.filter(with_origin)


class Referral(Addressed):
    """Where a proposal went, with the words that went there, and the proposer's consent (转社情民意、转上级政协)."""

    class Kind(models.TextChoices):
        LEAD = "lead", "社情民意线索"
        HIGHER = "higher", "转上级政协"

    kind = models.CharField("去向", max_length=8, choices=Kind)
    origin = models.OneToOneField(Matter, models.PROTECT, related_name="referral", verbose_name="原件")
    text = models.TextField("内容")
    to = models.CharField("接收单位", max_length=80, blank=True)
    on = models.DateField("转送日期")
    consent = models.CharField("提案者同意情况", max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = ReferralQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["lead", "higher"]), name="referral_kind_known"),
            models.CheckConstraint(condition=~Q(consent=""), name="referral_has_consent"),
            models.CheckConstraint(condition=Q(kind="lead") | ~Q(to=""), name="passed_up_to_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.origin}"
