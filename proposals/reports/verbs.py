"""What happens to opinions and reports, in which words, and for whose eyes (S4)."""

from proposals.handling import events
from proposals.handling.events import AUTHORS, Verb

VERBS = {
    "opinion_received": Verb("由{origin}转为意见建议", AUTHORS),
    "opinion_entered": Verb("登记{source}意见建议（{on}）{occasion}", AUTHORS),
    "opinion_passed": Verb("{on}转{to}研究", AUTHORS),
    "opinion_answered": Verb("{unit}答复，答复日期{on}", AUTHORS, "ok"),
}


def register() -> None:
    events.register(VERBS)
