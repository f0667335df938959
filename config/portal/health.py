"""Is the house well? Each question gives one finding; none raises."""

import shutil
import smtplib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from django.utils import timezone

from config.portal import vitals
from members import gateways, transport
from members.database import append_only_models
from members.inbox import webhook
from proposals.handling import pdf as pdf_maker
from proposals.handling.clockwork import engine_now
from proposals.handling.clockwork.years import missing_year
from proposals.handling.models import CalendarDay, CalendarYear, EngineBeat
from proposals.handling.workdays import working_calendar

Level = Literal["ok", "warn", "fail"]
LATE_BEAT = timedelta(minutes=3)
LEAST_FREE = 1024**3


@dataclass(frozen=True)
class Finding:
    """What one question found; `text` is a sentence for a person, `facts` are for scripts."""

    name: str
    level: Level
    text: str
    facts: dict[str, Any]


def _finding(name: str, level: Level, text: str, **facts: Any) -> Finding:
    return Finding(name, level, text, facts)


def database() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('server_version_num')::int, current_user"
        )
        version, number, role = cursor.fetchone()
    level: Level = "ok" if number >= 150000 else "fail"
    return _finding("database", level, f"PostgreSQL {version}，角色 {role}。", version=version, role=role)


def migrations() -> Finding:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        return _finding(
            "migrations", "fail", f"还有 {len(plan)} 个数据库变更没有执行，请运行 migrate。", missing=len(plan)
        )
    return _finding("migrations", "ok", "数据库结构是最新的。", missing=0)


def broker() -> Finding:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=2)
    with client:
        info: Any = client.info()
    policy = str(info.get("maxmemory_policy", ""))
    level: Level = "ok" if policy == "noeviction" else "warn"
    advice = "" if level == "ok" else "，请设为 noeviction"
    return _finding("redis", level, f"Redis {info['redis_version']}，内存策略 {policy}{advice}。", policy=policy)


def append_only() -> Finding:
    tables = [model._meta.db_table for model in append_only_models()]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t FROM unnest(%s::text[]) AS t WHERE has_table_privilege(t, 'UPDATE')"
            " OR has_table_privilege(t, 'DELETE') OR has_table_privilege(t, 'TRUNCATE')",
            [tables],
        )
        open_tables = [row[0] for row in cursor.fetchall()]
    if open_tables:
        text = f"运行角色可以修改 {len(open_tables)} 张只追加的表，请用 DATABASE_URL 的角色运行，并执行 grants。"
        return _finding("append_only", "fail", text, tables=open_tables)
    return _finding("append_only", "ok", f"{len(tables)} 张只追加的表不能改。", tables=[])


def heartbeat() -> Finding:
    """Whether beat rang, the worker heard it, and PostgreSQL wrote it down, all in the last minutes."""
    now = timezone.now()
    last = EngineBeat.objects.filter(name="tick").aggregate(at=Max("last_ok_at"))["at"]
    if last is None:
        return _finding("heartbeat", "fail", "定时和后台任务还从来没有运行过。", last_at=None)
    level: Level = "ok" if now - last <= LATE_BEAT else "fail"
    return _finding("heartbeat", level, f"定时和后台任务最近一次运行在{_ago(now - last)}。", last_at=last.isoformat())


def engine_lag() -> Finding:
    now = engine_now()
    state = vitals.clocks(now=now)
    lag = state.lag(now)
    level: Level = "fail" if lag > vitals.LATE_ENGINE else "warn" if state.set_aside else "ok"
    text = f"最早一个该发而未发的提醒应在{_ago(lag)}发出。" if state.due else "提醒没有积压。"
    if state.set_aside:
        text += f"有 {state.set_aside} 项时限的提醒做不出来，每小时重试，原因见“运行状况”页。"
    facts = {"seconds": int(lag.total_seconds()), "due": state.due, "set_aside": state.set_aside}
    return _finding("engine_lag", level, text, **facts)


def loops() -> Finding:
    """Jobs that have run before and have not gone well for too long."""
    late = [beat.loop for beat in vitals.beats(now=timezone.now()) if beat.at and beat.late]
    text = (
        f"{'、'.join(loop.label for loop in late)}太久没有完成，请检查后台任务的日志。"
        if late
        else "各项后台任务按时完成。"
    )
    return _finding("loops", "fail" if late else "ok", text, late=[loop.name for loop in late])


def outbox() -> Finding:
    now = timezone.now()
    rows = vitals.backlogs(now=now)
    stuck = [row.channel for row in rows if row.oldest and now - row.oldest > vitals.LATE_MAIL]
    waiting, undelivered = sum(row.waiting for row in rows), sum(row.dead + row.unknown for row in rows)
    level: Level = "fail" if stuck else "warn" if undelivered else "ok"
    text = f"待发 {waiting} 条{'，最早的等了 15 分钟以上' if stuck else ''}，未送达 {undelivered} 条。"
    return _finding("outbox", level, text, waiting=waiting, undelivered=undelivered, stuck=stuck)


