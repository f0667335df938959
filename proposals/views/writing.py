"""A member writes, in three steps that fit on a phone: text, co-signers and files, check (S16)."""

from dataclasses import replace
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, Stale, WrongStep
from members.forms import plain
from members.member_fields import colleagues, member_labels
from members.models import Body
from members.pages import ActionPage, FormPage, Page, Signed
from members.rights import may, roles_of
from members.shown import Crumb, Fact
from members.widgets import looked_up
from proposals import actions, word_list
from proposals.aspects import my_organisations
from proposals.fields import unit_names
from proposals.forms import BeginForm, CheckForm, FileUploadForm, OrganisationForm, RemoveFileForm, TextForm
from proposals.handling.actions.attaching import attach
from proposals.handling.attachments import OWNERS
from proposals.handling.models import Attachment, Participant
from proposals.handling.sights import note
from proposals.models import Proposal, Text
from proposals.rights import in_hands_of
from proposals.similar import similar_to
from proposals.splitting import split

from .base import ProposalConfirm, ProposalPage, to, words_of

STEPS = ["内容", "联名与附件", "核对提交"]
WRITE = ("proposals.write", "proposals.revise", "proposals.enter")
"""Any of these opens the pages of a text; which proposals, says `writable`."""


class Begin(Signed, FormPage):
    """Asks in whose name; a member who acts for nobody else writes at once."""

    action = "proposals.write"
    title = "写提案"
    form_class = BeginForm
    submit_label = "开始写"

    def get_form_kwargs(self) -> dict[str, Any]:
        user = self.me
        member = Role.MEMBER in roles_of(user, timezone.localdate())
        bodies = Body.objects.collective().filter(pk__in=my_organisations(user)).order_by("pinyin", "pk")
        return {**super().get_form_kwargs(), "person": user if member else None, "bodies": list(bodies)}

    def form_valid(self, form: Any) -> HttpResponseBase:
        chosen = form.cleaned_data["behind"]
        bodies = self.get_form_kwargs()["bodies"]
        body = next((body for body in bodies if str(body.public_id) == chosen), None)
        behind = actions.Behind(body=body) if body else actions.Behind(person=self.me)
        proposal = actions.begin(behind, by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(proposal, "write"))


class Writing(ProposalPage):
    """What writers share: a proposal of one's own, or one that the desk types from paper."""

    action = "proposals.write"
    form_class: ClassVar[type[forms.BaseForm]] = TextForm

    def may_open(self, user: Any) -> bool:
        return any(may(user, action) for action in WRITE)

    def get_queryset(self) -> QuerySet[Proposal]:
        return writable(self.request.user)

    def get_title(self) -> str:
        return "修改提案" if self.object.submissions else "写提案"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = STEPS
        return super().get_context_data(words=words, proposal=self.object, **kwargs)


def writable(user: Any) -> QuerySet[Proposal]:
    """Proposals whose text `user` may write now."""
    rows = Proposal.objects.select_related("matter__session", "category")
    own = in_hands_of(rows, user, "proposals.write").values("pk")
    returned = in_hands_of(rows, user, "proposals.revise").values("pk")
    typed = in_hands_of(rows.filter(source__in=["paper", "photo"]), user, "proposals.enter").values("pk")
    return rows.filter(pk__in=own) | rows.filter(pk__in=returned) | rows.filter(pk__in=typed)


