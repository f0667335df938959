"""How the engine does, in figures: for its page, the banner, the doctor and Prometheus (`/metrics`)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Min, OuterRef, Q
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from members.inbox.models import ALONE, Channel, JobState, LongJob, Message, State
from members.models import Person
from proposals.handling.clockwork import engine_now
from proposals.handling.clockwork.ladder import local_day
from proposals.handling.clockwork.years import missing_year
from proposals.handling.knowing import named_to
from proposals.handling.models import EngineBeat, Obligation
from proposals.handling.workdays import working_calendar

LATE_ENGINE = timedelta(minutes=5)
LATE_MAIL = timedelta(minutes=15)
SHOWN = 20


@dataclass(frozen=True)
class Loop:
    """A job that beat rings for: after `patience` without a good end something is wrong."""

    name: str
    label: str
    patience: timedelta


LOOPS = (
    Loop("tick", "定时器和后台任务", timedelta(minutes=3)),
    Loop("scan", "发现到时间的提醒", timedelta(minutes=3)),
    Loop("send", "发出通知", timedelta(minutes=3)),
    Loop("refold", "日历改动后重算", timedelta(minutes=30)),
    Loop("lapse", "结束过期的评价", timedelta(hours=3)),
    Loop("audit", "核对全部时限", timedelta(hours=49)),
)


@dataclass(frozen=True)
class Beat:
    loop: Loop
    at: datetime | None
    late: bool


@dataclass(frozen=True)
class Backlog:
    """What waits in one channel: due and not sent, since when; and what never arrived, or could not be put into words."""

    channel: Channel
    waiting: int
    oldest: datetime | None
    dead: int
    unknown: int


@dataclass(frozen=True)
class Clocks:
    """The running clocks: how many, how many have a reminder due, are set aside, or wait for a recount."""

    running: int
    paused: int
    due: int
    oldest_due: datetime | None
    set_aside: int
    to_recount: int

    def lag(self, now: datetime) -> timedelta:
        return max(now - self.oldest_due, timedelta()) if self.oldest_due else timedelta()


def beats(*, now: datetime) -> list[Beat]:
    known = dict(EngineBeat.objects.values_list("name", "last_ok_at"))
    return [Beat(loop, at := known.get(loop.name), at is None or now - at > loop.patience) for loop in LOOPS]


def clocks(*, now: datetime) -> Clocks:
    due = Q(next_at__lte=now)
    found = Obligation.objects.running().aggregate(
        running=Count("id"),
        paused=Count("id", filter=Q(status=Obligation.Status.PAUSED)),
        due=Count("id", filter=due),
        oldest_due=Min("next_at", filter=due),
        set_aside=Count("id", filter=~Q(error="")),
        to_recount=Count("id", filter=Q(calendar_version__lt=working_calendar().version)),
    )
    return Clocks(**found)


def backlogs(*, now: datetime) -> list[Backlog]:
    due = Q(state=State.PENDING, not_before__lte=now)
    rows = Message.objects.filter(ALONE).filter(due | Q(state__in=[State.DEAD, State.UNKNOWN]))
    counted = rows.values("channel").annotate(
        waiting=Count("id", filter=due),
        oldest=Min("not_before", filter=due),
        dead=Count("id", filter=Q(state=State.DEAD)),
        unknown=Count("id", filter=Q(state=State.UNKNOWN)),
    )
    found = {channel: rest for channel, *rest in counted.values_list("channel", "waiting", "oldest", "dead", "unknown")}
    nothing = [0, None, 0, 0]
    return [Backlog(channel, *found.get(channel, nothing)) for channel in Channel]


def undelivered() -> list[Message]:
    """The newest messages that were refused or whose fate is unknown, with the reason."""
    return list(Message.objects.undeliverable().select_related("recipient").order_by("-created_at", "-id")[:SHOWN])


def set_aside(viewer: Person) -> list[Obligation]:
    """Clocks whose reminder could not be made, with the reason; the engine tries again every hour.

    Each with whether `viewer` may know of it: otherwise the page names no matter.
    """
    rows = Obligation.objects.running().exclude(error="").select_related("matter", "rule")
    rows = rows.annotate(known=Exists(named_to(Obligation.objects.filter(pk=OuterRef("pk")), viewer)))
    return list(rows.order_by("next_at", "id")[:SHOWN])


def trouble() -> str:
    """One sentence if reminders or mail are late, else nothing: one query, besides that for the engine's clock."""
    now = timezone.now()
    late_due = Obligation.objects.filter(next_at__lte=engine_now() - LATE_ENGINE)
    late_mail = Message.objects.filter(state=State.PENDING, part_of=None, not_before__lte=now - LATE_MAIL)
    ticked = EngineBeat.objects.filter(name="tick", last_ok_at__gte=now - LOOPS[0].patience)
    found = ticked.annotate(due=Exists(late_due), mail=Exists(late_mail)).values("due", "mail").first()
    if found is None:
        return "后台任务没有在运行，提醒、邮件和短信暂时发不出去。恢复后会补发，不会遗漏。"
    if found["due"]:
        return "有提醒到了时间还没有发出。系统正在补发，不会遗漏。"
    if found["mail"]:
        return "有邮件或短信等了 15 分钟以上还没有发出。系统会继续尝试，不会遗漏。"
    return ""


class Engine(Collector):
    """The same figures for Prometheus; labels name no unit, person or matter (S23)."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now, moment = engine_now(), timezone.now()
        state = clocks(now=now)
        yield _gauge("engine_due_lag_seconds", "Age of the oldest reminder that is due", state.lag(now).total_seconds())
        yield _gauge("engine_due", "Obligations whose next reminder is due", state.due)
        yield _gauge("engine_set_aside", "Obligations set aside with an error", state.set_aside)
        yield _gauge("engine_to_recount", "Obligations counted on an older calendar", state.to_recount)
        running = GaugeMetricFamily("huiyin_obligations", "Running obligations", labels=["status"])
        running.add_metric(["open"], state.running - state.paused)
        running.add_metric(["paused"], state.paused)
        yield running
        messages = GaugeMetricFamily("huiyin_messages", "Messages that wait or failed", labels=["channel", "state"])
        oldest = GaugeMetricFamily("huiyin_messages_lag_seconds", "Age of the oldest waiting", labels=["channel"])
        for one in backlogs(now=moment):
            for name, amount in (("pending", one.waiting), ("dead", one.dead), ("unknown", one.unknown)):
                messages.add_metric([one.channel, name], amount)
            oldest.add_metric([one.channel], (moment - one.oldest).total_seconds() if one.oldest else 0)
        yield from (messages, oldest)
        ages = GaugeMetricFamily("huiyin_beat_age_seconds", "Since a loop last went well", labels=["loop"])
        for beat in beats(now=moment):
            if beat.at:
                ages.add_metric([beat.loop.name], max((moment - beat.at).total_seconds(), 0))
        yield ages
        jobs = GaugeMetricFamily("huiyin_long_jobs", "Long jobs not done", labels=["state"])
        unfinished = LongJob.objects.exclude(state=JobState.DONE).values("state").annotate(amount=Count("id"))
        amounts = dict(unfinished.values_list("state", "amount"))
        for job_state in JobState:
            if job_state != JobState.DONE:
                jobs.add_metric([job_state], amounts.get(job_state, 0))
        yield jobs
        missing = missing_year(local_day(now), working_calendar().published)
        yield _gauge(
            "calendar_year_missing", "1 while next year's calendar is missing after 1 November", missing is not None
        )


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"huiyin_{name}", text, value=float(value))


def exposition() -> bytes:
    """The figures in Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(Engine())
    return generate_latest(registry)
