"""A database for each process of a test run, copied from one template that is migrated once.

The template of the embedded server is kept as a dump under `var/`, named after the migrations and their data; delete
`var/test-template` if you ever doubt it.
"""

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from psycopg import sql

from config.mode import ROOT, var_folder
from config.servers import embedded_programs, socket_folder

TEMPLATE = "huiyin_template"
FLOORS = ("config", "members", "proposals", "consultations")


def prepare(worker: str) -> None:
    """Make the database of this process and let every connection point at it."""
    name = f"test_huiyin_{worker}"
    with (var_folder() / "template-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = var_folder() / "template-made"
        if not made.exists():
            _make_template()
            made.touch()
        _administrate(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(TEMPLATE))
        _administrate(copy)
    _point_at(name)
    for alias in set(connections) - {"default"}:
        connections[alias].settings_dict["NAME"] = name  # another role: it sees only what was committed


def drop(worker: str) -> None:
    connection.close()
    drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(f"test_huiyin_{worker}"))
    try:
        _administrate(drop + sql.SQL(" WITH (FORCE)"))
    except psycopg.errors.InsufficientPrivilege:  # autovacuum is at work there: it gives way to the plain statement
        _administrate(drop)


def _administrate(statement: sql.Composed) -> None:
    with psycopg.connect(settings.OWNER_DATABASE_URL, dbname="postgres", autocommit=True) as server:
        server.execute(statement)


def _point_at(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name


def _make_template() -> None:
    name = sql.Identifier(TEMPLATE)
    _administrate(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))
    _administrate(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))
    _point_at(TEMPLATE)
    if not _is_embedded():
        call_command("migrate", verbosity=0)
        connection.close()
        return
    kept = ROOT / "var" / "test-template"
    kept.mkdir(parents=True, exist_ok=True)
    with (kept / "lock").open("w") as lock:  # the drills have servers of their own: one run migrates, the other waits
        fcntl.flock(lock, fcntl.LOCK_EX)
        dump = kept / f"{_digest()}.dump"
        if dump.exists():
            _run("pg_restore", "--dbname", _address(), "--exit-on-error", str(dump))
            call_command("grants", verbosity=0)
        else:
            call_command("migrate", verbosity=0)
            _keep(dump)
    connection.close()


def _is_embedded() -> bool:
    return str(connection.settings_dict["HOST"]) == str(socket_folder(var_folder()))


def _address() -> str:
    facts = connection.settings_dict
    return f"host={facts['HOST']} user={facts['USER']} dbname={TEMPLATE}"


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run([str(embedded_programs() / program), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{program}: {done.stderr}")


def _keep(dump: Path) -> None:
    for old in sorted(dump.parent.glob("*.dump"), key=os.path.getmtime)[:-3]:
        old.unlink()
    half = dump.with_suffix(f".{os.getpid()}")
    _run("pg_dump", "--format", "custom", "--compress", "0", "--dbname", _address(), "--file", str(half))
    half.rename(dump)


def _digest() -> str:
    """Return a name for everything that `migrate` reads: migrations, their data, and the packages' own migrations."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


def _sources() -> Iterator[Path]:
    yield from (ROOT / "requirements.lock", ROOT / "config" / "servers.py", ROOT / "config" / "settings.py")
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*")):
            is_data = path.suffix in {".json", ".csv", ".sql", ".txt"}
            if path.is_file() and (is_data or (path.suffix == ".py" and "migrations" in path.parts)):
                yield path
