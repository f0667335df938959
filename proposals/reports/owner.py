"""What handling asks of an opinion (`handling.owners`)."""

from members import keys
from proposals.handling.models import Matter
from proposals.reports.models import Opinion


class OpinionOwner:
    def assigned(self, matter: Matter) -> None:
        _become(matter.opinion, Opinion.Status.ASSIGNED)

    def answered(self, matter: Matter, round: int) -> None:
        """Whether it is over is said by `settled`."""

    def settled(self, matter: Matter) -> None:
        _become(matter.opinion, Opinion.Status.ANSWERED)

    def reopened(self, matter: Matter) -> None:
        _become(matter.opinion, Opinion.Status.ASSIGNED)

    def readers(self, matter: Matter) -> set[int]:
        rows = matter.participants.filter(left_at=None).values_list("person_id", "body_id")
        return {keys.person_key(person) if person else keys.body_key(body) for person, body in rows}

    def erase(self, matter: Matter) -> None:
        Opinion.objects.using(matter._state.db).filter(matter=matter).update(text="（已清除）", consent="（已清除）")

    def text(self, matter: Matter) -> str:
        return f"{matter.title}\n{matter.opinion.text}"


def _become(opinion: Opinion, status: Opinion.Status) -> None:
    opinion.status = status
    opinion.save(update_fields=["status"])
