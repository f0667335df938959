"""The reply is drafted point by point, delivered, and its date confirmed."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from members.errors import Refused, Stale, WrongStep
from members.shown import Act, Fact
from proposals.handling import actions, forms, owners, panels
from proposals.handling.actions import Paper
from proposals.handling.actions.attaching import attach, drop_letter
from proposals.handling.actions.paper import acts_for
from proposals.handling.actions.replying import not_to_be_written, suggestions_to_answer, unanswered, without_opinion
from proposals.handling.aspects import Aspect, aspects
from proposals.handling.attachments import letters_of, scan_of
from proposals.handling.blanks import blanks_of, filled
from proposals.handling.classes import class_of
from proposals.handling.eyes import Eyes, eyes
from proposals.handling.forms.replying import LETTER_FIELDS, key_of, names_of
from proposals.handling.models import Assignment, Commitment, Purpose, Reply, SigningStep, Stage, Suggestion, Wording
from proposals.handling.promises import drafted
from proposals.handling.queries import earlier_replies, labels_of, suggestions_of
from proposals.handling.rights import allowed, in_hands_of
from proposals.handling.sights import note, noted

from .base import AssignmentForm, PartConfirm, PartForm

WHOLE = ("result", "opening", "no_contact_reason")
"""What the page asks about the reply as a whole; the other fields of the letter are its formal side."""
WAITING = {
    Stage.TO_PASS_UP: ("审核通过，待报送", "已审核，请在报送上级后登记。"),
    Stage.TO_TELL: ("审核通过，待反馈", "已审核，请把办理结果反馈反映人。"),
}
"""What the office does with an answer that stays with it: the words of the button, and what is said then."""
TO_OFFICE = "提交后由交办机构审核；审核通过的，由交办机构报送上级或反馈反映人。提交后不能再改，退回的除外。"


def result_said(reply: Reply) -> str:
    """The class of the whole, and whether somebody chose it."""
    found = class_of(reply)
    return f"{found}" + ("" if reply.result_id else "（按各条得出）") if found else "未选择"


class WithDraft(AssignmentForm):
    """A page that shows the unit's draft: whoever may not read it, or comes too late, is told why."""

    @property
    def course(self) -> owners.Course:
        """What applies to this kind of matter."""
        return owners.course_of(self.matter)

    def rows(self) -> QuerySet[Assignment]:
        steps = SigningStep.objects.current().filter(unit=OuterRef("unit"))
        return super().rows().annotate(is_signed_here=Exists(steps), noted=noted(self.me))

    def way_on(self) -> str:
        """Where a finished draft goes from here: up for signature where its own unit has set that, or out; or nowhere."""
        part = self.object
        own = acts_for(self.me, part.unit_id, on=timezone.localdate())
        name = "send_up" if own and part.is_signed_here else "reply"
        mine = allowed(
            self.me, f"handling.{name}", part, Eyes()
        )  # both are held through a body, not by who stands behind
        return reverse(f"handling:{name}", args=[part.public_id]) if mine else ""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().get(request, *args, **kwargs)
        except (Refused, WrongStep) as error:
            return self.refuse(str(error))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().post(request, *args, **kwargs)
        except (Refused, WrongStep) as error:
            return self.too_late(str(error), self.home())

    def refuse(self, sentence: str) -> HttpResponseBase:
        messages.warning(self.request, sentence)
        return HttpResponseRedirect(self.home())


