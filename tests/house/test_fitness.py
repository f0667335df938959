"""Production is what happens when nobody says otherwise, and it starts only when it is fit (S7)."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config import fitness, house
from config.mode import ROOT
from config.servers import Child, valkey_program, wait_until
from members.crypto import blind_index
from members.models import Person

FIT = {
    "DATABASE_URL": "postgresql://nobody@%2Fnonexistent/none",
    "REDIS_URL": "unix:///nonexistent/valkey.sock",
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": "huiyin.example",
    "FIELD_KEYS": "a:" + "A" * 43 + "=",
    "INDEX_KEY": "B" * 43 + "=",
}
NO_KEYS = "没有设置 FIELD_KEYS，或格式不对：请写 名称:密钥，密钥是 32 字节随机数的 base64。"
NO_INDEX = "没有设置 INDEX_KEY，或格式不对：请写 32 字节随机数的 base64。"
KEPT = ("PATH", "HOME", "LANG", "PYTHONPYCACHEPREFIX")
START = "import config.wsgi"
CELERY = "import sys; from celery.__main__ import main; sys.argv = ['celery', '-A', 'config', '{}']; main()"


def start(
    tmp_path: Path, program: str = START, changes: dict[str, str | None] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `program` in production, in the environment of FIT with `changes`; None takes a name away."""
    own = {name: value for name, value in (FIT | (changes or {})).items() if value is not None}
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment = (
        kept
        | {"HUIYIN_VAR": str(tmp_path), "PYTHONIOENCODING": "utf-8", "DJANGO_SETTINGS_MODULE": "config.settings"}
        | own
    )
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "", "没有设置 DATABASE_URL：请写明 PostgreSQL 的地址。"),
        ("REDIS_URL", "", "没有设置 REDIS_URL：请写明 Redis 的地址。"),
        ("SECRET_KEY", "k" * 49, "SECRET_KEY 少于 50 个字符：请换一个随机的长密钥。"),
        ("ALLOWED_HOSTS", [], "没有设置 ALLOWED_HOSTS：请写明用户访问的域名，不能用 *。"),
        ("ALLOWED_HOSTS", ["*"], "没有设置 ALLOWED_HOSTS：请写明用户访问的域名，不能用 *。"),
        ("FIELD_KEYS", "", NO_KEYS),
        ("FIELD_KEYS", "A" * 43 + "=", NO_KEYS),
        ("FIELD_KEYS", "a:AAAA", NO_KEYS),
        ("FIELD_KEYS", "a:不是base64", NO_KEYS),
        ("INDEX_KEY", "", NO_INDEX),
        ("INDEX_KEY", "AAAA", NO_INDEX),
        ("INDEX_KEY", "?" * 44, NO_INDEX),
        ("DEBUG", True, "DEBUG 打开着：请去掉它。"),
    ],
)
def test_each_lack_has_its_sentence(settings, name: str, value: object, sentence: str) -> None:
    settings.SECRET_KEY = "k" * 50
    assert fitness.faults_of_settings() == []

    setattr(settings, name, value)

    assert fitness.faults_of_settings() == [sentence]


@pytest.mark.parametrize("program", [START, CELERY.format("worker"), CELERY.format("beat")])
def test_web_worker_and_beat_say_why_they_do_not_start(tmp_path: Path, program: str) -> None:
    done = start(tmp_path, program, {"SECRET_KEY": "short", "ALLOWED_HOSTS": None})

    wanted = ["SECRET_KEY 少于 50 个字符" in done.stderr, "没有设置 ALLOWED_HOSTS" in done.stderr]
    assert (done.returncode, wanted) == (3, [True, True]), done.stderr


def test_a_database_that_cannot_be_asked_keeps_production_from_starting(tmp_path: Path) -> None:
    done = start(tmp_path)

    assert (done.returncode, "无法确认数据库可以使用" in done.stderr) == (3, True), done.stderr


def test_a_command_without_a_database_says_so(tmp_path: Path) -> None:
    done = start(tmp_path, "from config.commands import main; main(['manage.py', 'doctor'])", {"DATABASE_URL": None})

    assert (done.returncode, "没有设置 DATABASE_URL" in done.stderr) == (1, True)


