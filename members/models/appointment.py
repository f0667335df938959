from __future__ import annotations

import uuid
from datetime import date, datetime

import pghistory
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When

from members.choices import STAFF_ROLES, UNIT_ROLES, Role
from members.models.body import Body
from members.models.person import Person

SIDES = Case(
    When(role__in=sorted(STAFF_ROLES), then=Value(1)),
    When(role__in=sorted(UNIT_ROLES), then=Value(2)),
    output_field=models.IntegerField(),
)
DAYS = Func(F("starts_on"), F("ends_on"), Value("[]"), function="daterange", output_field=DateRangeField())


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def confirmed(self) -> AppointmentQuerySet:
        """Those that count: set up on the server, or granted by one and confirmed by another."""
        return self.filter(Q(granted_by=None) | Q(confirmed_by__isnull=False))

    def on_day(self, on: date) -> AppointmentQuerySet:
        return self.filter(starts_on__lte=on).filter(Q(ends_on=None) | Q(ends_on__gte=on))

    def in_force(self, on: date) -> AppointmentQuerySet:
        return self.confirmed().on_day(on)

    def waiting(self) -> AppointmentQuerySet:
        return self.filter(granted_by__isnull=False, confirmed_by=None)


@pghistory.track(pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Appointment(models.Model):
    """A role that a person has in a body for a time (任职); its last day is `ends_on`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="appointments", verbose_name="人员")
    body = models.ForeignKey(Body, models.PROTECT, related_name="appointments", verbose_name="单位")
    role = models.CharField("角色", max_length=24, choices=Role)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期", null=True, blank=True)
    document = models.CharField("依据文件", max_length=200, blank=True)
    granted_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="授予人"
    )
    granted_at = models.DateTimeField("授予时间", auto_now_add=True)
    confirmed_by = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="复核人"
    )
    confirmed_at = models.DateTimeField("复核时间", null=True, blank=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["body", "role"], name="appointment_by_body")]
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="appointment_role_known"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="appointment_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(granted_by=None) | ~Q(granted_by=F("person")), name="nobody_appoints_himself"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | (~Q(confirmed_by=F("granted_by")) & ~Q(confirmed_by=F("person"))),
                name="a_second_person_confirms",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False, granted_by__isnull=False),
                name="confirmed_by_and_at_together",
            ),
            ExclusionConstraint(
                name="one_appointment_at_a_time",
                expressions=[("person", "="), ("body", "="), ("role", "="), (DAYS, "&&")],
                violation_error_message="此人在该单位已有同一角色的任职，时间重叠。",
            ),
            ExclusionConstraint(
                name="never_staff_and_unit_at_once",
                expressions=[("person", "="), (SIDES, "<>"), (DAYS, "&&")],
                condition=Q(role__in=sorted(STAFF_ROLES | UNIT_ROLES)),
                violation_error_message="同一人不能同时担任政协机关角色和承办单位角色。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.starts_on}"

    @property
    def is_confirmed(self) -> bool:
        return self.granted_by_id is None or self.confirmed_by_id is not None

    def is_in_force(self, on: date) -> bool:
        return self.is_confirmed and self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)


class DelegationQuerySet(models.QuerySet["Delegation"]):
    def in_force(self, on: date) -> DelegationQuerySet:
        return self.filter(starts_on__lte=on, ends_on__gte=on, revoked_at=None)


class Delegation(models.Model):
    """An appointment lent by its holder to a colleague of the same body for some days (委托); never lent on."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="delegations")
    to = models.ForeignKey(Person, models.PROTECT, related_name="delegations", verbose_name="受托人")
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = DelegationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="delegation_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.to_id} {self.starts_on}—{self.ends_on}"

    def revoke(self, now: datetime) -> None:
        self.revoked_at = now
        self.save(update_fields=["revoked_at"])


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def in_force(self, on: date) -> AbsenceQuerySet:
        return self.filter(starts_on__lte=on, ends_on__gte=on, revoked_at=None)


class Absence(models.Model):
    """Days on which somebody is not at his post (不在岗), by his own word: reminders go to whom he has lent it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="absences", verbose_name="本人")
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")
    noted_at = models.DateTimeField("登记时间")
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="absence_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.starts_on}—{self.ends_on}"
