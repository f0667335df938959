"""D1–D13: what is done to the engine, and what is counted afterwards."""

import itertools
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import psutil
import psycopg
import redis
from django.conf import settings
from django.db import connection, transaction

from config.portal import health, vitals
from config.servers import ADMIN, Child, socket_folder, wait_until
from members.inbox import engine as inbox
from members.inbox.models import Channel, Message, State
from proposals.handling import audit, clocks, engine, workdays
from proposals.handling.clockwork import engine_now
from proposals.handling.clockwork.ladder import local_day, office_moment
from proposals.handling.models import EngineBeat, Obligation
from tests.factories import BodyFactory

from .place import FOLDER, POSTGRES, VALKEY, Place, move_clock, place, restart_postgres, ring, until
from .planted import A_MATTER, delivered, found, one_step, plant, plant_with_units, three_steps

A_LEASE = inbox.LEASE + timedelta(seconds=1)
RECOVERY = 60.0


@dataclass(frozen=True)
class Report:
    """What a drill found; `kills` is how often a mail may come twice, and `note` what the table adds in words."""

    staged: int
    lost: int
    doubled: int
    sent_after_close: int = 0
    recovered_s: float = 0.0
    kills: int = 0
    note: str = ""
    doubled_inside: int = 0

    @property
    def ok(self) -> bool:
        sound = self.lost == self.sent_after_close == self.doubled_inside == 0
        return sound and self.doubled <= self.kills and self.recovered_s <= RECOVERY


def report(ids: Collection[int], here: Place, **more: Any) -> Report:
    became = found(ids, here.sink)
    lost = became.lost + more.pop("lost", 0)
    return Report(len(ids), lost, became.doubled_mails, doubled_inside=became.doubled_inside, **more)


@contextmanager
def ringing(every: float = 0.3) -> Iterator[None]:
    """Somebody rings all the time, as people's commits do."""
    stop = threading.Event()

    def go_on() -> None:
        while not stop.wait(every):
            ring()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def all_delivered(ids: Collection[int]) -> Callable[[], bool]:
    return lambda: delivered(ids) == len(ids)


def d1_kill(*, short: bool) -> Report:
    """Workers and their children are killed at random in the middle of scanning and sending."""
    kills, amount = (6, 150) if short else (25, 600)
    chance = random.Random(1)
    with place() as here:
        workers = [here.worker() for _ in range(1 if short else 2)]
        ids = plant(amount)
        with ringing(0.2):
            until(lambda: delivered(ids), "the first mail")
            for _ in range(kills):
                _kill_one(chance.choice(workers), chance)
                time.sleep(chance.uniform(0.05, 0.4))
            began = time.monotonic()
            while delivered(ids) < amount and time.monotonic() - began < RECOVERY:
                move_clock(timedelta(seconds=time.monotonic() - began) + A_LEASE)  # what the dead had leased comes free
                time.sleep(0.2)
            recovered = time.monotonic() - began
        return report(ids, here, kills=kills, recovered_s=recovered)


def _kill_one(worker: Child, chance: random.Random) -> None:
    """Kill the worker or the child that does its work; whoever watches over it starts it again."""
    try:
        children = psutil.Process(worker.process.pid).children()
    except psutil.NoSuchProcess:
        children = []
    if children and chance.random() < 0.7:
        children[0].kill()
        return
    os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    worker.start()


