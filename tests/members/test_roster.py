import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from openpyxl import Workbook

from config.portal.actions.roster import COMMITTEE
from members.actions import spend_code
from members.choices import Role
from members.inbox.models import Message
from members.models import Appointment, Body, Membership, Person, RosterDraft
from members.rights import may
from tests.factories import TermFactory, appoint

pytestmark = pytest.mark.django_db

MEMBERS: list[list[Any]] = [
    ["市政协委员名册"],
    ["序号", "姓名", "界别", "专委会", "手机号", "电子邮箱", "工作单位及职务", "身份证号"],
    [1, "单 小明", "教育界", "经济委", "138-0000-0001", "a@example.org", "市第一中学教师", "x"],
    [2, "𠮷䶮", "医药卫生界", "", 13800000002, "", "", ""],
    [3, "", "教育界", "", "", "", "", ""],
    [4, "王一", "无此界", "", "", "", "", ""],
    [5, "李二", "农业界", "", "13800000005", "not mail", "", ""],
    [6, "单小明", "教育界", "经济委", "13800000001", "", "", ""],
    ["合计", "", 6],
]
CLERKS: list[list[Any]] = [
    ["承办单位", "联络员姓名", "角色", "手机号"],
    ["市环保局", "赵三", "联络员", "13900000001"],
    ["市教育局", "钱四", "主要负责人", "13900000002"],
    ["市教育局", "孙五", "看门人", ""],
]


