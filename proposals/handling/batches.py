"""A rule that moves hundreds of clocks is applied as a long job: a page waits for some, not for hundreds."""

from typing import Any

from members.errors import WrongStep
from members.inbox.models import LongJob
from members.inbox.work import Product, Progress
from members.inbox.work import register as offer

from .actions import tuning
from .clockwork import engine_now
from .models import TimeRule

APPLY_RULE = "handling.apply_rule"
AT_ONCE = 100
"""As many clocks as a page moves while one waits."""


def register() -> None:
    offer(APPLY_RULE, run)


def run(job: LongJob, progress: Progress) -> Product:
    """Apply the rule; taken up again after a crash, it goes on with what still follows the old one."""
    args: dict[str, Any] = job.args
    rule = TimeRule.objects.filter(pk=args["rule"]).first()
    if rule is None:
        raise WrongStep("这条规则已不存在。")
    before = job.done

    def tick(done: int, total: int) -> None:
        progress(before + done, before + total)

    moved = tuning.apply_rule(rule, by=job.by, now=engine_now(), tick=tick)
    return Product(result={"sentence": f"{before + moved} 项进行中的期限已按新规则重算。"})
