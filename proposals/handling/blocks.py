"""Small values that the panels of a matter print."""

from dataclasses import dataclass, field

from members.shown import Act, Fact, FileRow


@dataclass(frozen=True)
class Answer:
    """One suggestion and what the unit says to it."""

    suggestion: str
    text: str
    result: str = ""


@dataclass(frozen=True)
class ReplyShown:
    title: str
    facts: list[Fact]
    answers: list[Answer]
    text: str = ""
    files: list[FileRow] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)


@dataclass(frozen=True)
class RequestShown:
    """An objection or an extension that waits for a decision."""

    title: str
    facts: list[Fact]
    acts: list[Act]
