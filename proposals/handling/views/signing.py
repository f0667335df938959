"""A reply is sent up for signature, signed or sent back, and read in all its versions; the unit sets its own steps."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from members.days import short_day
from members.errors import WrongStep
from members.models import Body
from members.pages import ConfirmPage, DetailPage, FormPage, Signed
from members.rights import bodies_of
from members.shown import Act, Crumb, Fact
from proposals.handling import actions, forms
from proposals.handling.actions import Paper
from proposals.handling.actions.signing import steps_for
from proposals.handling.models import Countersign, Matter, ReplyVersion, SigningKind, SigningStep
from proposals.handling.queries import waiting_for
from proposals.handling.reminders import name_of
from proposals.handling.rights import held, in_hands_of
from proposals.handling.sights import note
from proposals.handling.signatures import steps_of, text_of, with_signatures, words_of
from proposals.handling.versions import differences

from .base import PartForm
from .queues import Waiting
from .replying import SendReply


class SendUp(SendReply):
    """Shows what will be frozen and who will sign it; one button sends it up."""

    action = "handling.send_up"
    title = "答复稿送签"
    question = "送签后答复稿不能再改；签批人依次签批，退回的可以修改后重新送签。"
    form_class = forms.SendUpForm
    submit_label = "送签"
    done_sentence = "已送签，并已通知签批人。"

    @property
    def keeper(self) -> bool:
        """Only the unit itself sends up; what was signed on paper is recorded as a reply."""
        return False

    def prepare(self) -> None:
        """Co-handlers that will countersign it have their say then: nobody need say why he does not wait for them."""
        super().prepare()
        self.steps = steps_for(self.object, on=timezone.localdate())
        if any(step.kind == SigningKind.COUNTERSIGN for step in self.steps):
            self.wanting = []

    def facts(self) -> list[Fact]:
        way = "　→　".join(f"{step.get_kind_display()}（{step.who}）" for step in self.steps)
        return [*super().facts(), Fact("签批环节", way, wide=True)]

    def do(self, form: Any, paper: Paper | None) -> None:
        if self.reply is None:
            raise WrongStep("还没有拟写答复，请先拟写。")
        said = {name: form.cleaned_data.get(name, "") for name in ("why", "why_now")}
        actions.send_up(self.reply, **said, by=self.me, now=timezone.now())


class OfVersion(PartForm[ReplyVersion]):
    """An act on a version that waits, or waited: whoever comes late is told so."""

    path = "reply__assignment"

    def rows(self) -> QuerySet[ReplyVersion]:
        rows = with_signatures(ReplyVersion.objects.all())
        return rows.select_related("reply__assignment__matter", "reply__assignment__unit", "reply__assignment__office")

    def get_queryset(self) -> QuerySet[ReplyVersion]:
        """Those of matters that are still seen, whatever has become of the part since: the action says what."""
        rows = self.rows().filter(held(self.me, self.action, self.path))
        return rows.filter(reply__assignment__matter__in=Matter.objects.visible_to(self.me))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The form; a version that does not wait any more is only read."""
        row = get_object_or_404(self.get_queryset(), public_id=kwargs["public_id"])
        if row.state != ReplyVersion.State.SIGNING:
            return HttpResponseRedirect(reverse("handling:reply_version", args=[row.public_id]))
        return super().get(request, *args, **kwargs)

    def facts(self) -> list[Fact]:
        return [Fact("事项", name_of(self.matter), wide=True), *steps_of(self.object), *words_of(self.object)]


class SignReply(OfVersion):
    """The frozen text, a field for a word, and one button; sending back is the other."""

    action = "handling.sign_reply"
    title = "签批答复稿"
    template_name = "handling/sign_reply.html"
    form_class = forms.SignForm
    submit_label = "同意"

    def prepare(self) -> None:
        super().prepare()
        seen, row = self.opened_version(), self.object
        overtaken = row.state != ReplyVersion.State.SIGNING or seen not in (None, row.turn)
        self.mine = overtaken or waiting_for(self.me, on=timezone.localdate()).filter(pk=row.pk).exists()

    @property
    def keeper(self) -> bool:
        """Whose turn it is not records what was signed on paper; whoever was overtaken is told so by the action."""
        return not self.mine

    def version(self) -> int | None:
        """The step that is shown goes with the form."""
        turn: int = self.object.turn
        return turn

    def check_version(self) -> None:
        """The action compares under its lock, and names who was first."""

    @property
    def done_sentence(self) -> str:  # type: ignore[override]  # what was done hangs on the button
        return "已退回修改。" if "back" in self.request.POST else "已签批。"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        note(self.me, [self.matter.pk])
        earlier = self.object.reply.versions.filter(number__lt=self.object.number).order_by("-number").first()
        changed = differences(earlier.content, self.object.content) if earlier else []
        return super().get_context_data(reply=text_of(self.object), earlier=earlier, changed=changed, **kwargs)

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.sign(
            self.object,
            agrees="back" not in self.request.POST,
            text=form.cleaned_data["text"],
            turn=self.opened_version(),
            by=self.me,
            now=timezone.now(),
            paper=paper,
        )

    def form_valid(self, form: Any) -> HttpResponseBase:
        """On to the list where more waits for this person."""
        answer = super().form_valid(form)
        rest = in_hands_of(waiting_for(self.me, on=timezone.localdate()), self.me, self.action, self.path)
        return HttpResponseRedirect(reverse("handling:replies_to_sign")) if self.mine and rest.exists() else answer


class TakeBack(OfVersion, ConfirmPage[ReplyVersion]):
    action = "handling.send_up"
    title = "撤回送签"
    template_name = "handling/confirm.html"
    question = "撤回后可以修改答复稿，重新送签时从第一个环节开始。已经签批的意见会保留。"
    form_class = forms.TakeBackForm
    submit_label = "撤回送签"
    done_sentence = "已撤回，可以修改答复稿。"

    @property
    def keeper(self) -> bool:
        return False

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.take_back(self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now())


