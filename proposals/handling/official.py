"""What official documents can be made of a unit's part, and what each says: gathered from the rows for one reader (S2)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from django.utils import timezone

from members.days import full_day
from members.errors import WrongStep
from members.inbox.models import LongJob
from members.inbox.work import Product, Progress
from members.inbox.work import register as offer
from members.uploads import open_file

from . import owners, queries
from .aspects import Aspect, aspects
from .classes import class_of
from .documents import file_name
from .eyes import Eye, Eyes, eyes
from .letter_templates import Filled, filled, filled_pdf
from .letters import BLANK, Letter, Line, letter_pdf, numeral, paragraphs
from .models import (
    Assignment,
    ChaseSheet,
    Contact,
    CoOpinion,
    Evaluation,
    EvaluationRound,
    ExtensionRequest,
    IssuedPaper,
    LetterTemplate,
    Matter,
    Obligation,
    PaperKind,
    Participant,
    Reply,
    ReplyPoint,
)
from .reminders import name_of
from .rights import in_hands_of

PDF = "proposals.letter_pdf"
"""The kind of the long job; it begins as all whose files a suspension takes back (S5)."""
REGISTERED = frozenset({Eye.STAFF, Eye.OFFICE, Eye.UNIT})
ANSWER_STAGES = ("reply", "rehandle", "co_opinion")
LONGEST = 40


Write = Callable[[Participant | None, Sequence[Participant]], Letter]
"""What a document says to one addressee, or to all (None), of those who get the reply."""


@dataclass(frozen=True)
class Source:
    """Something of which a document can be made for this reader now."""

    kind: PaperKind
    key: str
    label: str
    write: Write
    issuer: int
    draft: bool = False
    each: bool = False

    @property
    def code(self) -> str:
        return f"{self.kind}-{self.key}"


def register() -> None:
    offer(PDF, preview, action="handling.papers")


def parts() -> QuerySet[Assignment]:
    return Assignment.objects.select_related("matter__session__term", "unit", "office")


def people_of(part: Assignment) -> list[Participant]:
    """Everyone who gets the reply: the proposers of the matter and of those merged into it."""
    return queries.evaluators(part.matter)


def sources(part: Assignment, view: Eyes, kinds: Collection[str] = PaperKind.values) -> list[Source]:
    """What of `kinds` this reader may have made of the part; a constant number of queries."""
    if part.matter.placeholder:
        return []
    seen = aspects(view, part)
    ways: dict[str, tuple[bool, Callable[[], list[Source]]]] = {
        PaperKind.REGISTER: (bool(view.of(part) & REGISTERED), lambda: _register(part)),
        PaperKind.OPINION: (Aspect.OPINION in seen and not part.answers, lambda: _opinions(part)),
        PaperKind.EXTENSION: (Aspect.EXTENSION in seen, lambda: _extensions(part)),
        PaperKind.CHASE: (Aspect.REMINDED in seen, lambda: _sheets(part)),
        PaperKind.REPLY: (part.answers, lambda: _replies(part, view)),
        PaperKind.FORM: (Eye.STAFF in view.general and part.answers, lambda: _forms(part)),
    }
    return [one for kind, (open_to, make) in ways.items() if kind in kinds and open_to for one in make()]


def readable(paper: IssuedPaper, view: Eyes) -> bool:
    """Whether what was printed is for this reader now: as the thing itself, a draft only for its unit."""
    part = paper.assignment
    if paper.draft:
        return Eye.UNIT in view.of(part)
    match paper.kind:
        case PaperKind.REPLY:
            return Aspect.REPLY in aspects(view, Reply(assignment=part, state=Reply.State.DELIVERED))
        case PaperKind.REGISTER:
            return bool(view.of(part) & REGISTERED)
        case PaperKind.FORM:
            return Eye.STAFF in view.general
        case PaperKind.OPINION:
            return Aspect.OPINION in aspects(view, part)
        case PaperKind.EXTENSION:
            return Aspect.EXTENSION in aspects(view, part)
        case _:
            return Aspect.REMINDED in aspects(view, part)


def papers_of(part: Assignment, view: Eyes) -> list[IssuedPaper]:
    """What was made of this part and is for this reader, newest first."""
    rows = part.papers.kept().select_related("by", "template").order_by("-pk")
    for row in rows:
        row.assignment = part
    return [row for row in rows if readable(row, view)]


def paper_for(user: Any, public_id: Any) -> IssuedPaper | None:
    """One document, or None if there is none that `user` may open."""
    rows = IssuedPaper.objects.kept().filter(public_id=public_id)
    row = rows.select_related("assignment__matter", "assignment__unit", "matter").first()
    if row is None or not Matter.objects.visible_to(user).filter(pk=row.matter_id).exists():
        return None
    return row if readable(row, eyes(user, row.matter)) else None


# the reply ---------------------------------------------------------------------------------------------------------------


def _replies(part: Assignment, view: Eyes) -> list[Source]:
    rows = part.replies.select_related("result", "issuer").order_by("-round")
    shown = []
    for reply in rows:
        reply.assignment = part
        draft = reply.state != Reply.State.DELIVERED
        if Aspect.REPLY in aspects(view, reply) or (draft and Eye.UNIT in view.of(part)):
            label = f"{'二次' if reply.round > 1 else ''}答复函" + ("（签发前）" if draft else "")
            shown.append(
                Source(
                    PaperKind.REPLY,
                    str(reply.round),
                    label,
                    _reply_writer(part, reply),
                    reply.issuer_id,
                    draft,
                    each=True,
                )
            )
    return shown


def _reply_writer(part: Assignment, reply: Reply) -> Write:
    def write(to: Participant | None, people: Sequence[Participant]) -> Letter:
        matter = part.matter
        suggestions = queries.suggestions_of(matter)
        prefetch_related_objects([reply], "points__commitments")
        own = to.matter if to and to.matter_id != matter.pk else matter
        to_office = not owners.course_of(matter).evaluation
        title = f"关于对{session_of(own)}{number_of(own)}提案的{'二次' if reply.round > 1 else ''}答复"
        several = to is None and len(people) > 1
        return Letter(
            head=reply.issuer.name,
            mark=f"{result.code}类" if (result := class_of(reply)) else "",
            number=reply.doc_no,
            title=f"关于《{own.title_for_units}》的办理意见" if to_office else title,
            addressee=part.office.name if to_office else named([to] if to else people),
            lines=reply_lines(reply, suggestions, title=own.title_for_units, several=several, to_office=to_office),
            signer=reply.issuer.name,
            on=reply.letter_on,
            contact=contact_of(reply.contact_name, reply.contact_phone),
            copies=copies_of(part),
            about=about(own),
        )

    return write


def about(matter: Matter) -> list[tuple[str, str]]:
    """What templates may name besides the letter's own words."""
    return [("届次", session_of(matter)), ("案号", number_of(matter)), ("案由", matter.title_for_units)]


