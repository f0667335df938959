"""Registers of reports of earlier years, and lists of what higher CPPCCs adopted (P30)."""

import json
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from config.portal.actions import reported
from config.portal.models import RegisterFile
from config.portal.registers.parser import NotARegister
from config.portal.registers.reported import read_reported
from config.portal.registers.sheets import Sheet
from members.choices import Role
from members.errors import Refused, WrongStep
from proposals.handling import readers
from proposals.handling.actions import suspend
from proposals.reports.models import Adoption, Instruction, Report, Status
from proposals.reports.models.issue import Issue
from tests.factories import appoint
from tests.html import assert_valid
from tests.reports.factories import WORDS, report
from tests.reports.test_bulletins import Office
from tests.reports.test_editing import signed_in
from tests.uploads.made import upload

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 4)
KEPT = replace(WORDS, title="河道垃圾清理不及时")
CSV = """year,committee,title,submitter,adopted_by,leader_action
2023,政协某市委员会,关于完善老年助餐服务的建议,金林（民盟某市委会）,全国政协（《每日社情》）|政协某省委员会,市长批示
2023,政协某市委员会,用好人才助力乡村,,政协某市委员会,年度优秀社情民意信息
2018,政协某市委员会,关于改善交通拥堵的建议,民建某市委会,政协某市委员会,分送市委市政府领导批阅
,政协某市委员会,没有年份的一条,,政协某市委员会,
2023,政协某市委员会,用好人才助力乡村,,政协某市委员会,
"""


def sheet(*rows: list[Any]) -> Sheet:
    return Sheet("表", [list(row) for row in rows])


def test_a_register_is_read_row_by_row() -> None:
    found = read_reported(
        [
            sheet(
                ["某市政协社情民意信息登记表"],
                ["序号", "标题", "采用日期", "反映人", "采用单位", "采用方式", "领导批示", "备注"],
                [1, "《关于路灯的建议》", date(2025, 5, 6), "林溪", "省政协（第3期）；市委办公室", "综合", "", "优秀"],
                [2, "", "2025-05-06", "", "", "", "", ""],
                [3, "日期不对", "2025-13-40", "", "", "", "", ""],
                [4, "明年的", "2027", "", "", "", "", ""],
                [5, "只有年份", "2024", "", "", "", "县长批示", ""],
                ["合计", 5],
            )
        ],
        today=TODAY,
    )

    [first, last] = found.entries
    assert (found.rows, [note.code for note in found.errors]) == (5, ["missing_title", "missing_date", "future_date"])
    assert (first.title, first.on, first.note, first.row) == ("关于路灯的建议", date(2025, 5, 6), "优秀", 3)
    assert [(one.adopter, one.level, one.journal, one.form) for one in first.adopted] == [
        ("省政协", "province", "第3期", "combined"), ("市委办公室", "city", "", "combined"),
    ]  # fmt: skip
    assert (last.on, last.instructed and last.instructed.level) == (date(2024, 12, 31), "county")
    assert [note.code for note in found.warnings] == ["year_only"]
    with pytest.raises(NotARegister, match="须有“标题”"):
        read_reported([sheet(["案号", "主办单位"], [1, "某局"])], today=TODAY)


def test_the_command_imports_once_and_says_what_is_wrong(tmp_path: Path) -> None:
    author = appoint(Role.MEMBER, name="金林")
    file = tmp_path / "reports.csv"
    file.write_text(CSV, encoding="utf-8")

    def run(*more: str) -> dict[str, Any]:
        out = StringIO()
        call_command("import_reports", str(file), "--json", *more, stdout=out)
        answer: dict[str, Any] = json.loads(out.getvalue())
        return answer

    with pytest.raises(SystemExit):
        run()
    assert not Report.objects.exists()
    first = run("--partial")
    assert (first["rows"], first["imported"], first["skipped"]) == (5, 3, 1)
    assert [(error["row"], error["column"]) for error in first["errors"]] == [(5, "year")]
    again = run("--partial")
    assert (again["imported"], again["skipped"]) == (0, 4)

    one = Report.objects.get(matter__title__contains="助餐")
    assert (one.status, one.author_text, one.matter.stage) == (Status.ISSUED, "", "closed")
    assert [str(place) for place in one.matter.participants.all()] == ["金林"]
    assert sorted(one.adoptions.values_list("adopter", "level", "journal")) == [
        ("全国政协", "nation", "《每日社情》"), ("政协某省委员会", "province", ""),
    ]  # fmt: skip
    assert [row.points for row in one.adoptions.order_by("level")] == [20, 15]
    assert Instruction.objects.counted().get().leader_name == "市长"
    assert Instruction.objects.filter(kind="read").get().report.author_text == "民建某市委会"
    assert Report.objects.visible_to(author).count() == 1
    assert readers.audit()[1] == []


