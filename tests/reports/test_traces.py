"""Each view and each download of a sensitive report leaves an audit row (S20, S23), whoever looks and by whichever page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import validators
from django.db.models import fields as columns
from django.forms import BooleanField, fields, models
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.models import AuditEntry
from members.uploads import Use, check
from proposals.handling import actions as handling
from proposals.handling import readers
from proposals.handling.models import Access, Assignment, Attachment, Matter
from proposals.reports import actions
from proposals.reports.actions import adopting, assigning, bulletins, delivering, editing
from proposals.reports.models import (
    AuthorWord,
    Delivery,
    Edition,
    Feedback,
    Instruction,
    Issue,
    Recipient,
    Report,
    Series,
    Status,
    Words,
)
from tests.channels import words_of
from tests.factories import BodyFactory, appoint
from tests.handling.conftest import result_class
from tests.reports.factories import report
from tests.reports.test_bulletins import Office
from tests.reports.test_editing import signed_in
from tests.rights.table import TABLE
from tests.rights.test_walk import ROUTES
from tests.uploads.made import pdf, upload

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.rights.bare_urls"),
    pytest.mark.usefixtures("persons_read_once"),
]
MARK = "独一无二的暗语"
SECRET = Words("关于一件事的情况反映", f"{MARK}的情况。", f"{MARK}的原因。", f"{MARK}的建议。")
TABLES: dict[str, type[Any]] = {
    "/reports/": Report,
    "/reports/editions/": Edition,
    "/reports/words/": AuthorWord,
    "/reports/issues/": Issue,
    "/reports/deliveries/": Delivery,
    "/reports/instructions/": Instruction,
    "/reports/files/": Attachment,
    "/reports/feedback/": Feedback,
    "/reports/series/": Series,
    "/reports/recipients/": Recipient,
    "/proposals/from-report/": Report,
    "/handling/parts/": Assignment,
    "/handling/files/": Attachment,
}
"""What the id in an address below this folder names."""
ID = {Report: "matter__public_id"}
DJANGO = {
    str(message)
    for kind in [*vars(fields).values(), *vars(models).values(), *vars(columns).values()]
    for message in getattr(kind, "default_error_messages", {}).values()
} | {str(validator.message) for validator in vars(validators).values() if hasattr(validator, "message")}
WITHOUT_TEXT = {
    "/reports/adoptions/",
    "/reports/leads/",
    "/reports/opinions/",
    "/reports/opened/",  # words of public ones alone
}


PLACES = {
    label: set(names.split())
    for label, names in {
        "报社情民意": "fresh",
        "我的社情民意": "confirm_edition discard report withdraw write",
        "代录信息": "enter",
        "信息筛选": "accept accept_many claim_many combine give_back keep keep_many lead refer screen screening set_level",
        "社情民意信息": "assign_report correct_feedback drop_instruction feed_back keep list record_adoption record_instruction "
        "release_instruction report set_level similar withdraw withdraw_lead",
        "编辑中的信息": "ask_authors combine edit editing edition record_word",
        "社情民意刊物": "add_recipient add_series change_recipient change_series compose deliver deliveries drop_delivery issue "
        "issue_pdf issue_print issues open_issue record_return series sign_issue take_issue_back",
        "已开放的刊物": "opened",
        "信息通报": "circulars",
        "约稿任务": "credits quotas set_credit set_quota",
        "意见建议": "enter_opinion opinions",
        "社情民意线索": "leads",
    }.items()
}
"""Which entry of the menu is marked on which pages."""


class Guarded(Office):
    """Sensitive reports at every step, with the marked words: written, screened, edited, to be signed, issued, with a unit."""

    def __init__(self) -> None:
        super().__init__()
        self.author, self.unit = appoint(Role.MEMBER, name="林溪"), BodyFactory(name="市住建局测试")
        self.clerk = appoint(Role.UNIT_CLERK, self.unit, name="沈青")
        for step in (Status.DRAFT, Status.SUBMITTED, Status.TURNED):
            one = report(self.author, words=SECRET, status=step)
            actions.bring(one, [check(upload("图.pdf", pdf()), use=Use.ATTACHMENT)], by=self.author, now=self.now())
        asked, waiting, done = [self.edited() for _ in range(3)]
        [edition] = asked.editions.all()
        editing.ask_authors(edition, editing.authors_to_ask(edition), by=self.editor, now=self.now())
        sent = bulletins.send_issue_up(self.issue(waiting), by=self.staff, now=self.now())
        bulletins.sign_issue(sent, agrees=True, by=self.colleague, now=self.now())
        out, on = self.issued(done), timezone.localdate(self.moment)
        delivering.deliver(out, list(Recipient.objects.all()[:1]), on=on, how="paper", by=self.staff, now=self.now())
        facts: dict[str, Any] = {"level": "city", "on": on, "by": self.staff}
        adopting.record_instruction(
            done, kind="instruction", leader_name="某市长", text="请研办。", **facts, now=self.now()
        )
        part = assigning.assign_report(done, lead=self.unit, by=self.staff, now=self.now()).assignments[0]
        done.feedbacks.create(text=MARK, on=on, by=self.staff, at=self.moment)
        self.answer(handling.sign_for(part, by=self.clerk, now=self.now()))
        for matter in Matter.objects.all():
            matter.access = Access.SENSITIVE
            matter.save(update_fields=["access"])
            readers.refresh(matter)

    def edited(self) -> Report:
        one = report(self.author, words=SECRET, status=Status.EDITING)
        editing.save_edition(one, title="稿", text=f"{MARK}。", by=self.editor, now=self.now())
        return one

    def answer(self, part: Assignment) -> None:
        points = {row.pk: handling.PointGiven(result_class("A"), MARK) for row in part.matter.suggestions.all()}
        fields = {"result": result_class("A"), "opening": MARK}
        handling.draft_reply(part, fields, points, by=self.clerk, now=self.now())


def addresses(role: str, folders: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Every address of the folders that this role may open, with the id of each row that it may name."""
    ids = {
        folder: list(table.objects.values_list(ID.get(table, "public_id"), flat=True))
        for folder, table in TABLES.items()
    }
    for name, route in ROUTES.items():
        folder, found, rest = route.partition("<uuid:public_id>")
        if not route.startswith(folders) or role not in TABLE[name].roles:
            continue
        if not found:
            yield name, route
        else:
            yield from ((name, f"{folder}{public_id}{rest}") for public_id in ids.get(folder, []))