class Write(Writing):
    """Step 1: the three parts; pasted suggestions are split; going on saves."""

    template_name = "proposals/write.html"
    submit_label = "下一步"

    def version(self) -> int | None:
        return self.object.version

    def check_version(self) -> None:
        """The action compares texts under its lock: the same words twice are no conflict."""

    def get_initial(self) -> dict[str, Any]:
        text = self.object.text()
        return {
            "title": text.title,
            "situation": text.situation,
            "analysis": text.analysis,
            "suggestions": list(text.suggestions),
        }

    def form_valid(self, form: Any) -> HttpResponseBase:
        self.object = save(self.object, form, self.opened_version(), by=self.me)
        if words := word_list.warning(self.object.text()):
            messages.warning(self.request, words)
        stays = "split" in self.request.POST or "add" in self.request.POST
        if stays:
            return HttpResponseRedirect(
                f"{to(self.object, 'write')}#id_suggestions_{len(self.object.text().suggestions) + 1}"
            )
        return HttpResponseRedirect(to(self.object, "cosigners"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        note(self.me, [self.object.matter_id])
        similar = similar_to(self.object.text().title, self.me, besides=self.object)
        return super().get_context_data(similar=similar, **kwargs)

    def get_form(self) -> Any:
        form = super().get_form()
        lookup = f"{reverse('proposals:similar')}?besides={self.object.public_id}"
        form.fields["title"].widget.attrs |= looked_up(lookup)
        return form

    def conflict(self, form: Any, sentence: str) -> HttpResponse:
        """Both texts stand side by side; what was typed can be saved over the other on purpose."""
        self.object.refresh_from_db()
        self.object.matter.refresh_from_db()
        typed, stored = facts_of(typed_text(form)), facts_of(self.object.text())
        again = {"form": form, "version": self.object.version, "path": self.request.path}
        return self.both_texts(sentence, typed, stored, title="内容已在别处修改", **again)


class SimilarOnes(Signed, Page):
    """What resembles a title: a fragment for the page where it is typed, or a page of its own."""

    action = "proposals.similar"
    title = "相近提案"
    template_name = "proposals/similar.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        title = request.GET.get("title", "").replace("\x00", "").strip()[:300]
        besides = self.besides(request.GET.get("besides", ""))
        similar = similar_to(title, self.me, besides=besides)
        if request.headers.get("HX-Request"):
            return TemplateResponse(request, "components/similar_panel.html", {"similar": similar})
        return self.render_to_response(self.get_context_data(similar=similar, asked=title))

    def besides(self, public_id: str) -> Proposal | None:
        try:
            return Proposal.objects.visible_to(self.me).filter(matter__public_id=public_id).first()
        except ValidationError:
            return None


def typed_text(form: TextForm) -> Text:
    """The form's text with what was pasted below it, split into suggestions."""
    text = form.text()
    return replace(text, suggestions=(*text.suggestions, *split(form.cleaned_data["pasted"])))


def save(proposal: Proposal, form: TextForm, version: int | None, *, by: Any) -> Proposal:
    return actions.save_text(proposal, typed_text(form), version=version, by=by, now=timezone.now())


def facts_of(text: Text) -> list[Fact]:
    facts = [Fact("案由", text.title, wide=True), Fact("情况与问题", text.situation, wide=True)]
    facts += [Fact("原因分析", text.analysis, wide=True)]
    return facts + [Fact(f"建议 {n}", words, wide=True) for n, words in enumerate(text.suggestions, start=1)]


class AddFile(Writing):
    """Takes one file; it belongs to the proposal at once."""

    template_name = "pages/form.html"
    form_class = FileUploadForm
    submit_label = "上传"
    done_sentence = "附件已上传。"

    def get_title(self) -> str:
        return "添加附件"

    def get_back_url(self) -> str:
        return to(self.object, "cosigners")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "by": self.me}

    def form_valid(self, form: Any) -> HttpResponseBase:
        attach(
            self.object.matter,
            form.cleaned_data["clean"],
            purpose=form.cleaned_data["purpose"],
            draft=self.object.written_again,
            by=self.me,
            now=timezone.now(),
        )
        return HttpResponseRedirect(self.get_back_url())


class RemoveFile(Signed, ActionPage[Attachment]):
    """Takes away a wrong file: its authors while they write, the proposal office later and with a reason."""

    action = "proposals.remove_file"
    template_name = "pages/confirm.html"
    title = "删除附件"
    submit_label = "删除附件"
    done_sentence = "附件已删除。"

    def may_open(self, user: Any) -> bool:
        return any(may(user, action) for action in (*WRITE, self.action))

    def get_queryset(self) -> QuerySet[Attachment]:
        kept = in_hands_of(Proposal.objects.all(), self.request.user, self.action)
        rows = Attachment.objects.kept().filter(purpose__in=OWNERS, assignment=None, event=None, released_at=None)
        mine = Q(matter__proposal__in=writable(self.request.user).values("pk"))
        rows = rows.filter(mine | Q(matter__proposal__in=kept.values("pk")))
        return rows.select_related("matter__proposal")

    def version(self) -> int | None:
        return None

    @property
    def proposal(self) -> Proposal:
        proposal: Proposal = self.object.matter.proposal
        return proposal

    def crumbs(self) -> list[Crumb]:
        return [Crumb(self.object.matter.title or "草稿", self.proposal.get_absolute_url())]

    def get_back_url(self) -> str:
        return to(self.proposal, "cosigners" if self.proposal.editable else "detail")

    def get_form(self) -> Any:
        if self.proposal.editable:
            return forms.Form(data=self.request.POST or None)
        return RemoveFileForm(**self.get_form_kwargs())

    def form_valid(self, form: Any) -> HttpResponseBase:
        reason = form.cleaned_data.get("reason", "")
        actions.remove_file(self.proposal, self.object, reason=reason, by=self.me, now=timezone.now())
        return HttpResponseRedirect(self.get_back_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            question=f"将删除附件“{self.object.name}”，删除后不能恢复。", danger=True, **kwargs
        )


class Autosave(Writing):
    """Takes the copy that the page sends by itself; answers with the new version."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.prepare()
        return HttpResponseRedirect(to(self.object, "write"))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.prepare()
        form = TextForm(data=plain(request.POST))
        if not form.is_valid():
            return JsonResponse({"errors": form.errors}, status=422)
        form.cleaned_data["pasted"] = ""
        try:
            proposal = save(self.object, form, self.opened_version(), by=self.me)
        except Stale as error:
            return JsonResponse({"sentence": str(error)}, status=409)
        except (Refused, WrongStep) as error:
            return JsonResponse({"sentence": str(error)}, status=422)
        return JsonResponse({"version": proposal.version})


class Organisation(Writing):
    """What a collective proposal names: contact person, drafters, signer (P14)."""

    template_name = "proposals/with_names.html"
    form_class = OrganisationForm
    submit_label = "保存"

    def get_queryset(self) -> QuerySet[Proposal]:
        return super().get_queryset().filter(form=Proposal.Form.COLLECTIVE)

    def get_title(self) -> str:
        return "集体提案信息"

    def body(self) -> Body:
        """The organisation whose proposal it is."""
        place = self.object.matter.participants.leading().select_related("body").get()
        assert place.body is not None
        return place.body

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "body": self.body()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        names = [person.name for person in colleagues(self.body())]
        return super().get_context_data(members=[*dict.fromkeys([*names, *member_labels()])], **kwargs)

    def get_back_url(self) -> str:
        return to(self.object, "cosigners")

    def shown(self) -> dict[str, str]:
        began = self.get_initial()
        return {
            "联系人": str(began["contact"] or "未填写"),
            "执笔人": began["drafters"],
            "签发人": began["signer"],
            "本组织审定情况": began["approval"],
        }

    def get_initial(self) -> dict[str, Any]:
        rows = list(self.object.matter.participants.filter(left_at=None).select_related("person"))
        contact = next((row.person for row in rows if row.role == Participant.Role.CONTACT), None)
        drafters = [row.person.name for row in rows if row.role == Participant.Role.DRAFTER and row.person]
        return {
            "contact": contact,
            "drafters": "、".join(drafters),
            "signer": self.object.signer,
            "approval": self.object.approval,
        }

    def form_valid(self, form: Any) -> HttpResponseBase:
        data, now = form.cleaned_data, timezone.now()
        behind = actions.Behind(body=self.body(), contact=data["contact"], drafters=data["drafters"])
        proposal = actions.change_proposer(self.object, behind, by=self.me, now=now)
        details = replace(actions.details_of(proposal), signer=data["signer"], approval=data["approval"])
        actions.save_text(proposal, proposal.text(), version=None, by=self.me, now=now, details=details)
        return HttpResponseRedirect(to(proposal, "cosigners"))


class Check(Writing):
    """Step 3: everything once more on one page, what is missing, and the button that hands it in."""

    template_name = "proposals/check.html"
    form_class = CheckForm
    submit_label = "提交提案"

    def get_title(self) -> str:
        return "核对提交"

    def get_queryset(self) -> QuerySet[Proposal]:
        return super().get_queryset().prefetch_related("matter__suggestions", "wished_units")

    def get_back_url(self) -> str:
        return to(self.object, "cosigners")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "proposal": self.object}

    def get_initial(self) -> dict[str, Any]:
        proposal = self.object
        return {
            "wished_units": self.wished(),
            "category": proposal.category,
            "consents": "yes" if proposal.consents else "no",
            "consent_reason": proposal.consent_reason,
            "internal": proposal.internal,
        }

    def wished(self) -> list[Body]:
        return sorted(self.object.wished_units.all(), key=lambda unit: unit.pk)

    def shown(self) -> dict[str, str]:
        """The text, and what stands on this page beside it: two who write one draft do not overwrite each other."""
        proposal = self.object
        units = "、".join(unit.name for unit in self.wished())
        return {
            **words_of(proposal.text()),
            "建议承办单位": units or "未填写",
            "类别": str(proposal.category or "由提案委确定"),
            "公开意愿": "同意公开" if proposal.consents else f"不同意公开：{proposal.consent_reason}",
            "公开范围": "仅供内部办理" if proposal.internal else "一般",
        }

    def form_valid(self, form: Any) -> HttpResponseBase:
        user, now = self.me, timezone.now()
        actions.save_text(
            self.object, self.object.text(), version=None, by=user, now=now, details=form.details(self.object)
        )
        if "later" in self.request.POST:
            return HttpResponseRedirect(to(self.object, "detail"))
        if self.object.source in (Proposal.Source.PAPER, Proposal.Source.PHOTO) and may(user, "proposals.enter"):
            return HttpResponseRedirect(to(self.object, "confirm_text"))
        proposal = actions.submit(self.object, not_secret=form.cleaned_data["not_secret"], by=user, now=now)
        return HttpResponseRedirect(to(proposal, "done"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        text = self.object.text()
        note(self.me, [self.object.matter_id])
        most = actions.limits(now)
        return super().get_context_data(
            text=facts_of(text),
            faults=actions.faults_of(self.object, text, most, by=self.me, on=timezone.localdate(now)),
            length=text.length,
            alarm=word_list.warning(text),
            similar=similar_to(text.title, self.me, besides=self.object),
            units=unit_names(),
            most=most,
            cosigners=self.object.cosignatures.filter(state__in=["invited", "agreed"]).select_related("person", "body"),
            **kwargs,
        )


class Recall(ProposalConfirm):
    """Back into the writer's hands, as long as nobody reads it yet."""

    action = "proposals.recall"
    title = "撤回修改"
    question = "撤回后可以继续修改，收件号和提交时间不变；改好后请重新提交。提案委开始审查后不能再撤回。"
    submit_label = "撤回修改"
    done_sentence = "已撤回。改好后请重新提交。"

    def form_valid(self, form: Any) -> HttpResponseBase:
        proposal = actions.recall(self.object, by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(proposal, "write"))


class Discard(ProposalConfirm):
    action = "proposals.discard"
    title = "删除草稿"
    question = "删除后文字不能恢复；已邀请的联名人会收到通知。"
    submit_label = "删除草稿"
    danger = True
    done_sentence = "草稿已删除。"

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.discard(self.object, by=self.me, now=timezone.now())
        return HttpResponseRedirect("/proposals/mine/")
