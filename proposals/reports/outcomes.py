"""What the page of a report shows of its fate outside, and what can be done about it."""

from typing import Any

from django.db.models import Case, CharField, DateTimeField, DecimalField, F, QuerySet, UUIDField, Value, When
from django.db.models.functions import Cast
from django.urls import reverse

from members.days import short_day
from members.rights import may
from members.shown import Act, Fact
from proposals.handling.models import Exposure, Stage
from proposals.reports.answers import said_before, words_of
from proposals.reports.hands import is_party_to, main_hidden
from proposals.reports.models import Report, Status
from proposals.reports.models.adoption import Adoption, CreditRule, Feedback, Instruction, Level
from proposals.reports.offers import OFFERS, PANELS, Panel

OUT = (Status.ISSUED, Status.REFERRED)
LEVELS, FORMS = dict(Level.choices), dict(CreditRule.Merit.choices)
KINDS = dict(Instruction.Kind.choices)
KEPT_SCAN = Case(When(scan__removed_at=None, then=F("scan__public_id")))


def register() -> None:
    """Called once at start-up."""
    OFFERS.append(offers)
    PANELS.append(panels)


def offers(user: Any, report: Report) -> list[Act]:
    """What the office can do with a report that has left the house."""
    if report.status not in OUT or not may(user, "reports.record_outcome") or is_party_to(user, report):
        return []
    at, stage = [report.matter.public_id], report.matter.stage
    found = [
        Act("登记采用", reverse("reports:record_adoption", args=at), "circle-check"),
        Act("登记批示", reverse("reports:record_instruction", args=at), "pen-line"),
    ]
    if stage in (Stage.ISSUED, Stage.REFERRED):
        found.append(Act("交办承办单位", reverse("reports:assign_report", args=at), "send"))
    if report.matter.is_closed and report.matter.exposure == Exposure.HANDLING:
        found.append(Act("再次交办", reverse("reports:assign_report", args=at), "send"))
    if stage == Stage.TO_TELL:
        told = Act("反馈反映人", reverse("reports:feed_back", args=at), "message-square-reply", "primary")
        found.insert(0, told)
    return found


def panels(user: Any, report: Report) -> list[Panel]:
    """For its authors and the office: adoption, instructions, feedback; of what went into another those of that one.

    One query, whatever there is; what was answered before it was given anew is the office's, and takes two more. Who
    belongs to the office and stands behind the report reads what an author reads (P18).
    """
    main = report.matter.merged_into or report.matter
    if main_hidden(user, report):
        return []
    office = may(user, "reports.oversee") and not is_party_to(user, report)
    keeps = office and may(user, "reports.record_outcome")
    told: dict[str, list[Fact]] = {"采用": [], "领导批示": [], "反馈": []}
    acts: dict[str, list[Act]] = {title: [] for title in told}
    for row in _found(main.pk, office=office):
        what, public_id, on, _, level, words, name, more, points, released, scan = row
        day, high = short_day(on), LEVELS.get(level, "")
        if what == "adoption":
            said = "，".join(filter(None, (name, FORMS[words], more)))
            counted = f"（计{points.normalize():f}分）" if keeps and points is not None else ""
            told["采用"].append(Fact(f"{day} {high}", f"{said}{counted}", wide=True))
            if keeps:
                drop = reverse("reports:drop_adoption", args=[public_id])
                acts["采用"].append(Act(f"撤销{name}的采用", drop, "undo-2", "ghost", about=day))
        elif what == "instruction":
            # the leader's name goes with the words; whoever may not read them learns the level and the day
            reads = office or released is not None
            said = (f"{name}：{more}" if more else name) if reads else "内容未转告"
            told["领导批示"].append(Fact(f"{day} {high}领导{KINDS[words]}", said, wide=True))
            if office and scan:
                sheet = reverse("handling:attachment", args=[scan])
                acts["领导批示"].append(Act(f"{name}{KINDS[words]}的扫描件", sheet, "file-text", "ghost", about=day))
            if keeps and more and not released:
                release = reverse("reports:release_instruction", args=[public_id])
                acts["领导批示"].append(Act(f"同意转告{name}的批示", release, "send", "ghost", about=day))
            if keeps:
                drop = reverse("reports:drop_instruction", args=[public_id])
                acts["领导批示"].append(Act(f"撤销{name}的登记", drop, "undo-2", "ghost", about=day))
        else:
            when = f"{day}{'更正' if level else ''}{'（后已更正）' if released else ''}"
            said = f"{more}{f'（{name}）' if name else ''}{f' 更正说明：{level}' if level else ''}"
            told["反馈"].append(Fact(when, said, wide=True))
            if keeps and not released:
                correct = reverse("reports:correct_feedback", args=[public_id])
                acts["反馈"].append(Act("更正反馈", correct, "pen-line", "ghost", about=day))
    found = [Panel(title, facts, acts[title]) for title, facts in told.items() if facts]
    if office and told["反馈"] and (answers := said_before(main)):
        earlier = [
            Fact(f"{reply.issuer} {short_day(reply.letter_on)}", words_of(reply), wide=True) for reply in answers
        ]
        found.append(Panel("此前的办理答复", earlier))
    return found


def _found(main: int, *, office: bool) -> list[tuple[Any, ...]]:
    """Everything that became of a main report (by its matter), the latest first; that a leader read it is the office's."""
    adopted = Adoption.objects.standing().filter(report__matter=main)
    instructed = Instruction.objects.filter(report__matter=main)
    if not office:
        instructed = instructed.counted()
    rows = [
        _columns(adopted, "adoption", level="level", words="form", name="adopter", more="journal", points="rule__points"),
        _columns(instructed, "instruction", level="level", words="kind", name="leader_name", more="text", released="released_at", scan=KEPT_SCAN),
        _columns(Feedback.objects.filter(report__matter=main), "feedback", level="reason", name="units", more="text", released="corrected_by__at"),
    ]  # fmt: skip
    found = rows[0].union(*rows[1:], all=True)
    return sorted(found, key=lambda row: row[2:4], reverse=True)


def _columns(rows: QuerySet[Any], what: str, **columns: Any) -> QuerySet[Any, Any]:
    """These rows in the columns that all three share; what one of them has not is empty."""
    text, none = CharField(), Value(None)
    empty = {
        "points": Cast(none, DecimalField(max_digits=5, decimal_places=1)),
        "released": Cast(none, DateTimeField()),
        "scan": Cast(none, UUIDField()),
    }
    names = ("level", "words", "name", "more", "points", "released", "scan")
    given: dict[str, Any] = {}
    for name in names:
        column = columns.get(name)
        if name in empty:
            given[f"as_{name}"] = (F(column) if isinstance(column, str) else column) or empty[name]
        else:
            given[f"as_{name}"] = Cast(F(column), text) if column else Value("", output_field=text)
    wanted = [f"as_{name}" for name in names]
    found: QuerySet[Any, Any] = rows.annotate(what=Value(what), **given).order_by()
    return found.values_list("what", "public_id", "on", "at", *wanted)