def d2_redis(*, short: bool) -> Report:
    """Redis loses everything and goes away, comes back; then it is off for good and `--loop` works without it."""
    amount, away = (40, 2.0) if short else (200, 120.0)
    with place() as here:
        here.worker(), here.beat()
        until(lambda: EngineBeat.objects.filter(name="send").exists(), "the worker")
        client = redis.Redis.from_url(settings.REDIS_URL)
        client.flushall()
        client.close()
        VALKEY.stop()
        ids = plant(amount)
        time.sleep(away)
        VALKEY.start()
        wait_until(lambda: (socket_folder(FOLDER) / "valkey.sock").exists(), VALKEY, seconds=30)
        if short:  # beat rings once a minute; somebody's commit does not wait for it
            with ringing(1.0):
                recovered = until(all_delivered(ids), "the mails")
        else:
            recovered = until(all_delivered(ids), "the mails")
        VALKEY.stop()
        without = plant(amount // 4)
        here.engine("--loop")
        until(all_delivered(without), "the mails without Redis")
        VALKEY.start()
        return report([*ids, *without], here, recovered_s=recovered)


def d3_beats(*, short: bool) -> Report:
    """Three beats ring for everything at once."""
    with place() as here:
        ids = plant(60 if short else 300)
        here.worker()
        for _ in range(3):
            here.beat()
        with ringing():
            until(all_delivered(ids), "the mails")
        return report(ids, here)


def d4_scanners(*, short: bool) -> Report:
    """Four engines start on one due set."""
    with place() as here:
        ids = plant(400)
        engines = [here.engine("--once") for _ in range(4)]
        until(lambda: all(one.ended() for one in engines), "the engines")
        for one in engines:
            assert one.process.returncode == 0, one.last_words()
        return report(ids, here)


def d5_clock(*, short: bool) -> Report:
    """The engine's clock jumps a day on and back, while work comes in on either side."""
    with place() as here:
        here.worker()
        ids = plant(100)
        with ringing():
            until(lambda: delivered(ids), "the first mail")
            move_clock(timedelta(days=1))
            ids += plant(50)
            until(lambda: delivered(ids) > 100, "mails of the next day")
            move_clock(timedelta())
            ids += plant(50)
            move_clock(A_LEASE)
            until(all_delivered(ids), "the mails")
        engine.scan(now=engine_now())
        return report(ids, here)


def d6_postgres(*, short: bool) -> Report:
    """PostgreSQL is stopped at once in the middle of a batch, and started again."""
    amount = 120 if short else 400
    with place() as here:
        here.worker()
        if not short:
            here.beat()
        ids = plant(amount)
        ring()
        until(lambda: delivered(ids) >= 10, "the first mails")
        restart_postgres()
        if short:
            with ringing(1.0):
                recovered = until(all_delivered(ids), "the mails")
        else:
            recovered = until(all_delivered(ids), "the mails")
        return report(ids, here, recovered_s=recovered, kills=1)


def d7_outage(*, short: bool) -> Report:
    """Everything stands still for days; then each clock has one message, not one for every day."""
    with place() as here:
        ids = plant(200, by=three_steps(), due=False)
        move_clock(timedelta(days=7))
        here.worker(), here.beat()
        recovered = until(all_delivered(ids), "the mails")
        return report(ids, here, recovered_s=recovered)


class Slow:
    """A mail server slow enough to be overtaken; it remembers when each hand-off began."""

    def __init__(self) -> None:
        self.began: dict[str, float] = {}

    def open(self) -> None:
        return

    def deliver(self, mail: EmailMessage) -> None:
        self.began.setdefault(str(mail["Message-ID"]), time.monotonic())
        time.sleep(random.random() / 300)

    def close(self) -> None:
        return


def d8_races(*, short: bool) -> Report:
    """Closing, extending and transferring race the senders, each clock once."""
    amount = 150 if short else 2_100
    with place():
        ids = plant_with_units(amount)
        engine.scan(now=engine_now())
        line, taken_back = Slow(), dict[int, float]()
        heirs = dict(zip(ids, itertools.cycle([BodyFactory() for _ in range(A_MATTER)]), strict=False))
        acts: list[Callable[[Obligation], Any]] = [
            lambda row: clocks.complete(row, by=None, now=engine_now()),
            lambda row: clocks.extend(row, amount=1, by=None, now=engine_now(), reason="演练", override=True),
            lambda row: clocks.move_holder(row, heirs[row.pk], by=None, now=engine_now()),
        ]

        def act(part: int) -> None:
            rows = list(Obligation.objects.filter(pk__in=ids[part::2]).order_by("?"))
            for number, row in enumerate(rows):
                acts[number % 3](row)
                taken_back[row.pk] = time.monotonic()
            connection.close()

        def send() -> None:
            while not over.is_set():
                inbox.send(now=engine_now(), transport=line)
            connection.close()

        over = threading.Event()
        with ThreadPoolExecutor() as pool:
            senders = [pool.submit(send) for _ in range(2)]
            try:
                for done in [pool.submit(act, part) for part in range(2)]:
                    done.result()
            finally:
                over.set()
            for sender in senders:
                sender.result()
        facts = Message.objects.filter(about__in=ids, channel=Channel.EMAIL)
        sent = dict(facts.filter(state=State.SENT).values_list("about", "message_id"))
        late = [pk for pk, message in sent.items() if pk and line.began[message] > taken_back[pk]]
        open_ends = facts.exclude(state__in=[State.SENT, State.CANCELLED]).count()
        twice = len(line.began) - len(set(sent.values()))
        note = f"{len(sent)} 封在先，{amount - len(sent)} 封被收回"
        return Report(amount, open_ends, twice, sent_after_close=len(late), note=note)


def d9_mail(*, short: bool) -> Report:
    """The mail server hangs, refuses for good, refuses for now, and drops the line after taking the mail."""
    with place() as here:
        here.worker()
        good = plant(100) + plant(1, address="hang")
        odd = {
            state: plant(3, address=name)
            for name, state in {"refuse": "dead", "later": "pending", "drop": "unknown"}.items()
        }
        with ringing():
            until(all_delivered(good), "the good mails")
            until(lambda: _tried([pk for ids in odd.values() for pk in ids]) == 9, "the others to be tried")
        wrong = sum(_in_state(ids).count(state) != len(ids) for state, ids in odd.items())
        return report(good, here, lost=wrong, note="拒收 3、暂缓 3、断线 3 各归其类")


def _in_state(ids: Collection[int]) -> list[str]:
    facts = Message.objects.filter(about__in=ids, channel=Channel.EMAIL).select_related("part_of")
    return [fact.part_of.state if fact.part_of and fact.state == State.PENDING else fact.state for fact in facts]


def _tried(ids: Collection[int]) -> int:
    carriers = Message.objects.filter(facts__about__in=ids, channel=Channel.EMAIL, attempts__gt=0)
    return carriers.exclude(state=State.PENDING, error="").distinct().count()


def d10_holiday(*, short: bool) -> Report:
    """Holidays are published while the scan runs: in office hours, for what an edit arms anew waits for them."""
    with place() as here:
        move_clock(office_moment(engine_now(), workdays.working_calendar()) - engine_now())
        workers = [here.worker() for _ in range(2)]
        ids, waiting = plant(300), plant(300, due=False)
        with ringing():
            for number in range(6):
                day = local_day(engine_now()) + timedelta(days=30 + number)
                with transaction.atomic():
                    workdays.set_local_day(day, is_workday=bool(number % 2), name="演练")
                engine.refold(now=engine_now())
            until(all_delivered(ids), "the mails")
        while engine.refold(now=engine_now()):
            pass
        assert not any(one.ended() for one in workers)
        wrong = {one.obligation for one in audit.differences(now=engine_now())} & {*ids, *waiting}
        return report(ids, here, lost=len(wrong), note=f"{len(waiting)} 项同时重算")


def d11_poison(*, short: bool) -> Report:
    """A clock that cannot be computed and a message that cannot be put into words stand among a thousand good ones."""
    with place() as here:
        here.worker()
        poison = one_step("drill_beyond", anchor="due", offset_workdays=1)  # the day after the calendar's last
        ids = plant(500) + (poisoned := plant(1, by=poison)) + plant(500)
        broken = plant(1, by=one_step("drill_broken", template="clock.no_such"))
        Obligation.objects.filter(pk__in=poisoned).update(due_on="2060-12-31")
        good = [pk for pk in ids if pk not in poisoned]
        with ringing():
            until(all_delivered(good), "the good mails")
            aside = Obligation.objects.filter(pk__in=poisoned).exclude(error="")
            until(lambda: aside.exists() and State.DEAD in _in_state(broken), "the bad ones to be set aside")
        return report(good, here, note="坏的各 1 条搁置、标明原因")


def d12_deaf(*, short: bool) -> Report:
    """The worker hears nothing any more: people are warned, and all is sent once it is back."""
    with place() as here:
        worker = here.worker()
        here.beat()
        until(lambda: EngineBeat.objects.filter(name="send").exists(), "the worker")
        os.killpg(worker.process.pid, signal.SIGSTOP)
        ids = plant(100)
        move_clock(vitals.LATE_ENGINE + timedelta(seconds=1))
        warned = "提醒" in vitals.trouble() and health.engine_lag().level == "fail"
        os.killpg(worker.process.pid, signal.SIGKILL)
        worker.process.wait()
        worker.start()
        recovered = until(all_delivered(ids), "the mails")
        quiet = health.engine_lag().level == "ok"
        return report(
            ids, here, lost=(not warned) + (not quiet), recovered_s=recovered, note="页面横幅与 doctor 都已告警"
        )


def d13_full(*, short: bool) -> Report:
    """The disk is full, and statements deadlock: the batch rolls back as a whole and is tried again."""
    with place() as here:
        here.worker()
        with full_disk() as how, ringing():
            ids = plant(200)
            time.sleep(3)
            assert delivered(ids) == 0, "the disk was not full"
        with deadlocks(3), ringing():
            recovered = until(all_delivered(ids), "the mails")
        aside = Obligation.objects.filter(pk__in=ids).exclude(error="").count()
        return report(ids, here, lost=aside, recovered_s=recovered, note=how)


@contextmanager
def full_disk() -> Iterator[str]:
    """No room for checkpoints: on a small file system of its own where one can be mounted, else a trigger says so."""
    folder = FOLDER / "small"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False
        ).returncode
    )
    if not mounted:
        with _failing("53100", forever=True):
            yield "触发器报 SQLSTATE 53100"
        return
    owner = psutil.Process(POSTGRES.process.pid).uids().real
    os.chown(folder, owner, -1)
    with _admin() as server:
        server.execute("CREATE TABLESPACE small LOCATION '" + str(folder) + "'")
        server.execute("CREATE TABLE filler (text text) TABLESPACE small")
        server.execute("ALTER TABLE handling_checkpoint SET TABLESPACE small")
        try:
            while True:
                server.execute("INSERT INTO filler SELECT repeat(md5(n::text), 30) FROM generate_series(1, 8) n")
        except psycopg.errors.DiskFull:
            pass
        # whatever free space an index page had is filled by checkpoints of nobody's making: the next page is refused
        yield "2 MB 的 tmpfs 表空间写满"
        server.execute("DROP TABLE filler")
        server.execute("ALTER TABLE handling_checkpoint SET TABLESPACE pg_default")
        for (index,) in server.execute("SELECT indexname FROM pg_indexes WHERE tablespace = 'small'").fetchall():
            server.execute(f"ALTER INDEX {index} SET TABLESPACE pg_default")
        server.execute("DROP TABLESPACE small")
    subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def deadlocks(amount: int) -> Iterator[None]:
    with _failing("40P01", forever=False, times=amount):
        yield


