"""What messages about opinions say, for whoever may see the opinion then (S4)."""

from collections.abc import Sequence

from members.inbox.registry import Pair, Rendered, register_templates
from members.models import Person
from proposals.handling.models import Access, Matter
from proposals.handling.reminders import name_of
from proposals.reports.models import Opinion

WORDS = {
    "opinion_entered": "您的意见建议已登记，正在办理",
    "opinion_assigned": "意见建议已交有关单位办理",
    "opinion_passed": "意见建议已转有关单位研究",
    "opinion_answered": "意见建议已答复，请查看",
}


def register() -> None:
    register_templates(WORDS, _render)


def _render(pairs: Sequence[Pair], person: Person) -> list[Rendered | None]:
    wanted = [subject["matter"] for _, subject in pairs]
    found = Opinion.objects.visible_to(person).filter(matter__public_id__in=wanted).select_related("matter")
    rows = {str(row.matter.public_id): row.matter for row in found}
    return [_words(WORDS[name], rows.get(subject["matter"])) for name, subject in pairs]


def _words(words: str, matter: Matter | None) -> Rendered | None:
    if matter is None:
        return None
    return Rendered(
        title=f"{words}：{name_of(matter)}",
        url=matter.get_absolute_url(),
        outside=words if matter.access == Access.OPEN else "",
    )
