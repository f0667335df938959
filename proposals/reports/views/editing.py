"""Editing beside the original, asking its authors, combining with others."""

from datetime import timedelta
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from members.days import moment
from members.forms import typed_in
from members.pages import SIGNED_IN, ActionPage, Column, DetailPage, ListPage, Signed
from members.shown import Act, Crumb, Fact
from proposals.handling.models import Access, Matter
from proposals.handling.sights import note
from proposals.reports.actions import combining, editing
from proposals.reports.actions.base import speaking_for
from proposals.reports.comparing import differences, tidy, woven
from proposals.reports.credits import authors_of, sources_of
from proposals.reports.editing_forms import (
    AskForm,
    AuthorAnswerForm,
    CombineForm,
    EditionForm,
    ReasonForm,
    RecordAnswerForm,
)
from proposals.reports.filters import DeskFilter
from proposals.reports.hands import same_text
from proposals.reports.models import AuthorWord, Edition, Report, Status, Words, handed_in
from proposals.reports.queries import alike, in_editing, in_hand, seen_of, words_of

from .base import about, in_step, list_crumbs, screening_crumbs, way_to_sheet

BUSY = timedelta(hours=1)


class Desk(Signed, ListPage[Report]):
    """What is being edited: who has it in hand, how far it is."""

    action = "reports.edit"
    title = "编辑中的信息"
    template_name = "reports/editing_desk.html"
    filterset_class = DeskFilter
    sorts: ClassVar = {"submitted": ("submitted_at", "pk")}
    unit_word = "篇"
    empty_sentence = "没有正在编辑的信息。筛选时选“采编”的会列在这里。"
    columns = (
        Column("编号", lambda row: row.matter.number or ""),
        Column("标题", lambda row: row.matter.title),
        Column("级别", lambda row: row.matter.get_access_display()),
        Column("提交日期", lambda row: timezone.localdate(row.submitted_at)),
    )

    def get_queryset(self) -> QuerySet[Report]:
        rows = in_editing(self.me).prefetch_related("editions__by", "matter__followers")
        return rows.order_by("-urgent", "submitted_at", "pk")

    def export(self, rows: QuerySet[Report]) -> HttpResponseBase:
        """Sensitive ones leave the house in no table (S20)."""
        return super().export(rows.exclude(matter__access=Access.SENSITIVE))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = list(kwargs["page_obj"])
        inside = {item.report_id: item.issue for item in in_hand(self.me).filter(report__in=shown)}
        for row in shown:
            row.last = max(row.editions.all(), key=lambda one: one.number, default=None)
            row.others = len(row.matter.followers.all())
            row.issue = inside.get(row.pk)
        return super().get_context_data(**kwargs)

    def acts(self) -> list[Act]:
        return [Act("组稿", reverse("reports:compose"), "plus", "primary")]


def desk() -> Crumb:
    return Crumb("编辑中的信息", reverse("reports:editing"))


class OfReport(Signed):
    """Takes the report of the address from those in hand."""

    kwargs: dict[str, Any]
    object: Any

    def get_queryset(self) -> QuerySet[Report]:
        rows = Report.objects.visible_to(self.me).select_related("matter__session")
        return in_step(self.request, rows, status=Status.EDITING, matter__merged_into=None)

    def get_object(self) -> Report:
        return get_object_or_404(self.get_queryset(), matter__public_id=self.kwargs["public_id"])

    def facts(self) -> list[Fact]:
        return about(self.object)

    def crumbs(self) -> list[Crumb]:
        return [desk(), Crumb(self.object.matter.label, self.object.get_absolute_url())]

    @cached_property
    def behind(self) -> list[Report]:
        """The report and those that went into it."""
        return sources_of([self.object])[self.object.matter_id]


def originals(reports: list[Report], said: dict[int, Words]) -> list[dict[str, Any]]:
    """What was handed in, report by report, with who reports it and whether his name may be seen."""
    authors = authors_of([row.matter_id for row in reports])
    shown = []
    for row in reports:
        words = said.get(row.pk, Words())
        people = "、".join(str(one) for one in authors[row.matter_id]) or row.author_text
        name = "有关部门可以看到姓名" if row.shows_name else "对有关部门不公开"
        facts = [Fact("反映人", people), Fact("姓名", name), Fact("级别", row.matter.get_access_display())]
        shown.append({"label": row.matter.label, "title": words.title, "facts": facts, "parts": words.parts})
    return shown


