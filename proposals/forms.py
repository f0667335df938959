"""What people fill in about proposals. Forms check input; actions check rules."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from members.forms import PlainForm, in_plain_words
from members.member_fields import MemberField, member_called
from members.models import Body, Person, Session
from members.uploads import BadFile, Clean
from members.widgets import Counted, CountedLine, Day
from proposals import actions
from proposals.fields import (
    CollectiveField,
    DraftedText,
    LongText,
    SuggestionsField,
    UnitField,
)
from proposals.handling.actions import Paper
from proposals.handling.actions.attaching import admit
from proposals.handling.forms.fields import UnitsField, let_in
from proposals.handling.models import EvaluationRound, Priority, Purpose, Reason
from proposals.handling.numbering import spellings
from proposals.models import Category, Criterion, Honour, Measure, Proposal, Review, Text
from proposals.vocabularies import Choice, Vocabulary

if TYPE_CHECKING:
    _Reasons = forms.ModelChoiceField[Reason]
else:
    _Reasons = forms.ModelChoiceField

LONGEST = 300
WHAT_FILES = [(Purpose.TEXT, "附带材料"), (Purpose.SIGNATURES, "签字、盖章页的扫描件")]


class TextForm(PlainForm):
    """Step 1: the three parts. Everything may be empty while one writes."""

    title = DraftedText(label="案由", widget=CountedLine, help_text="一事一案，写成“关于……的建议”。")
    situation = LongText(label="情况与问题", rows=7, help_text="写清事实和数据，最好来自自己的调研。")
    analysis = LongText(label="原因分析", required=False, rows=5)
    suggestions = SuggestionsField(label="具体建议", help_text="一条一个方框，承办单位会逐条答复。")
    pasted = forms.CharField(
        label="从别处粘贴建议",
        required=False,
        widget=Counted({"rows": 3}),
        help_text="按“一是…二是…”或“1. 2.”自动分条，加在上面各条之后；没有分条的作为一条。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].widget.attrs["data-max"] = actions.limits(timezone.now()).title

    def text(self) -> Text:
        data = self.cleaned_data
        return Text(data["title"], data["situation"], data["analysis"], tuple(data["suggestions"]))


class BeginForm(PlainForm):
    """Who raises the proposal: oneself, or an organisation one acts for (P14)."""

    behind = forms.ChoiceField(label="以谁的名义提出", widget=forms.RadioSelect)

    def __init__(self, *args: Any, person: Person | None, bodies: list[Body], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("me", f"我本人（{person.name}）")] if person else []
        choices += [(str(body.public_id), f"集体提案：{body.name}") for body in bodies]
        field = self.fields["behind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        if choices:
            field.initial = choices[0][0]


class OrganisationForm(PlainForm):
    """What a collective proposal names beside its text."""

    contact = MemberField(
        label="联系人", required=False, help_text="承办单位与这位同志联系，可以是委员，也可以是本组织的工作人员。"
    )
    drafters = forms.CharField(label="执笔人", required=False, max_length=100, help_text="最多三位，用顿号分开。")
    signer = forms.CharField(label="签发人（负责人或召集人）", max_length=40, required=False)
    approval = forms.CharField(
        label="本组织审定情况", max_length=200, required=False, help_text="例如：2026年3月2日常委会讨论通过，已盖章。"
    )

    def __init__(self, *args: Any, body: Body, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.body = body
        contact = self.fields["contact"]
        assert isinstance(contact, MemberField)
        contact.body = body

    def clean_drafters(self) -> list[Person]:
        names = self.cleaned_data["drafters"].replace("，", "、").replace(",", "、").split("、")
        return [member_called(name, self.body) for name in names if name.strip()]


class CheckForm(PlainForm):
    """Step 3: what is decided at submission."""

    wished_units = UnitsField(label="建议承办单位", required=False)
    category = forms.ModelChoiceField(Category.objects.none(), label="类别", required=False, empty_label="由提案委确定")
    consents = forms.TypedChoiceField(
        label="是否同意公开",
        choices=[("yes", "同意公开"), ("no", "不同意公开")],
        coerce=lambda word: word == "yes",
        widget=forms.RadioSelect,
        initial="yes",
    )
    consent_reason = forms.CharField(
        label="不同意公开的理由", required=False, max_length=200, help_text="选择“不同意公开”时请写明。"
    )
    internal = forms.BooleanField(label="内容不宜公开，仅供内部办理", required=False)
    not_secret = forms.BooleanField(
        label="我确认内容不涉及国家秘密、工作秘密",
        required=False,
        help_text="涉密事项不得在本系统填写，请按保密规定线下提交。",
    )

    def __init__(self, *args: Any, proposal: Proposal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self.fields["category"], Category.objects.filter(ended_on=None).order_by("order", "pk"))
        if not actions.takes_internal(proposal):
            del self.fields["internal"]

    def details(self, proposal: Proposal) -> actions.Details:
        data = self.cleaned_data
        return actions.Details(
            consents=data["consents"],
            consent_reason=data["consent_reason"],
            internal=data.get("internal", "internal" in self.data),  # sent though not offered: the action says why not
            category=data["category"],
            priority=proposal.matter.priority,
            wished_units=data["wished_units"],
            signer=proposal.signer,
            approval=proposal.approval,
        )


def choose(field: forms.Field, rows: Any) -> None:
    """Offer these rows in a field that was declared without any; they are told apart by their public ids (S19)."""
    assert isinstance(field, forms.ModelChoiceField)
    field.to_field_name = field.to_field_name or "public_id"
    field.queryset = rows


class InviteForm(PlainForm):
    """The members ticked in the picker, or organisations for a collective proposal."""

    people = forms.ModelMultipleChoiceField(
        Person.objects.none(),
        label="邀请联名",
        required=False,
        to_field_name="public_id",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, offered: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self.fields["people"], offered)


class InviteBodiesForm(PlainForm):
    bodies = forms.ModelMultipleChoiceField(
        Body.objects.none(),
        label="邀请组织联名",
        required=False,
        to_field_name="public_id",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, offered: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self.fields["bodies"], offered)


class FileUploadForm(PlainForm):
    """One file for the proposal, through the one door (S12)."""

    file = forms.FileField(label="附件", help_text="PDF、Word（.docx）、Excel（.xlsx）或图片，每个不超过 20 MB。")
    purpose = forms.ChoiceField(label="是什么", choices=WHAT_FILES)

    def __init__(self, *args: Any, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        if by.has_perm("proposals.enter"):
            purpose = self.fields["purpose"]
            assert isinstance(purpose, forms.ChoiceField)
            purpose.choices = [*WHAT_FILES, (Purpose.ORIGINAL, "原件的扫描件或照片")]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("file") and data.get("purpose"):
            try:
                data["clean"] = admit(data["file"], purpose=data["purpose"], by=self.by)
            except BadFile as error:
                self.add_error("file", str(error))
        return data


class RemoveFileForm(PlainForm):
    """Why a file that was handed in is taken away again."""

    reason = forms.CharField(label="删除的原因", max_length=200, help_text="例如：误传了其他材料。提案者会看到这段话。")


class AnswerForm(PlainForm):
    """The answer to an invitation; the hash is of the text on the page."""

    shown_hash = forms.CharField(widget=forms.HiddenInput, max_length=64)
    agrees = forms.TypedChoiceField(
        label="您的决定",
        choices=[("yes", "同意联名"), ("no", "不参加联名")],
        coerce=lambda word: word == "yes",
        widget=forms.RadioSelect,
    )
    name_public = forms.BooleanField(label="公开提案时可以公开我的姓名", required=False)
    note = forms.CharField(label="说明", required=False, max_length=200)


class PaperForm(PlainForm):
    """Who acted on paper, when, on which sheet, and the scan of it (P1)."""

    purpose = Purpose.SIGNATURES
    who = forms.CharField(label="签名或经办人", max_length=40)
    on = forms.DateField(label="日期", widget=Day)
    sheet = forms.CharField(label="单据名称", max_length=80, help_text="例如：联名签名页、撤案申请书。")
    scan = forms.FileField(label="单据扫描件", required=False, help_text="PDF 或图片，不超过 20 MB。可以稍后补传。")

    def __init__(self, *args: Any, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def clean_scan(self) -> Clean | None:
        return let_in(self.cleaned_data["scan"], self.purpose, self.by)

    def clean_on(self) -> date:
        return not_later(self.cleaned_data["on"])

    def paper(self, scan: str = "") -> Paper | None:
        data = self.cleaned_data
        return Paper(who=data["who"], on=data["on"], sheet=data["sheet"], scan=scan)


class MeetingForm(PlainForm):
    """A decision that a review meeting took is recorded with its minutes; one taken at the desk leaves that empty (P1)."""

    purpose = Purpose.MINUTES
    paper_if = "按会议或签批登记的"
    paper_who = forms.CharField(
        label="审查会议或签批人", max_length=40, required=False, help_text="会议决定或领导签批的才填写，连同下面两项。"
    )
    paper_on = forms.DateField(label="会议或签批日期", widget=Day, required=False)
    paper_sheet = forms.CharField(
        label="会议纪要或单据名称", max_length=80, required=False, help_text="例如：提案审查会议纪要、审批单。"
    )
    paper_scan = forms.FileField(label="纪要或单据扫描件", required=False, help_text="PDF 或图片，可以稍后补传。")

    def __init__(self, *args: Any, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        self.order_fields([name for name in self.fields if name not in PAPER_FIELDS])

    def clean_paper_scan(self) -> Clean | None:
        return let_in(self.cleaned_data["paper_scan"], self.purpose, self.by)

    def clean_paper_on(self) -> date | None:
        on = self.cleaned_data["paper_on"]
        return not_later(on) if on else None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if any(data.get(name) for name in PAPER_FIELDS):
            for name in PAPER_FIELDS[:3]:
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, f"{self.paper_if}，请填写{self.fields[name].label}。")
        return data

    def paper(self, scan: str = "") -> Paper | None:
        data = self.cleaned_data
        if not data["paper_who"]:
            return None
        return Paper(who=data["paper_who"], on=data["paper_on"], sheet=data["paper_sheet"], scan=scan)


PAPER_FIELDS = ("paper_who", "paper_on", "paper_sheet", "paper_scan")


def not_later(on: date) -> date:
    if on > timezone.localdate():
        raise forms.ValidationError("日期不能晚于今天。")
    return on


class KeepPaperForm(PaperForm):
    """A sheet that comes in later: a page of signatures, a written request, the minutes of a review meeting."""

    what = forms.ChoiceField(
        label="是什么",
        choices=[
            (Purpose.SIGNATURES, "签名页、盖章页、书面申请"),
            (Purpose.ORIGINAL, "提案原件"),
            (Purpose.MINUTES, "审查会议纪要"),
        ],
    )
    sheet = forms.CharField(label="单据名称", max_length=80, help_text="例如：联名签名页、撤案申请书、审查会议纪要。")
    scan = forms.FileField(label="扫描件", help_text="PDF 或图片，不超过 20 MB。")
    field_order = ("what", "who", "on", "sheet", "scan")


class CosignOnPaperForm(PaperForm):
    """What a member, or for a collective proposal an organisation, answered on a sheet."""

    person = MemberField(label="联名委员", required=False, needed_by="组织联名的不填")
    body = CollectiveField(label="联名组织", required=False, needed_by="委员联名的不填")
    agrees = forms.TypedChoiceField(
        label="答复",
        choices=[("yes", "同意联名"), ("no", "不参加联名")],
        coerce=lambda word: word == "yes",
        widget=forms.RadioSelect,
        initial="yes",
    )
    field_order = ("person", "body", "agrees", "who", "on", "sheet", "scan")

    def __init__(self, *args: Any, collective: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not collective:
            del self.fields["body"]
            self.fields["person"].required = True

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and bool(data.get("person")) == bool(data.get("body")):
            self.add_error("person", "请填写联名委员，或者选择联名组织，二者填一。")
        return data

    def signer(self) -> Person | Body:
        data = self.cleaned_data
        signer: Person | Body = data["person"] or data["body"]
        return signer


class ProposerForm(PlainForm):
    """Who raises what the desk enters: a member, or an organisation."""

    proposer = MemberField(label="第一提案人", required=False, needed_by="集体提案填下一栏，这里不填")
    body = CollectiveField(label="集体提案者", required=False, needed_by="个人提案、联名提案不填")
    contact = MemberField(label="集体提案联系人", required=False, needed_by="提交前填写，个人提案不填")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and bool(data.get("proposer")) == bool(data.get("body")):
            self.add_error("proposer", "请填写第一提案人，或者选择集体提案者，二者填一。")
        return data

    def behind(self) -> actions.Behind:
        data = self.cleaned_data
        return actions.Behind(person=data["proposer"], body=data["body"], contact=data["contact"])


class RegisterForm(ProposerForm):
    """The registration desk: who raises it, and how it came (P15)."""

    source = forms.ChoiceField(
        label="来件方式",
        choices=[("paper", "纸质"), ("photo", "照片、扫描件")],
        widget=forms.RadioSelect,
        initial="paper",
    )
    title = forms.CharField(
        label="案由",
        required=False,
        max_length=LONGEST,
        widget=CountedLine,
        help_text="填写后可看到相近的提案，便于查重。",
    )
    original = forms.FileField(
        label="原件的扫描件或照片", required=False, help_text="PDF 或图片，不超过 20 MB。可以稍后在“添加附件”里补传。"
    )

    def __init__(self, *args: Any, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def clean_original(self) -> Clean | None:
        return let_in(self.cleaned_data["original"], Purpose.ORIGINAL, self.by)


class ConfirmTextForm(PlainForm):
    how = forms.CharField(
        label="核对方式",
        max_length=60,
        help_text="例如：3月5日电话核对，本人确认无误。",
        widget=CountedLine({"rows": 1}),
    )


class CloseHistoryForm(PlainForm):
    """What a register says of the end of an answered proposal; both may be unknown."""

    closed_on = forms.DateField(
        label="办结日期", widget=Day, required=False, help_text="登记簿没有记载的不填，以答复日期为办结日期。"
    )
    outcome = forms.ChoiceField(
        label="评价结果",
        choices=[("", "登记簿没有记载"), *EvaluationRound.Outcome.choices],
        required=False,
        help_text="只填登记簿记载的结果；没有记载的不计入满意率。",
    )


class WithdrawForm(PlainForm):
    reason = forms.CharField(label="撤案理由", max_length=200, widget=Counted({"rows": 3}))


class WithdrawOnPaperForm(PaperForm):
    reason = forms.CharField(label="撤案理由", max_length=200, widget=Counted({"rows": 3}))
    who = forms.CharField(label="申请人", max_length=40)
    on = forms.DateField(label="申请日期", widget=Day)
    sheet = forms.CharField(label="书面申请", max_length=80, initial="撤案申请书")
    field_order = ("reason", "who", "on", "sheet", "scan")


class LinkProposerForm(PlainForm):
    """Who stands behind an imported proposal."""

    person = MemberField(label="委员", required=False, needed_by="集体提案不填")
    body = CollectiveField(label="集体提案的组织", required=False)


class TakeOutForm(PlainForm):
    """Which proposer takes no further part."""

    person = forms.ModelChoiceField(
        Person.objects.none(), label="提案者", widget=forms.RadioSelect, empty_label=None,
        help_text="第一提案人退出后，由排在最前的联名人继续；没有联名人的，由提案委继续。",
    )  # fmt: skip
    reason = forms.CharField(label="原因", max_length=200, help_text="例如：逝世、撤销委员资格、本人书面申请。")

    def __init__(self, *args: Any, proposal: Proposal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        behind = proposal.matter.participants.filter(left_at=None, role__in=["first", "cosigner"])
        choose(self.fields["person"], Person.objects.filter(pk__in=behind.values("person")).order_by("pinyin", "pk"))


# review ----------------------------------------------------------------------------------------------------------------


class SortForm(PlainForm):
    """How a proposal is sorted, and under which title units read it."""

    category = forms.ModelChoiceField(Category.objects.none(), label="类别", empty_label="请选择")
    priority = forms.ModelChoiceField(
        Priority.objects.none(), label="市委中心工作", required=False, empty_label="（无）"
    )
    unit_title = forms.CharField(
        label="单位所见案由", required=False, max_length=LONGEST, widget=CountedLine, help_text="不改就与案由相同。"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self.fields["category"], Category.objects.filter(ended_on=None).order_by("order", "pk"))
        choose(self.fields["priority"], Priority.objects.filter(ended_on=None).order_by("-year", "pk"))


class FileForm(MeetingForm, SortForm):
    """Filing, at the desk or as a meeting decided; what review suggests stands there already."""

    units = UnitsField(
        label="建议承办单位", required=False, help_text="一行写一个单位，全称、简称都可以；拟办时从这里开始。"
    )
    key_candidate = forms.BooleanField(label="列为重点提案候选", required=False)


class CorrectForm(SortForm):
    """What stands on record; after the hand-over only how it is sorted."""

    consents = forms.TypedChoiceField(
        label="是否同意公开",
        choices=[("yes", "同意公开"), ("no", "不同意公开")],
        coerce=lambda word: word == "yes",
        widget=forms.RadioSelect,
    )
    consent_reason = forms.CharField(label="不同意公开的理由", required=False, max_length=200)
    internal = forms.BooleanField(label="内容不宜公开，仅供内部办理", required=False)
    reason = forms.CharField(label="更正的原因", max_length=200, widget=Counted({"rows": 2}))

    def __init__(self, *args: Any, proposal: Proposal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.was = actions.recorded(proposal)
        self.fields["category"].required = self.was.category is not None
        if proposal.status not in actions.IN_OFFICE:
            for name in ("unit_title", "consents", "consent_reason", "internal"):
                del self.fields[name]
        elif not actions.takes_internal(proposal):
            del self.fields["internal"]

    def recorded(self) -> actions.Recorded:
        data = {name: value for name, value in self.cleaned_data.items() if name != "reason"}
        return replace(self.was, **data)


class UndoForm(PlainForm):
    reason = forms.CharField(label="撤销的原因", max_length=200, widget=Counted({"rows": 2}))


class UndoHandOverForm(PlainForm):
    reason = forms.CharField(
        label="撤销的原因",
        max_length=150,
        widget=Counted({"rows": 2}),
        help_text="会记入办理记录，提案者和以后的承办单位会看到。",
    )


class GroundForm(MeetingForm):
    """A coded reason and what the proposer is told."""

    use: str
    reason = forms.ModelChoiceField(Reason.objects.none(), label="理由", empty_label="请选择")
    text = forms.CharField(label="告知提案者的话", max_length=500, widget=Counted({"rows": 3}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self.fields["reason"], Reason.objects.filter(use=self.use, ends_on=None).order_by("pk"))


class ReturnForm(GroundForm):
    use = Reason.Use.RETURN


class DeclineForm(GroundForm):
    use = Reason.Use.DECLINE


class TurnForm(MeetingForm):
    """Another way for what is not filed; the higher CPPCC is named with the day."""

    way = forms.ChoiceField(label="转到哪里", choices=actions.Way.choices, widget=forms.RadioSelect, initial="opinion")
    to = forms.CharField(
        label="上级政协", max_length=80, required=False, help_text="转上级政协的填写，例如：省政协提案委员会。"
    )
    on = forms.DateField(label="转送日期", required=False, widget=Day, help_text="不填为今天。")
    consent = forms.CharField(
        label="提案者同意情况", max_length=200, widget=Counted({"rows": 2}), help_text="例如：3月6日电话征得本人同意。"
    )
    text = forms.CharField(label="告知提案者的话", required=False, max_length=500, widget=Counted({"rows": 2}))


class MergeForm(MeetingForm):
    main = forms.CharField(label="并入哪一件", max_length=24, help_text="填写主案的收件号或案号。")
    text = forms.CharField(label="说明", required=False, max_length=500, widget=Counted({"rows": 2}))

    def __init__(self, *args: Any, offered: Any, session: Session | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered, self.session = offered, session

    def clean_main(self) -> Proposal:
        text = self.cleaned_data["main"].strip()
        named = Q(receipt=text) | Q(matter__number__in=spellings(text))
        found = self.offered.filter(named, matter__session=self.session).first()
        if not isinstance(found, Proposal):
            raise forms.ValidationError("本届次没有这个收件号或案号，请核对。")
        return found


class GroupsForm(PlainForm):
    """Who reviews each category; one group of boxes a category."""

    def __init__(self, *args: Any, categories: list[Category], offered: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.categories = categories
        choices: list[Any] = []
        for category in categories:
            field: Any = forms.ModelMultipleChoiceField(
                offered,
                label=category.name,
                required=False,
                to_field_name="public_id",
                widget=forms.CheckboxSelectMultiple,
            )
            choices = field.choices = choices or list(iter(field.choices))  # read once for all categories
            self.fields[f"category_{category.public_id}"] = field
        in_plain_words(self)

    def groups(self) -> dict[Category, list[Person]]:
        return {category: list(self.cleaned_data[f"category_{category.public_id}"]) for category in self.categories}


class UnmergeForm(PlainForm):
    reason = forms.CharField(label="取消并案的原因", max_length=200, widget=Counted({"rows": 2}))


class GroundField(_Reasons):
    """A reason, named with the list it is of."""

    def label_from_instance(self, row: Any) -> str:
        return f"{row.get_use_display()}：{row.label}"


class AdviseForm(MeetingForm):
    """What a pass recommends; the next one and the decision begin with it."""

    advice = forms.ChoiceField(label="审查建议", choices=Review.Advice.choices, widget=forms.RadioSelect)
    category = forms.ModelChoiceField(
        Category.objects.none(), label="类别", required=False, empty_label="请选择", help_text="建议立案的必须选择。"
    )
    units = UnitsField(label="建议承办单位", required=False)
    key_candidate = forms.BooleanField(label="列为重点提案候选", required=False)
    reason = GroundField(
        Reason.objects.none(),
        label="理由",
        required=False,
        empty_label="（无）",
        help_text="建议退回修改、不予立案或转其他渠道的必须选择。",
    )
    text = forms.CharField(label="审查意见", required=False, max_length=1000, widget=Counted({"rows": 3}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self.fields["category"], Category.objects.filter(ended_on=None).order_by("order", "pk"))
        choose(
            self.fields["reason"],
            Reason.objects.filter(use__in=set(actions.GROUNDS.values()), ends_on=None).order_by("-use", "pk"),
        )


# numbers, units, hand-over ---------------------------------------------------------------------------------------------


class NumberingForm(PlainForm):
    """Confirms the run that was previewed: its order, and the stamp of what was in it."""

    session = forms.ModelChoiceField(Session.objects.all(), to_field_name="code", widget=forms.HiddenInput)
    order = forms.ChoiceField(choices=actions.Order.choices, widget=forms.HiddenInput)
    expected = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)


class AllocationForm(PlainForm):
    """One leading unit and its co-handlers, or several units that each reply."""

    way = forms.ChoiceField(
        label="办理方式",
        choices=[("lead", "独办，或主办加会办"), ("split", "分办（各单位分别答复）")],
        widget=forms.RadioSelect,
        initial="lead",
    )
    lead = UnitField(label="独办或主办单位", required=False, needed_by="交办前填写，分办时不填")
    others = UnitsField(label="会办单位；分办时写全部分办单位", required=False)

    def shares(self) -> list[actions.Share]:
        lead, others = self.cleaned_data["lead"], self.cleaned_data["others"]
        if self.cleaned_data["way"] == "split":
            units = dict.fromkeys([*([lead] if lead else []), *others])
            return [actions.Share(unit, "split") for unit in units]
        if lead is None:
            return [actions.Share(unit, "co") for unit in others]
        return [actions.Share(lead, "lead" if others else "sole"), *(actions.Share(unit, "co") for unit in others)]


class ConsultUnitsForm(PlainForm):
    """Which units of the draft are asked; those not asked about their role yet are ticked."""

    units = forms.ModelMultipleChoiceField(
        Body.objects.none(),
        label="征求哪些单位",
        to_field_name="public_id",
        widget=forms.CheckboxSelectMultiple,
        help_text="已答复的单位勾选后再次征求。",
        error_messages={"required": "请至少勾选一个单位。"},
    )

    def __init__(self, *args: Any, offered: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self.fields["units"], offered)


class ConsultationForm(PlainForm):
    accepts = forms.TypedChoiceField(
        label="本单位意见",
        choices=[("yes", "同意承办"), ("no", "不同意承办")],
        coerce=lambda word: word == "yes",
        widget=forms.RadioSelect,
    )
    text = forms.CharField(label="理由或说明", required=False, max_length=300, widget=Counted({"rows": 3}))


class ConsultationOnPaperForm(ConsultationForm):
    """The unit's answer from its letter; whoever keeps the file records it (P1)."""

    who = forms.CharField(label="纸质办理：签批人或经办人", max_length=40)
    on = forms.DateField(label="纸质办理：日期", widget=Day)
    sheet = forms.CharField(label="纸质办理：单据名称", max_length=60, help_text="如：复函、征求意见表、电话记录。")

    def paper(self) -> Paper:
        data = self.cleaned_data
        return Paper(who=data["who"], on=data["on"], sheet=data["sheet"])


