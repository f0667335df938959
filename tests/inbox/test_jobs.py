"""Long jobs survive the death of whoever runs them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox import actions, jobs, work
from members.inbox.models import JobState, LongJob
from members.inbox.work import LEASE, TRIES, LeaseLost, Product, Progress
from members.models import AuditEntry
from tests.factories import appoint

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 22, 1, 0, tzinfo=UTC)
Run = Callable[[LongJob, Progress], Product | None]


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    monkeypatch.setattr(work, "_kinds", {})
    settings.MEDIA_ROOT = tmp_path


def started(run: Run) -> LongJob:
    work.register("letters", run)
    return actions.start_job("letters", title="生成文书", args={"batch": 7}, by=appoint(Role.PROPOSAL_STAFF), now=NOW)


def test_a_job_runs_once_and_leaves_its_file_to_whoever_started_it(client: Client) -> None:
    job = started(lambda job, progress: Product(b"PK", "docx", f"第{job.args['batch']}批.docx"))

    assert [work.work(now=NOW), work.work(now=NOW)] == [1, 0]

    job.refresh_from_db()
    url = reverse("inbox:job_file", args=[job.public_id])
    assert (job.state, job.file_name) == (JobState.DONE, "第7批.docx")
    client.force_login(appoint(Role.MEMBER))
    assert client.get(url).status_code == 404
    client.force_login(job.by)
    assert b"".join(client.get(url)) == b"PK"
    assert AuditEntry.objects.filter(verb="download", subject=str(job.public_id)).exists()


def test_a_job_whose_worker_died_is_taken_up_again_where_it_stopped() -> None:
    seen = []

    def run(job: LongJob, progress: Progress) -> None:
        seen.append(job.done)
        progress(job.done + 3, 6)
        if len(seen) == 1:
            raise SystemExit  # the process dies

    job = started(run)
    with pytest.raises(SystemExit):
        work.work(now=NOW)

    assert work.work(now=NOW + timedelta(minutes=1)) == 0
    assert work.work(now=NOW + 2 * LEASE) == 1
    job.refresh_from_db()
    assert (job.state, job.done, seen) == (JobState.DONE, 6, [0, 3])


def test_a_worker_that_lost_its_lease_stops_and_changes_nothing() -> None:
    def run(job: LongJob, progress: Progress) -> None:
        LongJob.objects.filter(pk=job.pk).update(attempts=job.attempts + 1)
        with pytest.raises(LeaseLost):
            progress(1, 2)
        progress(1, 2)

    job = started(run)
    work.work(now=NOW)

    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.RUNNING, 0)


def test_a_refusal_is_the_sentence_on_the_page(client: Client) -> None:
    def run(job: LongJob, progress: Progress) -> None:
        raise Refused("这一批已经交办，不能再生成。")

    job = started(run)
    work.work(now=NOW)

    client.force_login(job.by)
    assert "这一批已经交办" in client.get(reverse("inbox:job", args=[job.public_id])).content.decode()


def test_a_job_that_keeps_failing_stops_and_can_be_started_again() -> None:
    failing = [True]

    def run(job: LongJob, progress: Progress) -> None:
        if failing:
            raise ValueError

    job = started(run)
    for day in range(TRIES):
        work.work(now=NOW + timedelta(days=day))
    job.refresh_from_db()
    assert job.state == JobState.FAILED

    failing.clear()
    actions.retry_job(job, by=job.by, now=NOW)
    work.work(now=NOW)
    job.refresh_from_db()
    assert job.state == JobState.DONE
    with pytest.raises(WrongStep):
        actions.retry_job(job, by=job.by, now=NOW)


def test_files_are_kept_for_a_day(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    job = started(lambda job, progress: Product(b"PK", "docx", "a.docx"))
    work.work(now=NOW)
    monkeypatch.setattr(jobs, "engine_now", lambda: NOW + timedelta(hours=25))

    jobs.clear_files()

    client.force_login(job.by)
    assert client.get(reverse("inbox:job_file", args=[job.public_id])).status_code == 404
    assert "已过期删除" in client.get(reverse("inbox:job", args=[job.public_id])).content.decode()


def test_a_job_says_how_far_it_is(client: Client) -> None:
    job = started(lambda job, progress: None)
    LongJob.objects.filter(pk=job.pk).update(state=JobState.RUNNING, done=30, total=60)
    client.force_login(job.by)

    page = client.get(reverse("inbox:job", args=[job.public_id])).content.decode()

    assert "30 / 60" in page
    assert 'hx-trigger="every 2s"' in page


def test_a_role_that_was_lost_neither_runs_nor_fetches_what_it_had_begun(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "_actions", {})
    work.register("lists", lambda job, progress: Product(b"PK", "docx", "名单.docx"), action="inbox.undelivered")
    person = appoint(Role.PROPOSAL_STAFF)
    appoint(Role.MEMBER, person=person)
    done, late = (actions.start_job("lists", title="名单", args={}, by=person, now=NOW) for _ in range(2))
    LongJob.objects.filter(pk=late.pk).update(leased_until=NOW + LEASE)
    assert work.work(now=NOW) == 1
    person.appointments.filter(role=Role.PROPOSAL_STAFF).update(ends_on=date(2020, 1, 1))

    work.work(now=NOW + LEASE)

    late.refresh_from_db()
    assert (late.state, "现任人员重新发起" in late.error) == (JobState.FAILED, True)
    client.force_login(person)
    assert client.get(reverse("inbox:job_file", args=[done.public_id])).status_code == 404