class Edit(OfReport, ActionPage[Report]):
    """The edited text beside what was handed in; what has changed stands below."""

    action = "reports.edit"
    title = "编辑"
    template_name = "reports/edit.html"
    form_class = EditionForm
    submit_label = "保存为新的一稿"

    @cached_property
    def last(self) -> Edition | None:
        found = self.object.editions.select_related("by").newest_first().first()
        assert found is None or isinstance(found, Edition)
        return found

    def version(self) -> int:
        return self.last.number if self.last else 0

    def check_version(self) -> None:
        """The action compares texts under its lock: the same words twice are no conflict."""

    def conflict(self, form: Any, sentence: str) -> HttpResponse:
        """The own text beside the one that was saved meanwhile; it can be saved after that, for no version is written over."""
        vars(self).pop("last", None)
        note(self.me, [row.matter_id for row in self.behind])
        stored = (
            [Fact("标题", self.last.title, wide=True), Fact("正文", self.last.text, wide=True)] if self.last else []
        )
        again = {"form": form, "version": self.version(), "path": self.request.path}
        return self.both_texts(sentence, typed_in(form), stored, title="已有新的编辑稿", **again)

    def get_form_kwargs(self) -> dict[str, Any]:
        most = editing.MOST_COMBINED if len(self.behind) > 1 else editing.MOST
        return {**super().get_form_kwargs(), "most": most}

    def get_initial(self) -> dict[str, Any]:
        if self.last:
            return {"title": self.last.title, "text": self.last.text}
        bodies = [self.said[row.pk].body for row in self.behind if row.pk in self.said]
        return {"title": self.own_words.title, "text": woven(bodies)}

    @cached_property
    def said(self) -> dict[int, Words]:
        return words_of(self.behind)

    @property
    def own_words(self) -> Words:
        return self.said.get(self.object.pk, Words())

    def form_valid(self, form: Any) -> HttpResponseBase:
        data = form.cleaned_data
        made = editing.save_edition(self.object, **data, seen=self.opened_version(), by=self.me, now=timezone.now())
        self.done_sentence = f"已保存{made}。"
        return HttpResponseRedirect(self.request.path)

    def acts(self) -> list[Act]:
        at = [self.object.matter.public_id]
        acts = [Act("合并同类信息", reverse("reports:combine", args=at), "copy")]
        if self.last and editing.authors_to_ask(self.last):
            acts.append(Act("请反映人核对", reverse("reports:ask_authors", args=[self.last.public_id]), "send"))
        item = in_hand(self.me).filter(report=self.object).first()
        if item:
            acts.append(Act("查看所在的一期", item.issue.get_absolute_url(), "file-text"))
        elif self.last:
            acts.append(Act("编入一期", f"{reverse('reports:compose')}?report={at[0]}", "plus"))
        return acts

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        note(self.me, [row.matter_id for row in self.behind])
        words = self.own_words
        changed = []
        if self.last:
            changed = differences((words.title, tidy(words.body)), (self.last.title, self.last.text))
        editions = list(self.object.editions.select_related("by").newest_first())
        return super().get_context_data(
            sources=originals(self.behind, self.said),
            last=self.last,
            changed=changed,
            editions=[(one, reverse("reports:edition", args=[one.public_id])) for one in editions],
            busy=self.busy(),
            **kwargs,
        )

    def busy(self) -> str:
        """That a colleague saved a text within the hour (H2); two texts never overwrite each other anyway."""
        last = self.last
        if last is None or last.by_id == self.me.pk or timezone.now() - last.at > BUSY:
            return ""
        return f"{last.by}在{moment(last.at)}保存了{last}，可能还在改，请先商量由谁改。两人同时保存的，后保存的一方会看到双方的文字。"


class EditionMixin(Signed):
    """Takes the edition of the address, of a report that this person sees."""

    kwargs: dict[str, Any]
    object: Edition

    def get_queryset(self) -> QuerySet[Edition]:
        seen = Report.objects.visible_to(self.me)
        return Edition.objects.filter(report__in=seen).select_related("report__matter__session", "by")

    def crumbs(self) -> list[Crumb]:
        report = self.object.report
        if report.status == Status.EDITING and not report.matter.merged_into_id:
            return [desk(), Crumb(report.matter.label, reverse("reports:edit", args=[report.matter.public_id]))]
        return [desk(), Crumb(report.matter.label, report.get_absolute_url())]


