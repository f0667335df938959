"""The whole house under one supervisor, and what else the make targets start.

python -m config.house demo|test|check|bench [arguments]
"""

import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from config.lock import Taken, hold
from config.mode import ROOT, var_folder, write_mode
from config.sbom import write_sbom
from config.servers import Child, Trouble, embedded_urls, start_servers, stop_all, wait_until

PYTHON = sys.executable
FIRST_PORT, PORTS = 8000, 50
SERVERS = 2  # PostgreSQL and Valkey come first and end last
LEAST_LIFE = 10  # a child that dies younger than these seconds is not started again
STARTED = time.monotonic()


def say(text: str) -> None:
    print(f"[{time.monotonic() - STARTED:6.1f}s] {text}", flush=True)


# demo ----------------------------------------------------------------------------------------------------------------
class Stop(Exception):
    """Somebody asked us to end."""


def demo(arguments: Sequence[str]) -> int:
    """Run everything until Ctrl-C; whatever was interrupted before is mended or made anew."""
    var = var_folder()
    try:
        lock = hold(var / "lock")
    except Taken as taken:
        raise Trouble(f"这个文件夹里已经有一个在运行（进程 {taken.pid}）；请先停止它，或直接使用它。") from taken
    children: list[Child] = []
    with lock:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _stop)
        try:
            run_house(var, children)
        except Stop:
            say("正在停止 ……")
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            for child in children[SERVERS:]:
                child.ask_to_stop()
            stop_all(children)
    say("已全部停止，数据保存在 var/。")
    return 0


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise Stop


def run_house(var: Path, children: list[Child]) -> None:
    """Start one thing after the other, putting each into `children` as soon as it runs."""
    write_mode("demo")
    environment = own_environment(var)
    say("启动 PostgreSQL 和 Valkey ……")
    children += start_servers(var, durable=True)
    say("准备数据库、样式和演示数据 ……")
    manage("prepare", environment=environment | {"HUIYIN_PROCESS": "owner"})
    port = free_port(int(os.environ.get("PORT", FIRST_PORT)))
    say("启动网站、后台任务和定时器 ……")
    for child in (
        web(var, port, environment),
        worker(var, environment),
        long_worker(var, environment),
        beat(var, environment),
    ):
        children.append(child.start())
    wait_until(lambda: answers(port, environment["HUIYIN_RUN"]), children[2], seconds=60)
    announce(port)
    watch(children)


def own_environment(var: Path) -> dict[str, str]:
    """Return the environment of the children: our servers, unless the person named others."""
    urls = embedded_urls(var)
    own = {"HUIYIN_VAR": str(var), "HUIYIN_RUN": os.urandom(12).hex(), "PYTHONUNBUFFERED": "1"}
    if not os.environ.get("DATABASE_URL"):
        own |= {"DATABASE_URL": urls["runtime"], "OWNER_DATABASE_URL": urls["owner"]}
        own |= {"PURGE_DATABASE_URL": urls["purge"], "REDIS_URL": urls["redis"]}
    return dict(os.environ) | own


def manage(*arguments: str, environment: dict[str, str]) -> None:
    done = subprocess.run([PYTHON, "manage.py", *arguments], cwd=ROOT, env=environment, check=False)
    if done.returncode:
        raise Trouble(f"{arguments[0]} 没有完成，原因见上。")


