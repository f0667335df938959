"""Outstanding proposals and advanced units: the computed list, why each stands where it does, the decision."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from members.forms import PlainForm
from members.models import Person, Session
from members.pages import ConfirmPage, FormPage, Page, Signed, TablePage
from members.pages.lists import BoundedPaginator, Rows
from members.shown import Act, Crumb, Fact, Tab
from members.tables import Table
from proposals import actions, merits, public
from proposals.honour_forms import AwardForm, TakeBackForm, offered_of
from proposals.merits import HOW, WORDS, Candidate, Line, Ranking, is_percentage
from proposals.models import Award, AwardEntry, Criterion, Honour, Proposal

PER_PAGE = 25
PLACES = 10
MOST_PLACES = 50
NAMES = {
    Honour.PROPOSAL: ("honours", "decide_honours", "why_honour"),
    Honour.UNIT: ("unit_honours", "decide_unit_honours", "why_unit_honour"),
}


class ListPaginator(BoundedPaginator):
    """Pages of what is in memory already."""

    def __init__(self, rows: list[Candidate], per_page: int) -> None:
        self.candidates = rows
        self.per_page = per_page

    @property
    def count(self) -> int:
        return len(self.candidates)

    def part(self, start: int, end: int) -> list[Candidate]:
        return self.candidates[start:end]


class OfSession(Signed):
    """What is about one honour of the session in the address, the present one if none is named."""

    honour: ClassVar[Honour]

    @cached_property
    def sessions(self) -> list[Session]:
        return list(Session.objects.newest_first())

    @cached_property
    def session(self) -> Session | None:
        code = self.request.GET.get("session", "")
        named = next((row for row in self.sessions if row.code == code), None)
        return named or Session.objects.current(timezone.now())

    @cached_property
    def found(self) -> Ranking:
        return merits.ranking(self.honour, self.session, by=self.me, on=timezone.localdate())

    @cached_property
    def award(self) -> Award | None:
        rows = Award.objects.filter(honour=self.honour, session=self.session).select_related("session", "by")
        return rows.select_related("announced_by").first()

    def way(self, name: str, *args: Any, **query: str) -> str:
        """An address of this honour with the session, and what else is asked."""
        url = reverse(f"proposals:{name}", args=args)
        code = self.session.code if self.session else ""
        return f"{url}?{urlencode({'session': code, **query})}"

    def list_url(self, honour: Honour | None = None) -> str:
        return self.way(NAMES[honour or self.honour][0])

    def why_url(self, public_id: Any) -> str:
        return self.way(NAMES[self.honour][2], public_id)


class Ranked(OfSession, TablePage):
    """The candidates in their places, and those who are kept out with the reason."""

    action = "proposals.honours"
    template_name = "proposals/honours.html"

    def get_title(self) -> str:
        return f"{self.honour.label}评选"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.GET.get("export") == "xlsx":
            return self.export()
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Take the reason for a large export."""
        if request.GET.get("export") != "xlsx":
            return self.http_method_not_allowed(request)
        return self.export()

    def export(self) -> HttpResponseBase:
        rows, chosen = [*self.found.placed, *self.found.out], self.chosen_ids()
        heads = ["名次", "案号", "名称"]
        for row in self.found.criteria:
            heads += [str(row), f"得分（满分{row.points}）"] if row.points else [f"{row}（否决）"]
        lines = (
            [
                one.place or "", one.number, one.name,
                *(cell for line in one.lines for cell in ([line.figure.text, line.points] if line.criterion.points else [line.figure.text])),
                one.points, one.out, "是" if one.pk in chosen else "",
            ]
            for one in rows
        )  # fmt: skip
        table = Table(f"{self.session or ''}{self.get_title()}", [*heads, "合计", "不参评原因", "入选"], lines)
        return self.send_table(table, count=len(rows))

    def chosen_ids(self) -> set[int]:
        path = "proposal" if self.honour == Honour.PROPOSAL else "unit"
        rows = AwardEntry.objects.filter(award=self.award, chosen=True) if self.award else AwardEntry.objects.none()
        return set(rows.values_list(path, flat=True))

    def result(self) -> dict[str, Any] | None:
        """What was decided, with whoever was passed over."""
        award = self.award
        if award is None:
            return None
        entries = [(one.chosen, name, f"第{one.place}名，{one.points}分") for one, name in named(award, self.me)]
        facts = [
            Fact("状态", award.get_state_display()),
            Fact("决定日期", award.decided_on),
            Fact("决定文号", award.number),
            Fact("登记", f"{award.by}，{timezone.localtime(award.at):%Y-%m-%d %H:%M}"),
            Fact("与名次不一致的理由", award.reason, wide=True),
            Fact("公布", f"{award.announced_by}，{timezone.localtime(award.announced_at):%Y-%m-%d %H:%M}" if award.announced_at else ""),
        ]  # fmt: skip
        return {
            "facts": [fact for fact in facts if fact.value],
            "chosen": [(name, place) for chosen, name, place in entries if chosen],
            "passed_over": [(name, place) for chosen, name, place in entries if not chosen],
        }

    def acts(self) -> list[Act]:
        """One step further: choose, announce, take back."""
        award = self.award
        if award and award.is_announced:
            return [Act("撤回公布", reverse("proposals:take_back_award", args=[award.public_id]), "undo-2", "danger")]
        again = "重新登记结果" if award else "登记评选结果"
        decide = Act(again, self.way(NAMES[self.honour][1]), "pen-line", "" if award else "primary")
        if award is None:
            return [decide]
        return [
            Act("公布", reverse("proposals:announce_award", args=[award.public_id]), "megaphone", "primary"),
            decide,
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        out = self.request.GET.get("out") == "1"
        rows = self.found.out if out else self.found.placed
        page: Rows = ListPaginator(rows, PER_PAGE).page(self.request.GET.get("page", "1"))
        return super().get_context_data(
            sessions=self.sessions,
            session=self.session,
            honours=[Tab(one.label, self.list_url(one), one == self.honour) for one in Honour],
            tabs=[
                Tab("参评", self.list_url(), not out, len(self.found.placed)),
                Tab("不参评", self.way(NAMES[self.honour][0], out="1"), out, len(self.found.out)),
            ],
            points=[row for row in self.found.criteria if row.points],
            criteria=[[str(row), said_of(row), HOW[row.measure]] for row in self.found.criteria],
            criteria_heads=["指标", "标准", "怎样计算"],
            page_obj=page,
            lines=[(one, self.why_url(one.public_id)) for one in page],
            out=out,
            of_units=self.honour == Honour.UNIT,
            unit_word="个" if self.honour == Honour.UNIT else "件",
            result=self.result(),
            **kwargs,
        )


def named(award: Award, user: Person) -> list[tuple[AwardEntry, str]]:
    """The entries in their places and how each reads; of a matter that is out of sight now its number, no more."""
    entries = list(award.entries.select_related("proposal__matter").order_by("place", "pk"))
    ids = [one.proposal_id for one in entries if one.proposal_id]
    seen = set(Proposal.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()
    titles = {one.pk: one.proposal.matter.title for one in entries if one.proposal and one.proposal_id in seen}
    names = [one.proposal.reference if one.proposal else one.unit_name for one in entries]
    return [(one, f"{name}　{titles.get(one.pk, '')}".strip()) for one, name in zip(entries, names, strict=True)]


def said_of(row: Criterion) -> str:
    """What a criterion gives, or from where on it keeps out."""
    word = "%" if is_percentage(row.measure) else f" {WORDS[row.measure]}"
    if row.points:
        return f"{row.points} 分，达到 {row.mark}{word}得满分"
    if row.measure in merits.TOO_FEW:
        return f"低于 {row.mark}{word}的不参评"
    return f"超过 {row.mark}{word}的不参评" if row.mark else f"有 1{word}即不参评"


class OutstandingProposals(Ranked):
    honour = Honour.PROPOSAL


class AdvancedUnits(Ranked):
    honour = Honour.UNIT


class Why(OfSession, Page):
    """Why a candidate stands where it does: what each criterion says, and what that is worth."""

    action = "proposals.honours"
    template_name = "proposals/honour_why.html"

    def crumbs(self) -> list[Crumb]:
        return [Crumb(f"{self.honour.label}评选", self.list_url())]

    def get_title(self) -> str:
        return f"为什么是这个名次：{self.one.called}"

    @cached_property
    def one(self) -> Candidate:
        found = self.found.find(str(self.kwargs["public_id"]))
        if found is None:
            raise Http404
        return found

    def matters_url(self) -> str:
        """Where the matters behind the figures are."""
        return reverse("proposals:detail", args=[self.one.public_id])

    def kept(self) -> list[list[Any]]:
        """The figures as they stood when the result was written down."""
        path = {f"{'unit' if self.honour == Honour.UNIT else 'proposal'}": self.one.pk}
        entry = self.award and self.award.entries.filter(**path).first()
        if not entry:
            return []
        rows = entry.figures.select_related("criterion").order_by("-criterion__use", "-criterion__points", "pk")
        lines = [
            [str(row.criterion), row.value, said_of(row.criterion), row.points if row.points is not None else "不计分"]
            for row in rows
        ]
        return [*lines, ["合计", f"第{entry.place}名", "", entry.points]]  # fmt: skip

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        one = self.one
        place = "不参评" if one.out else f"第{one.place}名，共 {len(self.found.placed)} 个参评"
        facts = [
            Fact("名称", one.name, wide=True, url=self.matters_url()),
            Fact("届次", str(self.session)),
            Fact("名次", place),
            Fact("不参评原因", one.out, wide=True),
        ]
        lines = [[str(line.criterion), line.figure.text, said_of(line.criterion), _worth(line)] for line in one.lines]
        return super().get_context_data(
            facts=[fact for fact in facts if fact.value],
            heads=["指标", "数值", "标准", "得分"],
            lines=[*lines, ["合计", "", "", one.points]],
            how=[Fact(str(line.criterion), HOW[line.criterion.measure], wide=True) for line in one.lines],
            kept=self.kept(),
            **kwargs,
        )


def _worth(line: Line) -> Any:
    return line.points if line.points is not None else ("不参评" if line.bars else "不计分")


class WhyProposal(Why):
    honour = Honour.PROPOSAL


class WhyUnit(Why):
    honour = Honour.UNIT

    def matters_url(self) -> str:
        code = self.session.code if self.session else ""
        return f"{reverse('handling:satisfaction')}?{urlencode({'session': code, 'unit': self.one.public_id})}"


class Decide(OfSession, FormPage):
    """The result is written down from the list, with the reason where it departs from the places."""

    action = "proposals.award"
    form_class = AwardForm
    template_name = "proposals/honour_decide.html"
    submit_label = "登记结果"
    done_sentence = "评选结果已登记，公布以前只有提案委能看到。"

    def get_title(self) -> str:
        return f"登记{self.honour.label}评选结果"

    def crumbs(self) -> list[Crumb]:
        return [Crumb(f"{self.honour.label}评选", self.list_url())]

    def version(self) -> int:
        return self.award.version if self.award else 0

    @property
    def places(self) -> int:
        raw = self.request.GET.get("places", "")
        return min(max(int(raw), 1), MOST_PLACES) if raw.isascii() and raw.isdigit() and len(raw) < 4 else PLACES

    def get_initial(self) -> dict[str, Any]:
        """What was written down before; the first places are ticked for the first time, and when they are asked for."""
        award = self.award
        if award is None:
            return {"on": timezone.localdate()}
        said: dict[str, Any] = {"on": award.decided_on, "number": award.number, "reason": award.reason}
        return said if "places" in self.request.GET else {**said, **self.chosen_before(award)}

    def chosen_before(self, award: Award) -> dict[str, Any]:
        """Ticked where it is offered, written out where it is not."""
        path = "unit" if self.honour == Honour.UNIT else "proposal"
        chosen = award.entries.filter(chosen=True).select_related("proposal__matter").order_by("place", "pk")
        offered = {one.pk: str(one.public_id) for one in offered_of(self.found, self.places)}
        known = {
            getattr(one, f"{path}_id"): one.proposal.reference if one.proposal else one.unit_name for one in chosen
        }
        return {
            "chosen": [offered[pk] for pk in known if pk in offered],
            "others": "\n".join(name for pk, name in known.items() if pk not in offered),
        }

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "found": self.found, "places": self.places}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(places=self.places, session=self.session, any=bool(self.found.placed), **kwargs)

    def form_valid(self, form: Any) -> HttpResponseBase:
        if self.session is None:
            raise Http404
        seen = self.opened_version()
        actions.decide_award(
            self.honour, self.session, **form.values(), by=self.me, now=timezone.now(), seen=seen
        )  # fmt: skip
        return HttpResponseRedirect(self.list_url())


class DecideProposals(Decide):
    honour = Honour.PROPOSAL


class DecideUnits(Decide):
    honour = Honour.UNIT


class AwardPage(Signed, ConfirmPage[Award]):
    """Asks before an act on one award; it leads back to its list."""

    action = "proposals.award"

    def get_queryset(self) -> QuerySet[Award]:
        return Award.objects.select_related("session")

    def list_url(self) -> str:
        honour = Honour(self.object.honour)
        return f"{reverse(f'proposals:{NAMES[honour][0]}')}?{urlencode({'session': self.object.session.code})}"

    def crumbs(self) -> list[Crumb]:
        return [Crumb(f"{self.object.get_honour_display()}评选", self.list_url())]

    def facts(self) -> list[Fact]:
        """Who it is about by name, proposals that stay unlisted apart."""
        award = self.object
        chosen = [(one.proposal_id, name) for one, name in named(award, self.me) if one.chosen]
        ids = [pk for pk, _ in chosen if pk]
        out = set(public.published().filter(proposal__in=ids).values_list("proposal", flat=True)) if ids else set()
        listed = [name for pk, name in chosen if not pk or pk in out]
        unlisted = [name for pk, name in chosen if pk and pk not in out]
        facts = [
            Fact("评选", str(award)),
            Fact("决定日期", award.decided_on),
            Fact("决定文号", award.number),
            Fact(f"对外列出（{len(listed)}）", "\n".join(listed), wide=True),
            Fact(f"没有公开、对外不列出（{len(unlisted)}）", "\n".join(unlisted), wide=True),
        ]  # fmt: skip
        return [fact for fact in facts if fact.value]

    def form_valid(self, form: Any) -> HttpResponseBase:
        self.do(form)
        return HttpResponseRedirect(self.list_url())

    def do(self, form: Any) -> None:
        raise NotImplementedError


class Announce(AwardPage):
    title = "公布评选结果"
    question = "公布后通知提案者或承办单位；单位名单和其中已经公开的提案，任何人都能看到。"
    submit_label = "公布"
    done_sentence = "评选结果已公布。"
    form_class = PlainForm

    def do(self, form: Any) -> None:
        actions.announce_award(self.object, by=self.me, now=timezone.now(), seen=self.opened_version())


class TakeBack(AwardPage):
    title = "撤回公布"
    question = "撤回后对外不再显示，已经通知的人会收到撤回的通知。"
    submit_label = "撤回公布"
    done_sentence = "公布已撤回，可以重新登记评选结果。"
    form_class = TakeBackForm
    danger = True

    def do(self, form: Any) -> None:
        reason = form.cleaned_data["reason"]
        actions.take_back_award(self.object, reason=reason, by=self.me, now=timezone.now(), seen=self.opened_version())