@contextmanager
def _failing(code: str, *, forever: bool, times: int = 0) -> Iterator[None]:
    """Let writing a checkpoint fail with this SQLSTATE, for ever or the first times; a sequence counts, not rolled back."""
    with _admin() as server:
        server.execute("CREATE SEQUENCE drill_failures")
        server.execute("GRANT ALL ON SEQUENCE drill_failures TO PUBLIC")
        server.execute(
            "CREATE FUNCTION drill_fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF {forever} OR nextval('drill_failures') <= {times} THEN"
            f" RAISE EXCEPTION 'drill' USING ERRCODE = '{code}'; END IF; RETURN NEW; END $$"
        )
        server.execute(
            "CREATE TRIGGER drill_fail BEFORE INSERT ON handling_checkpoint FOR EACH ROW EXECUTE FUNCTION drill_fail()"
        )
        yield
        server.execute("DROP TRIGGER drill_fail ON handling_checkpoint")
        server.execute("DROP FUNCTION drill_fail()")
        server.execute("DROP SEQUENCE drill_failures")


def _admin() -> "psycopg.Connection[Any]":
    name = str(connection.settings_dict["NAME"])
    return psycopg.connect(host=str(socket_folder(FOLDER)), user=ADMIN, dbname=name, autocommit=True)


DRILLS: dict[str, Callable[..., Report]] = {
    "D1": d1_kill,
    "D2": d2_redis,
    "D3": d3_beats,
    "D4": d4_scanners,
    "D5": d5_clock,
    "D6": d6_postgres,
    "D7": d7_outage,
    "D8": d8_races,
    "D9": d9_mail,
    "D10": d10_holiday,
    "D11": d11_poison,
    "D12": d12_deaf,
    "D13": d13_full,
}