class DraftReply(WithDraft):
    """Keeps the draft; nothing leaves the unit until it is sent from the next page."""

    action = "handling.draft_reply"
    title = "拟写答复"
    template_name = "handling/reply.html"
    form_class = forms.ReplyForm

    def prepare(self) -> None:
        super().prepare()
        if not self.object.answers:
            raise Refused("会办单位只提交会办意见。")
        everything = suggestions_of(self.object.matter)
        self.suggestions: list[Suggestion] = suggestions_to_answer(self.object, everything)
        self.labels = labels_of(everything)
        self.draft: Reply | None = actions.readable_draft(self.object, by=self.me)
        if self.draft and self.draft.state not in Reply.DRAFTING:
            raise WrongStep(not_to_be_written(self.draft))
        self.letters = letters_of(self.draft)
        self.own = acts_for(self.me, self.object.unit_id, on=timezone.localdate())
        self.next_page = self.way_on()
        self.may_send = bool(self.next_page)
        ready = "ready" in self.request.POST
        self.submit_label = "保存，去核对" if self.may_send else "保存"
        told = "答复稿已保存，并已请本单位联络员核对发出。" if ready else "答复稿已保存，还没有请联络员核对。"
        self.done_sentence = "" if self.may_send else told

    def version(self) -> int | None:
        return self.draft.version if self.draft else 0

    @property
    def keeper(self) -> bool:
        """The sheet is named when the letter is sent, not while it is typed."""
        return False

    def label_of(self, name: str) -> str:
        kind, _, key = name.partition("_")
        number = key.partition("_")[0]
        labels = {"text": f"答复第{number}条", "class": f"第{number}条的办理结果"}
        return super().label_of(name) or (labels.get(kind, "") if number.isdigit() else "")

    def get_form_kwargs(self) -> dict[str, Any]:
        given = {"suggestions": self.suggestions, "labels": self.labels, "letters": self.letters, "course": self.course}
        return {**super().get_form_kwargs(), **given}

    @cached_property
    def offered(self) -> list[Wording]:
        """The wording that the unit keeps for such a matter, for those of the unit who write."""
        matter, unit = self.object.matter, self.object.unit_id
        if not self.own:
            return []
        category, course = owners.of(matter).category(matter), owners.course_of(matter)
        return list(Wording.objects.fitting(unit, category, spoken=course.contact))

    @cached_property
    def inserted(self) -> Wording | None:
        """The one of them that was asked for."""
        asked = self.request.GET.get("template") if self.request.method == "GET" else None
        return next((row for row in self.offered if str(row.public_id) == asked), None) if asked else None

    def get_initial(self) -> dict[str, Any]:
        """The draft as it stands; where nothing is written yet, the words of the template that was asked for."""
        values = self.written()
        self.filled_in = 0
        if self.inserted:
            texts = [names_of(one) for one in self.suggestions]
            words = {text: self.inserted.answer for text, _, same in texts if not values.get(same)}
            for name, said in {"opening": self.inserted.opening, **words}.items():
                if said and not (values.get(name) or "").strip():
                    values[name] = filled(said, self.object.matter)
                    self.filled_in += 1
        return values

    def inserted_note(self) -> str:
        if not self.filled_in:
            return "各栏都已有文字，没有填入模板。"
        return f"已将模板填入 {self.filled_in} 处，还没有保存。【】中的内容请逐一改写或删去，没有改写的不能送签、发出。"

    def written(self) -> dict[str, Any]:
        draft = self.draft
        if draft is None:
            return {"contact_name": self.me.name if self.own else "", "contact_phone": self.object.unit.phone}
        values: dict[str, Any] = {name: getattr(draft, name) for name in LETTER_FIELDS}
        values["result"] = draft.result and draft.result.code
        values["issuer"] = draft.issuer.public_id if draft.issuer_id != self.object.unit_id else None
        given = {point.suggestion_id: point for point in draft.points.select_related("result")}
        keys = {one.pk: key_of(one) for one in self.suggestions}
        for one in self.suggestions:
            if (point := given.get(one.pk)) is not None:
                text, kind, same = names_of(one)
                values |= {text: point.text, kind: point.result and point.result.code}
                values[same] = keys.get(point.same_as_id or 0, "")
        return values

    def form_valid(self, form: Any) -> HttpResponseBase:
        reply = self.save(form)
        if "ready" in self.request.POST and not self.may_send:
            actions.ask_to_send(self.object, by=self.me, now=timezone.now())
        address = self.next_page or self.home()
        if self.course.promises and ("promises" in self.request.POST or actions.unpromised(reply)):
            address = reverse("handling:draft_promises", args=[self.object.public_id])
        return HttpResponseRedirect(address)

    def save(self, form: Any) -> Reply:
        if form.left_over:
            raise Stale("您打开本页之后，要答复的建议有变化。您写的内容已保留在下面，请对照最新内容后再保存。")
        reply = actions.draft_reply(
            self.object,
            form.letter_values(self.object.unit),
            form.points(),
            by=self.me,
            now=timezone.now(),
            version=self.opened_version(),
        )
        now = timezone.now()
        if letter := form.cleaned_data.get("letter"):
            attach(self.matter, letter, purpose=Purpose.LETTER, assignment=self.part, reply=reply, by=self.me, now=now)
        for dropped in form.dropped():
            drop_letter(dropped, by=self.me, now=now)
        return reply

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs["form"]
        if not self.object.noted:
            note(self.me, [self.object.matter_id])
        answers = [
            {
                "label": self.labels[one.pk],
                "of": one.matter.label if one.matter_id != self.object.matter_id else "",
                "text": form[names_of(one)[0]],
                "pair": [form[k] for k in names_of(one)[1:] if k in form.fields],
            }
            for one in self.suggestions
        ]
        return super().get_context_data(
            answers=answers,
            paper=[form[name] for name in LETTER_FIELDS if name not in WHOLE],
            whole=[form[name] for name in WHOLE if name in form.fields],
            promises=self.course.promises,
            draft=self.draft,
            may_send=self.may_send,
            letters=self.letters,
            earlier=earlier_replies(self.object, self.me),
            offered=self.offered,
            inserted=self.inserted,
            inserted_note=self.inserted_note() if self.inserted else "",
            autosave=reverse("handling:autosave_reply", args=[self.object.public_id]),
            **kwargs,
        )


