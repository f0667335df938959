"""The papers of a hand-over hold what their reader may see, and nothing hidden."""

import io
import zipfile

from docx import Document

from members.inbox import work
from members.inbox.actions import start_job
from members.inbox.models import JobState, LongJob
from members.models import Body
from members.uploads import open_file
from proposals import actions
from proposals.papers import BATCH, UNIT

from .conftest import House


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
