import pgtrigger
from django.db import models
from django.db.models import Q

from members.audit_words import WORDS
from members.choices import Outcome
from members.models.person import Person


class AuditEntry(models.Model):
    """What somebody did to which number (审计): written once, never changed; a trigger refuses UPDATE and DELETE.

    The facts lie apart in `AuditFacts`, so that an erased text leaves this row and its hash true (S5).
    """

    append_only = True

    at = models.DateTimeField("时间", db_index=True)
    by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="人员")
    verb = models.CharField("行为", max_length=40, db_index=True)
    subject = models.CharField("对象", max_length=80, blank=True, db_index=True)
    address = models.GenericIPAddressField("网络地址", null=True)
    outcome = models.CharField("结果", max_length=8, choices=Outcome, default=Outcome.DONE)
    facts_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="audit_outcome_known")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.verb}"

    @property
    def what(self) -> str:
        return WORDS.get(self.verb, self.verb)


class AuditFacts(models.Model):
    """The particulars of an audit row, erasable by the purge alone."""

    append_only = True

    entry = models.OneToOneField(AuditEntry, models.PROTECT, primary_key=True, related_name="facts")
    facts = models.JSONField()

    def __str__(self) -> str:
        return str(self.entry_id)
