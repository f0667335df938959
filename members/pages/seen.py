"""What a form was filled in upon: marks of what its page showed, compared again under the lock (H2)."""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from members.errors import Stale
from members.shown import Fact


def marks_of(shown: Mapping[str, str]) -> str:
    """One short mark for each thing that a page shows; it goes with the form and says nothing by itself."""
    return ",".join(f"{crc32(f'{label}{words}'.encode()):08x}" for label, words in shown.items())


def changed_since(marks: str, shown: Mapping[str, str], *, gone: str) -> list[str]:
    """Which things are not what they were when `marks` were made, by their labels; `gone` if only some are no more."""
    seen = {mark for mark in marks.split(",") if mark}
    now = {label: marks_of({label: words}) for label, words in shown.items()}
    changed = [label for label, mark in now.items() if mark not in seen]
    return changed or ([gone] if seen - set(now.values()) else [])


class SeenMixin:
    """A form page that refuses with 409 when what it showed has changed; the page says what changed."""

    request: Any
    stale_sentence = "您打开本页之后，内容有改动：{changed}。请看过现在的内容再办理。"
    gone_words = "有内容已被删除"

    def shown(self) -> dict[str, str]:
        """What is shown and must not have changed: label and words. Nothing where nothing can be overtaken."""
        return {}

    def stands(self) -> list[Fact]:
        return [Fact(label, words, wide=True) for label, words in self.shown().items()]

    def version(self) -> int | str | None:
        """The marks that this person began with: of this form, or of the page that led to it (`?seen=`)."""
        return self.marks() or marks_of(self.shown()) or None

    def marks(self) -> str:
        request = self.request
        return str(request.POST.get("version", "") if request.method == "POST" else request.GET.get("seen", ""))

    def check_version(self) -> None:
        """Compared under the lock instead, see `check_seen`."""

    def check_seen(self) -> None:
        """To be called once the rows are locked and fetched again; raises Stale."""
        marks = self.marks()
        if marks and (changed := changed_since(marks, self.shown(), gone=self.gone_words)):
            named = "、".join(changed[:5]) + (f"等 {len(changed)} 处" if len(changed) > 5 else "")
            raise Stale(self.stale_sentence.format(changed=named))
