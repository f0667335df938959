"""Step 2: who else signs; and the page on which he answers."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone

from members.member_fields import member_labels
from members.models import Body
from members.pages import ActionPage, ListPage, Signed
from members.shown import Crumb, Fact
from proposals import actions
from proposals.aspects import my_organisations
from proposals.forms import AnswerForm, CosignOnPaperForm, InviteBodiesForm, InviteForm
from proposals.handling.panels.links import file_rows, with_removal
from proposals.handling.sights import note
from proposals.models import CoSignature, Proposal, Text
from proposals.queries import cosignatures_of, invitations_for, inviting, sectors_of, standing

from .base import PaperPage, to
from .writing import Writing, facts_of, writable

MOST_OFFERED = 20


class Cosigners(Writing):
    """Names asked so far, a search by name or pinyin, and boxes to tick."""

    template_name = "proposals/cosigners.html"
    submit_label = "发出邀请"
    done_sentence = "已发出联名邀请。"

    def get_title(self) -> str:
        return "联名与附件"

    def get_back_url(self) -> str:
        return to(self.object, "write")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "offered": self.offered()}

    def get_form(self) -> Any:
        collective = self.object.form == Proposal.Form.COLLECTIVE
        form = (InviteBodiesForm if collective else InviteForm)(**self.get_form_kwargs())
        if not collective:
            people = [person.pk for person in form.fields["people"].queryset]  # type: ignore[attr-defined]  # a model field
            sectors = sectors_of(people, on=timezone.localdate())
            form.fields["people"].label_from_instance = (  # type: ignore[attr-defined]  # a model field
                lambda person: f"{person.name}（{sectors[person.pk]}）" if sectors.get(person.pk) else person.name
            )
        return form

    def offered(self) -> QuerySet[Any]:
        if self.object.form == Proposal.Form.COLLECTIVE:
            asked = standing(self.object, on=timezone.localdate()).filter(body__isnull=False).values("body")
            behind = self.object.matter.participants.leading().filter(body__isnull=False).values("body")
            rows = Body.objects.collective().exclude(pk__in=behind).exclude(pk__in=asked)
            return rows.order_by("kind", "pinyin", "pk")
        found = inviting(self.object, self.request.GET.get("q", ""), on=timezone.localdate())
        return (
            found
            if self.request.method == "POST"
            else found.filter(pk__in=list(found.values_list("pk", flat=True)[:MOST_OFFERED]))
        )

    def form_valid(self, form: Any) -> HttpResponseBase:
        people, bodies = form.cleaned_data.get("people", ()), form.cleaned_data.get("bodies", ())
        actions.invite(self.object, list(people), list(bodies), by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(self.object, "cosigners"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.localdate()
        rows: list[Any] = list(self.object.cosignatures.select_related("person", "body").order_by("invited_at", "pk"))
        stale = [row for row in rows if row.state in CoSignature.LIVE and actions.is_stale(row, self.object)]
        for row in rows:
            row.shown = CoSignature.State.EXPIRED.label if row.lapsed(today) else row.get_state_display()
        return super().get_context_data(
            cosigners=rows,
            stale=stale,
            q=self.request.GET.get("q", ""),
            offered=self.offered()[:MOST_OFFERED],
            collective=self.object.form == Proposal.Form.COLLECTIVE,
            files=with_removal(file_rows(self.object.matter, self.me), "proposals:remove_file"),
            **kwargs,
        )


class AskAgain(Writing):
    """Sends the changed text to everyone who was asked about other words."""

    template_name = "pages/confirm.html"
    submit_label = "重新征求"
    done_sentence = "已把修改后的文字发给联名人，请等待重新确认。"

    def get_title(self) -> str:
        return "重新征求联名"

    def get_back_url(self) -> str:
        return to(self.object, "cosigners")

    def get_form(self) -> Any:
        return forms.Form(data=self.request.POST or None)

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.ask_again(self.object, by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(self.object, "cosigners"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            question="文字改动后，先前的同意不再有效。将把新的文字发给他们重新确认。", **kwargs
        )


class RemoveCosigner(Signed, ActionPage[CoSignature]):
    """Takes one name out."""

    action = "proposals.invite"
    template_name = "pages/confirm.html"
    title = "移除联名人"
    submit_label = "移除"
    done_sentence = "已移除。"

    def may_open(self, user: Any) -> bool:
        return bool(user.has_perm("proposals.invite") or user.has_perm("proposals.revise"))

    def get_queryset(self) -> QuerySet[CoSignature]:
        rows = CoSignature.objects.filter(proposal__in=writable(self.request.user), state__in=CoSignature.LIVE)
        return rows.select_related("proposal__matter", "person", "body")

    def version(self) -> int | None:
        return None

    def get_back_url(self) -> str:
        return to(self.object.proposal, "cosigners")

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.remove_cosigner(self.object, by=self.me, now=timezone.now())
        return HttpResponseRedirect(self.get_back_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(question=f"将{self.object}从联名人中移除，并告知本人。", **kwargs)


class CosignOnPaper(PaperPage):
    """Staff record from a signed sheet who signs, or does not (P15)."""

    action = "proposals.cosign_on_paper"
    form_class = CosignOnPaperForm
    template_name = "proposals/with_names.html"
    title = "登记纸质联名"
    submit_label = "登记"
    done_sentence = "已登记。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "collective": self.object.form == Proposal.Form.COLLECTIVE}

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.cosign_on_paper(
            self.object,
            form.signer(),
            self.sheet_of(form),
            agrees=form.cleaned_data["agrees"],
            by=self.me,
            now=timezone.now(),
        )
        return HttpResponseRedirect(to(self.object, "detail"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(members=member_labels(), **kwargs)


class Invitations(Signed, ListPage[CoSignature]):
    """What waits for this person's word."""

    action = "proposals.answer_invitation"
    title = "联名邀请"
    template_name = "proposals/invitations.html"
    empty_sentence = "没有等待您确认的联名邀请。"

    def get_queryset(self) -> QuerySet[CoSignature]:
        return invitations_for(self.me, my_organisations(self.me))