@pytest.mark.parametrize("mark", ["production", "", "demo2"])
def test_only_our_own_marks_open_the_demonstration(tmp_path: Path, mark: str) -> None:
    (tmp_path / "mode").write_text(mark)

    done = start(tmp_path, "from config import settings; print(settings.MODE)")

    assert done.stdout.strip() == "production"


def test_production_hides_its_cookies_and_insists_on_https(tmp_path: Path) -> None:
    wanted = "SESSION_COOKIE_NAME SESSION_COOKIE_SECURE CSRF_COOKIE_NAME CSRF_COOKIE_SECURE SECURE_SSL_REDIRECT SECURE_HSTS_SECONDS"
    done = start(tmp_path, f"from config import settings; print(*[getattr(settings, n) for n in '{wanted}'.split()])")

    assert done.stdout.split() == ["__Host-session", "True", "__Host-csrf", "True", "True", str(365 * 24 * 3600)]


def test_pages_for_demonstration_do_not_exist_in_production(tmp_path: Path) -> None:
    program = (
        "import django; django.setup();"
        "from django.urls import get_resolver;"
        "print([k for k in get_resolver('config.portal.urls').reverse_dict if isinstance(k, str) and k.startswith('kit')])"
    )

    assert start(tmp_path, program).stdout.strip() == "[]"


def test_sent_mails_do_not_show_in_production(tmp_path: Path) -> None:
    program = (
        "import django; django.setup();"
        "from django.urls import get_resolver;"
        "names = [k for k in get_resolver('members.inbox.urls').reverse_dict if isinstance(k, str)];"
        "print('list' in names, [name for name in names if name.startswith('sent')])"
    )

    assert start(tmp_path, program).stdout.strip() == "True []"


def test_without_an_index_key_nothing_is_looked_up_or_stored(settings) -> None:
    settings.INDEX_KEY = ""

    with pytest.raises(ImproperlyConfigured, match="INDEX_KEY"):
        blind_index("13800000000", place="person.phone")


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def valkey(folder: Path, *, password: str) -> Iterator[str]:
    """A real server on a port of the loopback; gives its address."""
    port = house.free_port(20_000 + os.getpid() % 10_000)
    argv: list[str | Path] = [
        valkey_program(),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        folder,
        "--save",
        "",
    ]
    child = Child("Valkey", [*argv, "--requirepass", password], folder / "valkey.log").start()
    try:
        wait_until(lambda: listens(port), child, seconds=30)
        yield f"redis://:{password}@127.0.0.1:{port}/0" if password else f"redis://127.0.0.1:{port}/0"
    finally:
        child.stop()


def test_a_redis_behind_a_socket_or_away_is_not_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert not fitness.redis_is_open()
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    assert not fitness.redis_is_open(), "one that is away is not open"


@pytest.mark.django_db
def test_a_redis_that_asks_for_no_password_keeps_production_from_starting(monkeypatch, tmp_path: Path) -> None:
    answers = []
    for password in ("", "s3cret"):
        with valkey(tmp_path, password=password) as url:
            monkeypatch.setattr(settings, "REDIS_URL", url)
            answers.append(fitness.faults_of_services())

    assert answers == [["Redis 不要密码就能访问：请设置密码，或改用只有本机能访问的套接字文件。"], []]


@pytest.mark.django_db
def test_a_demonstration_account_keeps_production_from_starting() -> None:
    assert fitness.faults_of_services() == []

    Person.objects.create(username="member", name="演示", is_demo=True)

    assert fitness.faults_of_services() == ["数据库里有演示账户：演示数据不能用于生产，请换一个数据库。"]


@pytest.mark.django_db
@pytest.mark.owner
def test_the_owner_of_the_tables_may_not_be_the_web() -> None:
    assert fitness.faults_of_services() == [
        "DATABASE_URL 的角色可以修改只追加的表：请用运行角色，并执行 manage.py grants。"
    ]
