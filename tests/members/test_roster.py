import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from openpyxl import Workbook

from members.actions import spend_code
from members.choices import Role
from members.models import Appointment, Membership, Person, RosterDraft
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
    done = client.post(checked.url, {"partial": "on"})

    assert "第 6 行" in page and "可导入 2 人" in page
    assert refused.status_code == 422
    text = done.content.decode()
    assert "shanxiaoming" in text and "登录码" in text
    appointment = Appointment.objects.get(person__username="shanxiaoming")
    assert not appointment.is_confirmed
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
