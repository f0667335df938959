"""Importing from a page: upload, look, confirm, take the faults along."""

import io
import zipfile
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from config.portal.models import RegisterFile
from config.portal.registers.reading import read_sheets
from config.portal.views.registers import AT_ONCE
from members import uploads
from members.choices import Role
from members.inbox import work
from members.inbox.models import LongJob
from members.models import Body, Person
from proposals.handling.models import Matter
from tests.factories import appoint
from tests.html import assert_valid

pytestmark = pytest.mark.django_db
START = "/settings/import/proposals/"
HEADER = "提案编号,案由,提案者,主办单位,交办日期,备注\n"
GOOD = "1,甲,林见山,市教育局,2026.3.5,\n"
BAD = "2,,,市教育局,,\n"


@pytest.fixture(autouse=True)
def store(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def staff() -> Person:
    return appoint(Role.PROPOSAL_STAFF, name="何晓")


@pytest.fixture
def page(client: Client, staff: Person) -> Any:
    client.force_login(staff)
    return client


def send(page: Any, text: str, *, name: str = "登记表.csv", session: str = "14-2", **more: str) -> Any:
    content = text.encode("gb18030")
    return page.post(START, {"session": session, "file": SimpleUploadedFile(name, content), **more})


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_register_is_looked_at_first_and_comes_in_on_confirmation(page: Any) -> None:
    sent = send(page, HEADER + GOOD)
    shown = page.get(sent.url)
    assert "确认导入 1 件" in words(shown)
    assert not Matter.objects.exists()

    done = page.post(sent.url, {"once": str(uuid4())})

    assert Matter.objects.get().title == "甲"
    assert "导入完成" in words(page.get(done.url))
    kept = RegisterFile.objects.get()
    assert (kept.file, kept.result["imported"]) == ("", 1)


def test_faults_are_shown_with_row_and_column_and_need_a_word_to_be_left_out(page: Any) -> None:
    sent = send(page, HEADER + GOOD + BAD)
    assert "案由为空，请补填。" in words(page.get(sent.url))

    refused = page.post(sent.url, {})
    assert (refused.status_code, Matter.objects.count()) == (422, 0)
    assert "有 1 行不能导入" in words(refused)
    done = page.post(sent.url, {"partial": "on"})

    assert Matter.objects.count() == 1
    assert "案由为空，请补填。" in words(page.get(done.url))


def test_the_list_of_faults_is_a_table_to_take_along(page: Any, tmp_path: Any) -> None:
    sent = send(page, HEADER + GOOD + BAD + "1,甲,,,,\n3,丙,,=市某局,2026.2.30,\n")
    before = page.get(f"{sent.url}faults/")
    page.post(sent.url, {"partial": "on"})
    after = page.get(f"{sent.url}faults/")

    lists = []
    for number, answer in enumerate((before, after)):
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(b"".join(answer.streaming_content))
        lists.append(read_sheets(path)[0].rows)
    assert lists[0] == lists[1]
    assert [row[:3] for row in lists[0]] == [
        ["类别", "行", "列"], ["错误", "3", "案由"], ["提示", "5", "主办单位"], ["提示", "5", "交办日期"], ["重复", "4", "提案编号"],
    ]  # fmt: skip


def test_sending_the_confirmation_twice_imports_once(page: Any) -> None:
    sent = send(page, HEADER + GOOD)
    once = str(uuid4())

    first = page.post(sent.url, {"once": once})
    second = page.post(sent.url, {"once": once})
    third = page.post(sent.url, {"once": str(uuid4())})

    assert (first.url, second.url, Matter.objects.count()) == (f"{sent.url}result/", f"{sent.url}result/", 1)
    assert third.status_code == 422
    assert "已经导入过了" in words(third)


def test_a_big_register_is_a_long_job_that_leads_to_its_result(page: Any) -> None:
    sent = send(page, HEADER + "".join(f"{number},第{number}件,,,,\n" for number in range(1, AT_ONCE + 2)))

    done = page.post(sent.url, {})
    job = LongJob.objects.get()
    assert done.url == f"/inbox/jobs/{job.public_id}/"
    assert not Matter.objects.exists()
    assert work.work(now=timezone.now()) == 1

    job.refresh_from_db()
    assert (job.state, job.result, job.back) == (
        "done",
        {"imported": AT_ONCE + 1, "rows": AT_ONCE + 1},
        f"{sent.url}result/",
    )
    assert Matter.objects.count() == AT_ONCE + 1
    LongJob.objects.update(state="waiting", finished_at=None)  # as if the worker had died before saying so
    assert work.work(now=timezone.now()) == 1
    assert (LongJob.objects.get().state, Matter.objects.count()) == ("done", AT_ONCE + 1)


def test_what_is_wrong_with_an_upload_comes_back_as_a_sentence(page: Any) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr("xl/workbook.xml", "\0" * 60_000_000)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"file": SimpleUploadedFile("a.csv", "随便写的".encode())}, "没有找到表头"),
        ({"file": SimpleUploadedFile("a.xlsx", b"\x89PNG\r\n\x1a\n123")}, "文件"),
        ({"file": SimpleUploadedFile("a.xlsx", bomb.getvalue())}, "文件"),
        ({"file": SimpleUploadedFile("a.csv", b"")}, "空"),
        ({}, "请选择要上传的登记表。"),
        ({"file": SimpleUploadedFile("a.csv", (HEADER + GOOD).encode()), "session": "十四届"}, "届次写作"),
        ({"file": SimpleUploadedFile("a.csv", (HEADER + GOOD).encode()), "sheet": "没有的"}, "没有名为“没有的”的工作表"),
    ]  # fmt: skip

    for given, sentence in cases:
        answer = page.post(START, {"session": "14-2", **given})
        assert answer.status_code == 422
        assert sentence in words(answer)
    assert not RegisterFile.objects.exists()


