"""What a unit says of its reply: whether the public may read it (公开属性)."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from .assignment import together
from .reply import Reply

PERSON = settings.AUTH_USER_MODEL


class ReplyDisclosure(models.Model):
    """The attribute that a unit proposes for one reply, until the disclosure reviewer puts it back with a reason.

    One that was put back says nothing until the unit has proposed anew.
    """

    class Attribute(models.TextChoices):
        ACTIVE = "active", "主动公开"
        ON_REQUEST = "on_request", "依申请公开"
        CLOSED = "closed", "不予公开"

    reply = models.OneToOneField(Reply, models.PROTECT, related_name="disclosure")
    attribute = models.CharField("公开属性", max_length=12, choices=Attribute, blank=True)
    reason = models.CharField("理由", max_length=200, blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(null=True)
    returned_reason = models.CharField("退回单位的意见", max_length=200, blank=True)
    returned_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    returned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(attribute="", returned_at__isnull=False)
                | Q(attribute="active")
                | (Q(attribute__in=["on_request", "closed"]) & ~Q(reason="")),
                name="disclosure_says_why",
            ),
            together("by", "at", name="disclosure_proposed_together"),
            together("returned_by", "returned_at", name="disclosure_returned_together"),
        ]

    @property
    def is_public(self) -> bool:
        """Whether the unit wants the reply published, as far as it has said so."""
        return self.attribute == self.Attribute.ACTIVE and self.returned_at is None

    @property
    def words(self) -> str:
        if self.returned_at is not None:
            return f"已退回单位补充：{self.returned_reason}"
        return f"{self.get_attribute_display()}（{self.reason}）" if self.reason else self.get_attribute_display()
