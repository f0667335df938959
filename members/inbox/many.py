"""One act on many rows: looked at beforehand, done here or as a long job, each refusal with its reason."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox import work
from members.inbox.actions import start_job
from members.inbox.models import LongJob
from members.inbox.registry import engine_now
from members.models import Person
from members.pages import BulkPage

R = TypeVar("R", bound=Model)

AT_ONCE = 100
"""As many rows as a page acts on while one waits; more of them are a long job."""


@dataclass(frozen=True)
class Whom:
    """A small table: whom the act concerns, and with how many rows."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True)
class Preview:
    """What would happen, by the id of each row: why not, and what; and whom it concerns."""

    why_not: dict[int, str] = field(default_factory=dict)
    what: dict[int, str] = field(default_factory=dict)
    whom: Whom | None = None


class Many(Generic[R]):
    """What somebody does with many rows. The page that shows them and the job that does it ask the same questions."""

    kind: ClassVar[str]  # of the long job
    action: ClassVar[str]  # the right that it asks for
    verb: ClassVar[str] = "办理"
    unit_word: ClassVar[str] = "件"
    id_path: ClassVar[str] = "public_id"

    def __init__(self, by: Person) -> None:
        self.by = by

    def rows(self) -> "QuerySet[R]":
        """The rows in this person's hands now, in the order of their locks."""
        raise NotImplementedError

    def name_of(self, row: R) -> str:
        """What the page calls a row."""
        return str(row)

    def reference(self, row: R) -> str:
        """What a job's page calls it weeks later: a number, never words that somebody may have to erase."""
        raise NotImplementedError

    def look(self, rows: Sequence[R]) -> Preview:
        """What would happen, as far as one can say before trying; in a constant number of queries."""
        return Preview()

    def act(self, row: R, facts: dict[str, Any], *, sending: str, now: datetime) -> None:
        """Make the one call for this row. `facts` are what the form said, as JSON keeps it; `sending` names the whole."""
        raise NotImplementedError

    def lost(self, ids: Sequence[str]) -> list[str]:
        """Why chosen rows that are not in this person's hands are not done; of those he does not see, only how many."""
        return [f"{len(ids)} {self.unit_word}已不在您可以办理的范围内，可能刚由他人办理。"]


class ManyPage(BulkPage[R]):
    """The preview of such an act, and its form; hundreds of rows go on as a long job."""

    many_class: ClassVar[type[Many[Any]]]
    most = 500

    @property
    def many(self) -> Many[R]:
        return self.many_class(self.person)

    @property
    def done_verb(self) -> str:  # type: ignore[override]  # of the act
        return self.many_class.verb

    @property
    def id_path(self) -> str:  # type: ignore[override]  # of the act
        return self.many_class.id_path

    def get_queryset(self) -> "QuerySet[R]":
        return self.many.rows()

    def lost(self, ids: list[str]) -> list[str]:
        return self.many.lost(ids)

    def name_of(self, row: R) -> str:
        return self.many.name_of(row)

    def why_not(self, row: R) -> str:
        return self.preview.why_not.get(row.pk, "").rstrip("。")

    def what(self, row: R) -> str:
        return self.preview.what.get(row.pk, "")

    def act(self, row: R, form: Any) -> None:
        self.many.act(row, facts_of(form), sending=self.sending(), now=timezone.now())

    def form_valid(self, form: Any) -> HttpResponseBase:
        if len(self.rows) <= AT_ONCE:
            return super().form_valid(form)
        args = {"rows": [str(row.public_id) for row in self.rows], "facts": facts_of(form), "sending": self.sending()}  # type: ignore[attr-defined]  # what an address names has one
        args["left"] = self.left
        title = f"{self.done_verb} {len(self.rows)} {self.unit_word}"
        back = self.get_back_url()[:200]
        job = start_job(self.many_class.kind, title=title, args=args, back=back, by=self.person, now=timezone.now())
        return HttpResponseRedirect(reverse("inbox:job", args=[job.public_id]))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.preview = self.many.look(self.rows)
        return super().get_context_data(whom=self.preview.whom, **kwargs)


def facts_of(form: Any) -> dict[str, Any]:
    """What the form said, as JSON keeps it: a job has it from the database, a page says it the same way."""
    kept: dict[str, Any] = json.loads(json.dumps(form.cleaned_data, cls=DjangoJSONEncoder))
    return kept


def register(many_class: type[Many[Any]]) -> None:
    """Offer the act as a long job."""
    work.register(many_class.kind, lambda job, progress: run(many_class, job, progress))


def run(many_class: type[Many[Any]], job: LongJob, progress: work.Progress) -> work.Product:
    """Row by row, each in a transaction with how far the job is: taken up again, it goes on behind the last one done."""
    many, ids = many_class(job.by), job.args["rows"]
    job.by.action = many_class.action
    refused: list[str] = job.result.get("refused") or list(job.args["left"])
    progress(job.done, len(ids))
    for place in range(job.done, len(ids)):
        with transaction.atomic():
            if reason := _why_not_done(many, ids[place], job):
                refused = [*refused, reason]
                LongJob.objects.filter(pk=job.pk).update(result={"refused": refused})
            progress(place + 1, len(ids))
    done = len(ids) - (len(refused) - len(job.args["left"]))
    sentence = f"已{many.verb} {done} {many.unit_word}。"
    return work.Product(result={"sentence": sentence, "refused": refused, "verb": many.verb})


def _why_not_done(many: Many[Any], public_id: str, job: LongJob) -> str:
    """Do one row, or say why it is not done: it may have moved since it was looked at, and so may the right to it."""
    row = many.rows().filter(**{many.id_path: public_id}).first()
    if row is None:
        return " ".join(many.lost([public_id]))
    try:
        with transaction.atomic():
            many.act(row, job.args["facts"], sending=job.args["sending"], now=engine_now())
    except (WrongStep, Refused) as error:
        return f"{many.reference(row)}：{error}"
    return ""