class EditionPage(EditionMixin, DetailPage[Edition]):
    """One version: its words, how they depart from the original and from the version before, what its authors said."""

    action = "reports.edit"
    template_name = "reports/edition.html"

    def get_title(self) -> str:
        return f"编辑稿{self.object}：{self.object.title}"

    def note_view(self) -> None:
        note(self.me, [self.object.report.matter_id])

    @cached_property
    def words(self) -> list[AuthorWord]:
        return list(
            self.object.words.select_related(
                "participant__person", "participant__body", "answered_by", "proof"
            ).order_by("pk")
        )

    @cached_property
    def is_latest(self) -> bool:
        report = self.object.report
        newer = report.editions.filter(number__gt=self.object.number).exists()
        return not newer and report.status == Status.EDITING

    def acts(self) -> list[Act]:
        if not self.is_latest:
            return []
        acts = []
        if editing.authors_to_ask(self.object):
            acts.append(Act("请反映人核对", reverse("reports:ask_authors", args=[self.object.public_id]), "send"))
        return acts

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        one, report = self.object, self.object.report
        words = handed_in(report)
        before = report.editions.filter(number__lt=one.number).newest_first().first()
        facts = [
            Fact("状态", one.get_state_display()),
            Fact("编辑", f"{one.by}　{moment(one.at)}"),
            Fact("字数", f"{len(one.text)} 字"),
        ]
        return super().get_context_data(
            edition=one,
            facts=facts,
            words=[(word, self.way_of(word), way_to_sheet(word.proof)) for word in self.words],
            from_original=differences((words.title, tidy(words.body)), (one.title, one.text)),
            before=before,
            from_before=differences((before.title, before.text), (one.title, one.text)) if before else [],
            **kwargs,
        )

    def way_of(self, word: AuthorWord) -> str:
        """Where what was said on the telephone is entered."""
        return reverse("reports:record_word", args=[word.public_id]) if self.is_latest and not word.answer else ""


class AskAuthors(EditionMixin, ActionPage[Edition]):
    """Who of the authors is asked whether the meaning is still the same."""

    action = "reports.edit"
    title = "请反映人核对"
    form_class = AskForm
    submit_label = "发给反映人"
    done_sentence = "已请反映人核对，答复后会通知您。"

    def get_queryset(self) -> QuerySet[Edition]:
        return in_step(self.request, super().get_queryset(), report__status=Status.EDITING)

    def version(self) -> None:
        return None

    def facts(self) -> list[Fact]:
        return [*about(self.object.report), Fact("编辑稿", f"{self.object}　{self.object.title}", wide=True)]

    @cached_property
    def offered(self) -> list[Any]:
        return editing.authors_to_ask(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "offered": self.offered}

    def get_initial(self) -> dict[str, Any]:
        form = AskForm(offered=self.offered)
        return {"people": list(form.offered)}

    def form_valid(self, form: Any) -> HttpResponseBase:
        editing.ask_authors(self.object, form.chosen(), by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("reports:edition", args=[self.object.public_id]))


class RecordWord(Signed, ActionPage[AuthorWord]):
    """What an author said on the telephone or on paper (P1)."""

    action = "reports.edit"
    title = "登记反映人的答复"
    form_class = RecordAnswerForm
    submit_label = "登记"
    done_sentence = "已登记反映人的答复。"

    def get_queryset(self) -> QuerySet[AuthorWord]:
        seen = Report.objects.visible_to(self.me)
        rows = AuthorWord.objects.filter(edition__report__in=seen)
        rows = rows.select_related("edition__report__matter", "participant__person", "participant__body")
        return in_step(self.request, rows, answer="")

    def version(self) -> None:
        return None

    def facts(self) -> list[Fact]:
        one = self.object.edition
        return [Fact("编辑稿", f"{one}　{one.title}", wide=True), Fact("反映人", str(self.object.participant))]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "by": self.me}

    def crumbs(self) -> list[Crumb]:
        one = self.object.edition
        return [desk(), Crumb(f"编辑稿{one}", reverse("reports:edition", args=[one.public_id]))]

    def form_valid(self, form: Any) -> HttpResponseBase:
        data = form.cleaned_data
        same = data["answer"] == AuthorWord.Answer.SAME
        said = {"text": data["text"], "said": data["said"], "proof": data["file"]}
        editing.answer_edition(self.object, same=same, **said, by=self.me, now=timezone.now())
        return HttpResponseRedirect(self.get_back_url())