class AutosaveReply(DraftReply):
    """Takes the copy that the page sends by itself; answers with the new version."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("handling:draft_reply", args=[kwargs["public_id"]]))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.prepare()
        except (Refused, WrongStep) as error:
            return JsonResponse({"sentence": str(error)}, status=422)
        form = self.get_form()
        if not form.is_valid():
            field, errors = next(iter(form.errors.items()))
            label = form.fields[field].label if field in form.fields else ""
            return JsonResponse({"sentence": f"{label}：{errors[0]}"}, status=422)
        form.cleaned_data |= {"letter": None, "drop": []}
        try:
            reply = self.save(form)
        except Stale as error:
            return JsonResponse({"sentence": str(error)}, status=409)
        except (Refused, WrongStep) as error:
            return JsonResponse({"sentence": str(error)}, status=422)
        return JsonResponse({"version": reply.version})

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "files": None}


class SendReply(PartConfirm[Assignment], WithDraft):
    """Shows what will be delivered and what is missing; one button sends it to every proposer."""

    action = "handling.reply"
    title = "发出答复"
    template_name = "handling/send_reply.html"
    question = "发出后，每位提案者都会收到答复并可以评价；发出后不能再改。"
    form_class = forms.SendReplyForm
    submit_label = "发出答复"
    done_sentence = "答复已发出。"

    def prepare(self) -> None:
        super().prepare()
        self.reply = actions.readable_draft(self.object, by=self.me)
        if self.reply and self.reply.state not in Reply.DRAFTING:
            raise WrongStep(not_to_be_written(self.reply))
        self.letters = letters_of(self.reply)
        self.wanting = without_opinion(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "wanting": [row.unit.name for row in self.wanting]}

    def get_question(self) -> str:
        return self.question if self.course.evaluation else TO_OFFICE

    def get_back_url(self) -> str:
        return reverse("handling:draft_reply", args=[self.object.public_id])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The text as the proposers will read it, for who signs without having written it."""
        note(self.me, [self.object.matter_id])
        drafts = panels.with_points(Reply.objects.filter(pk=self.reply.pk if self.reply else 0))
        shown = [panels.reply_shown(row, self.letters, suggestions_of(self.object.matter)) for row in drafts]
        return super().get_context_data(reply=shown[0] if shown else None, **kwargs)

    def facts(self) -> list[Fact]:
        reply = self.reply
        if reply is None:
            return super().facts()
        labels, missing = labels_of(suggestions_of(self.object.matter)), unanswered(reply)
        return [
            *super().facts(),
            Fact("办理结果", result_said(reply)),
            Fact("行文单位", reply.issuer.name),
            Fact("文号", reply.doc_no or "无"),
            Fact("落款日期", reply.letter_on or "今天"),
            Fact("答复函", "、".join(one.name for one in self.letters) or "没有上传"),
            Fact(
                "还没有答复的建议",
                "、".join(f"{labels[one.pk]}（{one.text[:30]}）" for one in missing) or "没有",
                wide=True,
            ),
            *self.blanks(),
            *self.promises(labels),
        ]

    def blanks(self) -> list[Fact]:
        """What a template left to the writer, and nobody wrote."""
        assert self.reply
        left = "；".join(f"{where}：{'、'.join(words)}" for where, words in blanks_of(self.reply).items())
        return [Fact("还没有改写的地方", left, wide=True)] if left else []

    def promises(self, labels: Mapping[int, str]) -> list[Fact]:
        """What the reply promises, and which answers still lack a promise."""
        assert self.reply
        wanting = "、".join(labels.get(one.suggestion_id, "") for one in actions.unpromised(self.reply))
        way = reverse("handling:draft_promises", args=[self.object.public_id])
        lacking = [Fact("还没有承诺事项的答复", f"{wanting}，去填写", url=way)] if wanting else []
        return [*drafted(Commitment.objects.filter(point__reply=self.reply).order_by("due_on", "pk")), *lacking]

    def do(self, form: Any, paper: Paper | None) -> None:
        if self.reply is None:
            raise WrongStep("还没有拟写答复，请先拟写。")
        sealed = scan_of(self.letters)
        scan = str(sealed.public_id) if sealed else (paper.scan if paper else "")
        why_now = form.cleaned_data.get("why_now", "")
        actions.deliver_reply(self.reply, by=self.me, now=timezone.now(), scan=scan, why_now=why_now, paper=paper)


