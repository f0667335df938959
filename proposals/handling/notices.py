"""What messages about handling say, made when they are shown, for whoever may see the matter then (S4)."""

from collections.abc import Callable, Sequence

from django.urls import reverse
from django.utils import timezone

from members.inbox.registry import Pair, Rendered, Subject, register_heading, register_templates
from members.models import Person
from members.rights import bodies_of

from . import matter_notices
from .knowing import known_to
from .models import Access, Assignment, Coordination, LetterTemplate, Matter, Obligation
from .reminders import name_of

Where = Callable[[Subject, Matter], str]


def to_part(subject: Subject, matter: Matter) -> str:
    return reverse("handling:part", args=[subject["assignment"]])


def to_matter(subject: Subject, matter: Matter) -> str:
    return matter.get_absolute_url()


def to_sheet(subject: Subject, matter: Matter) -> str:
    """The sheet itself; what was sent before sheets had pages leads to the part."""
    if sheet := subject.get("sheet"):
        return reverse("handling:sheet", args=[sheet])
    return to_part(subject, matter)


def to_page(name: str, key: str = "") -> Where:
    def where(subject: Subject, matter: Matter) -> str:
        return reverse(f"handling:{name}", args=[subject[key]] if key else [])

    return where


# template: the words, and the page that they lead to
WORDS: dict[str, tuple[str, Where]] = {
    "assigned": ("交办给您单位，请签收", to_part),
    "made_lead": ("改由您单位主办", to_part),
    "made_co_handler": ("改由您单位会办", to_part),
    "units_changed": ("承办单位有调整", to_part),
    "successor_needed": ("原承办单位已撤销，请指定承接单位", to_part),
    "nobody_to_sign": ("承办单位没有在岗的联络员和负责人，请电话通知，需要时补充任命", to_part),
    "succeeded": ("因机构变更由承接单位继续办理，期限不变", to_part),
    "office_succeeded": ("因机构变更由您单位继续交办，期限不变", to_matter),
    "place_succeeded": ("因机构变更由您所在组织继续作为提案者", to_matter),
    "passed_to_deputy": ("由您分管，已分办", to_part),
    "passed_inside": ("请您办理", to_part),
    "opinion_sent": ("收到会办意见", to_part),
    "reply_drafted": ("答复稿已写好，请核对发出", to_page("draft_reply", "assignment")),
    "replied_to_co_handlers": ("主办单位已答复", to_part),
    "reply_to_sign": ("答复稿请您签批", to_page("sign_reply", "version")),
    "countersign_asked": ("主办单位的答复稿请会签", to_page("countersign", "countersign")),
    "countersigned": ("收到会签意见", to_part),
    "signer_missing": ("签批人不在岗，请联系签批，或登记纸质签批", to_page("sign_reply", "version")),
    "reply_sent_back": ("答复稿退回修改", to_page("draft_reply", "assignment")),
    "reply_check_asked": ("答复已签发，请审核", to_page("reply_checks")),
    "class_changed": ("交办机构审核时改了办理结果类别", to_part),
    "disclosure_asked": ("请提出答复的公开属性", to_page("disclosure", "reply")),
    "disclosure_returned": ("公开属性已退回，请补充", to_page("disclosure", "reply")),
    "disclosure_proposed": ("单位已补充公开属性，请继续审查", to_matter),
    "reply_returned": ("答复退回修改", to_part),
    "objection_refused": ("退回申请未获同意，请继续办理", to_part),
    "objection_withdrawn": ("退回申请已撤回", to_part),
    "extension_granted": ("同意延期", to_part),
    "extension_refused": ("不同意延期，请按原期限办理", to_part),
    "extension_revoked": ("延期已撤销，请按改回的期限办理", to_part),
    "rehandling": ("二次办理", to_part),
    "chased": ("催办", to_part),
    "sheet_issued": ("收到督办单，请阅办并书面说明进展", to_sheet),
    "promise_delay_refused": ("不同意调整承诺时间，请按原定日期落实", to_part),
    "promise_delayed": ("同意调整承诺时间", to_part),
    "promise_returned": ("承诺落实情况退回，请补充后再报", to_part),
    "promise_confirmed": ("承诺落实情况已核实", to_part),
    "promise_delay_asked": ("单位申请调整承诺时间，请决定", to_page("decide_promise", "step")),
    "promise_reported": ("单位报告承诺已落实，请核实", to_page("decide_promise", "step")),
    "promise_delay_told": ("承诺事项的完成日期有调整", to_matter),
    "promise_kept": ("承诺事项已落实，请看再次答复", to_matter),
    "objected": ("单位申请退回，请决定", to_part),
    "objection_answered": ("建议单位已答复，请决定", to_part),
    "consult_jointly": ("二次办理后仍不满意，请组织联合会商", to_part),
    "coordination_asked": ("请参加协调会，并先书面答复是否接办", to_page("coordination_opinion", "opinion")),
    "coordination_called": ("将召开协调会，请参加", to_part),
    "coordination_opinion": ("被邀请单位已提交协调会意见", to_part),
    "ruled": ("协调会已作出裁定，请按裁定办理", to_part),
    "ruled_kept": ("经协调会研究，由原承办单位继续办理", to_matter),
    "objection_asked": ("拟调整由您单位办理，请答复是否接办", to_page("answer_objection", "objection")),
    "extension_asked": ("单位申请延期，请审批", to_page("decide_extension", "request")),
    "reply_date_asked": ("请确认答复函落款日期", to_page("reply_checks")),
    "contact_to_confirm": ("承办单位登记了沟通情况，请核对", to_page("confirm_contact", "contact")),
    "unit_changed": ("承办单位有调整", to_matter),
    "extension_taken_back": ("延期答复的批准已撤销", to_matter),
    "extension_told": ("经批准延期答复", to_matter),
    "replied": ("承办单位已答复，请评价", to_matter),
    "replied_to_office": ("承办单位已答复，请报送上级", to_matter),
    "replied_to_tell": ("承办单位已答复，请反馈反映人", to_matter),
    "replied_to_contact": ("承办单位已答复，由本组织秘书长或召集人评价", to_matter),
    "evaluation_receipt": ("已收到您的评价（回执）", to_matter),
    "evaluation_withdrawn": ("您的评价已撤回", to_matter),
    "evaluation_rejected": ("代录的纸质评价已退回，请您重新评价", to_matter),
    "dissatisfaction_explained": ("已登记您接受办理情况说明；如不属实，请联系提案委", to_matter),
    "dissatisfied": ("有不满意的评价，请核实", to_matter),
    "dissatisfied_noted": ("有不满意的评价，按现行规则暂不需核实", to_matter),
    "dissatisfied_late": ("评价结束后收到不满意的评价，请决定是否重新办理", to_matter),
    "other_suspended": ("内容相关的一件已暂停查看，请核对本件是否也要暂停", to_matter),
    "closed": ("已办结", to_matter),
    "reopened": ("重新办理", to_matter),
}


