"""Suspension and purge: effective everywhere at once, by two persons, and nothing is left (S5)."""

import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from config.servers import embedded_programs
from members.errors import Refused, WrongStep
from members.models import AuditEntry
from proposals.handling import actions, events, official
from proposals.handling.actions.attaching import admit, attach
from proposals.handling.actions.purging import ERASED
from proposals.handling.eyes import eyes
from proposals.handling.models import EventPayload, IssuedPaper, Matter, PublicWord
from proposals.handling.models.matter import _digest
from tests.factories import MatterFactory
from tests.handling.conftest import House, build_house, give, part_of, reason, result_class, round_of, signed
from tests.reports.whole_way import reports_of_every_kind
from tests.uploads.made import pdf

MARK = "绝密暗语8f3a"


def words_of_every_kind(house: House) -> Matter:
    """A matter that has been through everything, the mark in every word that anyone typed."""
    matter = MatterFactory(by=house.member, title=f"关于{MARK}的建议", unit_title=f"{MARK}一事")
    matter.suggestions.update(text=f"建议{MARK}")
    matter.proposal.situation = matter.proposal.analysis = f"情况{MARK}"
    matter.proposal.save()
    matter = give(house, matter=matter)
    now, today = house.later, timezone.localdate(house.now)
    part = part_of(matter, house.unit)
    objection = actions.object_to(
        part,
        reason=reason("objection"),
        text=MARK,
        approved_by=MARK,
        suggested=house.other_unit,
        by=house.clerk,
        now=now(),
    )
    actions.answer_objection(objection, accepts=False, text=MARK, by=house.other_clerk, now=now())
    meeting = actions.call_coordination(
        part, meets_on=today, place=MARK, units=[house.other_unit], by=house.officer, now=now()
    )
    opinion = meeting.opinions.get()
    actions.give_coordination_opinion(opinion, accepts=False, text=MARK, by=house.other_clerk, now=now())
    said: dict[str, Any] = {"chair": MARK, "present": MARK, "minutes": MARK, "text": MARK}
    actions.rule(meeting, held_on=today, ruling="keep", **said, by=house.officer, now=now())
    part = signed(house, matter)
    actions.pass_inside(part, by=house.head, now=now(), handler=house.handler, section=MARK, comment=MARK)
    due = part.obligations.get(stage="reply").due_on
    request = actions.ask_extension(part, to=due + timedelta(days=9), reason=MARK, by=house.clerk, now=now())
    actions.decide_extension(request, office="assigning", agrees=True, reason=MARK, by=house.officer, now=now())
    actions.decide_extension(request, office="proposal", agrees=True, reason=MARK, by=house.staff, now=now())
    contact = actions.record_contact(
        part, when="before", mode="visit", held_on=today, persons=MARK, text=MARK, by=house.clerk, now=now()
    )
    actions.confirm_contact(contact, matter.participants.get(), took_place=True, note=MARK, by=house.member, now=now())
    actions.chase(part, text=MARK, by=house.officer, now=now())
    upload = SimpleUploadedFile(f"{MARK}.pdf", pdf(f"附件{MARK}".encode()), content_type="application/pdf")
    attach(matter, admit(upload, purpose="text", by=house.member), purpose="text", by=house.member, now=now())
    fields = {"opening": MARK, "doc_no": MARK, "signer": MARK, "contact_name": MARK, "result": result_class()}
    points = {row.pk: actions.PointGiven(result_class(), MARK) for row in matter.suggestions.all()}
    reply = actions.draft_reply(part, fields, points, by=house.clerk, now=now())
    point = reply.points.order_by("pk")[0]
    later = today + timedelta(days=30)
    promise = actions.promise(point, text=MARK, measure=MARK, due_on=later, by=house.clerk, now=now())
    actions.deliver_reply(reply, by=house.clerk, now=now())
    actions.appraise(round_of(part), topic="good", research="good", advice="good", text=MARK, by=house.clerk, now=now())
    promise.refresh_from_db()
    actions.report_progress(promise, text=MARK, by=house.clerk, now=now())
    step = actions.ask_delay(promise, to=later + timedelta(days=9), text=MARK, by=house.clerk, now=now())
    actions.agree(step, text=MARK, by=house.officer, now=now())
    actions.report_kept(promise, text=MARK, reply=MARK, by=house.clerk, now=now())
    word = PublicWord.objects.waiting().order_by("pk")[0]
    actions.review_word(word, passed=False, reason=MARK, by=house.staff, now=now())
    part = official.parts().get(pk=part.pk)
    for source in official.sources(part, eyes(house.staff, part.matter)):
        actions.make_papers(part, source, [None], by=house.staff, now=now())
    actions.evaluate(
        round_of(part),
        matter.participants.get(),
        work="dissatisfied",
        result="basic",
        text=MARK,
        by=house.member,
        now=now(),
    )
    return Matter.objects.get(pk=matter.pk)


def dump() -> str:
    """Every table of the database, as pg_dump writes it."""
    program = embedded_programs() / "pg_dump"
    url = re.sub(r"/[^/]*$", f"/{connection.settings_dict['NAME']}", settings.OWNER_DATABASE_URL)
    done = subprocess.run([str(program), "--data-only", url], capture_output=True, check=True)
    return done.stdout.decode()


def chain_holds(matter: Matter) -> bool:
    previous = ""
    for event in matter.events.order_by("seq"):
        link = _digest(previous, str(event.seq), event.verb, str(matter.pk), str(event.by_id or ""), event.payload_hash)
        if link != event.chain:
            return False
        previous = link
    return True


