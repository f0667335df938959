"""What production must have before it may start (S7)."""

import sys
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from config.portal import health
from members.crypto import index_key, keyring

SHORTEST_KEY = 50
GUNICORN_GIVES_UP = 3  # gunicorn ends on this code instead of starting the worker again


def faults_of_settings() -> list[str]:
    """Return what the environment lacks, as sentences for whoever installs us."""
    wanted = {
        "没有设置 DATABASE_URL：请写明 PostgreSQL 的地址。": bool(settings.DATABASE_URL),
        "没有设置 REDIS_URL：请写明 Redis 的地址。": bool(settings.REDIS_URL),
        f"SECRET_KEY 少于 {SHORTEST_KEY} 个字符：请换一个随机的长密钥。": len(settings.SECRET_KEY) >= SHORTEST_KEY,
        "没有设置 ALLOWED_HOSTS：请写明用户访问的域名，不能用 *。": _are_named(settings.ALLOWED_HOSTS),
        "没有设置 FIELD_KEYS，或格式不对：请写 名称:密钥，密钥是 32 字节随机数的 base64。": _reads(
            keyring, settings.FIELD_KEYS
        ),
        "没有设置 INDEX_KEY，或格式不对：请写 32 字节随机数的 base64。": _reads(index_key, settings.INDEX_KEY),
        "DEBUG 打开着：请去掉它。": not settings.DEBUG,
    }
    return [sentence for sentence, kept in wanted.items() if not kept]


def _reads(reader: Callable[[str], Any], text: str) -> bool:
    try:
        reader(text)
    except ImproperlyConfigured:
        return False
    return True


def _are_named(hosts: list[str]) -> bool:
    return bool(hosts) and "*" not in hosts


def faults_of_services() -> list[str]:
    """Return what the database and Redis must not contain or allow. A Redis that is away is not a fault."""
    faults = []
    if get_user_model()._default_manager.filter(is_demo=True).exists():
        faults.append("数据库里有演示账户：演示数据不能用于生产，请换一个数据库。")
    if health.append_only().level != "ok":
        faults.append("DATABASE_URL 的角色可以修改只追加的表：请用运行角色，并执行 manage.py grants。")
    if redis_is_open():
        faults.append("Redis 不要密码就能访问：请设置密码，或改用只有本机能访问的套接字文件。")
    return faults


def redis_is_open() -> bool:
    """Whether anybody on the network may use this Redis; a socket file is guarded by its folder."""
    url = urlsplit(settings.REDIS_URL)
    if url.scheme == "unix":
        return False
    try:
        with redis.Redis(url.hostname or "", url.port or 6379, ssl=url.scheme == "rediss", socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def refuse_unless_fit() -> None:
    """End this process with the reasons, if it is production and something is missing or open."""
    if not settings.PRODUCTION:
        return
    faults = faults_of_settings() or _ask_services()
    if faults:
        print(
            "回音没有启动：", *faults, sep="\n  ", file=sys.__stderr__, flush=True
        )  # beat turns sys.stderr into its log
        sys.exit(GUNICORN_GIVES_UP)


def _ask_services() -> list[str]:
    try:
        return faults_of_services()
    except Exception as error:  # noqa: BLE001  whatever it is, we do not start
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        return [f"无法确认数据库可以使用：{reason[0]}"]
    finally:
        connection.close()


def _check(faults: Callable[[], list[str]], prefix: str) -> list[CheckMessage]:
    if not settings.PRODUCTION:
        return []
    return [Error(sentence, id=f"huiyin.{prefix}{number}") for number, sentence in enumerate(faults(), start=1)]


@register(Tags.security, deploy=True)
def check_settings(**kwargs: Any) -> list[CheckMessage]:
    return _check(faults_of_settings, "E0")


@register(Tags.database)
def check_services(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Run by `check --database default`, and by the web, worker and beat when they start."""
    return _check(_ask_services, "E1") if databases and not faults_of_settings() else []
