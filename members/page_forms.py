"""Forms about people, bodies and terms."""

from typing import Any

from django import forms
from django.utils import timezone

from members.choices import BodyKind, Change, NameKind, Role, System
from members.forms import PHONE
from members.models import Appointment, Body, BodyName, Person, Term
from members.widgets import Day


class BodyByName(forms.CharField):
    """A body written by any of its names; the value is the body."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "填写全称、简称或曾用名，例如：市教育局。")
        super().__init__(max_length=128, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        body, _ = Body.objects.current().match(text)
        if body is None:
            raise forms.ValidationError(f"没有名为“{text[:40]}”的单位，请核对名称。")
        return body


class BodiesByName(forms.CharField):
    """Several bodies, one a line."""

    widget = forms.Textarea

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        lines = [line.strip() for line in (text or "").splitlines() if line.strip()][:20]
        found = Body.objects.current().match_many(lines)
        missing = [line for line in lines if found[line][0] is None]
        if missing:
            raise forms.ValidationError(f"没有名为“{missing[0][:40]}”的单位，请核对名称。")
        return list(dict.fromkeys(found[line][0] for line in lines))


class AppointForm(forms.Form):
    body = BodyByName(label="单位")
    role = forms.ChoiceField(label="角色", choices=Role)
    starts_on = forms.DateField(label="开始日期", widget=Day)
    ends_on = forms.DateField(label="结束日期", widget=Day, required=False, help_text="这一天仍有效；长期任职不填。")
    document = forms.CharField(
        label="依据文件", max_length=200, help_text="文号或会议名称，例如：市政协办〔2026〕3号。"
    )


class AddPersonForm(AppointForm):
    """One account, with its first role."""

    name = forms.CharField(label="姓名", max_length=64)
    namesake = forms.BooleanField(label="与已有人员同名，是另一人", required=False)
    username = forms.CharField(label="用户名", max_length=64, required=False, help_text="不填则用姓名拼音。")
    phone = forms.CharField(label="手机号", max_length=20, required=False, validators=[PHONE])
    mail = forms.EmailField(label="电子邮箱", required=False)
    address = forms.CharField(label="通讯地址", max_length=200, required=False)

    field_order = ("name", "namesake", "body", "role", "starts_on", "ends_on", "document", "phone", "mail", "address")


class CorrectNameForm(forms.Form):
    name = forms.CharField(label="姓名", max_length=64)
    document = forms.CharField(label="依据", max_length=200, help_text="例如：身份证件核对、公安机关更名证明。")


class RecordContactForm(forms.Form):
    phone = forms.CharField(label="手机号", max_length=20, required=False, validators=[PHONE])
    mail = forms.EmailField(label="电子邮箱", required=False, help_text="新邮箱由本人登录核实后，才能用来找回密码。")
    address = forms.CharField(label="通讯地址", max_length=200, required=False)
    document = forms.CharField(label="依据", max_length=200, help_text="例如：本人电话告知、委员登记表。")


class EndSeatForm(forms.Form):
    on = forms.DateField(label="最后一天", widget=Day, help_text="这一天仍有效；填昨天或更早的日期，立即失效。")
    reason = forms.CharField(
        label="原因和依据", max_length=200, help_text="例如：市政协常委会决定〔2026〕5号，辞去委员。"
    )


class DocumentForm(forms.Form):
    """Why, and by which document (S6)."""

    document = forms.CharField(
        label="依据文件", max_length=200, help_text="文号或会议名称，例如：市政协办〔2026〕3号。"
    )
    reason = forms.CharField(label="原因", max_length=200)


class EndForm(DocumentForm):
    on = forms.DateField(label="最后一天", widget=Day, help_text="这一天仍有效；填昨天或更早的日期，立即失效。")

    field_order = ("on", "document", "reason")


class DecideForm(forms.Form):
    agrees = forms.TypedChoiceField(
        label="复核结果",
        choices=[("1", "同意"), ("0", "不同意")],
        coerce=lambda text: text == "1",
        widget=forms.RadioSelect,
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label="原因", max_length=200)


class DelegateForm(forms.Form):
    appointment = forms.ModelChoiceField(
        label="委托的任职", queryset=Appointment.objects.none(), to_field_name="public_id"
    )
    to = forms.ModelChoiceField(
        label="受托人",
        queryset=Person.objects.none(),
        to_field_name="public_id",
        help_text="只能委托给本单位已有任职的同事。",
    )
    starts_on = forms.DateField(label="开始日期", widget=Day)
    ends_on = forms.DateField(label="结束日期", widget=Day, help_text="这一天仍有效。")

    def __init__(self, *args: Any, appointments: Any, colleagues: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field, to = self.fields["appointment"], self.fields["to"]
        assert isinstance(field, forms.ModelChoiceField) and isinstance(to, forms.ModelChoiceField)
        field.queryset, to.queryset = appointments, colleagues
        setattr(field, "label_from_instance", lambda row: f"{row.body.name} {row.get_role_display()}")  # noqa: B010  Django's way; mypy refuses to assign to a method


class AwayForm(forms.Form):
    starts_on = forms.DateField(label="开始日期", widget=Day)
    ends_on = forms.DateField(label="结束日期", widget=Day, help_text="这一天也不在岗。")
    to = forms.ModelChoiceField(
        label="代办人",
        queryset=Person.objects.none(),
        to_field_name="public_id",
        required=False,
        help_text="本单位的同事；这些天由其代办，提醒也发给他。不选则转给单位负责人或交办机构。",
    )

    def __init__(self, *args: Any, colleagues: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to = self.fields["to"]
        assert isinstance(to, forms.ModelChoiceField)
        to.queryset = colleagues


class BodyForm(forms.Form):
    name = forms.CharField(label="全称", max_length=128)
    short_name = forms.CharField(label="简称", max_length=64, required=False)
    kind = forms.ChoiceField(label="类别", choices=BodyKind)
    system = forms.ChoiceField(label="系统", choices=System, help_text="系统决定由哪个机构交办。")
    parent = BodyByName(label="上级单位", required=False)
    phone = forms.CharField(label="公务电话", max_length=64, required=False)
    starts_on = forms.DateField(label="成立日期", widget=Day, required=False)


class CorrectBodyForm(BodyForm):
    """What stands on record; the day of foundation is not corrected here."""

    starts_on = None  # type: ignore[assignment]  # Django's way to leave a field out
    reason = forms.CharField(label="更正原因", max_length=200)


class DropNameForm(forms.Form):
    name = forms.ModelChoiceField(
        BodyName.objects.none(), label="名称", to_field_name="norm", empty_label=None, widget=forms.RadioSelect
    )
    reason = forms.CharField(label="删除原因", max_length=200)

    def __init__(self, *args: Any, names: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["name"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = names


class AssigningOfficesForm(forms.Form):
    """One field a system, and where the office looks at every reply before it goes out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for system in System:
            self.fields[system.value] = BodyByName(label=system.label, required=False, help_text="")
        self.fields["checking"] = forms.MultipleChoiceField(
            label="答复先经交办机构审核",
            choices=System.choices,
            widget=forms.CheckboxSelectMultiple,
            required=False,
            help_text="选中的系统，承办单位的答复签发后先送交办机构审核，审核通过才送达提案者；审核期间答复期限暂停。",
        )