@pytest.mark.django_db(transaction=True, databases=["default", "purge"])
def test_after_a_purge_no_word_is_left_anywhere() -> None:
    house = build_house()
    matter, reports = words_of_every_kind(house), reports_of_every_kind(MARK)
    assert MARK in dump()
    made = [settings.MEDIA_ROOT / paper.stored for paper in IssuedPaper.objects.all()]
    assert len(made) > 2 and all(file.exists() for file in made)
    assert any(MARK.encode() in file.read_bytes() for file in settings.MEDIA_ROOT.rglob("*") if file.is_file())
    actions.suspend(matter, reason="疑似涉密", by=house.staff, now=house.later())
    with pytest.raises(WrongStep, match="请先由一位同事申请清除"):
        actions.purge(matter, by=house.staff, now=house.later())
    actions.ask_purge(matter, by=house.staff, now=house.later())
    with pytest.raises(Refused, match="须由另一位同事确认"):
        actions.purge(matter, by=house.staff, now=house.later())

    actions.purge(matter, by=house.colleague, now=house.later())
    for report in reports:
        report.refresh_from_db()
        actions.suspend(report, reason=MARK, by=house.staff, now=house.later())
        actions.ask_purge(report, by=house.staff, now=house.later())
        actions.purge(report, by=house.colleague, now=house.later())

    assert [line[:200] for line in dump().splitlines() if MARK in line] == []
    assert not any(file.exists() for file in made) and not IssuedPaper.objects.kept().exists()
    assert not [
        file for file in settings.MEDIA_ROOT.rglob("*") if file.is_file() and MARK.encode() in file.read_bytes()
    ]
    matter.refresh_from_db()
    assert (matter.title, matter.number is not None, chain_holds(matter)) == ("", True, True)
    assert all(chain_holds(report) for report in reports)
    assert matter.events.order_by("-seq").first().verb == "purged"  # type: ignore[union-attr]  # there are many


def test_the_runtime_role_cannot_erase(house: House) -> None:
    from django.db import ProgrammingError, transaction

    give(house)

    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        EventPayload.objects.all().delete()


def test_every_typed_word_is_either_erased_or_known_to_be_harmless() -> None:
    from django.apps import apps
    from django.db import models

    harmless = {
        "handling.matter": {"number", "origin"},
        "handling.event": {"verb", "payload_hash", "chain"},
        "handling.obligation": {"stage", "error"},
        "handling.evaluation": {"device"},
        "handling.attachment": {"name", "stored", "content_type", "sha256"},
        "handling.issuedpaper": {"key", "name", "stored", "sha256"},
        "handling.docnumber": {"key"},
    }
    erased = {model._meta.label_lower: set(columns) for model, (_, columns) in ERASED.items()}
    for model in apps.get_app_config("handling").get_models():
        label = model._meta.label_lower
        path_exists = label in erased or any(
            field.related_model and field.related_model._meta.label_lower in {*erased, "handling.matter"}
            for field in model._meta.get_fields()
            if isinstance(field, models.ForeignKey)
        )
        words = {
            field.name
            for field in model._meta.get_fields()
            if isinstance(field, models.CharField | models.TextField) and not field.choices
        }
        if path_exists:
            assert words <= erased.get(label, set()) | harmless.get(label, set()), label


def seen(house: House, look: Callable[[Any], bool]) -> list[str]:
    people = [house.staff, house.officer, house.clerk, house.member, house.director]
    return [person.name for person in people if look(person)]


def test_suspension_takes_it_out_of_sight_at_once_and_only_a_director_sees_and_lifts(house: House) -> None:
    matter = give(house)

    actions.suspend(matter, reason="疑似涉密", by=house.staff, now=house.later())

    visible = lambda person: Matter.objects.visible_to(person).filter(pk=matter.pk).exists()  # noqa: E731  # read once
    assert seen(house, visible) == [house.director.name]
    with pytest.raises(WrongStep, match="保密核查"):
        actions.sign_for(part_of(matter, house.unit), by=house.clerk, now=house.later())
    actions.lift_suspension(matter, by=house.director, now=house.later())
    assert house.clerk.name in seen(house, visible)
    assert "suspended" not in {event.verb for event, _, _ in events.timeline(house.clerk, matter)}


def viewed(matter: Matter) -> list[str]:
    rows = AuditEntry.objects.filter(verb="view_guarded", subject=str(matter.public_id)).order_by("pk")
    return [row.by.name for row in rows if row.by]


def test_each_view_of_a_sensitive_or_suspended_matter_is_written_down_and_of_an_open_one_none(house: House) -> None:
    matter = give(house)
    client = Client()
    client.force_login(house.staff)
    address = f"/proposals/{matter.public_id}/"

    assert client.get(address).status_code == 200
    assert viewed(matter) == []
    Matter.objects.filter(pk=matter.pk).update(access="sensitive")
    assert client.get(address).status_code == 200
    assert client.get(f"/handling/parts/{part_of(matter, house.unit).public_id}/").status_code == 200
    row = actions.suspend(Matter.objects.get(pk=matter.pk), reason="疑似涉密", by=house.colleague, now=house.later())
    client.force_login(house.director)
    assert client.get(address).status_code == 200

    assert viewed(matter) == [house.staff.name, house.staff.name, house.director.name]
    assert row.seen_by == [house.staff.name]
