"""What `manage.py` does before Django takes over: which role it speaks as, and which servers it reaches."""

import atexit
import os
import sys

from config.lock import Taken, hold
from config.mode import read_mode, var_folder
from config.servers import Trouble, are_running, start_servers, stop_all

AS_OWNER = frozenset({"migrate", "grants", "flush", "sqlflush", "dbshell", "prepare"})
WITHOUT_DATABASE = frozenset({
    "check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "makemessages", "makemigrations",
    "version", "--help", "--version",
})  # fmt: skip


def main(argv: list[str]) -> None:
    command = argv[1] if len(argv) > 1 else "help"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if command in AS_OWNER:
        os.environ.setdefault("HUIYIN_PROCESS", "owner")
    if command not in WITHOUT_DATABASE and not os.environ.get("DATABASE_URL"):
        try:
            reach_servers()
        except Trouble as trouble:
            sys.exit(str(trouble))
    from django.core.management import execute_from_command_line

    execute_from_command_line(argv)


def reach_servers() -> None:
    """Use the servers that `make demo` runs, or start them for as long as this command lasts.

    Raises Trouble in production, which has no servers of its own.
    """
    if read_mode() == "production":
        raise Trouble("没有设置 DATABASE_URL：生产环境请写明数据库的地址；要看演示请先运行 make demo。")
    var = var_folder()
    if are_running(var):
        return
    try:
        lock = hold(var / "lock")
    except Taken as taken:
        raise Trouble(f"另一个命令（进程 {taken.pid}）正在启动或停止数据库，请稍后再试。") from taken
    servers = start_servers(var, durable=read_mode() == "demo")
    atexit.register(lock.close)
    atexit.register(stop_all, servers)