class Invitation(Signed, ActionPage[CoSignature]):
    """The frozen text, and two answers; nothing changes on GET (S10)."""

    action = "proposals.answer_invitation"
    template_name = "proposals/invitation.html"
    form_class = AnswerForm
    submit_label = "确认"

    def get_queryset(self) -> QuerySet[CoSignature]:
        return cosignatures_of(self.me, my_organisations(self.me))

    def version(self) -> int | None:
        return None

    def get_title(self) -> str:
        return "联名邀请"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("联名邀请", "/proposals/invitations/")]

    def get_initial(self) -> dict[str, Any]:
        return {"shown_hash": self.object.text_hash}

    def form_valid(self, form: Any) -> HttpResponseBase:
        data = form.cleaned_data
        actions.answer_invitation(
            self.object,
            agrees=data["agrees"],
            shown_hash=data["shown_hash"],
            note=data["note"],
            name_public=data["name_public"],
            by=self.me,
            now=timezone.now(),
        )
        return HttpResponseRedirect("/proposals/invitations/")

    def conflict(self, form: Any, sentence: str) -> HttpResponse:
        """The words that were shown beside those that stand now; no consent passes from one to the other."""
        shown = self.object.proposal.revisions.filter(hash=self.request.POST.get("shown_hash", "")).first()
        return self.both_texts(
            sentence,
            facts_of(shown.text()) if shown else [],
            facts_of(frozen_text(self.object)),
            title="提案文字有改动",
            typed_label="您看到的文字",
            stored_label="现在请您确认的文字",
            reload_url=self.request.path,
            reload_label="查看现在的文字并确认",
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.object
        note(self.me, [row.proposal.matter_id])
        live = row.state in (CoSignature.State.INVITED, CoSignature.State.AGREED)
        return super().get_context_data(
            text=facts_of(frozen_text(row)) if live else [],
            open=row.state == CoSignature.State.INVITED and not row.lapsed(timezone.localdate()),
            lapsed=row.lapsed(timezone.localdate()),
            proposer=[Fact("邀请人", row.invited_by.name), Fact("请在此日前确认", row.due_on)],
            **kwargs,
        )


def frozen_text(row: CoSignature) -> Text:
    """What this co-signer is asked about; empty once it is no longer his to read."""
    frozen = actions.frozen_for(row)
    return frozen.text() if frozen else Text()
