"""What messages about proposals say, made when they are shown, for whoever may see the proposal then (S4)."""

from collections.abc import Iterable, Sequence
from functools import partial

from django.urls import reverse
from django.utils import timezone

from members.days import full_day
from members.inbox.registry import Pair, Rendered, Subject, register_heading, register_template, register_templates
from members.models import Body, Person
from proposals.handling import queries, reminders
from proposals.handling.models import Access, Matter
from proposals.models import EDITABLE, Award, CoSignature, Proposal, Publication, SentUp

PREFIX = "proposal_"  # of a template's name
TITLES: dict[str, str] = {
    "submitted": "提案已提交，收件号{receipt}",
    "registered": "您的提案已登记，收件号{receipt}",
    "confirm_text": "请核对为您录入的提案文字",
    "returned": "提案退回修改",
    "filed": "提案已立案",
    "numbered": "提案已编号",
    "declined": "提案未予立案",
    "turned": "提案转为意见建议办理",
    "reported": "提案转为社情民意线索",
    "passed_up": "提案转送上级政协",
    "merged": "提案并案办理",
    "unmerged": "提案取消并案",
    "withdrawn": "提案已撤案",
    "part_withdrawn": "并案中有一件提案撤案，其余继续办理",
    "proposer_linked": "一件历史提案已关联到您名下",
    "corrected": "提案的登记信息有更正",
    "decision_undone": "提案重新审查",
    "recalled": "提案已撤回修改",
    "file_removed": "提案委删除了误传的附件",
    "proposer_left": "提案者有变动，请您继续联系办理",
    "handed_over": "提案已交办",
    "hand_over_undone": "提案的交办已撤销，将重新交办",
    "publication_opened": "提案和答复请公开审查",
    "published": "提案和答复已决定公开",
    "not_published": "提案不予公开",
    "publication_withdrawn": "提案已撤回公开",
    "unit_asked": "请答复是否承办",
    "unit_answered": "拟办单位已答复",
    "question_dropped": "拟办单位有调整，不再征求您单位意见",
    "key_asked": "请对一件重点提案候选提出意见",
    "key_opinion": "重点提案候选的意见已收到",
    "key_chosen": "提案列为重点提案",
    "key_leader": "重点提案已确定领办领导",
    "key_planned": "重点提案督办方案已确定",
    "key_visited": "重点提案开展了督办活动",
    "key_finished": "重点提案督办办结",
    "key_ceased": "提案不再列为重点提案",
    "honoured": "提案被评为优秀提案",
    "honour_taken_back": "优秀提案的公布已撤回",
    "instructed": "提案有领导批示",
    "instruction_given": "有批给您单位的领导批示，请查看",
    "instruction_released": "领导批示的内容可以查看了",
    "cosign_paper": "已登记纸质联名",
    "cosign_declined": "已登记不参加联名",
}
COSIGN_TITLES: dict[str, str] = {
    "cosign_invited": "邀请您联名",
    "cosign_answered": "联名邀请有了答复",
    "cosign_expired": "联名邀请已过期",
    "cosign_removed": "您已不在联名人之中",
}
UP_TITLES: dict[str, str] = {
    "up_asked": "请您答复：是否同意把提案转报{to}",
    "up_recorded": "已登记您{said}把提案转报{to}",
    "up_answered": "提案者{said}把提案转报{to}",
    "sent_up": "提案已转报{to}",
    "up_fate": "提案转报{to}有了结果",
    "up_undone": "提案转报{to}的登记有误，已撤销",
    "up_fate_undone": "提案转报{to}的一条结果登记有误，已撤销",
    "up_dropped": "提案不再转报{to}",
}
OF_UNITS: dict[str, str] = {
    "unit_honoured": "贵单位被评为{session}先进承办单位",
    "unit_honour_taken_back": "{session}先进承办单位的公布已撤回",
}
DECISIONS = ("published", "not_published", "publication_withdrawn")
NOT_YOURS = f"{PREFIX}not_yours"
GONE: dict[str, str] = {
    "withdrawn": "已撤案，不再办理",
    "decision_undone": "撤销立案、重新审查，暂不交办",
    "question_dropped": "拟办单位有调整，不再征求您单位意见",
}
"""What those hear who had the proposal in hand, and see it no more."""