class ConfirmEdition(Signed, ActionPage[AuthorWord]):
    """The edited text and the own words below it, for an author: one field, two buttons."""

    action = SIGNED_IN
    title = "请核对编辑稿"
    template_name = "reports/confirm_edition.html"
    form_class = AuthorAnswerForm
    submit_label = "意思没有变"
    done_sentence = "您的答复已收到，谢谢。"

    def get_queryset(self) -> QuerySet[AuthorWord]:
        own = Matter.objects.visible_to(self.me)
        rows = AuthorWord.objects.in_sight().filter(participant__left_at=None, participant__matter__in=own)
        return rows.select_related("edition__report__matter", "participant__matter__report")

    def get_object(self) -> AuthorWord:
        word = get_object_or_404(self.get_queryset(), public_id=self.kwargs["public_id"])
        main, own = word.edition.report.matter, word.participant.matter
        if main.pk not in (own.pk, own.merged_into_id):
            raise Http404
        if self.me.pk not in speaking_for([word.participant], on=timezone.localdate()):
            raise Http404
        return word

    def version(self) -> None:
        return None

    def crumbs(self) -> list[Crumb]:
        own = self.object.participant.matter
        return [*list_crumbs(self.me), Crumb(own.label, own.get_absolute_url())]

    def form_valid(self, form: Any) -> HttpResponseBase:
        same = "change" not in self.request.POST
        editing.answer_edition(self.object, same=same, text=form.cleaned_data["text"], by=self.me, now=timezone.now())
        return HttpResponseRedirect(self.get_back_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        word, edition = self.object, self.object.edition
        report = edition.report
        note(self.me, [report.matter_id, word.participant.matter_id])
        newer = report.editions.filter(number__gt=edition.number).exists()
        own = handed_in(word.participant.matter.report)
        alone = report.matter_id == word.participant.matter_id
        changed = differences((own.title, tidy(own.body)), (edition.title, edition.text)) if alone else []
        return super().get_context_data(
            edition=edition,
            waits=not word.answer and not newer and report.status == Status.EDITING,
            answer=word.get_answer_display(),
            own=own,
            alone=alone,
            changed=changed,
            **kwargs,
        )


class Combine(OfReport, ActionPage[Report]):
    """Which other reports go into this one, while it is screened or edited."""

    action = "reports.edit"
    title = "合并同类信息"
    template_name = "reports/combine.html"
    form_class = CombineForm
    submit_label = "合并"
    done_sentence = "已合并，各位反映人会收到通知。原稿和署名都保留。"

    def get_queryset(self) -> QuerySet[Report]:
        rows = Report.objects.visible_to(self.me).select_related("matter__session", "matter__merged_into")
        return in_step(self.request, rows, status__in=combining.MAIN, matter__merged_into=None)

    def crumbs(self) -> list[Crumb]:
        if self.object.status == Status.SUBMITTED and self.me.has_perm("reports.screen"):
            return screening_crumbs(self.object)
        return super().crumbs()

    def version(self) -> None:
        return None

    def get_initial(self) -> dict[str, Any]:
        """The very same text is ticked (P30)."""
        return {"followers": [str(row.matter.public_id) for row in same_text(self.object, self.me)]}

    @cached_property
    def offered(self) -> list[Report]:
        """What may go in, and what was ticked meanwhile taken elsewhere: the action says of each what it has become."""
        found = alike(self.object, self.me)
        ticked = self.request.POST.getlist("followers")
        try:
            return found + [row for row in seen_of(ticked, self.me) if row not in found]
        except ValidationError:  # no id at all
            return found

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "offered": self.offered}

    def form_valid(self, form: Any) -> HttpResponseBase:
        combining.combine(self.object, form.chosen(), by=self.me, now=timezone.now())
        if self.object.status == Status.EDITING:
            return HttpResponseRedirect(reverse("reports:edit", args=[self.object.matter.public_id]))
        return HttpResponseRedirect(self.object.get_absolute_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        inside = [
            (row, reverse("reports:separate", args=[row.matter.public_id]))
            for row in self.behind
            if row.pk != self.object.pk
        ]
        return super().get_context_data(report=self.object, inside=inside, any=bool(self.offered), **kwargs)


class Separate(OfReport, ActionPage[Report]):
    """Take a report out of the one that it went into."""

    action = "reports.edit"
    title = "取消合并"
    form_class = ReasonForm
    submit_label = "取消合并"
    done_sentence = "已取消合并，这篇信息单独编辑。"

    def get_queryset(self) -> QuerySet[Report]:
        rows = Report.objects.visible_to(self.me).select_related("matter__session", "matter__merged_into")
        return in_step(self.request, rows, matter__merged_into__isnull=False)

    def version(self) -> None:
        return None

    def form_valid(self, form: Any) -> HttpResponseBase:
        combining.separate(self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("reports:edit", args=[self.object.matter.public_id]))