def reply_lines(
    reply: Reply, suggestions: Sequence[Any], *, title: str, several: bool, to_office: bool = False
) -> list[Line]:
    """The opening, one answer after the other as they were numbered, and thanks where it goes to proposers."""
    you = "你们" if several else "您"
    begun = (
        f"《{title}》收悉。经研究，提出办理意见如下："
        if to_office
        else f"{you}提出的《{title}》收悉。经研究，现答复如下："
    )
    opening = paragraphs(reply.opening) or [Line(begun)]
    given = {point.suggestion_id: point for point in reply.points.all()}
    answered = [one for one in suggestions if one.pk in given]
    places = {one.pk: place for place, one in enumerate(answered, 1)}
    lines = list(opening)
    for one in answered:
        point = given[one.pk]
        lines.append(Line(f"{numeral(places[one.pk])}、关于“{shortened(one.text)}”的建议", 1))
        same = places.get(point.same_as_id or 0)
        if same:
            lines.append(Line(f"与第{numeral(same)}条一并答复。"))
        else:
            lines += [*paragraphs(point.text), *promise_lines(point)]
    return lines if to_office else [*lines, Line(f"感谢{you}对我们工作的关心和支持。")]


def promise_lines(point: ReplyPoint) -> list[Line]:
    """What the answer promises, by what it is checked, and until when; as it was promised, whatever became of it."""
    rows = sorted(point.commitments.all(), key=lambda row: (row.due_on, row.pk))
    lines = []
    for place, row in enumerate(rows, 1):
        name = f"承诺事项{numeral(place)}" if len(rows) > 1 else "承诺事项"
        said = f"{name}：{plain(row.text)}。完成标志：{plain(row.measure)}。完成时间：{full_day(row.due_on)}前。"
        lines.append(Line(said))
    return lines


