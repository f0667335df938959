"""The bodies that every city has, with the names people use for them; they are there from the first migration."""

import csv
from pathlib import Path
from typing import Any

from members.names import normal, sound

FILE = Path(__file__).parent / "data" / "bodies.csv"
# which office assigns to which line (P9)
OFFICES = {
    "party": "市委督查室",
    "mass": "市委督查室",
    "court": "市委督查室",
    "procuratorate": "市委督查室",
    "government": "市政府督查室",
    "cppcc": "市政协提案委员会",
}


def load(apps: Any) -> int:
    """Add the bodies of the file that are not there by name, and say how many; `apps` may be a migration's."""
    models = {name: apps.get_model("members", name) for name in ("Body", "BodyName", "AssigningOffice")}
    known = {body.norm: body for body in models["Body"].objects.filter(ended_on=None).exclude(kind="section")}
    with FILE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    added = [row for row in rows if normal(row["name"]) not in known]
    for row in added:
        known[normal(row["name"])] = _add(row, models)
    for row in added:
        if row["parent"]:
            models["Body"].objects.filter(norm=normal(row["name"])).update(parent=known[normal(row["parent"])])
    for system, name in OFFICES.items():
        models["AssigningOffice"].objects.get_or_create(system=system, defaults={"office": known[normal(name)]})
    return len(added)


def _add(row: dict[str, str], models: dict[str, Any]) -> Any:
    body = models["Body"].objects.create(
        name=row["name"],
        norm=normal(row["name"]),
        short_name=row["short_name"],
        pinyin=f"{sound(row['name'])} {sound(row['short_name'])}".strip()[:255],
        kind=row["kind"],
        system=row["system"],
    )
    names = {normal(row["name"])}
    for kind, cell in (("short", "short_name"), ("alias", "aliases"), ("former", "former_names")):
        for name in filter(None, row[cell].split("|")):
            if normal(name) not in names:
                names.add(normal(name))
                models["BodyName"].objects.create(body=body, name=name, norm=normal(name), kind=kind)
    return body