def test_every_page_of_the_import_is_strict_html(page: Any) -> None:
    sent = send(page, HEADER + GOOD + BAD + "1,甲,,,,\n3,丙,,市某局,2026.2.30,\n")
    pages = [
        page.get(START),
        page.post(START, {}),
        page.get(sent.url),
        page.post(sent.url, {}),
        page.get(f"{sent.url}result/"),
    ]
    pages += [page.get(page.post(sent.url, {"partial": "on"}).url), page.get(START)]
    gone = send(page, HEADER + GOOD)
    uploads.delete(RegisterFile.objects.waiting().get().file)
    pages.append(page.get(gone.url))

    for shown in pages:
        assert_valid(shown.content)
    assert "文件已清理，请重新上传。" in words(pages[-1])


def test_script_in_cells_is_shown_as_text(page: Any) -> None:
    sent = send(page, HEADER + "1,<script>alert(1)</script>,<b>谁</b>,<i>市某局</i>,,=1+1\n")

    shown = page.get(sent.url).content.decode()

    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<i>市某局" not in shown


def test_a_file_belongs_to_who_brought_it(page: Any, client: Client) -> None:
    sent = send(page, HEADER + GOOD)
    client.force_login(appoint(Role.PROPOSAL_STAFF, name="江南"))

    answers = [client.get(f"{sent.url}{part}").status_code for part in ("", "result/", "faults/")]

    assert [*answers, client.post(sent.url, {}).status_code] == [404, 404, 404, 404]
    assert not Matter.objects.exists()


def test_those_without_the_right_do_not_get_in(client: Client) -> None:
    assert client.get(START).status_code == 302
    client.force_login(appoint(Role.UNIT_CLERK, Body.objects.get(name="市教育局"), name="沈青"))

    assert client.get(START).status_code == 403


def test_the_check_costs_the_same_for_one_row_and_for_fifty(page: Any, django_assert_max_num_queries: Any) -> None:
    one = send(page, HEADER + GOOD)
    fifty = send(
        page, HEADER + "".join(f"{number},第{number}件,,市教育局、市财政局,2026.3.5,\n" for number in range(1, 51))
    )

    for sent in (one, fifty):
        with django_assert_max_num_queries(15):
            page.get(sent.url)


def test_files_that_nobody_confirmed_go_within_the_hour_and_at_once_when_given_up(
    page: Any, django_capture_on_commit_callbacks: Any
) -> None:
    send(page, HEADER + GOOD)
    RegisterFile.objects.update(uploaded_at=timezone.now() - timedelta(minutes=51))
    old = RegisterFile.objects.get()

    with django_capture_on_commit_callbacks(execute=True):
        sent = send(page, HEADER + GOOD)
    new = RegisterFile.objects.get()
    assert new.pk != old.pk
    shown = page.get(sent.url)
    assert_valid(shown.content)
    assert f"{timezone.localtime(new.kept_until):%H:%M} 前没有导入的也自动删除" in words(shown)
    with django_capture_on_commit_callbacks(execute=True):
        answer = page.post(sent.url, {"give_up": "1"}, follow=True)

    assert "没有导入" in words(answer) and not RegisterFile.objects.exists() and not Matter.objects.exists()
    for file in (old, new):
        with pytest.raises(FileNotFoundError):
            uploads.open_file(file.file)