def plain(text: str) -> str:
    return " ".join(text.split()).rstrip("。；！，")


def shortened(text: str) -> str:
    words = plain(text)
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"


def session_of(matter: Matter) -> str:
    """政协第十四届二次会议, as titles name it."""
    session = matter.session
    return f"政协第{numeral(session.term.number)}届{numeral(session.number)}次会议" if session else ""


def number_of(matter: Matter) -> str:
    return matter.numbered or f"《{matter.title_for_units}》"


def named(people: Sequence[Participant]) -> str:
    """Whom a letter speaks to."""
    members = [str(one.person) for one in people if one.person]
    bodies = [str(one.body.name) for one in people if one.body]
    if len(members) > 3:
        members = [f"{'、'.join(members[:3])}等{len(members)}位"]
    return "、".join([*bodies, *(["、".join(members) + "委员"] if members else [])])


def contact_of(name: str, phone: str) -> str:
    return "，".join(filter(None, [name and f"联系人：{name}", phone and f"联系电话：{phone}"]))


def copies_of(part: Assignment) -> str:
    """Who else gets a reply: the proposal office, the office that assigned, the co-handlers of a lead."""
    offices = [queries.proposal_office(on=timezone.localdate()).name, part.office.name]
    if part.role == Assignment.Role.LEAD:
        helping = part.matter.assignments.current().filter(role=Assignment.Role.CO)
        offices += helping.order_by("pk").values_list("unit__name", flat=True)
    return "、".join(dict.fromkeys(offices))


# opinion, extension, sheet -----------------------------------------------------------------------------------------------


def _opinions(part: Assignment) -> list[Source]:
    latest: dict[int, CoOpinion] = {one.round: one for one in part.opinions.order_by("version")}

    def writer(one: CoOpinion) -> Write:
        def write(_: Participant | None, __: Sequence[Participant]) -> Letter:
            lead = part.matter.assignments.current().filter(role=Assignment.Role.LEAD).select_related("unit").first()
            return Letter(
                head=part.unit.name,
                number=one.doc_no,
                title=f"关于{session_of(part.matter)}{number_of(part.matter)}提案的会办意见",
                addressee=lead.unit.name if lead else "主办单位",
                lines=paragraphs(one.text),
                signer=part.unit.name,
                on=one.letter_on or timezone.localdate(one.at),
                copies=copies_of(part),
                about=about(part.matter),
            )

        return write

    return [
        Source(PaperKind.OPINION, str(one.round), "会办意见函", writer(one), part.unit_id) for one in latest.values()
    ]


def number_given(part: Assignment, kind: str, key: str) -> str:
    """The number that the office has given to a sheet or decision; empty before."""
    return part.doc_numbers.filter(kind=kind, key=key).values_list("text", flat=True).first() or ""


