"""What messages about opinions say, for whoever may see the opinion then (S4)."""

from members.inbox.registry import Rendered, Subject
from proposals.handling import matter_notices
from proposals.handling.models import Access, Matter
from proposals.handling.reminders import name_of

WORDS = {
    "opinion_entered": "您的意见建议已登记，正在办理",
    "opinion_assigned": "意见建议已交有关单位办理",
    "opinion_passed": "意见建议已转有关单位研究",
    "opinion_answered": "意见建议已答复，请查看",
}


def register() -> None:
    """An opinion goes out of sight with the proposal that it came from."""
    hidden = {"opinion__origin__access": Access.SUSPENDED}
    matter_notices.register(WORDS, _words, narrow=lambda rows: rows.exclude(**hidden))


def _words(name: str, subject: Subject, matter: Matter) -> Rendered:
    return Rendered(
        title=f"{WORDS[name]}：{name_of(matter)}",
        url=matter.get_absolute_url(),
        outside=WORDS[name] if matter.access == Access.OPEN else "",
    )
