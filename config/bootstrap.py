"""From a fresh clone to a virtual environment with the locked packages, then on to `config.house`.

    python3 config/bootstrap.py demo|test|check|bench|drill [arguments]

Nothing but the standard library, since nothing else is there yet.
"""

import fcntl
import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "huiyin-stamp"
LOCKS = {"demo": ["requirements.lock"]}
ALL_LOCKS = ["requirements.lock", "requirements-dev.lock"]


def main() -> None:
    goal = sys.argv[1] if len(sys.argv) > 1 else "demo"
    prepare(LOCKS.get(goal, ALL_LOCKS))
    python = str(VENV / "bin" / "python")
    keep_bytecode()
    os.chdir(ROOT)
    os.execv(python, [python, "-m", "config.house", *sys.argv[1:]])


def keep_bytecode() -> None:
    """Let the dozens of processes of a run compile each module once, whatever the shell says; the sources stay clean."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(ROOT / "var" / "pycache")


def prepare(locks: list[str]) -> None:
    """Install what is not yet installed; whatever was interrupted is made again."""
    if sys.version_info < (3, 11):  # noqa: UP036  the very case it is for
        sys.exit(f"需要 Python 3.11 或更高版本，这里是 {sys.version.split()[0]}。")
    if VENV.is_symlink():
        return  # somebody else's environment: we use it and never change it
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "install-lock").open("w") as lock:
        wait_for(lock.fileno())
        for name in locks:
            if digest(name) not in installed():
                install(name)


def wait_for(lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("另一个命令正在安装依赖，等它完成……")
        fcntl.flock(lock, fcntl.LOCK_EX)


def digest(name: str) -> str:
    """Return what the stamp holds once `name` is installed, by this Python, at this place."""
    base = f"{VENV}\n{sys.version}\n".encode()
    return f"{name}:{hashlib.sha256(base + (ROOT / name).read_bytes()).hexdigest()}"


def installed() -> list[str]:
    return STAMP.read_text().split() if STAMP.exists() else []


def install(name: str) -> None:
    if not installed() or name == ALL_LOCKS[0]:
        make_venv()
    say(f"按 {name} 安装依赖（约半分钟）……")
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    argv = [*pip, "install", "--no-compile", "--progress-bar", "off", "--require-hashes", "--no-deps", "-r", name]
    if run_with_progress(argv, total=(ROOT / name).read_text().count("==")):
        sys.exit("安装依赖失败，原因见上；检查网络后再运行一次即可，不必清理。")
    STAMP.write_text("\n".join([*installed(), digest(name)]))


def make_venv() -> None:
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(f"缺少 Python 的 venv 模块，请先安装：apt install python{version}-venv")
    say("建立虚拟环境 .venv ……")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)


def run_with_progress(argv: list[str], *, total: int) -> int:
    """Run pip, saying after every tenth package how far it is; its own words come only when it fails."""
    words: list[str] = []
    collected = 0
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            words.append(line)
            if line.startswith("Collecting "):
                collected += 1
                if collected % 10 == 0:
                    say(f"  已取得 {collected} / {total} 个包")
            elif line.startswith("Installing collected"):
                say("  正在安装 ……")
    if pip.returncode:
        sys.stderr.writelines(words[-20:])
    return pip.returncode


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
