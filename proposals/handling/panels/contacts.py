"""What units and proposers said to each other, co-handlers' opinions, and letters of supervision."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from members.days import short_day
from members.shown import Act
from proposals.handling.aspects import Aspect, aspects
from proposals.handling.contacted import contact_state
from proposals.handling.eyes import Eye, Eyes
from proposals.handling.models import ChaseSheet, Contact, Matter
from proposals.handling.rights import allowed

from .links import to
from .shown import ContactShown, OpinionShown, SheetShown


def contacts_shown(user: Any, matter: Matter, view: Eyes, today: date) -> list[ContactShown]:
    rows = (
        Contact.objects.filter(assignment__matter=matter)
        .select_related("assignment__unit")
        .annotate(
            yes=Count("answers", filter=Q(answers__took_place=True)),
            no=Count("answers", filter=Q(answers__took_place=False)),
            mine=Count("answers", filter=Q(answers__participant__in=view.answers)),
        )
    )
    shown = []
    for row in rows.order_by("-held_on", "-pk"):
        if Aspect.CONTACTS not in aspects(view, row.assignment):
            continue
        may_answer = allowed(user, "handling.confirm_contact", row.assignment, view)
        asked = bool(view.answers) and not row.mine and may_answer
        silent = Eye.STAFF in view.general and not (row.yes or row.no) and may_answer
        shown.append(
            ContactShown(
                f"{short_day(row.held_on)} {row.assignment.unit}{row.get_mode_display()}（{row.get_when_display()}）",
                f"{row.persons}。{row.text}",
                contact_state(row.yes, row.no, row.at, today),
                [Act("核对是否属实" if asked else "代录提案者核对", to("confirm_contact", row))]
                if asked or silent
                else [],
                to("confirm_contact", row) if asked and len(view.answers) == 1 else "",
            )
        )
    return shown


def opinions_shown(rows: Sequence[Any], view: Eyes) -> list[OpinionShown]:
    return [
        OpinionShown(
            f"{row.unit}" + (f" 第{given['version']}稿" if given["version"] > 1 else ""),
            given["text"],
            "　".join(filter(None, [given["doc_no"], given["on"] and short_day(date.fromisoformat(given["on"]))])),
        )
        for row in rows
        for given in row.given_opinions or []
        if Aspect.OPINION in aspects(view, row)
    ]


def sheets_shown(matter: Matter, view: Eyes) -> list[SheetShown]:
    """The letters of supervision, for their unit and the offices."""
    rows = ChaseSheet.objects.issued().filter(checkpoint__obligation__matter=matter)
    rows = rows.select_related("checkpoint__obligation__assignment__unit").order_by("-pk")
    return [
        SheetShown(f"{part.unit}　{short_day(timezone.localdate(row.at))}", row.text, to("sheet", row))
        for row in rows
        if (part := row.checkpoint.obligation.assignment) and Aspect.REMINDED in aspects(view, part)
    ]