class Version(Signed, DetailPage[ReplyVersion]):
    """One version as it was sent up, who signed it, and what it says otherwise than the one before."""

    action = "handling.read_version"
    template_name = "handling/version.html"

    def get_queryset(self) -> QuerySet[ReplyVersion]:
        """Those of the own unit or office; a co-handler's people read the very version that it was asked about (S2)."""
        rows = with_signatures(ReplyVersion.objects.select_related("reply__assignment__matter"))
        own = in_hands_of(ReplyVersion.objects.all(), self.me, self.action, "reply__assignment")
        rows = rows.annotate(whole=Exists(own.filter(pk=OuterRef("pk"))))
        return rows.filter(Q(whole=True) | Q(pk__in=asked_of(self.me).values("version")))

    def note_view(self) -> None:
        note(self.me, [self.object.reply.assignment.matter_id])

    def get_title(self) -> str:
        return f"答复稿{self.object}"

    def crumbs(self) -> list[Crumb]:
        part = self.object.reply.assignment
        if not self.object.whole:  # type: ignore[attr-defined]  # annotated above
            part = asked_of(self.me).select_related("assignment__matter").filter(version=self.object)[0].assignment
        return [Crumb(name_of(part.matter), reverse("handling:part", args=[part.public_id]))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Earlier versions and what was said inside are the unit's own and its office's."""
        row = self.object
        others = list(row.reply.versions.order_by("number")) if row.whole else []  # type: ignore[attr-defined]  # annotated above
        earlier = next((one for one in reversed(others) if one.number < row.number), None)
        inside = row.reply.assignment.unit_id in bodies_of(self.me, "handling.read_unit", timezone.localdate())
        return super().get_context_data(
            reply=text_of(row),
            steps=[*steps_of(row), *words_of(row)] if inside else [],
            earlier=earlier,
            changed=differences(earlier.content, row.content) if earlier else [],
            others=[
                Act(f"{one}　{one.get_state_display()}", reverse("handling:reply_version", args=[one.public_id]))
                for one in others
                if one.pk != row.pk
            ],
            **kwargs,
        )


def asked_of(user: Any) -> QuerySet[Countersign]:
    """What the units of this person, as long as they co-handle, were asked to countersign in matters that he sees."""
    rows = Countersign.objects.filter(assignment__unit__in=bodies_of(user, "handling.read_unit", timezone.localdate()))
    return rows.filter(assignment__ended_at=None, assignment__matter__in=Matter.objects.visible_to(user))


class RepliesToSign(Waiting):
    """The replies whose turn is this person's."""

    action = "handling.sign_reply"
    path = "reply__assignment"
    title = "待签批答复"
    empty_sentence = "没有等您签批的答复稿。"
    act_word = "签批"

    def rows(self) -> QuerySet[ReplyVersion]:
        rows = with_signatures(waiting_for(self.me, on=timezone.localdate()))
        return rows.select_related("reply__assignment__matter", "reply__assignment__unit")

    def line(self, row: ReplyVersion) -> dict[str, Any]:
        step = next(one for one in row.signatures.all() if one.order == row.turn)
        url = reverse("handling:sign_reply", args=[row.public_id])
        what = f"{step.get_kind_display()}　{row}　{row.by}{short_day(timezone.localdate(row.at))}送签"
        return {"part": row.reply.assignment, "what": what, "state": "待签批", "at": row.at, "url": url}


# the unit's own steps -------------------------------------------------------------------------------------------------


class SigningSteps(Signed, FormPage):
    """The unit's way to a signed reply, kept by its clerk or head."""

    action = "handling.signing_steps"
    title = "签批环节"
    template_name = "handling/signing_steps.html"
    form_class = forms.StepForm
    submit_label = "增加环节"
    done_sentence = "已增加。正在签批的答复稿仍按送签时的环节办理。"

    def prepare(self) -> None:
        bodies = bodies_of(self.me, self.action, timezone.localdate())
        self.units = list(Body.objects.filter(pk__in=bodies).order_by("pinyin", "pk"))
        rows = SigningStep.objects.current().filter(unit__in=bodies).select_related("unit", "person")
        self.steps = list(rows.order_by("unit__pinyin", "unit", "order"))

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "units": self.units}

    def get_initial(self) -> dict[str, Any]:
        return {"order": max((step.order for step in self.steps), default=0) + 1}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(steps=self.steps, several=len(self.units) > 1, **kwargs)

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.add_step(**form.step(), by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("handling:signing_steps"))


class EndStep(Signed, ConfirmPage[SigningStep]):
    action = "handling.signing_steps"
    title = "停用签批环节"
    question = "停用后新送签的答复稿不再经过这个环节；正在签批的仍按送签时的环节办理。全部停用后，答复不再送签，由联络员核对发出。"
    submit_label = "停用"
    done_sentence = "已停用。"

    def get_queryset(self) -> QuerySet[SigningStep]:
        bodies = bodies_of(self.me, self.action, timezone.localdate())
        return SigningStep.objects.filter(unit__in=bodies).select_related("unit", "person")

    def crumbs(self) -> list[Crumb]:
        return [Crumb("签批环节", reverse("handling:signing_steps"))]

    def facts(self) -> list[Fact]:
        step = self.object
        return [
            Fact("单位", step.unit),
            Fact("环节", f"{step.order}　{step.get_kind_display()}"),
            Fact("由谁签批", step.who),
        ]

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.end_step(self.object, now=timezone.now())
        return HttpResponseRedirect(reverse("handling:signing_steps"))