def workbook(rows: list[list[Any]]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.save(out)
    return out.getvalue()


@pytest.fixture
def members_file(tmp_path: Path) -> Path:
    TermFactory(number=14)
    file = tmp_path / "members.xlsx"
    file.write_bytes(workbook(MEMBERS))
    return file


def run(file: Path, *more: str) -> tuple[int, dict[str, Any]]:
    out, code = io.StringIO(), 0
    try:
        call_command("import_people", str(file), "--json", *more, stdout=out, stderr=io.StringIO())
    except SystemExit as end:
        code = int(end.code or 0)
    return code, json.loads(out.getvalue())


def test_a_roster_with_faults_brings_in_nothing(members_file: Path) -> None:
    code, told = run(members_file)

    assert code == 1
    assert (told["rows"], told["imported"], told["skipped"]) == (6, 0, 1)
    assert [(e["row"], e["column"]) for e in told["errors"]] == [(5, "姓名"), (6, "界别"), (7, "电子邮箱")]
    assert not Membership.objects.exists()


def test_in_part_it_brings_in_the_others(members_file: Path, tmp_path: Path) -> None:
    code, told = run(members_file, "--partial", "--slips", str(tmp_path / "slips.csv"))

    assert (code, told["rows"], told["imported"], told["skipped"], len(told["errors"])) == (0, 6, 2, 1, 3)
    person = Person.objects.get(name="单小明")
    seat = person.memberships.select_related("sector", "committee").get()
    assert (person.username, person.phone, person.mail) == ("shanxiaoming", "138-0000-0001", "a@example.org")
    assert (str(seat.sector), seat.committee and seat.committee.name, seat.post) == (
        "教育界",
        "市政协经济委员会",
        "市第一中学教师",
    )
    assert may(person, "members.bodies")
    assert Person.objects.get(name="𠮷䶮").username == "jiyan"
    slips = (tmp_path / "slips.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(slips) == 3
    assert (tmp_path / "slips.csv").stat().st_mode & 0o777 == 0o600
    _, username, secret, _ = slips[1].split(",")
    assert spend_code(username, secret, now=timezone.now()) == person


def test_a_second_run_brings_in_nothing(members_file: Path) -> None:
    run(members_file, "--partial")
    people = Person.objects.count()

    _, told = run(members_file, "--partial")

    assert (told["imported"], told["skipped"], Person.objects.count()) == (0, 3, people)


def test_what_is_not_collected_is_not_read(members_file: Path) -> None:
    _, told = run(members_file, "--dry-run", "--partial")

    assert any("不收集" in warning["message"] for warning in told["warnings"])
    assert not Person.objects.filter(name="单小明").exists()


def test_clerks_come_in_with_their_units_and_former_names(tmp_path: Path) -> None:
    file = tmp_path / "clerks.xlsx"
    file.write_bytes(workbook(CLERKS))

    _, told = run(file, "--partial")

    assert (told["rows"], told["imported"], len(told["errors"])) == (3, 2, 1)
    assert "曾用名" in told["warnings"][0]["message"]
    clerk = Appointment.objects.select_related("body").get(person__name="赵三")
    assert (clerk.body.name, clerk.role) == ("市生态环境局", Role.UNIT_CLERK)


def test_gb18030_is_read(tmp_path: Path) -> None:
    TermFactory(number=14)
    file = tmp_path / "members.csv"
    file.write_bytes("姓名,界别\r\n龚䶮,教育界\r\n𠮷一,农业界\r\n".encode("gb18030"))

    _, told = run(file)

    assert told["imported"] == 2
    assert set(Membership.objects.values_list("person__name", flat=True)) == {"龚䶮", "𠮷一"}


def test_two_of_one_name_must_be_told_apart(tmp_path: Path) -> None:
    TermFactory(number=14)
    file = tmp_path / "members.csv"
    file.write_text("姓名,界别,手机号\n王伟,教育界,\n王伟,农业界,\n张敏,教育界,13800000001\n张敏,农业界,13800000002\n")

    _, told = run(file, "--partial")

    assert [e["row"] for e in told["errors"]] == [3]
    assert sorted(Person.objects.filter(name="张敏").values_list("username", flat=True)) == ["zhangmin", "zhangmin2"]


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"PK\x03\x04broken", "没有表头\n随便\n".encode()])
def test_what_is_no_roster_is_refused_with_a_sentence(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(content)

    code, told = run(file)

    assert code == 1
    assert told["errors"][0]["message"]


def test_a_roster_comes_in_from_a_page_and_waits_for_confirmation() -> None:
    TermFactory(number=14)
    admin = appoint(Role.SECURITY_ADMINISTRATOR)
    client: Any = Client()
    client.force_login(admin)
    upload = SimpleUploadedFile("名册.xlsx", workbook(MEMBERS))

    checked = client.post("/settings/import/people/", {"file": upload})
    page = client.get(checked.url).content.decode()
    refused = client.post(checked.url, {})
    nameless = client.post(checked.url, {"partial": "on"})
    done = client.post(checked.url, {"partial": "on", "document": "市政协常委会决定〔2026〕1号"})

    assert '<td data-label="行">6</td>' in page and "可导入 2 人" in page
    assert refused.status_code == 422
    assert nameless.status_code == 422 and "请填写依据文件" in nameless.content.decode()
    text = done.content.decode()
    assert "shanxiaoming" in text and "登录码" in text
    appointment = Appointment.objects.get(person__username="shanxiaoming")
    assert not appointment.is_confirmed and appointment.document == "市政协常委会决定〔2026〕1号"
    draft = RosterDraft.objects.get()
    assert draft.rows == "" and draft.imported_at is not None
    assert client.post(checked.url, {"partial": "on"}).status_code == 404


def test_the_rows_of_a_draft_are_sealed() -> None:
    from django.db import connection

    TermFactory(number=14)
    client: Any = Client()
    client.force_login(appoint(Role.SECURITY_ADMINISTRATOR))
    client.post("/settings/import/people/", {"file": SimpleUploadedFile("名册.xlsx", workbook(MEMBERS))})

    with connection.cursor() as cursor:
        cursor.execute("SELECT rows FROM members_rosterdraft")
        [stored] = cursor.fetchone()
    assert stored.startswith("aes:") and "13800000002" not in stored


def test_another_administrators_draft_is_not_found() -> None:
    TermFactory(number=14)
    mine: Any = Client()
    mine.force_login(appoint(Role.SECURITY_ADMINISTRATOR))
    other: Any = Client()
    other.force_login(appoint(Role.SECURITY_ADMINISTRATOR))
    checked = mine.post("/settings/import/people/", {"file": SimpleUploadedFile("名册.xlsx", workbook(MEMBERS))})

    assert other.get(checked.url).status_code == 404


def sheet(tmp_path: Path, *rows: str) -> Path:
    file = tmp_path / "roster.csv"
    file.write_text("\n".join(rows), encoding="utf-8")
    return file


def faults(told: dict[str, Any], kind: str = "errors") -> list[tuple[int, str]]:
    return [(fault["row"], fault["column"]) for fault in told[kind]]


def known_member(**facts: Any) -> Person:
    return appoint(Role.MEMBER, Body.objects.get(name=COMMITTEE), name="单小明", **facts)


def test_a_known_person_with_another_phone_gets_no_second_account(tmp_path: Path) -> None:
    person = known_member(username="shan", phone="13800000001", address="建设路1号")

    _, told = run(sheet(tmp_path, "姓名,手机号", "单小明,13900000009"), "--partial")

    assert faults(told) == [(2, "姓名")]
    assert "手机号不同（用户名 shan）" in told["errors"][0]["message"]
    assert Person.objects.get(name="单小明") == person


def test_by_the_user_name_the_contact_details_are_shown_and_changed(tmp_path: Path) -> None:
    person = known_member(username="shan", phone="13800000001", mail="old@example.org")
    file = sheet(
        tmp_path,
        "姓名,用户名,手机号,邮箱,通讯地址",
        "单小明,shan,13900000009,new@example.org,建设路1号",
    )

    _, seen = run(file, "--dry-run")
    assert faults(seen, "warnings") == [(2, "手机号"), (2, "邮箱"), (2, "通讯地址")]
    assert "尾号0001" in seen["warnings"][0]["message"] and seen["imported"] == 1
    _, told = run(file)
    person.refresh_from_db()

    assert (told["imported"], person.phone, person.mail, person.address) == (
        1,
        "13900000009",
        "new@example.org",
        "建设路1号",
    )
    assert Person.objects.with_phone("139-0000-0009").get() == person
    assert Message.objects.filter(recipient=person, template="members.contact_changed").exists()
    assert run(file)[1]["skipped"] == 1


def test_a_mail_that_was_proved_is_only_changed_by_its_owner(tmp_path: Path) -> None:
    person = known_member(username="shan", mail="old@example.org", mail_verified_at=timezone.now())

    _, told = run(sheet(tmp_path, "姓名,用户名,邮箱", "单小明,shan,new@example.org"))

    person.refresh_from_db()
    assert (person.mail, told["skipped"]) == ("old@example.org", 1)
    assert "没有改动" in told["warnings"][0]["message"]


def test_what_a_row_leaves_out_of_a_seat_stays_as_it_is(tmp_path: Path) -> None:
    person = known_member(username="shan")
    person.memberships.update(party=Body.objects.get(name="民盟界"), post="教师")

    _, told = run(sheet(tmp_path, "姓名,界别,开始日期", "单小明,教育界,2026-03-01"))

    seat = person.memberships.select_related("sector", "party").get(ends_on=None)
    assert (told["imported"], str(seat.sector), str(seat.party), seat.post) == (1, "教育界", "民盟界", "教师")


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",赵三,联络员,", "单位"),  # a clerk of the committee itself
        ("市政协,赵三,联络员,", "单位"),
        (",赵三,大会提案组工作人员,", "结束日期"),
        (",赵三,大会提案组工作人员,2020-01-01", "结束日期"),
        ("市政协提案委,赵三,承办单位联络员,", "单位"),
    ],
)
def test_the_rules_of_appointments_hold_for_a_roster_too(row: str, column: str, tmp_path: Path) -> None:
    _, told = run(sheet(tmp_path, "单位,姓名,角色,结束日期", row), "--partial")

    assert faults(told) == [(2, column)]
    assert not Person.objects.filter(name="赵三").exists()


def test_staff_of_a_session_come_in_up_to_their_last_day(tmp_path: Path) -> None:
    run(sheet(tmp_path, "姓名,角色,开始日期,结束日期", "赵三,大会提案组工作人员,2098-01-10,2098-01-20"))

    assert Appointment.objects.get(person__name="赵三").ends_on == date(2098, 1, 20)


@pytest.mark.parametrize(
    ("column", "name"), [("界别", "市教育局"), ("党派", "市教育局"), ("专委会", "教育界"), ("活动组", "经济委")]
)
def test_nobody_belongs_to_a_body_of_another_kind(column: str, name: str, tmp_path: Path) -> None:
    TermFactory(number=14)

    _, told = run(sheet(tmp_path, f"姓名,{column}", f"单小明,{name}"), "--partial")

    assert faults(told) == [(2, column)]