def register() -> None:
    register_templates((f"{PREFIX}{name}" for name in (*TITLES, *UP_TITLES)), _render)
    register_templates((f"{PREFIX}{name}" for name in COSIGN_TITLES), _render_cosign)
    register_template("history_taken_over", _render_history)
    for name, title in OF_UNITS.items():
        register_template(name, partial(_render_award, title, told_while=name == "unit_honoured"))
    reminders.register_way("cosign", "proposals:invitations")
    reminders.register_way("publication", "proposals:disclosures", always=True)
    register_template(NOT_YOURS, _render_not_yours)
    register_heading("numbering", "您的 {n} 件提案已编号")
    register_heading("filed", "您的 {n} 件提案已立案")
    register_heading("handed_over", "您的 {n} 件提案已交办")
    register_heading("hand_over_undone", "您的 {n} 件提案的交办已撤销，将重新交办")
    register_heading("published", "{n} 件提案已决定公开")
    register_heading("handover", "新交办 {n} 件")


def _visible(subjects: Iterable[Subject], person: Person) -> dict[str, Proposal]:
    ids = [subject["matter"] for subject in subjects]
    rows = Proposal.objects.visible_to(person).filter(matter__public_id__in=ids).select_related("matter", "publication")
    return {str(row.matter.public_id): row for row in rows}


def _render(pairs: Sequence[Pair], person: Person) -> list[Rendered | None]:
    found = _visible((subject for _, subject in pairs), person)
    plain = [(name.removeprefix(PREFIX), subject["matter"]) for name, subject in pairs]
    gone = _out_of_hands([matter for name, matter in plain if name in GONE and matter not in found])
    ways_up = _ways_up(pairs)
    words = []
    for (name, matter), (_, subject) in zip(plain, pairs, strict=True):
        if name in UP_TITLES:
            words.append(_up_words(name, ways_up.get(subject["sent_up"]), found.get(matter), subject))
        elif name in GONE and matter in gone:
            words.append(_gone(GONE[name], gone[matter]))
        else:
            words.append(_words(name, found.get(matter)))
    return words


def _out_of_hands(ids: list[str]) -> dict[str, Matter]:
    """Matters with a number, taken out of hands: who had them sees them no more, and learns only the number."""
    if not ids:
        return {}
    rows = Matter.objects.exclude(access=Access.SUSPENDED).filter(public_id__in=ids, number__isnull=False)
    return {str(row.public_id): row for row in rows}


def _gone(words: str, matter: Matter) -> Rendered:
    title = f"第{matter.number}号提案{words}"
    return Rendered(title=title, outside=title if matter.access == Access.OPEN else "")


def _words(name: str, proposal: Proposal | None) -> Rendered | None:
    if proposal is None:
        return None
    title = TITLES[name].format(receipt=proposal.receipt or "")
    body = proposal.decided_text if name in ("returned", "declined") else _of_publication(name, proposal)
    return Rendered(
        title=title,
        body="\n".join(part for part in (proposal.matter.label, body) if part),
        url=_way(name, proposal),
        outside=title if proposal.matter.access == "open" else "",
    )


def _of_publication(name: str, proposal: Proposal) -> str:
    """What the decision on the publication adds: the day, or why not."""
    row: Publication | None = getattr(proposal, "publication", None)
    if row is None or name not in DECISIONS:
        return ""
    if name == "published":
        return f"{row.publish_on.month}月{row.publish_on.day}日起对外公布。" if row.publish_on else ""
    return row.reason


def _way(name: str, proposal: Proposal) -> str:
    """Where a message leads: the proposal, or the page on which its reader is asked for something."""
    if name == "unit_asked":
        return reverse("proposals:consultations")
    if name.startswith(("key_", "instruct")) and name != "key_ceased":
        return reverse("proposals:key", args=[proposal.matter.public_id])
    if name == "publication_opened":
        return reverse("proposals:disclosure", args=[proposal.public_id])
    return proposal.get_absolute_url()


def _render_not_yours(subject: Subject, person: Person) -> Rendered | None:
    """To whom the desk named as proposer by mistake: he sees it no more, and learns only the receipt number."""
    row = (
        Proposal.objects.filter(matter__public_id=subject["matter"])
        .exclude(matter__access=Access.SUSPENDED)
        .select_related("matter")
        .first()
    )
    if row is None:
        return None
    title = f"收件号{row.receipt}的提案登记错了提案者，已更正，与您无关"
    outside = title if row.matter.access == Access.OPEN else ""
    return Rendered(title=title, body="您不需要办理。如果这确是您的提案，请联系提案委。", outside=outside)


def _render_history(subject: Subject, person: Person) -> Rendered | None:
    """Told once to an assigning office after a register came in, instead of every reminder that is long past."""
    office = Body.objects.filter(public_id=subject["office"]).first()
    if office is None or person.pk not in queries.officers_of(office, on=timezone.localdate()):
        return None
    return Rendered(
        title=f"历史提案已导入，{subject['open']} 件正在办理",
        body=f"其中 {subject['past']} 件已过提醒节点（{subject['overdue']} 件已逾期），不再补发提醒，请查看后督办。",
        url="/proposals/",
    )