def calendar() -> Finding:
    today = timezone.localdate()
    last = CalendarDay.objects.aggregate(on=Max("date"))["on"]
    provisional = list(
        CalendarYear.objects.filter(status=CalendarYear.Status.PROVISIONAL).values_list("year", flat=True)
    )
    missing = missing_year(today, working_calendar().published)
    facts = {"until": last.isoformat() if last else None, "provisional": provisional, "missing": missing}
    if last is None or last < today:
        return _finding("calendar", "fail", "工作日历没有今天，请载入今年的放假安排。", **facts)
    if last < today + timedelta(days=200) or today.year in provisional:
        return _finding("calendar", "warn", f"工作日历到 {last} 为止，请载入新的放假安排。", **facts)
    if missing:
        return _finding("calendar", "warn", f"{missing} 年的放假安排还没有载入。", **facts)
    return _finding("calendar", "ok", f"工作日历到 {last} 为止。", **facts)


def storage() -> Finding:
    folder = Path(settings.MEDIA_ROOT)
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / ".probe"
    probe.write_bytes(b"ok")
    probe.unlink()
    free = shutil.disk_usage(folder).free
    level: Level = "ok" if free >= LEAST_FREE else "fail"
    return _finding("storage", level, f"附件文件夹可写，还剩 {free / 1024**3:.1f} GB。", free_bytes=free)


def mail() -> Finding:
    url = urlsplit(settings.EMAIL_URL)
    if not url.scheme:
        return _finding("mail", "warn", "没有设置 EMAIL_URL，只能站内通知。", scheme="")
    if url.scheme == "file":
        return _finding("mail", "ok", "邮件写入文件，在演示的发信页上看。", scheme="file")
    line = smtplib.SMTP_SSL if url.scheme in {"smtps", "smtp+ssl"} else smtplib.SMTP
    with line(url.hostname or "", url.port or 0, timeout=3) as server:
        code, _ = server.noop()
    level: Level = "ok" if code == 250 else "fail"
    return _finding("mail", level, f"邮件服务器 {url.hostname} 应答 {code}。", scheme=url.scheme, code=code)


def gateway_entries() -> Finding:
    """Every gateway of the environment: is its entry whole, its address allowed, and does somebody answer there?"""
    found = {one.name: _gateway_fault(one) for one in gateways.entries()}
    wrong = [f"{name}：{fault}" for name, fault in found.items() if fault]
    if not found:
        return _finding("gateways", "ok", "没有设置 WEBHOOKS，不发短信等通知。", gateways=[])
    text = "；".join(wrong) if wrong else f"{len(found)} 个网关可用：{'、'.join(found)}。"
    return _finding("gateways", "fail" if wrong else "ok", text, gateways=list(found), wrong=wrong)


def _gateway_fault(one: gateways.Gateway) -> str:
    if one.faults or one.url.scheme == "file":
        return "，".join(one.faults)
    try:
        with socket.create_connection((webhook.checked_address(one), webhook.port_of(one)), timeout=3):
            return ""
    except (OSError, transport.LineDown) as error:
        return str(error)


def pdf() -> Finding:
    """Whether previews as PDF can be made; letters as Word files and on the screen need nothing of it."""
    wanting = pdf_maker.missing()
    if wanting:
        text = f"不能生成 PDF 预览，请安装：apt install {' '.join(wanting)}。Word 和网页打印版不受影响。"
        return _finding("pdf", "warn", text, missing=wanting)
    return _finding("pdf", "ok", "可以生成 PDF 预览，有中文字体。", missing=[])


READY: dict[str, Callable[[], Finding]] = {"database": database, "redis": broker, "migrations": migrations}
ALL: dict[str, Callable[[], Finding]] = READY | {
    "append_only": append_only,
    "heartbeat": heartbeat,
    "engine_lag": engine_lag,
    "loops": loops,
    "outbox": outbox,
    "calendar": calendar,
    "storage": storage,
    "mail": mail,
    "gateways": gateway_entries,
    "pdf": pdf,
}
LABELS = {
    "database": "数据库",
    "redis": "Redis",
    "migrations": "数据库结构",
    "append_only": "只追加的表",
    "heartbeat": "心跳",
    "engine_lag": "提醒引擎",
    "loops": "后台任务",
    "outbox": "待发通知",
    "calendar": "工作日历",
    "storage": "附件存储",
    "pdf": "公文预览",
    "mail": "邮件",
    "gateways": "短信等网关",
}


def examine(questions: dict[str, Callable[[], Finding]]) -> list[Finding]:
    return [_ask(name, question) for name, question in questions.items()]


def _ask(name: str, question: Callable[[], Finding]) -> Finding:
    """Return the answer, or the failure as an answer: a report on health must not fall ill itself."""
    try:
        return question()
    except Exception as error:  # noqa: BLE001  whatever it is, it is a finding
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        return _finding(name, "fail", f"{LABELS[name]}不可用：{reason[0]}", error=type(error).__name__)


def _ago(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    if seconds < 120:
        return f"{seconds} 秒前"
    return f"{seconds // 60} 分钟前" if seconds < 7200 else f"{seconds // 3600} 小时前"