def _extensions(part: Assignment) -> list[Source]:
    decided = (ExtensionRequest.State.GRANTED, ExtensionRequest.State.REFUSED)
    rows = ExtensionRequest.objects.filter(obligation__assignment=part, state__in=decided)

    def writer(one: ExtensionRequest) -> Write:
        def write(_: Participant | None, __: Sequence[Participant]) -> Letter:
            return Letter(
                head=part.office.name,
                number=number_given(part, PaperKind.EXTENSION, str(one.public_id)),
                title=f"关于{number_of(part.matter)}提案延期答复的批复",
                addressee=part.unit.name,
                lines=extension_lines(part, one),
                signer=part.office.name,
                on=timezone.localdate(one.decided_at) if one.decided_at else None,
                copies=queries.proposal_office(on=timezone.localdate()).name,
                about=about(part.matter),
            )

        return write

    return [
        Source(
            PaperKind.EXTENSION,
            str(one.public_id),
            f"延期批复（{one.get_state_display()}）",
            writer(one),
            part.office_id,
        )
        for one in rows.order_by("pk")
    ]


def extension_lines(part: Assignment, one: ExtensionRequest) -> list[Line]:
    asked = f"你单位关于延期答复{name_of(part.matter)}的申请收悉。"
    if one.state == ExtensionRequest.State.GRANTED and one.new_due:
        decided = (
            f"经研究，同意你单位延期答复，答复期限由{full_day(one.old_due or one.new_due)}改为{full_day(one.new_due)}。"
        )
        close = "请抓紧办理，按期答复，并将延期情况向提案者说明。"
        if not owners.course_of(part.matter).contact:
            close = "请抓紧办理，按期报送办理意见。"
    else:
        decided, close = "经研究，不同意延期。", "请按原定期限办理并答复。"
    return [Line(asked + decided), *paragraphs(one.decision_reason), Line(close)]


def _sheets(part: Assignment) -> list[Source]:
    rows = ChaseSheet.objects.issued().filter(checkpoint__obligation__assignment=part).order_by("pk")

    def writer(one: ChaseSheet) -> Write:
        return lambda *_: Letter(
            head=part.office.name,
            number=number_given(part, PaperKind.CHASE, str(one.public_id)),
            title=f"关于办理{number_of(part.matter)}提案的督办单",
            lines=paragraphs(one.text),
            signer=part.office.name,
            on=timezone.localdate(one.at),
            about=about(part.matter),
        )

    return [
        Source(
            PaperKind.CHASE,
            str(one.public_id),
            f"督办单（{full_day(timezone.localdate(one.at))}）",
            writer(one),
            part.office_id,
        )
        for one in rows
    ]


# form and register -------------------------------------------------------------------------------------------------------


def _forms(part: Assignment) -> list[Source]:
    rows = EvaluationRound.objects.filter(assignment=part).order_by("round")
    office = queries.proposal_office(on=timezone.localdate()).pk
    return [
        Source(
            PaperKind.FORM,
            str(row.round),
            "征询意见表" + ("（二次答复）" if row.round > 1 else ""),
            _form_writer(part, row),
            office,
            each=True,
        )
        for row in rows
    ]


def _form_writer(part: Assignment, row: EvaluationRound) -> Write:
    grades = "　".join(f"□ {grade}" for grade in Evaluation.Grade.labels)

    def write(to: Participant | None, _: Sequence[Participant]) -> Letter:
        reply = part.replies.filter(round=row.round).select_related("result").first()
        matter = to.matter if to else part.matter
        return Letter(
            title="提案办理征询意见表",
            lines=[Line("仅限本人填写，承办单位不得代填。填好后请交提案委，也可以登录后在线评价。")],
            table=[
                ("提案", name_of(matter)),
                ("提案者", str(to) if to else BLANK),
                ("承办单位", part.unit.name),
                ("答复日期", full_day(reply.replied_on) if reply and reply.replied_on else ""),
                ("办理结果", str(reply.result or "") if reply else ""),
                ("对办理工作", grades),
                ("对办理结果", grades),
                ("意见和建议", "\n" * 5),
                ("签名、日期", "\n" + "　" * 14 + "年　　月　　日"),
            ],
        )

    return write


