"""The papers of a hand-over hold what their reader may see, and nothing hidden."""

import io
import zipfile
from dataclasses import replace

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from docx import Document

from members.choices import Role
from members.inbox import work
from members.inbox.actions import start_job
from members.inbox.models import JobState, LongJob
from members.models import Body
from members.uploads import open_file
from proposals import actions
from proposals.handling import actions as handling
from proposals.papers import BATCH, SESSION, UNIT, book_of
from tests.factories import appoint

from .conftest import TEXT, House
from .test_pages_thread import send, signed_in


def made(job: LongJob, house: House) -> bytes:
    work.work(now=house.later())
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.DONE, "")
    with open_file(job.file) as file:
        return file.read()


def words(content: bytes) -> str:
    paper = Document(io.BytesIO(content))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in paper.paragraphs), *cells])


def test_one_archive_holds_notice_table_and_every_packet(house: House, filed, clerk_unit: Body) -> None:
    proposal = filed()
    actions.allocate(proposal, [actions.Share(clerk_unit, "sole")], by=house.officer, now=house.later())
    batch, _ = actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())
    job = start_job(BATCH, title="文书", args={"batch": str(batch.public_id)}, by=house.officer, now=house.later())

    archive = zipfile.ZipFile(io.BytesIO(made(job, house)))

    names = [name for name in archive.namelist() if name.endswith(".docx")]
    assert names == ["01 交办通知.docx", "02 分办表.docx", "交办件/01 市民政局测试.docx"]
    assert "由区财政给予运营补助。" in words(archive.read(names[2]))


def test_a_unit_gets_its_own_proposals_and_no_others(house: House, filed, clerk_unit: Body) -> None:
    clerk = clerk_unit.appointments.get().person
    given, waiting = filed(), filed()
    actions.allocate(given, [actions.Share(clerk_unit, "sole")], by=house.officer, now=house.later())
    actions.hand_over([given], session=house.session, by=house.officer, now=house.later())
    job = start_job(UNIT, title="在办", args={"unit": str(clerk_unit.public_id)}, by=clerk, now=house.later())

    text = words(made(job, house))

    assert f"第{given.matter.number}号提案" in text
    assert f"第{waiting.matter.number}号提案" not in text


def test_merged_proposals_travel_with_the_main_one(house: House, filed, submitted, clerk_unit: Body) -> None:
    other = appoint(Role.MEMBER, name="苏荷")
    main, follower = (
        filed(),
        submitted(by=other, text=replace(TEXT, title="关于办好老年食堂的建议", suggestions=("办食堂。",))),
    )
    actions.merge(follower, main, text="", by=house.staff, now=house.later())
    actions.allocate(main, [actions.Share(clerk_unit, "sole")], by=house.officer, now=house.later())
    batch, _ = actions.hand_over([main], session=house.session, by=house.officer, now=house.later())
    job = start_job(BATCH, title="文书", args={"batch": str(batch.public_id)}, by=house.officer, now=house.later())

    archive = zipfile.ZipFile(io.BytesIO(made(job, house)))

    table, packet = words(archive.read("02 分办表.docx")), words(archive.read("交办件/01 市民政局测试.docx"))
    assert "关于办好老年食堂的建议" in table and "林溪；苏荷" in table
    assert f"并案办理：收件号 {follower.receipt}" in packet and "1. 办食堂。" in packet
    assert "由区财政给予运营补助。" in packet


def test_the_session_has_a_catalogue_and_a_digest(house: House, filed, submitted) -> None:
    filed()
    waiting, inside = submitted(text=replace(TEXT, title="关于办好老年食堂的建议")), submitted(internal=True)
    gone = submitted(text=replace(TEXT, title="关于撤回的建议"))
    actions.withdraw(gone, reason="情况有变", by=house.member, now=house.later())
    send(signed_in(house.staff), "/proposals/plenary/papers/", session=house.session.code)
    job = LongJob.objects.get(kind=SESSION)

    archive = zipfile.ZipFile(io.BytesIO(made(job, house)))

    catalogue, digest = words(archive.read("提案目录.docx")), words(archive.read("提案摘要.docx"))
    assert "共 3 件" in catalogue and "社会建设（1 件）" in catalogue and waiting.receipt in catalogue
    assert "关于办好老年食堂的建议" in digest and "由区财政给予运营补助。" in digest
    assert inside.receipt in catalogue and "（内部）" in catalogue
    assert "关于撤回的建议" not in catalogue + digest
    assert signed_in(house.officer).get("/proposals/plenary/papers/").status_code == 403


def test_the_catalogue_costs_the_same_queries_for_one_proposal_and_for_three(house: House, submitted) -> None:
    submitted()
    with CaptureQueriesContext(connection) as one:
        book_of(house.session, house.staff)
    submitted(), submitted()

    with CaptureQueriesContext(connection) as three:
        assert len(book_of(house.session, house.staff).entries) == 3

    assert len(one) == len(three)


def test_a_hand_over_copies_as_text_for_a_group_chat(house: House, filed, clerk_unit: Body) -> None:
    proposal = filed()
    actions.allocate(proposal, [actions.Share(clerk_unit, "sole")], by=house.officer, now=house.later())
    batch, _ = actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())
    client = Client()
    client.force_login(house.officer)

    page = client.get(reverse("proposals:batch", args=[batch.public_id])).content.decode()

    text = page.split('id="copy-text"')[1].split("</textarea>")[0]
    assert f"{batch.name}已交办，请签收" in text and f"{clerk_unit.name}　1件" in text
    assert proposal.matter.title not in text


def test_the_notice_bears_the_number_of_the_office_that_issues_it(house: House, filed, clerk_unit: Body) -> None:
    batches = []
    for _ in range(2):
        proposal = filed()
        actions.allocate(proposal, [actions.Share(clerk_unit, "sole")], by=house.officer, now=house.later())
        batch, _ = actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())
        batches.append(batch)
    office = batches[0].proposals.get().matter.assignments.get().office
    handling.set_format(office, "notice", "督交〔{年}〕{序号}号", after=6, by=house.officer, now=house.later())
    year = timezone.localdate().year
    urls = [reverse("proposals:batch_papers", args=[batch.public_id]) for batch in batches]
    assert f"督交〔{year}〕7号" in signed_in(house.officer).get(urls[0]).content.decode()
    assert f"督交〔{year}〕7号" not in signed_in(house.staff).get(urls[0]).content.decode()

    send(signed_in(house.officer), urls[0], number=f"督交〔{year}〕7号")

    archive = zipfile.ZipFile(io.BytesIO(made(LongJob.objects.latest("pk"), house)))
    assert f"督交〔{year}〕7号" in words(archive.read("01 交办通知.docx"))
    assert f"督交〔{year}〕8号" in signed_in(house.officer).get(urls[1]).content.decode()
    refused = signed_in(house.officer).post(urls[1], {"number": f"督交〔{year}〕7号"})
    assert (refused.status_code, "已经用在另一份交办通知上" in refused.content.decode()) == (422, True)
