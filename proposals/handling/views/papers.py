"""Official documents of a unit's part: made, looked at, downloaded, held against what was made."""

import hashlib
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members import audit
from members.inbox.actions import start_job
from members.models import Body
from members.pages import SIGNED_IN, DetailPage, FormPage, Page, Signed
from members.rights import bodies_of
from members.shown import Act, Crumb, Fact
from members.uploads import open_file
from proposals.handling import actions, forms, official
from proposals.handling.actions import Paper
from proposals.handling.eyes import Eye, Eyes, eyes
from proposals.handling.letters import shown
from proposals.handling.models import Assignment, IssuedPaper, LetterTemplate, NumberFormat, Participant
from proposals.handling.official import Source
from proposals.handling.reminders import name_of
from proposals.handling.rights import allowed, in_hands_of
from proposals.handling.sights import note

from .base import PlainForm
from .files import WORD, kept_apart


class OnPapers:
    """Where a page about the documents of a part leads back to: the part, or for proposers their proposal."""

    object: Assignment
    view: Eyes

    def home(self) -> str:
        part = self.object
        if self.view.units or self.view.offices or Eye.STAFF in self.view.general:
            return reverse("handling:part", args=[part.public_id])
        return part.matter.get_absolute_url()


class Papers(OnPapers, PlainForm[Assignment]):
    """Which documents can be made of the part, and which were."""

    action = "handling.papers"
    title = "公文"
    template_name = "handling/papers.html"
    form_class = forms.PapersForm
    submit_label = "生成 Word"

    def rows(self) -> QuerySet[Assignment]:
        return official.parts()

    def prepare(self) -> None:
        super().prepare()
        self.view = eyes(self.me, self.object.matter)
        self.sources = official.sources(self.object, self.view)
        each = any(source.each for source in self.sources)
        self.people: list[Participant] = official.people_of(self.object) if each else []

    def get_form_kwargs(self) -> dict[str, Any]:
        offered = [(source.code, source.label) for source in self.sources]
        return {**super().get_form_kwargs(), "offered": offered, "people": [str(one) for one in self.people]}

    def get_initial(self) -> dict[str, Any]:
        return {"of": self.sources[-1].code if self.sources else ""}

    def form_valid(self, form: Any) -> HttpResponseBase:
        data = form.cleaned_data
        source = next(one for one in self.sources if one.code == data["of"])
        chosen = data.get("to", "") if source.each else ""
        note(self.me, [self.object.matter_id])
        if "pdf" in self.request.POST:
            return self.preview(source, "" if chosen == "each" else chosen)
        to: list[Participant | None] = [None]
        if chosen:
            to = list(self.people) if chosen == "each" else [official.addressee(self.people, source, chosen)]
        made = actions.make_papers(self.object, source, to, by=self.me, now=timezone.now())
        self.done_sentence = f"已生成{source.label} {len(made)} 份，可以在下面下载。"
        return HttpResponseRedirect(self.request.path)

    def preview(self, source: Source, to: str) -> HttpResponseBase:
        """PDF takes seconds and much memory: the worker makes it."""
        job = start_job(
            official.PDF,
            title=f"{source.label}（PDF 预览）",
            args={"part": str(self.object.public_id), "of": source.code, "to": to},
            back=self.request.path,
            by=self.me,
            now=timezone.now(),
        )
        return HttpResponseRedirect(reverse("inbox:job", args=[job.public_id]))

    def acts(self) -> list[Act]:
        acts = []
        if allowed(self.me, "handling.take_number", self.object, self.view):
            acts.append(Act("取文号", reverse("handling:take_number", args=[self.object.public_id]), icon="hash"))
        numbered = any(source.kind.value in NumberFormat.OF_OFFICES for source in self.sources)
        if numbered and allowed(self.me, "handling.number_office_paper", self.object, self.view):
            url = reverse("handling:number_office_paper", args=[self.object.public_id])
            acts.append(Act("交办机构文号", url, icon="hash"))
        return [*acts, Act("核对文件", reverse("handling:check_paper"), icon="circle-check")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        made = official.papers_of(self.object, self.view)
        views = [
            (source.label, f"{reverse('handling:paper_page', args=[self.object.public_id])}?of={source.code}")
            for source in self.sources
        ]
        return super().get_context_data(made=made, views=views, sources=self.sources, **kwargs)


class PaperPage(OnPapers, Signed, DetailPage[Assignment]):
    """A document as it will be printed (网页打印版)."""

    action = "handling.papers"
    template_name = "handling/letter.html"

    def get_queryset(self) -> QuerySet[Assignment]:
        return in_hands_of(official.parts(), self.me, self.action)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        part = self.object
        self.view = eyes(self.me, part.matter)
        source = official.found(part, self.view, self.request.GET.get("of", ""))
        if source is None:
            raise Http404
        note(self.me, [part.matter_id])
        people = official.people_of(part)
        letter = source.write(official.addressee(people, source, self.request.GET.get("to", "")), people)
        template = LetterTemplate.objects.in_use(source.issuer, source.kind)
        blocks = official.by_template(template, [letter])[0].blocks if template else []
        back = reverse("handling:papers", args=[part.public_id])
        return super().get_context_data(back_url=back, blocks=blocks, **shown(letter), **kwargs)


class PaperFile(Page):
    """A document that was made, as a download; each one is written down (S23)."""

    action = SIGNED_IN

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        paper = official.paper_for(self.person, kwargs["public_id"])
        if paper is None:
            raise Http404
        try:
            file = open_file(paper.stored)
        except FileNotFoundError as error:
            raise Http404 from error
        subject, matter = str(paper.public_id), str(paper.matter.public_id)
        audit.record("download", by=self.person, subject=subject, now=timezone.now(), matter=matter, purpose=paper.kind)
        note(self.person, [paper.matter_id])
        return kept_apart(FileResponse(file, as_attachment=True, filename=paper.name, content_type=WORD))


class CheckPaper(Signed, FormPage):
    """Says whether a file is, byte for byte, a document that was made here and that this person may read."""

    action = SIGNED_IN
    title = "核对公文"
    form_class = forms.CheckPaperForm
    submit_label = "核对"

    def form_valid(self, form: Any) -> HttpResponseBase:
        digest = hashlib.sha256()
        for chunk in form.cleaned_data["file"].chunks():
            digest.update(chunk)
        rows = IssuedPaper.objects.kept().filter(sha256=digest.hexdigest()).order_by("-pk")
        found = next((row for one in rows[:5] if (row := official.paper_for(self.me, one.public_id))), None)
        if found is None:
            form.add_error("file", "没有与它一致、您可以查看的公文：文件被改动过，或不是本系统生成的。")
            return self.form_invalid(form)
        at = timezone.localtime(found.at)
        self.done_sentence = f"一致：{found.name}，{at:%Y-%m-%d %H:%M} 生成，校验码 {found.sha256[:16]}。"
        return HttpResponseRedirect(self.request.path)


class TakeNumber(OnPapers, PlainForm[Assignment]):
    """The next number of the unit's series, or the one that stands on the paper already."""

    action = "handling.take_number"
    title = "取文号"
    form_class = forms.TakeNumberForm
    submit_label = "取用"

    def rows(self) -> QuerySet[Assignment]:
        return official.parts()

    def home(self) -> str:
        return reverse("handling:papers", args=[self.object.public_id])

    def facts(self) -> list[Fact]:
        offered = actions.next_number(self.object, on=timezone.localdate())
        return [
            Fact("事项", name_of(self.object.matter), wide=True),
            Fact("下一个文号", offered or "本单位还没有设置文号格式"),
        ]

    def acts(self) -> list[Act]:
        return [Act("文号格式", reverse("handling:number_formats"), icon="sliders-horizontal")]

    def do(self, form: Any, paper: Paper | None) -> None:
        typed = form.cleaned_data["typed"]
        number = actions.give_number(self.object, typed=typed, by=self.me, now=timezone.now())
        messages.success(self.request, f"文号为{number}。")


class NumberOfficePaper(OnPapers, PlainForm[Assignment]):
    """The number of a sheet or a decision of the assigning office, by the office's own format."""

    action = "handling.number_office_paper"
    title = "交办机构文号"
    form_class = forms.OfficeNumberForm
    submit_label = "取用"

    def rows(self) -> QuerySet[Assignment]:
        return official.parts()

    def home(self) -> str:
        return reverse("handling:papers", args=[self.object.public_id])

    def prepare(self) -> None:
        super().prepare()
        view = eyes(self.me, self.object.matter)
        self.sources = official.sources(self.object, view, NumberFormat.OF_OFFICES)
        self.given = {one.key: one.text for one in self.object.doc_numbers.filter(kind__in=NumberFormat.OF_OFFICES)}

    def get_form_kwargs(self) -> dict[str, Any]:
        offered = [
            (one.code, f"{one.label}　{self.given[one.key]}" if one.key in self.given else one.label)
            for one in self.sources
        ]
        return {**super().get_form_kwargs(), "offered": offered}

    def facts(self) -> list[Fact]:
        part, today = self.object, timezone.localdate()
        kinds = dict.fromkeys(source.kind for source in self.sources)
        offered = [
            Fact(f"下一个{kind.label}文号", actions.next_of(part.office_id, kind, on=today) or "还没有设置文号格式")
            for kind in kinds
        ]
        return [Fact("事项", name_of(part.matter), wide=True), Fact("交办机构", part.office), *offered]

    def acts(self) -> list[Act]:
        return [Act("文号格式", reverse("handling:number_formats"), icon="sliders-horizontal")]

    def do(self, form: Any, paper: Paper | None) -> None:
        source = next(one for one in self.sources if one.code == form.cleaned_data["of"])
        number = actions.number_office_paper(
            self.object, source.kind, source.key, typed=form.cleaned_data["typed"], by=self.me, now=timezone.now()
        )
        messages.success(self.request, f"{source.label}的文号为{number}。")


class NumberFormats(Signed, FormPage):
    """How one's own unit or office numbers its letters."""

    action = "handling.number_formats"
    title = "文号格式"
    template_name = "handling/number_formats.html"
    form_class = forms.NumberFormatForm
    submit_label = "保存"
    done_sentence = "已保存，从下一份文起按此编号。"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("办理", reverse("handling:queue"))]

    def own(self) -> QuerySet[Body]:
        units = bodies_of(self.me, self.action, timezone.localdate())
        return Body.objects.filter(pk__in=units).order_by("pinyin", "pk")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "offered": self.own()}

    def form_valid(self, form: Any) -> HttpResponseBase:
        data = form.cleaned_data
        actions.set_format(
            data["body"], data["kind"], data["pattern"].strip(), after=data["after"], by=self.me, now=timezone.now()
        )
        return HttpResponseRedirect(self.request.path)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        year = timezone.localdate().year
        rows = NumberFormat.objects.filter(body__in=self.own()).select_related("body").order_by("body__pinyin", "kind")
        formats = [(row, row.written((row.last if row.year == year else 0) + 1, year)) for row in rows]
        return super().get_context_data(formats=formats, **kwargs)
