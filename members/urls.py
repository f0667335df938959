from django.urls import URLPattern, URLResolver, path

from members.views import appointments, audit, bodies, people

app_name = "members"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", people.People.as_view(), name="people"),
    path("people/<uuid:public_id>/", people.PersonPage.as_view(), name="person"),
    path("people/<uuid:public_id>/contact/", people.Contact.as_view(), name="contact"),
    path("people/<uuid:public_id>/appoint/", appointments.Appoint.as_view(), name="appoint"),
    path("people/<uuid:public_id>/seat/", people.Seat.as_view(), name="seat"),
    path("people/<uuid:public_id>/code/", people.IssueCode.as_view(), name="issue_code"),
    path("people/<uuid:public_id>/account/", people.AccountState.as_view(), name="account"),
    path("people/<uuid:public_id>/withdraw/", people.WithdrawName.as_view(), name="withdraw_name"),
    path("appointments/", appointments.Appointments.as_view(), name="appointments"),
    path("appointments/waiting/", appointments.ToConfirm.as_view(), name="to_confirm"),
    path("appointments/confirm/", appointments.ConfirmMany.as_view(), name="confirm_many"),
    path("appointments/<uuid:public_id>/confirm/", appointments.Confirm.as_view(), name="confirm"),
    path("appointments/<uuid:public_id>/refuse/", appointments.Refuse.as_view(), name="refuse"),
    path("appointments/<uuid:public_id>/end/", appointments.End.as_view(), name="end"),
    path("delegations/", appointments.Delegations.as_view(), name="delegations"),
    path("delegations/new/", appointments.Delegate.as_view(), name="delegate"),
    path("delegations/<uuid:public_id>/revoke/", appointments.Revoke.as_view(), name="revoke"),
    path("absences/new/", appointments.BeAway.as_view(), name="be_away"),
    path("absences/<uuid:public_id>/end/", appointments.BeBack.as_view(), name="be_back"),
    path("bodies/", bodies.Bodies.as_view(), name="bodies"),
    path("bodies/new/", bodies.AddBody.as_view(), name="add_body"),
    path("bodies/<uuid:public_id>/", bodies.BodyPage.as_view(), name="body"),
    path("bodies/<uuid:public_id>/names/", bodies.AddName.as_view(), name="add_name"),
    path("bodies/<uuid:public_id>/succeed/", bodies.Succeed.as_view(), name="succeed"),
    path("terms/", bodies.Terms.as_view(), name="terms"),
    path("terms/new/", bodies.AddTerm.as_view(), name="add_term"),
    path("terms/roll-over/", bodies.RollOver.as_view(), name="roll_over"),
    path("sessions/new/", bodies.OpenSession.as_view(), name="open_session"),
    path("sessions/<slug:code>/", bodies.DateSession.as_view(), name="session"),
    path("audit/", audit.Audit.as_view(), name="audit"),
]
