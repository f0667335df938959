import json
from argparse import ArgumentParser
from typing import Any

import dj_database_url
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from psycopg import sql

from members.database import append_only_models


class Command(BaseCommand):
    help = "把各表的权限交给运行角色和清除角色；只追加的表不给修改和删除（docs/adr/0003-two-roles.md）"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="只输出一个 JSON 对象")

    def handle(self, *args: Any, **options: Any) -> None:
        owner, runtime, purge = _current_role(), _role_of(settings.DATABASE_URL), _role_of(settings.PURGE_DATABASE_URL)
        if runtime == owner and settings.PRODUCTION:
            raise CommandError("DATABASE_URL 和 OWNER_DATABASE_URL 是同一个角色；运行角色不能是表的所有者。")
        tables = [model._meta.db_table for model in append_only_models()]
        with transaction.atomic():
            if runtime != owner:
                _grant(runtime, written_once=tables)
            if purge and purge != owner:
                _grant(purge, written_once=[])
        self._say({"owner": owner, "runtime": runtime, "purge": purge, "append_only": tables}, options)

    def _say(self, facts: dict[str, Any], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(facts, ensure_ascii=False))
        elif options["verbosity"]:
            self.stdout.write(f"权限已设置：运行角色 {facts['runtime']}，只追加的表 {len(facts['append_only'])} 张。")


def _role_of(url: str) -> str:
    return dj_database_url.parse(url).get("USER", "") if url else ""


def _current_role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


def _grant(role: str, *, written_once: list[str]) -> None:
    to = sql.Identifier(role)
    statements = [
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(to),
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}").format(to),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(to),
        sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}").format(to),
    ]
    for table in written_once:
        statements.append(sql.SQL("REVOKE UPDATE, DELETE ON {} FROM {}").format(sql.Identifier(table), to))
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