def web(var: Path, port: int, environment: dict[str, str]) -> Child:
    argv = [PYTHON, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    argv += ["--workers", "2", "--threads", "4", "--no-control-socket", "--graceful-timeout", "10"]
    options = {"cwd": ROOT, "env": environment | {"HUIYIN_PROCESS": "web"}}
    return Child("网站", argv, var / "log" / "web.log", options=options)


def worker(var: Path, environment: dict[str, str]) -> Child:
    argv = [PYTHON, "-m", "celery", "--app", "config", "worker", "--loglevel", "warning", "--without-gossip"]
    options = {"cwd": ROOT, "env": environment}
    return Child("后台任务", argv, var / "log" / "worker.log", grace=30, options=options)


def long_worker(var: Path, environment: dict[str, str]) -> Child:
    """Letters, volumes and exports, beside the reminders."""
    argv = [PYTHON, "-m", "celery", "--app", "config", "worker", "--loglevel", "warning", "--without-gossip"]
    argv += ["--queues", "long", "--hostname", "long@%h"]
    return Child("长任务", argv, var / "log" / "long.log", grace=30, options={"cwd": ROOT, "env": environment})


def beat(var: Path, environment: dict[str, str]) -> Child:
    argv = [PYTHON, "-m", "celery", "--app", "config", "beat", "--loglevel", "warning", "--pidfile="]
    return Child("定时器", argv, var / "log" / "beat.log", options={"cwd": ROOT, "env": environment})


def free_port(first: int) -> int:
    for port in range(first, first + PORTS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                say(f"端口 {port} 已被占用，试下一个。")
                continue
            return port
    raise Trouble(f"端口 {first} 到 {first + PORTS - 1} 都被占用，请用 PORT=… 指定另一个。")


def answers(port: int, token: str) -> bool:
    """Whether our own web server answers there, and not another program."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as response:
            return bool(response.headers.get("X-Huiyin-Run") == token)
    except (OSError, urllib.error.URLError):
        return False


def announce(port: int) -> None:
    settings = importlib.import_module("config.settings")
    roles = importlib.import_module("members.choices").Role
    say(f"ready: http://127.0.0.1:{port}")
    print("\n演示账户（每个角色一个，用户名就是角色名）：", flush=True)
    for role in roles:
        print(f"  {role.value:<24}{role.label}")
    print(f"密码都是 DEMO_PASSWORD = {settings.DEMO_PASSWORD}\n按 Ctrl-C 停止。", flush=True)


def watch(children: list[Child]) -> NoReturn:
    """Start again whatever dies, unless it dies as soon as it lives."""
    while True:
        for child in children:
            if child.ended():
                revive(child)
        time.sleep(0.3)


def revive(child: Child) -> None:
    say(f"{child.name}意外结束（{child.process.returncode}），重新启动。")
    if child.age() < LEAST_LIFE:
        raise Trouble(f"{child.name}反复结束，日志 {child.log} 的结尾是：\n{child.last_words()}")
    child.start()


# test ----------------------------------------------------------------------------------------------------------------
PACKAGES = {"chromium": "chromium", "fonts-noto-cjk": "中文字体"}


def test(arguments: Sequence[str]) -> NoReturn:
    """Install the browser and a Chinese font where they are missing, then hand over to pytest."""
    install_packages(missing_packages())
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # set by the import of Celery: the settings wait for the servers
    os.execv(PYTHON, [PYTHON, "-m", "pytest", "-n", "auto", "--dist", "worksteal", *arguments])


def missing_packages() -> list[str]:
    missing = [] if os.environ.get("CHROMIUM") or shutil.which("chromium") else ["chromium"]
    fonts = (
        shutil.which("fc-list")
        and subprocess.run(
            ["fc-list", ":lang=zh", "family"], capture_output=True, text=True, check=False
        ).stdout.strip()
    )
    return missing if fonts else [*missing, "fonts-noto-cjk", "fontconfig"]


def install_packages(names: list[str]) -> None:
    """Install through apt as root or with sudo that asks nothing; otherwise say what to install."""
    if not names:
        return
    sentence = f"浏览器测试需要 {'、'.join(names)}。请安装后再运行：sudo apt install {' '.join(names)}"
    apt = shutil.which("apt-get")
    if apt is None:
        raise Trouble(sentence)
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and not (shutil.which("sudo") and _succeeds([*prefix, "true"])):
        raise Trouble(sentence)
    say(f"用 apt 安装 {'、'.join(names)}（约一分钟）……")
    _succeeds([*prefix, apt, "update", "-qq"])
    install = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", apt, "install", "-yqq", "--no-install-recommends"]
    if not _succeeds([*install, *names]):
        raise Trouble(f"apt 没有装上。{sentence}")


def _succeeds(argv: Sequence[str]) -> bool:
    return subprocess.run(argv, stdout=subprocess.DEVNULL, check=False).returncode == 0


# check and bench -----------------------------------------------------------------------------------------------------
CHECKS: dict[str, list[str]] = {
    "格式": ["ruff", "format", "--check", "--quiet", "."],
    "规则": ["ruff", "check", "--quiet", "."],
    "类型": ["mypy"],
    "层次": ["import-linter"],
    "模板": ["djlint", "templates", "--lint", "--quiet"],
    "数据库变更": ["makemigrations"],
    "依赖漏洞": ["pip-audit"],
    "组件清单": ["sbom"],
}


def check(arguments: Sequence[str]) -> int:
    failed = [name for name, argv in CHECKS.items() if not _checked(name, argv)]
    say(f"没有通过：{'、'.join(failed)}。" if failed else "全部通过。")
    return 1 if failed else 0


def _checked(name: str, argv: list[str]) -> bool:
    say(f"{name}：{' '.join(argv)}")
    special: dict[str, Callable[[], bool]] = {
        "makemigrations": _no_migration_is_missing,
        "import-linter": lambda: _in_test_mode([str(Path(PYTHON).with_name("lint-imports")), "--no-cache"]),
        "pip-audit": _audited,
        "sbom": _listed,
        "mypy": lambda: _in_test_mode([PYTHON, "-m", "mypy"]),
    }
    run = special.get(argv[0], lambda: _in_test_mode([PYTHON, "-m", *argv]))
    return run()


def _in_test_mode(argv: Sequence[str]) -> bool:
    return subprocess.run(argv, cwd=ROOT, env=_test_environment(), check=False).returncode == 0


def _test_environment() -> dict[str, str]:
    folder = ROOT / "var" / "check"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mode").write_text("test\n")
    return dict(os.environ) | {"HUIYIN_VAR": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings"}


def _no_migration_is_missing() -> bool:
    argv = [PYTHON, "-W", "ignore::RuntimeWarning", "manage.py", "makemigrations", "--check", "--dry-run"]
    return _in_test_mode(argv)


def _audited() -> bool:
    """Known vulnerabilities fail; a service that cannot be asked is said aloud, and is not our fault."""
    argv = [PYTHON, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    argv += ["--format", "json", "--requirement", "requirements.lock", "--requirement", "requirements-dev.lock"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        packages = []
    asked = [package for package in packages if "vulns" in package]
    for package in asked:
        for fault in package["vulns"]:
            print(f"{package['name']} {package['version']}: {fault['id']}，修复版本 {', '.join(fault['fix_versions'])}")
    if len(asked) < len(packages) or not packages:
        say(f"注意：漏洞库不可达，{len(packages) or '全部'} 个依赖中只检查了 {len(asked)} 个，请在有网络时再查。")
    return not any(package["vulns"] for package in asked)


def _listed() -> bool:
    """Write the list of components beside the other results."""
    say(f"var/sbom.json 列出 {write_sbom(ROOT / 'var' / 'sbom.json')} 个组件。")
    return True


def bench(arguments: Sequence[str]) -> NoReturn:
    os.execv(PYTHON, [PYTHON, "-m", "tests.bench", *arguments])


def drill(arguments: Sequence[str]) -> NoReturn:
    os.execv(PYTHON, [PYTHON, "-m", "tests.drills", *arguments])


GOALS: dict[str, Callable[[Sequence[str]], int]] = {
    "demo": demo,
    "test": test,
    "check": check,
    "bench": bench,
    "drill": drill,
}


def main() -> int:
    goal, *arguments = sys.argv[1:] or ["demo"]
    if goal not in GOALS:
        print(f"不认识 {goal}，可用：{'、'.join(GOALS)}", file=sys.stderr)
        return 2
    try:
        return GOALS[goal](arguments)
    except Trouble as trouble:
        print(f"\n{trouble}", file=sys.stderr, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
