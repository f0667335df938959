"""What people are told when something cannot be done. The text is Chinese and meant for the screen."""


class Refusal(Exception):
    """Something that is not done, with the sentence that says why; `field` names the field to blame, if any."""

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


class WrongStep(Refusal):
    """The state does not allow it: the row has moved on, or is not there yet."""


class Refused(Refusal):
    """A rule does not allow it."""


class Stale(Refusal):
    """Somebody changed the row since this person opened it (optimistic lock)."""