def _render_award(title: str, subject: Subject, person: Person, *, told_while: bool) -> Rendered | None:
    """To the clerks of a unit that got an honour; of one that is not announced any more nothing is read."""
    award = Award.objects.filter(public_id=subject["award"]).select_related("session").first()
    unit = Body.objects.filter(public_id=subject["unit"]).first()
    if award is None or unit is None or person.pk not in queries.clerks_of([unit.pk], on=timezone.localdate()):
        return None
    if told_while and not award.is_announced:
        return None
    words = title.format(session=award.session)
    return Rendered(title=words, body=unit.name, url=reverse("portal:open_honours"), outside=words)


def _ways_up(pairs: Sequence[Pair]) -> dict[str, SentUp]:
    """The ways up that messages are about; what became of them is read only where one tells of that."""
    asked = [subject["sent_up"] for _, subject in pairs if "sent_up" in subject]
    if not asked:
        return {}
    rows = SentUp.objects.filter(public_id__in=asked)
    if any("fate" in subject for _, subject in pairs):
        rows = rows.prefetch_related("fates")
    return {str(row.public_id): row for row in rows}


def _up_words(name: str, row: SentUp | None, proposal: Proposal | None, subject: Subject) -> Rendered | None:
    """Whither, and of the fate what was said of it; outside only that there is news of it.

    What was entered by mistake and taken back is told no more.
    """
    if row is None or proposal is None or (name == "sent_up" and row.state not in SentUp.GONE):
        return None
    if name == "up_fate" and all(str(fate.public_id) != subject["fate"] for fate in row.fates.all()):
        return None
    said = "不同意" if row.state == SentUp.State.REFUSED else "同意"
    asks = name == "up_asked" and row.state == SentUp.State.ASKED
    outside = "请您答复是否同意转报提案" if name == "up_asked" else "提案转报上级有新的情况"
    return Rendered(
        title=UP_TITLES[name].format(to=row.to, said=said),
        body="\n".join(part for part in (proposal.matter.label, _of_way_up(name, row, subject)) if part),
        url=reverse("proposals:answer_sending", args=[row.public_id]) if asks else proposal.get_absolute_url(),
        outside=outside if proposal.matter.access == Access.OPEN else "",
    )


def _of_way_up(name: str, row: SentUp, subject: Subject) -> str:
    if name == "up_asked":
        return f"{row.reason}\n点开后选择同意或者不同意。"
    if name == "sent_up":
        return f"转报日期：{full_day(row.sent_on)}。" if row.sent_on else ""
    if name != "up_fate":
        return ""
    fates = (fate for fate in row.fates.all() if str(fate.public_id) == subject["fate"])
    return "".join(f"{full_day(fate.on)}{fate.get_kind_display()}：{fate.text}" for fate in fates)


def _render_cosign(pairs: Sequence[Pair], person: Person) -> list[Rendered | None]:
    asked = [subject["cosignature"] for _, subject in pairs if "cosignature" in subject]
    rows = CoSignature.objects.filter(public_id__in=asked).select_related(
        "proposal__matter", "person", "body", "invited_by"
    )
    found = {str(row.public_id): row for row in rows}
    drafts = _visible((subject for _, subject in pairs), person)
    return [
        _cosign_words(
            name.removeprefix(PREFIX), found.get(str(subject.get("cosignature"))), drafts.get(subject["matter"])
        )
        for name, subject in pairs
    ]


def _cosigners(proposal: Proposal) -> str:
    """Where invitations are seen: their own page while one may still invite."""
    way = proposal.get_absolute_url()
    return f"{way}cosigners/" if proposal.status in EDITABLE else way


def _cosign_words(name: str, row: CoSignature | None, proposal: Proposal | None) -> Rendered | None:
    if name == "cosign_expired":  # the text is no longer theirs to see
        return Rendered(title=COSIGN_TITLES[name], body="提案已提交，您未确认的联名邀请不再有效。")
    if row is None:
        return None
    if name == "cosign_answered":
        if proposal is None:
            return None
        return Rendered(
            title=f"{row}：{row.get_state_display()}",
            body=proposal.matter.label,
            url=_cosigners(proposal),
            outside="联名邀请有了答复",
        )
    if name == "cosign_removed":
        return Rendered(title=COSIGN_TITLES[name], body=f"{row.invited_by.name}发起的提案不再邀请您联名。")
    if row.state != CoSignature.State.INVITED or row.proposal.matter.out_of_sight:
        return None
    return Rendered(
        title=f"{row.invited_by.name}邀请您联名",
        body=f"请在{row.due_on:%m月%d日}前确认{row.mark}。" if row.due_on else "",
        url=f"/proposals/invitations/{row.public_id}/",
        outside="邀请您联名一件提案",
    )
