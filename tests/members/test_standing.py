from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from members import keys
from members.choices import BodyKind, Role, System
from members.models import Delegation, Person
from members.rights import bodies_of, keys_of, may, roles_of
from tests.factories import AppointmentFactory, BodyFactory, PersonFactory, appoint

pytestmark = pytest.mark.django_db


def today() -> date:
    return timezone.localdate()


def test_rights_follow_an_appointment_in_force() -> None:
    body = BodyFactory()
    clerk = appoint(Role.UNIT_CLERK, body)

    assert roles_of(clerk, today()) == {Role.UNIT_CLERK: {body.pk}}
    assert bodies_of(clerk, "members.delegate", today()) == {body.pk}
    assert may(clerk, "members.delegate")
    assert not may(clerk, "members.appoint")
    assert keys_of(clerk) == [keys.PUBLIC, keys.body_key(body.pk), keys.person_key(clerk.pk)]


@pytest.mark.parametrize("days", [(-20, -1), (1, 20)])
def test_ended_and_future_appointments_give_nothing(days: tuple[int, int]) -> None:
    first, last = (today() + timedelta(days=n) for n in days)
    person = appoint(Role.PROPOSAL_STAFF, starts_on=first, ends_on=last)

    assert roles_of(person, today()) == {}
    assert keys_of(person) == [keys.PUBLIC, keys.person_key(person.pk)]


def test_the_last_day_still_counts() -> None:
    person = appoint(Role.PROPOSAL_STAFF, starts_on=today(), ends_on=today())

    assert may(person, "members.directory")


def test_an_appointment_counts_only_after_a_second_person_confirmed_it() -> None:
    person = PersonFactory()
    granter, second = appoint(Role.SECURITY_ADMINISTRATOR), appoint(Role.SECURITY_ADMINISTRATOR)
    appointment = AppointmentFactory(person=person, role=Role.AUDITOR, granted_by=granter)
    assert not may(person, "members.audit")

    appointment.confirmed_by, appointment.confirmed_at = second, timezone.now()
    appointment.save()
    assert may(person, "members.audit")


def test_an_inactive_account_has_no_rights() -> None:
    person = appoint(Role.AUDITOR, is_active=False)

    assert not may(person, "members.audit")
    assert keys_of(person) == [keys.PUBLIC]


def test_a_lent_role_opens_rows_but_never_what_cannot_be_lent() -> None:
    body = BodyFactory(kind=BodyKind.OFFICE, system=System.CPPCC)
    holder, stand_in = appoint(Role.SECURITY_ADMINISTRATOR, body), PersonFactory()
    Delegation.objects.create(
        appointment=holder.appointments.get(), to=stand_in, starts_on=today(), ends_on=today() + timedelta(days=3)
    )

    assert may(stand_in, "members.appointments")
    assert not may(stand_in, "members.appoint")
    assert roles_of(stand_in, today() + timedelta(days=4)) == {}


@pytest.mark.parametrize("system", [System.PARTY, System.GOVERNMENT, System.CPPCC])
def test_an_assigning_officer_sees_the_own_system(system: System) -> None:
    office = BodyFactory(kind=BodyKind.OFFICE, system=system)
    officer = appoint(Role.ASSIGNING_OFFICER, office)

    key = {"party": keys.ASSIGNING_PARTY, "government": keys.ASSIGNING_GOVERNMENT, "cppcc": keys.ASSIGNING_CPPCC}[
        system
    ]
    assert keys_of(officer) == sorted([keys.PUBLIC, key, keys.body_key(office.pk), keys.person_key(officer.pk)])


def test_nobody_serves_the_office_and_a_unit_at_once() -> None:
    person = appoint(Role.UNIT_CLERK)

    with pytest.raises(IntegrityError, match="never_staff_and_unit_at_once"), transaction.atomic():
        appoint(Role.PROPOSAL_STAFF, person=person)
    assert set(roles_of(person, today())) == {Role.UNIT_CLERK}


def test_the_office_after_the_unit_is_allowed() -> None:
    person = appoint(Role.UNIT_CLERK, ends_on=today() - timedelta(days=1))

    appoint(Role.PROPOSAL_STAFF, person=person, starts_on=today())

    assert set(roles_of(person, today())) == {Role.PROPOSAL_STAFF}


def test_the_database_refuses_to_appoint_oneself_or_to_confirm_ones_own_grant() -> None:
    admin, person = appoint(Role.SECURITY_ADMINISTRATOR), PersonFactory()

    with pytest.raises(IntegrityError, match="nobody_appoints_himself"), transaction.atomic():
        AppointmentFactory(person=admin, role=Role.AUDITOR, granted_by=admin)
    with pytest.raises(IntegrityError, match="a_second_person_confirms"), transaction.atomic():
        AppointmentFactory(
            person=person, role=Role.AUDITOR, granted_by=admin, confirmed_by=admin, confirmed_at=timezone.now()
        )


def test_superuser_flags_do_not_exist() -> None:
    assert not hasattr(Person(), "is_superuser")
    assert not hasattr(Person(), "is_staff")
