"""What people fill in about reports. Forms check input; actions check rules."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from members.forms import PlainForm
from members.member_fields import MembersField, Names
from members.models import Body, Person
from members.uploads import BadFile, Clean
from members.widgets import Counted, CountedLine, Day
from proposals.handling.actions.attaching import admit
from proposals.handling.forms.fields import ReasonField
from proposals.handling.models import Access, Purpose, Reason
from proposals.reports import actions
from proposals.reports.models import MOST_CHARACTERS, Report, Words

LEVELS = [(Access.OPEN, "公开"), (Access.INTERNAL, "内部"), (Access.SENSITIVE, "敏感")]
MOST_FILES = 9
KINDS = ".jpg,.jpeg,.png,.pdf,.docx,.xlsx"


class DecisionForm(PlainForm):
    """A decision with one of the reasons in force today."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, ReasonField):
                field.bind()


class Drafted(forms.CharField):
    """A part of the text that must be there at submission; a draft may leave it empty."""

    def validate(self, value: Any) -> None:
        """Whether something is missing is asked when the report is handed in."""


def part(label: str, rows: int, **kwargs: Any) -> Drafted:
    return Drafted(label=label, widget=Counted({"rows": rows}), **kwargs)


class Several(forms.ClearableFileInput):
    """Takes several files at once; a phone offers its camera."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__({"multiple": True, "accept": KINDS})


class FilesField(forms.FileField):
    """Several files, each through the one door (S12); the value is a list of those that passed."""

    widget = Several

    def to_python(self, data: Any) -> Any:
        return data

    def clean(self, data: Any, initial: Any = None) -> list["UploadedFile[Any]"]:
        found = data if isinstance(data, list | tuple) else [data] if data else []
        if len(found) > MOST_FILES:
            raise forms.ValidationError(f"一次最多上传{MOST_FILES}个文件，现在有{len(found)}个。")
        return list(found)


def let_in(uploads: Sequence["UploadedFile[Any]"], by: Person) -> tuple[list[Clean], list[str]]:
    """Those that may come in, and a sentence for each that may not."""
    passed, faults = [], []
    for upload in uploads:
        try:
            passed.append(admit(upload, purpose=Purpose.REPORT, by=by))
        except BadFile as error:
            faults.append(f"{upload.name}：{error}")
    return passed, faults


class ReportForm(PlainForm):
    """The one screen: what is reported, how urgent and how open it is (S16, S20)."""

    behind = forms.ChoiceField(label="以谁的名义反映", widget=forms.RadioSelect)
    title = Drafted(label="标题", widget=CountedLine, help_text="一事一报，写清什么事。")
    situation = part("情况", 6, help_text="时间、地点、涉及范围和数据。")
    cause = part("原因", 3, required=False)
    suggestion = part("建议", 3)
    attached = FilesField(
        label="照片和附件",
        required=False,
        help_text="图片、PDF、Word 或 Excel，每个不超过 20 MB。照片中的拍摄位置会自动去除。",
    )
    urgent = forms.BooleanField(label="急报，需要当天处理", required=False)
    access = forms.ChoiceField(
        label="级别", choices=LEVELS, initial=Access.OPEN, widget=forms.RadioSelect,
        help_text="公开：内容可以对外使用；内部：不宜对外；敏感：只有指定的工作人员可以看到。拿不准的，工作人员可以帮您调整。",
    )  # fmt: skip
    shows_name = forms.BooleanField(
        label="有关部门可以看到我的姓名", required=False, help_text="不勾选的，部门只看到“来自政协委员”。"
    )
    not_secret = forms.BooleanField(label="我确认内容不涉及国家秘密、工作秘密", required=False)

    def __init__(
        self, *args: Any, by: Person, report: Report | None = None, handing_in: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.by, self.handing_in = by, handing_in
        self.fields["title"].widget.attrs["data-max"] = actions.MOST_IN_TITLE
        for name in ("situation", "cause", "suggestion"):
            self.fields[name].widget.attrs["data-max"] = MOST_CHARACTERS
        if settings.ZONE == "internet" and (report is None or report.matter.access == Access.OPEN):
            del self.fields["access"]

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """In whose names he may report; with one alone nothing is asked."""
        field = self.fields["behind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices, field.initial = choices, choices[0][0] if choices else None
        if len(choices) < 2:
            del self.fields["behind"]

    def words(self) -> Words:
        """What was typed, also where a fault was found in it."""
        names = ("title", "situation", "cause", "suggestion")
        return Words(*(str(self.cleaned_data.get(name, self.data.get(name, ""))) for name in names))

    def details(self) -> actions.Details:
        data = self.cleaned_data
        return actions.Details(
            data["urgent"], data["shows_name"], data.get("access") or str(self.data.get("access") or Access.OPEN)
        )

    def clean(self) -> dict[str, Any]:
        """Everything that is missing is said at once."""
        data = super().clean() or {}
        if self.handing_in:
            for name, sentence in actions.faults_of(self.words(), not_secret=data["not_secret"]).items():
                self.add_error(name, sentence)
        return data

    def clean_attached(self) -> list[Clean]:
        passed, faults = let_in(self.cleaned_data["attached"], self.by)
        self.passed = passed
        if faults:
            raise forms.ValidationError(faults)
        return passed


class EnterForm(ReportForm):
    """The office enters what somebody wrote, told on the telephone or brought on paper."""

    people = MembersField(label="反映人（委员）", required=False)
    body = forms.CharField(
        label="反映单位", required=False, max_length=128, widget=Names("bodies"), help_text="党派、界别、专委会、联络室等，写全称或简称。"
    )  # fmt: skip
    author_text = forms.CharField(
        label="其他反映人",
        required=False,
        max_length=200,
        help_text="不在名册的，写明单位和姓名，例如：某县政协、某支部。",
    )
    source = forms.ChoiceField(label="来源", choices=Report.Source.choices)
    field_order = ("source", "people", "body", "author_text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["behind"]
        self.fields["shows_name"].label = "反映人同意有关部门看到姓名"

    def clean_body(self) -> Body | None:
        text = self.cleaned_data["body"].strip()
        body, _ = Body.objects.current().match(text) if text else (None, None)
        if text and body is None:
            raise forms.ValidationError(f"没有名为“{text[:40]}”的单位，请核对名称，或者写在“其他反映人”里。")
        return body

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        at_fault = {"people", "body", "author_text"} & self.errors.keys()
        if not at_fault and not (data["people"] or data["body"] or data["author_text"].strip()):
            self.add_error("people", "请填写反映人：委员、单位，或者其他反映人。")
        return data

    def behind_it(self) -> actions.Behind:
        data = self.cleaned_data
        return actions.Behind(
            people=data["people"],
            bodies=[data["body"]] if data["body"] else [],
            source=data["source"],
            author_text=data["author_text"],
        )


class WithdrawForm(PlainForm):
    reason = forms.CharField(label="撤回的原因", max_length=200)
    said = forms.CharField(
        label="反映人要求撤回的方式和日期", max_length=80, help_text="例如：3月6日电话、3月6日书面。"
    )

    def __init__(self, *args: Any, own: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if own:
            del self.fields["said"]


class ReturnForm(DecisionForm):
    reason = ReasonField(Reason.Use.REPORT_RETURN, label="理由")
    text = forms.CharField(
        label="需要修改什么", max_length=500, widget=Counted({"rows": 3}), help_text="反映人会看到这段话。"
    )


class KeepForm(DecisionForm):
    """Named accusations and cases in court stand first among the grounds: they go another way."""

    reason = ReasonField(Reason.Use.REPORT_KEEP, label="理由")
    text = forms.CharField(
        label="告知反映人的话", max_length=500, widget=Counted({"rows": 3}), help_text="不采编的，说明可以到哪里反映。"
    )


class KeepManyForm(KeepForm):
    """The same for several at once; a job that goes on later has the ground by its code."""

    def clean_reason(self) -> str:
        reason: Reason = self.cleaned_data["reason"]
        return reason.code


class ReferForm(PlainForm):
    to = forms.CharField(label="转送单位", max_length=80, help_text="写单位名称，例如：市城管局。")
    on = forms.DateField(label="转送日期", widget=Day, initial=timezone.localdate)
    text = forms.CharField(label="告知反映人的话", max_length=500, required=False, widget=Counted({"rows": 2}))


class LeadForm(PlainForm):
    consent = forms.CharField(
        label="反映人同意情况", max_length=200, widget=Counted({"rows": 2}), help_text="例如：3月6日电话征得本人同意。"
    )
    text = forms.CharField(label="告知反映人的话", max_length=500, required=False, widget=Counted({"rows": 2}))


class WithdrawLeadForm(PlainForm):
    reason = forms.CharField(
        label="撤销的原因", max_length=300, widget=Counted({"rows": 3}), help_text="反映人会看到这段话。"
    )


class LevelForm(PlainForm):
    access = forms.ChoiceField(label="级别", choices=LEVELS, widget=forms.RadioSelect)
    reason = forms.CharField(label="调整的原因", max_length=200)
