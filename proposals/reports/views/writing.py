"""A report is written on one screen that fits a phone, with a copy on the server alone (S16)."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from members.errors import Refused, Stale, WrongStep
from members.member_fields import member_labels
from members.models import Body
from members.pages import ActionPage, ConfirmPage, FormPage, Page, Signed
from members.shown import Crumb, Fact
from members.widgets import looked_up
from proposals.handling import word_list
from proposals.handling.models import Attachment, Purpose
from proposals.handling.panels.links import file_rows, with_removal
from proposals.handling.sights import note
from proposals.reports import actions
from proposals.reports.hands import bodies_to_choose, in_person, is_own, my_bodies, own, similar_to, writable
from proposals.reports.models import Report, Words
from proposals.reports.report_forms import EnterForm, ReportForm, WithdrawForm

from .base import OneReport, ReportAct, facts_of, in_step, list_crumbs, name_of, to

SALT = "reports.fresh"
OFFICE = "社情民意工作机构"


def alarm_of(words: Words) -> str:
    """What the list of words says of this text; a hit warns, it never blocks."""
    return word_list.warning([("标题", words.title), *words.parts], office=OFFICE)


class Warned(Signed, FormPage):
    """Where a text is handed in: whoever is warned of a word looks once more; sent again unchanged, it goes."""

    alarm = ""

    def check_alarm(self, words: Words) -> None:
        said = alarm_of(words)
        if said and self.request.POST.get("alarm") != words.fingerprint:
            self.alarm = words.fingerprint
            raise Refused(f"{said}核对无误的，请再点一次“{self.submit_label}”。")


class Writing(Warned):
    """What the empty screen and that of a draft share: saving, handing in, and nothing lost on the way."""

    action = "reports.write"
    template_name = "reports/write.html"
    form_class = ReportForm
    submit_label = "提交"
    object: Report | None = None

    def draft(self, form: Any) -> Report:
        """The draft that this screen writes, begun if it is not there yet."""
        raise NotImplementedError

    def autosave_url(self) -> str:
        raise NotImplementedError

    def version(self) -> int:
        return self.object.version if self.object else 1

    def check_version(self) -> None:
        """The action compares texts under its lock: the same words twice are no conflict."""

    def get_form_kwargs(self) -> dict[str, Any]:
        sent = self.request.POST
        handing_in = bool(sent) and "later" not in sent and not isinstance(self, Autosave)
        return {**super().get_form_kwargs(), "by": self.me, "report": self.object, "handing_in": handing_in}

    def get_form(self) -> Any:
        form = super().get_form()
        form.offer(self.choices())
        besides = f"?besides={self.object.public_id}" if self.object else ""
        form.fields["title"].widget.attrs |= looked_up(reverse("reports:similar") + besides)
        return form

    def choices(self) -> list[tuple[str, str]]:
        """In whose name he may report; of what was handed in that is settled."""
        if self.object and self.object.submissions:
            return []
        me = [("me", f"我本人（{self.me.name}）")] if in_person(self.me) else []
        return me + [(str(body.public_id), body.name) for body in bodies_to_choose(self.me)]

    def behind(self, form: Any) -> actions.Behind:
        bodies = bodies_to_choose(self.me)
        chosen = form.cleaned_data.get("behind", "")
        body: Body | None = next((body for body in bodies if str(body.public_id) == chosen), None)
        if body is None and not in_person(self.me) and bodies:
            body = bodies[0]
        if body is None:
            return actions.Behind(people=[self.me], source=in_person(self.me))
        return actions.Behind(bodies=[body], writer=self.me, source=my_bodies(self.me)[body.pk])

    def save(self, form: Any, *, files: bool = False) -> Report:
        """Keep what was typed; files that passed the door with it, where it is asked for."""
        now = timezone.now()
        report = self.draft(form)
        if "behind" in form.cleaned_data and not report.submissions:
            actions.change_authors(report, self.behind(form), by=self.me, now=now)
        report = actions.save(
            report, form.words(), details=form.details(), version=self.opened_version(), by=self.me, now=now
        )
        if files:
            actions.bring(report, getattr(form, "passed", []), by=self.me, now=now)
        return report

    def form_valid(self, form: Any) -> HttpResponseBase:
        report = self.save(form)
        if "later" in self.request.POST:
            actions.bring(report, form.cleaned_data["attached"], by=self.me, now=timezone.now())
            messages.success(self.request, "草稿已保存。")
            return HttpResponseRedirect(to(report, "write"))
        self.check_alarm(report.words)
        done = actions.submit(report, not_secret=form.cleaned_data["not_secret"], by=self.me, now=timezone.now())
        actions.bring(done, form.cleaned_data["attached"], by=self.me, now=timezone.now())
        messages.success(self.request, f"信息已提交，编号{done.matter.number}。处理情况会发消息告诉您。")
        return HttpResponseRedirect(done.get_absolute_url())

    def form_invalid(self, form: Any) -> HttpResponseBase:
        """What was typed is kept, and files that passed the door with it: they need not be chosen again."""
        if hasattr(form, "cleaned_data") and getattr(form, "passed", []):
            try:
                with transaction.atomic():
                    self.object = self.save(form, files=True)
                form.kept = True
            except (Refused, Stale, WrongStep):
                pass  # the form says what is wrong; its words stand in it
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        report = self.object
        if report:
            note(self.me, [report.matter_id])
        title = str(kwargs["form"]["title"].value() or "")
        return super().get_context_data(
            report=report,
            later=[("later", "1", "存草稿")],
            autosave=self.autosave_url(),
            alarm=self.alarm,
            files=with_removal(file_rows(report.matter, self.me), "reports:remove_file") if report else [],
            similar=similar_to(title[:300], self.me, besides=report),
            **kwargs,
        )

    def conflict(self, form: Any, sentence: str) -> HttpResponse:
        """Both texts stand side by side; what was typed can be saved over the other on purpose."""
        report = self.draft(form)
        note(self.me, [report.matter_id])
        typed, stored = facts_of(form.words()), facts_of(report.words)
        again = {"form": form, "version": report.version, "path": self.request.path, "later": True}
        fresh = self.request.POST.get("fresh", "")
        return self.both_texts(sentence, typed, stored, title="内容已在别处修改", fresh=fresh, **again)


class Fresh(Writing):
    """The empty screen: its draft is begun by the first word that is saved, at an address made for this page."""

    title = "写社情民意信息"

    def crumbs(self) -> list[Crumb]:
        return list_crumbs(self.me)

    def prepare(self) -> None:
        if self.request.method == "POST":
            self.address = read_fresh(self.request.POST.get("fresh", ""), self.me.public_id)
            self.object = writable(self.me).filter(matter__public_id=self.address).first()
        else:
            self.address = uuid.uuid4()

    def autosave_url(self) -> str:
        return reverse("reports:autosave_fresh")

    def draft(self, form: Any) -> Report:
        if found := writable(self.me).filter(matter__public_id=self.address).first():
            return found
        if own(self.me).filter(matter__public_id=self.address).exists():
            raise WrongStep("这篇信息已经提交，请到“我的社情民意”查看。")
        try:
            with transaction.atomic():
                return actions.begin(self.behind(form), by=self.me, now=timezone.now(), public_id=self.address)
        except IntegrityError:  # another request of this page was quicker
            return writable(self.me).get(matter__public_id=self.address)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        fresh = signing.dumps([str(self.address), str(self.me.public_id)], salt=SALT)
        return super().get_context_data(fresh=fresh, **kwargs)


def read_fresh(signed: str, person: uuid.UUID) -> uuid.UUID:
    """The address that an empty screen was made for. Raises Refused if it was not made by us for this person."""
    try:
        address, whose = signing.loads(signed, salt=SALT)
    except signing.BadSignature:
        address, whose = "", ""
    return uuid.UUID(address) if whose == str(person) else uuid.uuid4()


def must_be_written(report: Report) -> None:
    """Raises WrongStep for what is no draft any more."""
    if not report.written:
        raise WrongStep(
            f"这篇信息现在是“{report.get_status_display()}”，不能再改。您写的文字还在本页，需要的请先复制；"
            "要修改已提交的内容，请联系社情民意工作人员退回。"
        )


class Write(Writing):
    """A draft, or what was sent back."""

    def may_open(self, user: Any) -> bool:
        return any(user.has_perm(action) for action in ("reports.own", "reports.enter"))

    def prepare(self) -> None:
        found = writable(self.me).filter(matter__public_id=self.kwargs["public_id"])
        self.object = found.select_related("decided_reason", "matter__session").first()
        if self.object is None and self.request.method == "POST":  # handed in elsewhere meanwhile: what was typed stays
            self.object = own(self.me).filter(matter__public_id=self.kwargs["public_id"]).first()
        if self.object is None:
            raise Http404

    def get_title(self) -> str:
        return "修改信息" if self.object and self.object.submissions else "写社情民意信息"

    def crumbs(self) -> list[Crumb]:
        return list_crumbs(self.me)

    def autosave_url(self) -> str:
        assert self.object is not None
        return to(self.object, "autosave")

    def draft(self, form: Any) -> Report:
        assert self.object is not None
        report = Report.objects.select_related("matter").get(pk=self.object.pk)
        must_be_written(report)
        return report

    def check_version(self) -> None:
        """Whatever else the form lacks: what was handed in meanwhile is no draft."""
        assert self.object is not None
        must_be_written(self.object)

    def get_initial(self) -> dict[str, Any]:
        report = self.object
        assert report is not None
        body = next((row.body for row in report.matter.participants.select_related("body") if row.body), None)
        return {
            "behind": str(body.public_id) if body else "me",
            "title": report.title,
            "situation": report.situation,
            "cause": report.cause,
            "suggestion": report.suggestion,
            "urgent": report.urgent,
            "access": report.matter.access,
            "shows_name": report.shows_name,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        report = self.object
        assert report is not None
        reason = f"{report.decided_reason}。" if report.decided_reason else ""
        said = f"退回修改：{reason}{report.decided_text}" if report.decided_text else ""
        return super().get_context_data(said=said, **kwargs)


class Autosave:
    """Takes the copy that the page sends by itself; answers with the new version."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("reports:mine"))

    def post(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.prepare()
        form = self.get_form()
        form.is_valid()  # what is missing is said when it is handed in
        try:
            report = self.save(form)
        except Stale as error:
            return JsonResponse({"sentence": str(error)}, status=409)
        except (Refused, WrongStep) as error:
            return JsonResponse({"sentence": str(error)}, status=422)
        return JsonResponse({"version": report.version})


class AutosaveFresh(Autosave, Fresh):
    """The first words of an empty screen begin a draft."""


class AutosaveDraft(Autosave, Write):
    """The copy of a draft."""


class Enter(Warned):
    """The office enters what came by letter, telephone or on paper; its authors are told and credited."""

    action = "reports.enter"
    title = "代录信息"
    template_name = "reports/enter.html"
    form_class = EnterForm
    submit_label = "录入并提交"

    def crumbs(self) -> list[Crumb]:
        return list_crumbs(self.me)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "by": self.me}

    def get_form(self) -> Any:
        form = super().get_form()
        form.fields["title"].widget.attrs |= looked_up(reverse("reports:similar"))
        return form

    def form_valid(self, form: Any) -> HttpResponseBase:
        data = form.cleaned_data
        self.check_alarm(form.words())
        report = actions.enter(
            form.behind_it(),
            form.words(),
            details=form.details(),
            files=data["attached"],
            by=self.me,
            now=timezone.now(),
        )
        messages.success(self.request, f"已录入，编号{report.matter.number}。反映人会收到通知。")
        return HttpResponseRedirect(report.get_absolute_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = str(kwargs["form"]["title"].value() or "")
        bodies = Body.objects.current().order_by("pinyin", "pk").values_list("name", flat=True)
        return super().get_context_data(
            members=member_labels(),
            bodies=list(bodies),
            similar=similar_to(title[:300], self.me),
            alarm=self.alarm,
            **kwargs,
        )


class SimilarOnes(Signed, Page):
    """What resembles a title: a fragment for the page where it is typed, or a page of its own."""

    action = "reports.similar"
    title = "相近信息"
    template_name = "reports/similar.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        title = request.GET.get("title", "").replace("\x00", "").strip()[:300]
        similar = similar_to(title, self.me, besides=self.besides(request.GET.get("besides", "")))
        if request.headers.get("HX-Request"):
            return TemplateResponse(request, "components/similar_panel.html", {"similar": similar})
        return self.render_to_response(self.get_context_data(similar=similar, asked=title))

    def besides(self, public_id: str) -> Report | None:
        try:
            return Report.objects.visible_to(self.me).filter(matter__public_id=public_id).first()
        except ValidationError:
            return None


class RemoveFile(Signed, ConfirmPage[Attachment]):
    """Takes a wrong file out of what is being written."""

    action = "reports.write"
    title = "删除附件"
    submit_label = "删除附件"
    danger = True
    done_sentence = "附件已删除。"
    form_class = forms.Form

    def may_open(self, user: Any) -> bool:
        return any(user.has_perm(action) for action in ("reports.own", "reports.enter"))

    def get_queryset(self) -> QuerySet[Attachment]:
        rows = Attachment.objects.kept().filter(purpose=Purpose.REPORT, leaving=False)
        return rows.filter(matter__report__in=writable(self.me).values("pk")).select_related("matter__report")

    def version(self) -> int | None:
        return None

    def crumbs(self) -> list[Crumb]:
        report = self.object.matter.report
        return [*list_crumbs(self.me), Crumb(name_of(report), to(report, "write"))]

    def get_question(self) -> str:
        return f"将删除附件“{self.object.name}”，删除后不能恢复。"

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.remove_file(self.object.matter.report, self.object, by=self.me, now=timezone.now())
        return HttpResponseRedirect(self.get_back_url())


class Discard(OneReport, ConfirmPage[Report]):
    action = "reports.own"
    title = "删除草稿"
    question = "删除后文字和附件不能恢复。"
    submit_label = "删除草稿"
    danger = True
    done_sentence = "草稿已删除。"

    def get_queryset(self) -> QuerySet[Report]:
        return own(self.me).filter(status="draft")

    def version(self) -> int | None:
        return None

    def facts(self) -> list[Fact]:
        return [Fact("标题", self.object.title or "未命名草稿")]

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.discard(self.object, by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("reports:mine"))


class Withdraw(ReportAct, ActionPage[Report]):
    """Its author takes it back before it is signed off; for one who asked on the telephone or on paper the office does (P1)."""

    action = "reports.own"
    title = "撤回信息"
    form_class = WithdrawForm
    submit_label = "撤回"
    done_sentence = "已撤回。"

    def get_queryset(self) -> QuerySet[Report]:
        rows = own(self.me)
        if self.me.has_perm("reports.screen"):
            rows = Report.objects.visible_to(self.me).filter(submissions__gt=0).select_related("matter")
        return in_step(self.request, rows.select_related("claimed_by"), status__in=actions.TO_TAKE_BACK)

    def may_open(self, user: Any) -> bool:
        return any(user.has_perm(action) for action in ("reports.own", "reports.screen"))

    def facts(self) -> list[Fact]:
        return [
            *super().facts(),
            Fact("撤回以后", "不再筛选、编辑和编发，原文留在您的记录里。" if self.own else "不再筛选、编辑和编发。"),
        ]

    @cached_property
    def own(self) -> bool:
        return is_own(self.me, self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "own": self.own}

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.withdraw(self.object, **form.cleaned_data, by=self.me, now=timezone.now())
        return HttpResponseRedirect(self.object.get_absolute_url())