class NameForm(forms.Form):
    name = forms.CharField(label="名称", max_length=128)
    kind = forms.ChoiceField(label="类别", choices=NameKind)


class SucceedForm(forms.Form):
    kind = forms.ChoiceField(label="方式", choices=Change, widget=forms.RadioSelect)
    on = forms.DateField(label="生效日期", widget=Day, help_text="从这一天起生效。")
    heirs = BodiesByName(
        label="承接单位",
        required=False,
        help_text="每行写一个单位。并入写一个，拆分写两个以上，其提出的集体提案由第一行的单位承接；更名和撤销不写。",
    )
    name = forms.CharField(label="新名称", max_length=128, required=False, help_text="只在更名时填写。")
    note = forms.CharField(label="依据文件", max_length=200)


class TermForm(forms.Form):
    number = forms.IntegerField(label="第几届", min_value=1, max_value=99)
    starts_on = forms.DateField(label="开始日期", widget=Day)


class RollOverForm(forms.Form):
    """The next term, and who of the last one stays."""

    number = forms.IntegerField(label="第几届", min_value=1, max_value=99)
    starts_on = forms.DateField(label="新一届开始日期", widget=Day, help_text="上一届到前一天为止。")
    document = forms.CharField(label="依据文件", max_length=200, help_text="文号或会议名称。")
    continuing = forms.ModelMultipleChoiceField(
        Person.objects.none(),
        to_field_name="public_id",
        label="连任委员",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="勾选的委员沿用现在的界别、党派、专委会和活动组；其余委员的资格到上一届结束为止。",
    )

    nobody = forms.BooleanField(label="没有委员连任", required=False, help_text="没有勾选任何连任委员时，须勾选本项。")

    def clean(self) -> dict[str, Any]:
        facts = super().clean() or {}
        if "continuing" in facts and bool(facts["continuing"]) == bool(facts.get("nobody")):
            self.add_error("continuing", "请勾选连任的委员；确实没有委员连任的，只勾选“没有委员连任”。")
        return facts

    def __init__(self, *args: Any, seats: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["continuing"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = Person.objects.filter(pk__in=seats.values("person")).order_by("pinyin", "pk")
        sectors = {seat.person_id: seat.sector for seat in seats.select_related("sector")}

        def words(person: Person) -> str:
            return f"{person.name}　{sectors.get(person.pk) or '未定界别'}"

        setattr(field, "label_from_instance", words)  # noqa: B010  # Django's way; mypy refuses to assign to a method


class OpenSessionForm(forms.Form):
    term = forms.ModelChoiceField(
        label="届", queryset=Term.objects.order_by("-number"), to_field_name="number", empty_label=None
    )
    number = forms.IntegerField(label="第几次会议", min_value=1, max_value=9)


class SessionForm(forms.Form):
    opens_on = forms.DateField(label="开幕日期", widget=Day, required=False)
    closes_on = forms.DateField(label="闭幕日期", widget=Day, required=False)
    submissions_open_on = forms.DateField(label="开始提交", widget=Day, required=False)
    submissions_close_at = forms.DateTimeField(
        label="大会期间提案截止时间",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="此后提交的作为平时提案。",
    )


class MembershipForm(forms.Form):
    term = forms.ModelChoiceField(
        label="届", queryset=Term.objects.order_by("-number"), to_field_name="number", empty_label=None
    )
    sector = BodyByName(label="界别", required=False, help_text="例如：教育界。")
    party = BodyByName(label="党派", required=False, help_text="例如：民盟市委会。")
    committee = BodyByName(label="专门委员会", required=False, help_text="例如：经济委。")
    group = BodyByName(label="活动组", required=False, help_text="例如：第一活动组。")
    post = forms.CharField(label="工作单位及职务", max_length=200, required=False)
    starts_on = forms.DateField(label="开始日期", widget=Day, initial=timezone.localdate)
