"""What every page about one unit's part of a matter shares."""

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.pages import ActionPage, ConfirmPage, SeenMixin, Signed
from members.pages.page import M
from members.shown import Crumb, Fact
from proposals.handling.actions import Paper
from proposals.handling.actions.attaching import attach
from proposals.handling.actions.paper import acts_for
from proposals.handling.models import Assignment, Attachment, Matter
from proposals.handling.reminders import name_of
from proposals.handling.rights import held, in_hands_of

TOO_LATE = "您打开本页之后，这件事项有了变化，这一步现在不能办理，刚才的提交没有生效。"
NOT_NOW = "这一步现在不需要办理。以下是这件事项现在的情况。"


def way_to(user: Any, rows: "QuerySet[Any]", path: str) -> str:
    """Where the matter of the one row in `rows` is read by this person now: his own part of it, or its page.

    Messages, mails and open windows lead to what was; whoever still sees the matter is led on from there. The answer is
    empty if there is no such row, or nothing to see.
    """
    matter = Matter.objects.visible_to(user).filter(pk__in=rows.values(f"{path}__matter" if path else "matter")).first()
    if matter is None:
        return ""
    parts = Assignment.objects.current().filter(matter=matter)
    if user.has_perm("handling.see") and (own := in_hands_of(parts, user, "handling.see").order_by("pk").first()):
        return reverse("handling:part", args=[own.public_id])
    return matter.get_absolute_url()


class SeenOfMatter(SeenMixin, ActionPage[M]):
    """A form about what owns a matter; what it shows (`shown`) is compared again with the matter locked."""

    def check_locked(self) -> None:
        if not self.shown():
            return
        owner: Any = self.object
        owner.matter.locked()
        self.object = self.get_object()
        self.check_seen()


class PartMixin(Signed):
    """The row's unit part, whose hands it is in, and whether this person records for another from paper."""

    object: Any
    path: ClassVar[str] = ""
    action: ClassVar[str]

    @property
    def part(self) -> Assignment:
        """The assignment that the row belongs to."""
        row = self.object
        for step in filter(None, self.path.split("__")):
            row = getattr(row, step)
        assert isinstance(row, Assignment)
        return row

    @property
    def matter(self) -> Matter:
        return self.part.matter

    def actor(self) -> int:
        """The body whose act this is: the unit's own, unless a page says otherwise."""
        return self.part.unit_id

    @property
    def keeper(self) -> bool:
        return not acts_for(self.me, self.actor(), on=timezone.localdate())

    def crumbs(self) -> list[Crumb]:
        return [Crumb(name_of(self.matter), self.home())]

    def home(self) -> str:
        return reverse("handling:part", args=[self.part.public_id])

    def version(self) -> int | None:
        """The actions lock the row and look at its state themselves."""
        return None

    def facts(self) -> list[Fact]:
        part = self.part
        return [
            Fact("事项", name_of(self.matter), wide=True),
            Fact("承办单位", f"{part.unit.name}（{part.get_role_display()}）"),
            Fact("状态", part.get_state_display()),
        ]


class PartForm(PartMixin, ActionPage[M]):
    """A form about one unit's part: `do` makes the one call."""

    template_name = "handling/form.html"

    def rows(self) -> "QuerySet[M]":
        raise NotImplementedError

    def get_queryset(self) -> "QuerySet[M]":
        return in_hands_of(self.rows(), self.request.user, self.action, self.path)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The form; where the step is not to be taken now, though it would be this person's, the matter as it is."""
        try:
            return super().get(request, *args, **kwargs)
        except Http404:
            if not (way := way_to(self.me, self.his().filter(public_id=kwargs["public_id"]), self.path)):
                raise
        messages.info(request, NOT_NOW)
        return HttpResponseRedirect(way)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The act; what comes too late is answered with a sentence and with what was typed."""
        try:
            return super().post(request, *args, **kwargs)
        except Http404:
            rows = self.his().filter(public_id=kwargs["public_id"])
            if not rows.exists():
                raise
        return self.too_late(TOO_LATE, way_to(self.me, rows, self.path) or reverse("portal:desk"))

    def too_late(self, sentence: str, way: str) -> HttpResponseBase:
        """The sentence, the way to what is now, and every word that was typed."""
        typed = [
            Fact(label, words, wide=True)
            for name, words in self.request.POST.items()
            if words and (label := self.label_of(name))
        ]
        return self.both_texts(sentence, typed, [], reload_url=way)

    def label_of(self, name: str) -> str:
        """What a field is called when its form cannot be made any more; empty for what nobody typed."""
        field = getattr(self.form_class, "base_fields", {}).get(name)
        return str(field.label or "") if field else ""

    def his(self) -> "QuerySet[M]":
        """Rows on which this person acts when their time has come, or did when it had."""
        rows: QuerySet[M] = self.rows().model._default_manager.filter(held(self.me, self.action, self.path))
        return rows

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "by": self.me, "part": self.part, "keeper": self.keeper}

    def do(self, form: Any, paper: Paper | None) -> None:
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponseBase:
        self.do(form, self.paper_of(form))
        return HttpResponseRedirect(self.home())

    def paper_of(self, form: Any) -> Paper | None:
        """The sheet that was named, its scan kept with the matter; so is the file of whoever acts on screen."""
        if file := form.cleaned_data.get("file"):
            self.keep(file, form.file_purpose)
        scan = form.cleaned_data.get("paper_scan")
        kept = self.keep(scan, form.purpose) if scan else None
        paper: Paper | None = form.paper(str(kept.public_id) if kept else "")
        return paper

    def keep(self, file: Any, purpose: str) -> Attachment:
        return attach(self.matter, file, purpose=purpose, assignment=self.part, by=self.me, now=timezone.now())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(keeper=self.keeper, **kwargs)


class AssignmentForm(PartForm[Assignment]):
    def rows(self) -> QuerySet[Assignment]:
        return Assignment.objects.select_related("matter", "unit", "office")


class PlainForm(PartForm[M]):
    """A form that knows nothing of paper."""

    def get_form_kwargs(self) -> dict[str, Any]:
        return ActionPage.get_form_kwargs(self)

    def paper_of(self, form: Any) -> Paper | None:
        return None


class PartConfirm(PartForm[M], ConfirmPage[M]):
    """Asks before an act; the sheet's fields stand below for keepers."""

    template_name = "handling/confirm.html"