def adopted_list(office: Office, *lines: str) -> Any:
    file = upload("清单.csv", ("标题,采用日期,刊物\n" + "\n".join(lines)).encode())
    details = {"adopter": "省政协办公厅", "level": "province"}
    kind = reported.ADOPTIONS
    return reported.take_in(file, kind=kind, details=details, by=office.staff, now=timezone.now())


def test_an_adoption_list_is_matched_by_title_and_confirmed() -> None:
    office = Office()
    exact, near, kept = (
        office.ready(title="消防通道被占用"),
        office.ready(title="小区路灯损坏无人维修"),
        report(words=KEPT),
    )
    hidden = office.ready(title="小区路灯损坏无人修")
    office.issued(exact, near, hidden)
    suspend(hidden.matter, reason="疑似涉密", by=office.staff, now=office.now())
    Issue.objects.update(issued_on=date(2026, 3, 4))
    file = adopted_list(
        office,
        "消防通道被占用,2026-03-08,第5期",
        "小区路灯损坏无人修,2026-03-08,第5期",
        f"{kept.matter.title},2026-03-08,",
        "毫不相干的题目,2026-03-08,",
    )

    _, rows = reported.matches(file, office.staff)
    assert [(row.exact == exact, [one.pk for one, _ in row.candidates]) for row in rows] == [
        (True, [exact.pk]), (False, [near.pk]), (False, []), (False, []),
    ]  # fmt: skip
    assert rows[1].titles[near.pk] == "小区路灯损坏无人维修"  # as it was printed, not as it was handed in
    chosen = {2: str(exact.matter.public_id), 3: str(near.matter.public_id), 4: str(kept.matter.public_id)}
    done, refused = reported.bring_in_adoptions(file, chosen, by=office.staff, now=timezone.now())

    assert (done, refused) == (2, [])
    assert set(Adoption.objects.values_list("report", "adopter", "journal", "source")) == {
        (exact.pk, "省政协办公厅", "第5期", "listed"), (near.pk, "省政协办公厅", "第5期", "listed"),
    }  # fmt: skip
    with pytest.raises(WrongStep, match="已经导入过了"):
        reported.bring_in_adoptions(file, chosen, by=office.staff, now=timezone.now())
    again = adopted_list(office, "消防通道被占用,2026-03-08,第5期")
    assert [row.again for row in reported.matches(again, office.staff)[1]] == [True]
    done, refused = reported.bring_in_adoptions(again, chosen, by=office.staff, now=timezone.now())
    assert (done, "已经登记过了" in refused[0]["message"]) == (0, True)


def test_a_file_that_is_no_list_is_refused_at_once() -> None:
    with pytest.raises(Refused, match="须有“标题”"):
        reported.take_in(
            upload("表.csv", "甲,乙\n1,2\n".encode()),
            kind=reported.REPORTS,
            details={},
            by=Office().staff,
            now=timezone.now(),
        )


def test_the_pages_of_an_import() -> None:
    office = Office()
    client = signed_in(office.staff)
    answer = client.post(reverse("portal:import_reports"), {"file": upload("登记.csv", CSV.encode())}, follow=True)
    assert_valid(answer.content)
    assert "没有可以识别的年份或日期" in answer.content.decode()
    url = answer.redirect_chain[-1][0]
    assert client.post(url, {}).status_code == 422 and not Report.objects.exists()
    answer = client.post(url, {"partial": "on"}, follow=True)
    assert_valid(answer.content)
    assert Report.objects.count() == 3 and "已导入" in answer.content.decode()
    assert client.get(url).status_code == 302
    assert signed_in(office.colleague).get(url).status_code == 404

    exact = office.ready(title="消防通道被占用")
    office.issued(exact)
    Issue.objects.update(issued_on=date(2026, 3, 4))
    data = {"adopter": "省政协办公厅", "level": "province"}
    file = upload("清单.csv", "标题,采用日期\n消防通道被占用,2026-03-08\n别的,2026-03-08\n".encode())
    answer = client.post(reverse("portal:import_adoptions"), {**data, "file": file}, follow=True)
    assert_valid(answer.content)
    assert f'<option value="{exact.matter.public_id}" selected>' in answer.content.decode()
    url = answer.redirect_chain[-1][0]
    other = client.post(
        reverse("portal:import_adoptions"),
        {**data, "file": upload("清单.csv", "标题,采用日期\n别的,2026-03-08\n".encode())},
    )
    assert client.post(other["Location"], {"give_up": "1"}).status_code == 302
    assert RegisterFile.objects.waiting().count() == 1
    answer = client.post(url, {"row-2": str(exact.matter.public_id)}, follow=True)
    assert_valid(answer.content)
    assert Adoption.objects.filter(report=exact).exists()
    assert signed_in(office.editor).get(reverse("portal:import_adoptions")).status_code == 403
