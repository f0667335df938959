"""Words that point to what goes another way than a report: a named accusation, a case in court. A hint, never a verdict."""

from proposals.reports.models import Words

TELLING = {
    "accusation": ("举报", "贪污", "受贿", "行贿", "索贿", "挪用公款"),
    "litigation": ("起诉", "诉讼", "上诉", "判决", "仲裁", "开庭"),
}
"""By the code of the reason for which such a report is kept."""


def telling(words: Words) -> tuple[str, str]:
    """The code of the reason that may apply, and the word that points to it; empty where nothing does."""
    said = f"{words.title}\n{words.body}"
    return next(((code, word) for code, found in TELLING.items() for word in found if word in said), ("", ""))