def _register(part: Assignment) -> list[Source]:
    return [Source(PaperKind.REGISTER, "", "办理登记表", lambda _, people: register_of(part, people), part.unit_id)]


def register_of(part: Assignment, people: Sequence[Participant]) -> Letter:
    """The unit's sheet for its files: what is known is filled in, what belongs inside the unit is left for the pen."""
    matter = part.matter
    clock = Obligation.objects.filter(assignment=part, stage__in=ANSWER_STAGES).order_by("-round", "-pk").first()
    contacts = [
        f"{full_day(one.held_on)}　{one.get_when_display()}　{one.get_mode_display()}　{one.persons}"
        for one in Contact.objects.filter(assignment=part).order_by("held_on", "pk")
    ]
    given = part.replies.filter(state=Reply.State.DELIVERED).select_related("result").order_by("round")
    replies = [
        "　".join(filter(None, [full_day(one.replied_on) if one.replied_on else "", one.doc_no, str(one.result or "")]))
        for one in given
    ]
    return Letter(
        title="提案办理登记表",
        lines=[],
        table=[
            ("案号", f"{matter.session or ''}　{matter.number or ''}".strip()),
            ("案由", matter.title_for_units),
            ("提案者", named(people)),
            ("承办单位", f"{part.unit.name}（{part.get_role_display()}）"),
            ("交办", f"{part.office.name}　{full_day(timezone.localdate(part.given_at))}"),
            ("签收", full_day(timezone.localdate(part.signed_at)) if part.signed_at else ""),
            ("办理期限", full_day(clock.due_on) + clock.mark if clock else ""),
            ("批办意见", "\n\n"),
            ("分管领导、经办", "\n"),
            ("与提案者沟通", "\n".join(contacts) or "\n"),
            ("答复", "\n".join(replies) or "\n"),
            ("归档", "\n"),
        ],
    )


# by the issuer's own template --------------------------------------------------------------------------------------------


def by_template(template: LetterTemplate, letters: Sequence[Letter]) -> list[Filled]:
    """The letters as their issuer's own template makes them."""
    with open_file(template.stored) as file:
        return filled(file.read(), template.kind, letters)


# preview -----------------------------------------------------------------------------------------------------------------


def found(part: Assignment, view: Eyes, code: str) -> Source | None:
    """The source of that code, if this reader has it."""
    kind = code.partition("-")[0]
    return next((one for one in sources(part, view, [kind]) if one.code == code), None)


def addressee(people: Sequence[Participant], source: Source, place: str) -> Participant | None:
    """One of those who get such a paper each, by his place on the list."""
    known = source.each and place.isascii() and place.isdigit() and len(place) < 4 and int(place) < len(people)
    return people[int(place)] if known else None


def title_of(part: Assignment, source: Source, to: Participant | None) -> str:
    """What the file is called."""
    label = source.label.replace("（签发前）", "")
    return file_name(f"{number_of(part.matter)}{part.unit.name}{label}" + (f"（{to}）" if to else ""))


def preview(job: LongJob, progress: Progress) -> Product:
    """A PDF to look at; the .docx is what is signed and sealed."""
    part = in_hands_of(parts(), job.by, "handling.papers").filter(public_id=job.args["part"]).first()
    source = found(part, eyes(job.by, part.matter), job.args["of"]) if part else None
    if part is None or source is None:
        raise WrongStep("这份公文现在不能生成。请回到公文页查看。")
    people = people_of(part)
    to = addressee(people, source, job.args["to"])
    letter = source.write(to, people)
    template = LetterTemplate.objects.in_use(source.issuer, source.kind)
    content = filled_pdf(by_template(template, [letter])[0], letter.title) if template else letter_pdf(letter)
    progress(1, 1)
    return Product(content, "pdf", f"{title_of(part, source, to)}（预览）.pdf")