def test_every_folder_of_reports_is_asked_for_or_holds_no_text() -> None:
    folders = {route.partition("<uuid:public_id>")[0] for route in ROUTES.values() if "<uuid" in route}
    assert {folder for folder in folders if folder.startswith("/reports/")} - TABLES.keys() == WITHOUT_TEXT


def machine_said(form: Any) -> list[str]:
    """What this form answers in Django's words instead of ours, when every choice in it is forged and every line too long."""
    found = []
    for value in ("不是编号", "00000000-0000-4000-8000-000000000000", "长" * 9_000, "9" * 400):
        data = QueryDict(mutable=True)
        for name, field in form.fields.items():
            data.setlist(form.add_prefix(name), ["on" if isinstance(field, BooleanField) else value])
        form.data, form.is_bound = data, True
        form.full_clean()
        for name, errors in form.errors.as_data().items():
            found += [f"{name}: {error.message}" for error in errors if str(error.message) in DJANGO]
    form.is_bound = False
    return found


def forms_of(context: Any) -> Iterator[Any]:
    """What can be filled in or chosen on a page."""
    if "form" in context:
        yield context["form"]
    if context.get("filterset"):
        yield context["filterset"].form


def current(answer: Any) -> list[str]:
    """What the menu beside this page marks as where one is."""
    return [link.label for section in answer.context["menu"] for link in section.links if link.current]


def test_what_each_page_about_a_sensitive_report_leaves_says_and_marks(settings: Any, tmp_path: Path) -> None:
    """Of every page and file that shows its words an audit row; of every form our own words; in the menu where one is."""
    settings.MEDIA_ROOT = tmp_path
    office, shown, silent, machine = Guarded(), set(), set(), set()
    places: dict[str, set[str]] = {}
    files = "/handling/files/"
    for person, *folders in (
        (
            office.author,
            "/reports/<",
            "/proposals/from-report/",
            "/reports/words/",
            "/reports/new/",
            "/reports/opened/",
            files,
        ),
        (office.staff, "/reports/", files),
        (office.clerk, "/handling/parts/"),
        (office.head, "/reports/issues/"),
    ):
        role, client = person.appointments.get().role, signed_in(person)
        for name, url in addresses(role, tuple(folders)):
            if (role, name) in shown:
                continue
            before = AuditEntry.objects.count()
            answer = client.get(url)
            if answer.status_code != 200:
                continue
            if MARK in words_of(answer) or (TABLE[name].row and "Content-Disposition" in answer.headers):
                shown.add((role, name))
                rows = AuditEntry.objects.order_by("pk")[before:]
                if not any(row.by == person and row.verb in ("view_guarded", "download") for row in rows):
                    silent.add((role, name))
            if answer.context and url.startswith("/reports/"):
                for form in forms_of(answer.context):
                    machine |= {f"{name} {said}" for said in machine_said(form)}
                [here] = current(answer)
                places.setdefault(here, set()).add(name.removeprefix("reports:"))

    assert silent == set()
    assert len(shown) >= 18, "the pages do show the words"
    assert machine == set()
    assert places == PLACES


def test_what_is_shown_again_beside_what_was_typed_is_written_down_too() -> None:
    author, staff = appoint(Role.MEMBER), appoint(Role.REPORT_STAFF)
    draft, sent = (
        report(author, words=SECRET, access=Access.SENSITIVE, status=one) for one in (Status.DRAFT, Status.SUBMITTED)
    )
    typed = {"title": "另一个", "situation": "另写的。", "access": "sensitive", "version": "7", "later": "1"}
    for person, one, name, data in (
        (author, draft, "write", typed),
        (staff, sent, "accept", {"version": "0000"}),
    ):
        answer = signed_in(person).post(reverse(f"reports:{name}", args=[one.public_id]), data)
        assert (answer.status_code, MARK in words_of(answer)) == (409, True), name
        assert AuditEntry.objects.filter(verb="view_guarded", by=person, subject=str(one.public_id)).exists(), name