class HandOverForm(PlainForm):
    name = forms.CharField(label="批次名称", max_length=80, required=False, help_text="不填则为“×年×月×日交办”。")
    fixed_on = forms.DateField(
        label="统一答复期限", required=False, widget=Day, help_text="不填则按时限规则，从交办次日起算。"
    )
    notice = forms.CharField(label="联合通知正文", required=False, max_length=3000, widget=Counted({"rows": 5}))
    paper_sheet = forms.CharField(
        label="交办会议或单据",
        max_length=60,
        required=False,
        help_text="已在会上或用纸质单据交办的填写，如：提案交办会会议纪要。以下三项一并填写。",
    )
    paper_on = forms.DateField(
        label="交办日期", required=False, widget=Day, help_text="各项期限从这一天起算；不填为今天。"
    )
    paper_who = forms.CharField(label="主持人或签批人", max_length=40, required=False)
    paper_scan = forms.FileField(label="会议纪要或单据扫描件", required=False, help_text="PDF 或图片。")

    def __init__(self, *args: Any, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def clean_paper_scan(self) -> Clean | None:
        return let_in(self.cleaned_data.get("paper_scan"), Purpose.SHEET, self.by)

    def clean(self) -> None:
        """A sheet is named whole or not at all."""
        names = ("paper_sheet", "paper_on", "paper_who")
        given = [name for name in (*names, "paper_scan") if self.cleaned_data.get(name)]
        for name in names if given else ():
            if not self.cleaned_data.get(name) and name not in self.errors:
                self.add_error(name, f"按纸质交办登记的，请填写{self.fields[name].label}。")

    def paper(self, scan: str = "") -> Paper | None:
        data = self.cleaned_data
        if not data.get("paper_sheet"):
            return None
        return Paper(who=data["paper_who"], on=data["paper_on"], sheet=data["paper_sheet"], scan=scan)


class PlaceholderForm(PlainForm):
    session = forms.ModelChoiceField(Session.objects.none(), label="届次", to_field_name="code", empty_label=None)
    form = forms.ChoiceField(label="提案形式", choices=Proposal.Form.choices)
    category = forms.ModelChoiceField(Category.objects.none(), label="类别", required=False, empty_label="（不填）")
    lead = UnitField(label="独办或主办单位")
    others = UnitsField(label="会办单位", required=False)
    fixed_on = forms.DateField(
        label="答复期限", required=False, widget=Day, help_text="不填则按时限规则，从今天次日起算。"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self.fields["session"], Session.objects.newest_first())
        choose(self.fields["category"], Category.objects.filter(ended_on=None).order_by("order", "pk"))

    def shares(self) -> list[actions.Share]:
        lead, others = self.cleaned_data["lead"], self.cleaned_data["others"]
        return [actions.Share(lead, "lead" if others else "sole"), *(actions.Share(unit, "co") for unit in others)]


class OfflineForm(PlainForm):
    """How far it has come offline; no words."""

    answered_on = forms.DateField(label="答复日期", required=False, widget=Day, help_text="承办单位线下答复的日期。")
    closed_on = forms.DateField(label="办结日期", required=False, widget=Day, help_text="还没有办结的不填。")


# lists of words and choices of the committee ----------------------------------------------------------------------------


def _order() -> forms.Field:
    return forms.IntegerField(label="次序", min_value=0, max_value=999, help_text="数字小的排在前面。")


def _line(label: str, most: int, **more: Any) -> Callable[[], forms.Field]:
    return lambda: forms.CharField(label=label, max_length=most, **more)


def _measures(measures: Sequence[Measure]) -> Callable[[], forms.Field]:
    return lambda: forms.ChoiceField(label="指标", choices=[(one.value, one.label) for one in measures])


# (list, column) → the field; a column without an entry of its list takes the general one
ROW_FIELDS: dict[tuple[str, str], Callable[[], forms.Field]] = {
    ("categories", "name"): _line("类别", 40),
    ("passes", "name"): _line("审查轮次", 20, help_text="如：初审、复审、终审。"),
    ("priorities", "name"): _line("中心工作", 60),
    ("priorities", "year"): lambda: forms.IntegerField(label="年份", min_value=2000, max_value=2199),
    ("results", "code"): lambda: forms.RegexField(
        "^[A-Z]$",
        label="类别",
        strip=True,
        error_messages={"invalid": "类别请写一个大写字母，例如 A。"},
        help_text="一个大写字母，登记后不再修改。",
    ),
    ("results", "label"): _line("含义", 60),
    ("results", "promises"): lambda: forms.BooleanField(
        label="需跟踪落实", required=False, help_text="选这一类答复的，要登记承诺并跟踪。"
    ),
    ("results", "beyond"): lambda: forms.BooleanField(
        label="权限在上级",
        required=False,
        help_text="选这一类答复的，要写明由哪个机关决定；提案委会看到可以转报上级的提示。",
    ),
    ("", "points"): lambda: forms.IntegerField(label="分值", min_value=1, max_value=100, help_text="1 至 100。"),
    ("", "mark"): lambda: forms.IntegerField(
        label="满分线", min_value=1, max_value=1000, help_text="比率写百分数，例如 90；其余写件数、人数。"
    ),
    **{(f"{honour}_{use}", "measure"): _measures(measures) for (honour, use), measures in Criterion.OF.items()},
    **{
        (f"{honour}_{Criterion.Use.BAR}", "mark"): lambda: forms.IntegerField(
            label="界限",
            min_value=0,
            max_value=1000,
            help_text="评价回收率（百分数）和回收份数低于它的、其余各项超过它的，不参加评选。",
        )
        for honour in Honour
    },
    ("", "order"): _order,
    ("", "code"): lambda: forms.RegexField(
        "^[a-z][a-z0-9_]*$",
        label="编号",
        max_length=24,
        strip=True,
        error_messages={"invalid": "编号请用小写字母、数字和下划线，以字母开头，例如 no_budget。"},
        help_text="小写字母、数字和下划线，登记后不再修改。",
    ),
    ("", "label"): _line("理由", 80),
}


class RowForm(PlainForm):
    """A row of a list of words; what is written once stands there greyed when the row is changed."""

    def __init__(self, *args: Any, words: Vocabulary, new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in words.columns:
            field = ROW_FIELDS.get((words.key, name)) or ROW_FIELDS["", name]
            self.fields[name] = field()
            self.fields[name].disabled = not new and name in words.fixed
        in_plain_words(self)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("promises") and data.get("beyond"):
            self.add_error("beyond", "权限在上级的一类没有承诺可以跟踪，“需跟踪落实”和“权限在上级”只能选一项。")
        return data


class ChoiceForm(PlainForm):
    """A choice of the committee and the day from which it holds."""

    starts_on = forms.DateField(label="生效日期", widget=Day)

    def __init__(self, *args: Any, choice: Choice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        value: forms.Field
        if choice.words:
            value = forms.ChoiceField(label=choice.label, choices=list(choice.words.items()), widget=forms.RadioSelect)
        else:
            about = f"{choice.least} 至 {choice.most} {choice.unit}。"
            value = forms.IntegerField(
                label=choice.label, min_value=choice.least, max_value=choice.most, help_text=about
            )
        self.fields = {"value": value, **self.fields}
        in_plain_words(self)
