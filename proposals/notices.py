"""What messages about proposals say, made when they are shown, for whoever may see the proposal then (S4)."""

from collections.abc import Sequence
from functools import partial

from django.utils import timezone

from members.inbox.registry import Rendered, Subject, register_batch_template, register_heading, register_template
from members.models import Body, Person
from proposals.handling import queries
from proposals.handling.models import Access, Matter
from proposals.models import CoSignature, Proposal

TITLES: dict[str, str] = {
    "submitted": "提案已提交，收件号{receipt}",
    "registered": "您的提案已登记，收件号{receipt}",
    "confirm_text": "请核对为您录入的提案文字",
    "returned": "提案退回修改",
    "filed": "提案已立案",
    "numbered": "提案已编号",
    "declined": "提案未予立案",
    "turned": "提案转为意见建议办理",
    "merged": "提案并案办理",
    "unmerged": "提案取消并案",
    "withdrawn": "提案已撤案",
    "handed_over": "提案已交办",
    "unit_asked": "请答复是否承办",
    "unit_answered": "拟办单位已答复",
    "cosign_paper": "已登记纸质联名",
}
COSIGN_TITLES: dict[str, str] = {
    "cosign_invited": "邀请您联名",
    "cosign_answered": "联名邀请有了答复",
    "cosign_expired": "联名邀请已过期",
    "cosign_removed": "您已不在联名人之中",
}
TO_EDIT = {"returned", "confirm_text"}


def register() -> None:
    for name in TITLES:
        register_batch_template(f"proposal_{name}", partial(_render, name))
    for name in COSIGN_TITLES:
        render = _render_expired if name == "cosign_expired" else partial(_render_cosign, name)
        register_batch_template(f"proposal_{name}", render)
    register_template("history_taken_over", _render_history)
    register_heading("numbering", "您的 {n} 件提案已编号")
    register_heading("handed_over", "您的 {n} 件提案已交办")
    register_heading("handover", "新交办 {n} 件")


def _visible(subjects: Sequence[Subject], person: Person) -> dict[str, Proposal]:
    ids = [subject["matter"] for subject in subjects]
    rows = Proposal.objects.visible_to(person).filter(matter__public_id__in=ids).select_related("matter")
    return {str(row.matter.public_id): row for row in rows}


def _render(name: str, subjects: Sequence[Subject], person: Person) -> list[Rendered | None]:
    found = _visible(subjects, person)
    if name == "withdrawn":
        return [_withdrawn(found.get(subject["matter"]), subject) for subject in subjects]
    return [_words(name, found.get(subject["matter"])) for subject in subjects]


def _withdrawn(proposal: Proposal | None, subject: Subject) -> Rendered | None:
    """A unit from whose hands it was taken sees it no more, and learns only the number."""
    if proposal is not None:
        return _words("withdrawn", proposal)
    matter = Matter.objects.exclude(access=Access.SUSPENDED).filter(public_id=subject["matter"]).first()
    if matter is None or not matter.number:
        return None
    outside = f"第{matter.number}号提案已撤案" if matter.access == Access.OPEN else ""
    return Rendered(title=f"第{matter.number}号提案已撤案，不再办理", outside=outside)


def _words(name: str, proposal: Proposal | None) -> Rendered | None:
    if proposal is None:
        return None
    title = TITLES[name].format(receipt=proposal.receipt or "")
    body = proposal.decided_text if name in ("returned", "declined") else ""
    return Rendered(
        title=title,
        body="\n".join(part for part in (proposal.matter.label, body) if part),
        url=proposal.get_absolute_url(),
        outside=title if proposal.matter.access == "open" else "",
    )


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


def _render_expired(subjects: Sequence[Subject], person: Person) -> list[Rendered | None]:
    """Whoever did not answer in time learns only that; the text is no longer his to see."""
    return [
        Rendered(title=COSIGN_TITLES["cosign_expired"], body="提案已提交，您未确认的联名邀请不再有效。")
        for _ in subjects
    ]


def _render_cosign(name: str, subjects: Sequence[Subject], person: Person) -> list[Rendered | None]:
    ids = [subject["cosignature"] for subject in subjects]
    rows = CoSignature.objects.filter(public_id__in=ids).select_related(
        "proposal__matter", "person", "body", "invited_by"
    )
    found = {str(row.public_id): row for row in rows}
    drafts = _visible(subjects, person)
    shown = []
    for subject in subjects:
        row = found.get(subject["cosignature"])
        shown.append(_cosign_words(name, row, drafts.get(subject["matter"])) if row else None)
    return shown


def _cosign_words(name: str, row: CoSignature, proposal: Proposal | None) -> Rendered | None:
    if name == "cosign_answered":
        if proposal is None:
            return None
        return Rendered(
            title=f"{row}：{row.get_state_display()}",
            body=proposal.matter.label,
            url=f"/proposals/{proposal.matter.public_id}/cosigners/",
            outside="联名邀请有了答复",
        )
    if name == "cosign_removed":
        return Rendered(title=COSIGN_TITLES[name], body=f"{row.invited_by.name}发起的提案不再邀请您联名。")
    if row.state != CoSignature.State.INVITED or row.proposal.matter.access == Access.SUSPENDED:
        return None
    return Rendered(
        title=f"{row.invited_by.name}邀请您联名",
        body=f"请在{row.due_on:%m月%d日}前确认。" if row.due_on else "",
        url=f"/proposals/invitations/{row.public_id}/",
        outside="邀请您联名一件提案",
    )
