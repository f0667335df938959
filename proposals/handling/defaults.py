"""Default ladders, rules and calendars: rows that a committee may replace by rows of its own.

`load` adds what is missing and changes nothing that is there; the first migration calls it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from .clockwork.years import shipped_years

SINCE = date(2000, 1, 1)
MORNING = time(9)
SOON, TODAY, OVERDUE, SHEET = "clock.soon", "clock.today", "clock.overdue", "clock.chase_sheet"


@dataclass(frozen=True)
class Step:
    offset: int
    severity: int
    audience: tuple[str, ...]
    template: str
    every: int | None = None
    times: int = 1

    @property
    def code(self) -> str:
        return f"t{self.offset:+d}" if self.offset else "t"

    @property
    def name(self) -> str:
        if self.template == SHEET:
            return "督办单"
        if self.offset < 0:
            return f"到期前 {-self.offset} 个工作日"
        return f"逾期第 {self.offset} 个工作日" if self.offset else "到期当日"


CLERK, HANDLER, HEAD = "holder_clerks", "handler", "holder_heads"
OFFICE, PROPOSALS, PERSON, FIRST = "assigning_office", "proposal_office", "person", "first_proposer"

SHEETS = Step(5, 50, (OFFICE,), SHEET, every=5, times=12)
LATE = Step(1, 40, (HEAD, OFFICE), OVERDUE)

LADDERS: dict[str, tuple[str, tuple[Step, ...]]] = {
    "unit_reply": (
        "答复",
        (
            Step(-10, 10, (HANDLER,), SOON),
            Step(-3, 20, (HANDLER,), SOON),
            Step(0, 30, (HANDLER, HEAD), TODAY),
            LATE,
            SHEETS,
        ),
    ),
    "unit_reply_key": (
        "重点提案答复",
        (
            Step(-20, 10, (HANDLER,), SOON),
            Step(-10, 15, (HANDLER, HEAD), SOON),
            Step(-3, 20, (HANDLER, HEAD), SOON),
            Step(0, 30, (HANDLER, HEAD, OFFICE), TODAY),
            Step(1, 40, (HEAD, OFFICE, PROPOSALS), OVERDUE),
            Step(2, 50, (OFFICE,), SHEET, every=3, times=20),
        ),
    ),
    "unit_opinion": (
        "会办意见",
        (
            Step(-5, 10, (HANDLER,), SOON),
            Step(-1, 20, (HANDLER,), SOON),
            Step(0, 30, (HANDLER, HEAD), TODAY),
            LATE,
            SHEETS,
        ),
    ),
    "unit_sign": (
        "签收",
        (
            Step(-1, 20, (CLERK,), SOON),
            Step(0, 30, (CLERK, HEAD), TODAY),
            LATE,
            Step(3, 50, (OFFICE,), SHEET, every=5, times=3),
        ),
    ),
    "unit_contact": (
        "首次沟通",
        (
            Step(-5, 10, (HANDLER,), SOON),
            Step(-1, 20, (HANDLER,), SOON),
            Step(0, 30, (HANDLER,), TODAY),
            Step(1, 40, (HANDLER, HEAD), OVERDUE),
            Step(5, 45, (HEAD, OFFICE), OVERDUE),
        ),
    ),
    "unit_rehandle": (
        "二次办理",
        (
            Step(-10, 10, (HANDLER, HEAD), SOON),
            Step(-3, 20, (HANDLER, HEAD), SOON),
            Step(0, 30, (HANDLER, HEAD), TODAY),
            Step(1, 40, (HEAD, OFFICE, PROPOSALS), OVERDUE),
            SHEETS,
        ),
    ),
    "unit_answer": (
        "接办意见",
        (Step(0, 30, (CLERK,), TODAY), Step(1, 40, (CLERK, HEAD, OFFICE), OVERDUE, every=2, times=3)),
    ),
    "unit_promise": (
        "承诺落实",
        (
            Step(-20, 10, (CLERK,), SOON),
            Step(-5, 20, (CLERK, HEAD), SOON),
            Step(0, 30, (CLERK, HEAD), TODAY),
            LATE,
            SHEETS,
        ),
    ),
    "unit_countersign": (
        "会签",
        (
            Step(-1, 20, (HANDLER,), SOON),
            Step(0, 30, (HANDLER,), TODAY),
            Step(1, 40, (CLERK, HEAD, OFFICE), OVERDUE, every=2, times=3),
        ),
    ),
    "internal": (
        "内部时限",
        (Step(-2, 10, (HANDLER,), SOON), Step(0, 20, (HANDLER,), TODAY), Step(1, 30, (HANDLER, CLERK), OVERDUE)),
    ),
    "office": (
        "机关内部环节",
        (
            Step(-1, 20, (CLERK,), SOON),
            Step(0, 30, (CLERK,), TODAY),
            Step(1, 40, (CLERK, HEAD), OVERDUE, every=3, times=5),
        ),
    ),
    "cosign": ("联名确认", (Step(-1, 20, (PERSON, FIRST), SOON), Step(0, 30, (PERSON, FIRST), TODAY))),
    "revision": (
        "退回修改",
        (
            Step(-3, 20, (PERSON,), SOON),
            Step(0, 30, (PERSON,), TODAY),
            Step(1, 40, (PERSON, PROPOSALS), OVERDUE),
        ),
    ),
    "publication": (
        "公开审查",
        (
            Step(-5, 10, (CLERK,), SOON),
            Step(0, 30, (CLERK,), TODAY),
            Step(1, 40, (CLERK, HEAD), OVERDUE, every=5, times=3),
        ),
    ),
    "evaluation": (
        "委员评价",
        (
            Step(-5, 10, (PERSON,), SOON),
            Step(-1, 20, (PERSON,), SOON),
            Step(0, 30, (PERSON,), TODAY),
            Step(3, 40, (PERSON,), OVERDUE),
        ),
    ),
}


@dataclass(frozen=True)
class Limit:
    code: str
    name: str
    amount: int
    unit: str
    ladder: str | None = None
    extend: int | None = None
    cap: int | None = None
    follows: str = ""
    roll: str = "next_workday"


LIMITS = (
    Limit("cosign", "联名确认", 3, "workday", "cosign"),
    Limit(
        "cosign_session", "联名确认（大会期间）", 1, "day", "cosign", roll="none"
    ),  # a plenary meets on rest days too
    Limit("review", "审查", 10, "workday", "office"),
    Limit("revision", "退回修改", 10, "workday", "revision"),
    Limit("numbering", "统一编号", 5, "workday", "office"),
    Limit("assignment", "交办", 30, "day", "office"),
    Limit("assignment_offsession", "交办（平时提案）", 5, "workday", "office"),
    Limit("preconsultation", "承办意向答复", 3, "workday", "unit_answer"),
    Limit("sign_for", "签收", 3, "workday", "unit_sign"),
    Limit("objection_window", "申请退回", 10, "workday"),
    Limit("objection_opinion", "接办意见", 2, "workday", "unit_answer"),
    Limit("objection_decision", "退回申请决定", 7, "day", "office"),
    Limit("coordination", "协调会裁定", 10, "workday", "office"),
    Limit("first_contact", "首次沟通", 15, "workday", "unit_contact"),
    Limit("co_opinion", "会办意见", 1, "month", "unit_opinion", extend=1, cap=3, follows="reply"),
    Limit("reply", "答复", 3, "month", "unit_reply", extend=1, cap=6),
    Limit("countersign", "会签", 5, "workday", "unit_countersign"),
    Limit("reply_key", "重点提案答复", 3, "month", "unit_reply_key", extend=1, cap=6),
    Limit("key_notice", "送达领办通知", 10, "day", "office"),
    Limit("internal", "内部时限", 10, "workday", "internal"),
    Limit("extension_decision", "延期审批", 3, "workday", "office"),
    Limit("reply_check", "答复审核", 5, "workday", "office"),
    Limit("evaluation", "委员评价", 15, "workday", "evaluation"),
    Limit("confirm_dissatisfaction", "不满意核实", 5, "workday", "office"),
    Limit("rehandle", "二次办理", 1, "month", "unit_rehandle", extend=1, cap=3),
    Limit("joint_consultation", "联合会商", 10, "workday", "office"),
    Limit("commitment", "承诺落实", 12, "month", "unit_promise", roll="none"),  # its own date always wins
    Limit("promise_check", "承诺核实", 5, "workday", "office"),
    Limit("publication", "公开审查", 20, "workday", "publication"),
    Limit("opinion", "意见建议答复", 30, "day", "unit_reply"),
    Limit("report_screening", "社情民意筛选", 5, "workday", "office"),
    Limit("report_urgent", "社情民意筛选（急报）", 0, "day", "office", roll="none"),  # the same day, rest day or not
    Limit("report_feedback", "社情民意办理反馈", 30, "day", "unit_reply", extend=1, cap=3),
)


def load(model: Any) -> None:
    """Add the missing rows; `model(name)` gives a model of handling, of a migration or of today."""
    load_calendar(model)
    for code, (name, steps) in LADDERS.items():
        ladder, created = model("Ladder").objects.get_or_create(code=code, defaults={"name": name})
        if created:
            model("LadderStep").objects.bulk_create(_steps(model, ladder, steps))
    ladders = {ladder.code: ladder for ladder in model("Ladder").objects.all()}
    known = set(model("TimeRule").objects.values_list("code", flat=True))
    model("TimeRule").objects.bulk_create([_rule(model, limit, ladders) for limit in LIMITS if limit.code not in known])


def load_calendar(model: Any) -> None:
    model("CalendarVersion").objects.get_or_create(pk=1)
    for year in shipped_years():
        fields = {
            "status": "published" if year.published else "provisional",
            "doc_no": year.notice,
            "published_on": year.published_on,
        }
        _, created = model("CalendarYear").objects.get_or_create(year=year.number, defaults=fields)
        if created:
            day_model = model("CalendarDay")
            days = [
                day_model(date=day.on, is_workday=day.is_workday, name=day.name, source=day.source)
                for day in year.days()
            ]
            day_model.objects.bulk_create(days, ignore_conflicts=True)


def _steps(model: Any, ladder: Any, steps: Iterable[Step]) -> list[Any]:
    return [
        model("LadderStep")(
            ladder=ladder,
            code=step.code,
            name=step.name,
            anchor="due",
            offset_workdays=step.offset,
            at_time=MORNING,
            severity=step.severity,
            audience_rule=list(step.audience),
            template=step.template,
            repeat_every=step.every,
            max_repeats=step.times,
        )
        for step in steps
    ]


def _rule(model: Any, limit: Limit, ladders: dict[str, Any]) -> Any:
    return model("TimeRule")(
        code=limit.code,
        name=limit.name,
        unit=limit.unit,
        amount=limit.amount,
        roll=limit.roll,
        ladder=ladders[limit.ladder] if limit.ladder else None,
        valid=(SINCE, None),
        extend_amount=limit.extend,
        cap_months=limit.cap,
        bound_stage=limit.follows,
        bound_workdays=10 if limit.follows else None,
        floor_workdays=2,
        basis="默认",
    )
