"""What the client's list of words (保密词表, S5) says of a proposal's text."""

from proposals.handling import word_list
from proposals.models import Text

named = word_list.named


def warning(text: Text) -> str:
    """A sentence that names the parts in which a word of the list stands, and what to do; empty without a hit."""
    parts = [("案由", text.title), ("情况与问题", text.situation), ("原因分析", text.analysis)]
    parts += [(f"建议 {number}", words) for number, words in enumerate(text.suggestions, start=1)]
    return word_list.warning(parts, office="提案委")