def register() -> None:
    matter_notices.register(WORDS, _words)
    register_templates(["taken_back"], _render_taken_back)
    register_templates(OVER, _render_over)
    register_templates(OF_TEMPLATES, _render_template)
    register_heading("inside", "内部分办 {n} 件")
    register_heading("closed", "{n} 件已办结")
    register_heading("chase", "催办 {n} 件")
    register_heading("extensions", "批准延期 {n} 件")
    register_heading("split", "承办单位已撤销，{n} 件待指定承接单位")
    register_heading("succession", "因机构变更承接 {n} 件")


def by_number(number: str, person: Person) -> tuple[list[str], list[int]]:
    """Public ids of the matters of that number which this person may see, and the ids of the clocks he may know of."""
    matters = Matter.objects.visible_to(person).filter(number=number)
    found = dict(matters.values_list("pk", "public_id"))
    clocks = known_to(Obligation.objects.filter(matter__in=found), person).values_list("pk", flat=True)
    return [str(public_id) for public_id in found.values()], list(clocks)


def _words(name: str, subject: Subject, matter: Matter) -> Rendered:
    words, where = WORDS[name]
    number = matter.numbered or "提案"
    return Rendered(
        title=f"{words}：{name_of(matter)}",
        url=where(subject, matter),
        outside=f"{number}：{words}" if matter.access == Access.OPEN else "",
    )


def _render_taken_back(pairs: Sequence[Pair], person: Person) -> list[Rendered | None]:
    """The former unit no longer sees the matter: it learns the number and nothing else."""
    mine = bodies_of(person, "handling.read_unit", timezone.localdate())
    wanted = [subject["assignment"] for _, subject in pairs]
    rows = Assignment.objects.filter(public_id__in=wanted, unit__in=mine).select_related("matter")
    found = {str(row.public_id): row.matter for row in rows.exclude(matter__access=Access.SUSPENDED)}
    return [_taken_back(found.get(subject["assignment"])) for _, subject in pairs]


OVER = {"coordination_over": "的协调会已作出裁定，不由您单位承办", "coordination_off": "的协调会取消，不需要参加"}


def _render_over(pairs: Sequence[Pair], person: Person) -> list[Rendered | None]:
    """A unit that was invited to a meeting, and sees no matter any more, learns the number and how it ended."""
    mine = bodies_of(person, "handling.read_unit", timezone.localdate())
    wanted = [subject["coordination"] for _, subject in pairs]
    rows = Coordination.objects.filter(public_id__in=wanted, opinions__unit__in=mine).select_related(
        "assignment__matter"
    )
    found = {str(row.public_id): row.assignment.matter for row in rows}
    return [_over(found.get(subject["coordination"]), OVER[name]) for name, subject in pairs]


def _over(matter: Matter | None, how: str) -> Rendered | None:
    if matter is None or matter.access == Access.SUSPENDED:
        return None
    words = (matter.numbered or "一件交办事项") + how
    return Rendered(title=words, url=reverse("handling:queue"), outside=words if matter.access == Access.OPEN else "")


OF_TEMPLATES = {
    "template_brought": "公文模板请您核对，合适的启用",
    "template_in_use": "您上传的公文模板已启用",
    "template_refused": "您上传的公文模板没有启用，请看原因",
}


def _render_template(pairs: Sequence[Pair], person: Person) -> list[Rendered | None]:
    """To who may still see the template; whoever comes after a colleague learns that nothing is left to do."""
    wanted = [subject["template"] for _, subject in pairs]
    rows = LetterTemplate.objects.visible_to(person).filter(public_id__in=wanted).select_related("body")
    found = {str(row.public_id): row for row in rows}
    return [_of_template(name, found.get(subject["template"])) for name, subject in pairs]


def _of_template(name: str, row: LetterTemplate | None) -> Rendered | None:
    if row is None:
        return None
    done = name == "template_brought" and row.state != LetterTemplate.State.WAITING
    words = f"公文模板已由同事处理（{row.get_state_display()}）" if done else OF_TEMPLATES[name]
    url = reverse("handling:letter_template", args=[row.public_id])
    return Rendered(title=f"{words}：{row.body}{row}", url=url, outside=words)


def _taken_back(matter: Matter | None) -> Rendered | None:
    if matter is None:
        return None
    words = f"{matter.numbered or '一件交办事项'}已调整，不再由您单位办理"
    return Rendered(title=words, url=reverse("handling:queue"), outside=words if matter.access == Access.OPEN else "")
