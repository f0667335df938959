"""The class of a whole reply (总的办理结果): the one that was chosen, or what its answers come to."""

from collections import Counter

from .models import Reply, ResultClass


def class_of(reply: Reply) -> ResultClass | None:
    """What the reply is as a whole; None as long as neither it nor any answer has a class.

    Left open, it is of a class that asks for promises if any answer is, else of the commonest; of equals the later
    letter. An answer that stands for another (同第 n 条) does not count twice.
    """
    if reply.result_id:
        return reply.result
    given = [point.result for point in reply.points.select_related("result") if point.result and not point.same_as_id]
    counts = Counter([one for one in given if one.promises] or given)
    return max(counts, key=lambda one: (counts[one], one.code), default=None)


def faults_of_powers(reply: Reply) -> list[str]:
    """A reply of a class that says the powers lie higher up must say whose they are, in its explanation (总体说明)."""
    whole = class_of(reply)
    if whole is None or not whole.beyond or reply.opening.strip():
        return []
    return [f"总的办理结果为“{whole}”的，请在总体说明中写明由哪一级、哪个机关决定。"]