class OfChecking(PartForm[Reply]):
    """A reply that waits for the assigning office."""

    action = "handling.check_reply"
    path = "assignment"

    def rows(self) -> QuerySet[Reply]:
        rows = Reply.objects.checking().select_related("assignment__matter", "assignment__unit", "assignment__office")
        return rows.select_related("result", "issuer")

    def actor(self) -> int:
        return self.part.office_id


class CheckReply(OfChecking):
    """The assigning office reads a signed reply, corrects classes where it must, and lets it go (P6, P7)."""

    title = "答复审核"
    template_name = "handling/check_reply.html"
    form_class = forms.CheckReplyForm
    submit_label = "审核通过，送达提案者"
    done_sentence = "已审核，答复已送达提案者。"

    def prepare(self) -> None:
        super().prepare()
        if not owners.course_of(self.matter).evaluation:
            self.submit_label, self.done_sentence = WAITING[owners.course_of(self.matter).answered]
        self.letters = letters_of(self.object)
        everything = suggestions_of(self.matter)
        self.labels = labels_of(everything)
        self.points = list(self.object.points.filter(same_as=None).select_related("result", "suggestion__matter"))
        drafts = panels.with_points(Reply.objects.filter(pk=self.object.pk))
        reads = {Aspect.DRAFT_REPLY} & aspects(eyes(self.me, self.matter), self.object)
        self.shown = [panels.reply_shown(row, self.letters, everything) for row in drafts] if reads else []

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "reply": self.object, "points": self.points, "labels": self.labels}

    def facts(self) -> list[Fact]:
        row, scan = self.object, scan_of(self.letters)
        url = reverse("handling:attachment", args=[scan.public_id]) if scan else ""
        why = "确认落款日期：请对照扫描件核对，答复日期和是否逾期以落款日期为准。" if row.date_to_confirm else ""
        facts = [
            Fact("需要核对", "　".join(filter(None, ["审核答复内容和结果类别。" * row.to_check, why])), wide=True),
            Fact("落款日期", row.letter_on),
            Fact("文号", row.doc_no or "无"),
        ]
        if self.shown:
            facts += [fact for fact in self.shown[0].facts if fact.label in ("签发人", "联系人", "未面商原因")]
            facts += self.versions()
            facts += drafted(Commitment.objects.filter(point__reply=row).order_by("due_on", "pk"))
        if row.date_to_confirm:
            facts.append(Fact("扫描件", scan.name if scan else "见办理记录中的单据扫描件", url=url))
        return [*super().facts(), *facts]

    def versions(self) -> list[Fact]:
        """The version that was signed; its page tells the differences to those before."""
        last = self.object.versions.order_by("-number").first()
        url = reverse("handling:reply_version", args=[last.public_id]) if last else ""
        return (
            [Fact("签发稿", f"{last}，查看与上一稿的差异" if last.number > 1 else str(last), url=url)] if last else []
        )

    def acts(self) -> list[Act]:
        return [Act("退回修改", reverse("handling:return_reply", args=[self.object.public_id]))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        note(self.me, [self.matter.pk])
        return super().get_context_data(reply=self.shown[0] if self.shown else None, **kwargs)

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.approve_reply(self.object, **form.classes(), by=self.me, now=timezone.now(), paper=paper)

    def form_valid(self, form: Any) -> HttpResponseBase:
        """On to the list where more waits for this office."""
        answer = super().form_valid(form)
        rest = in_hands_of(Reply.objects.checking(), self.me, self.action, self.path)
        more = not self.keeper and rest.exists()
        return HttpResponseRedirect(reverse("handling:reply_checks")) if more else answer


class ReturnReply(OfChecking):
    title = "答复退回修改"
    form_class = forms.ReturnForm
    submit_label = "退回修改"
    done_sentence = "已退回，单位的期限继续计算。"

    def do(self, form: Any, paper: Paper | None) -> None:
        reason = form.cleaned_data["reason"]
        actions.return_reply(self.object, reason=reason, by=self.me, now=timezone.now(), paper=paper)
