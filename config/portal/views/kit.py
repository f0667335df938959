"""Every component in every state, for eyes and for the tests of the look. Not in production's addresses (S7)."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone

from members.forms import in_plain_words
from members.pages import Page
from members.shown import (
    Act,
    Bar,
    Chip,
    Count,
    Crumb,
    Fact,
    FileRow,
    Happening,
    Mark,
    Similar,
    Step,
    Tab,
    Todo,
    UnitRow,
)
from members.states import TONES
from members.widgets import Counted, CountedLine, Day

TITLES = (
    "关于建立老旧小区加装电梯后续管养机制的提案",
    "关于优化公交线路接驳轨道交通站点的提案",
    "关于规范社区养老服务驿站运营补贴发放的提案",
    "关于加强中小学校周边餐饮安全监管的提案",
    "关于推进沿江老码头工业遗存活化利用的提案",
)


class SampleForm(forms.Form):
    """One field of each sort."""

    kind = forms.ChoiceField(
        label="提交方式", choices=[("one", "个人提案"), ("many", "集体提案")], widget=forms.RadioSelect, initial="one"
    )
    title = forms.CharField(label="案由", max_length=40, help_text="一句话说明建议解决的一个问题。", widget=CountedLine)
    category = forms.ChoiceField(label="类别", choices=[("", "请选择"), ("c", "城建环资"), ("h", "医卫体育")])
    problem = forms.CharField(label="情况与问题", max_length=1500, widget=Counted)
    due_on = forms.DateField(label="答复期限", widget=Day, required=False)
    units = forms.MultipleChoiceField(
        label="会办单位",
        choices=[("a", "市财政局"), ("b", "市民政局")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    attachment = forms.FileField(label="附件", required=False)
    agreed = forms.BooleanField(label="同意公开", required=False)


class SampleFilter(forms.Form):
    q = forms.CharField(label="案由或提案者", required=False)
    state = forms.ChoiceField(label="状态", choices=[("", "全部状态"), ("a", "办理中")], required=False)
    due = forms.ChoiceField(label="到期日", choices=[("", "不限"), ("14", "14 日内")], required=False)


class SampleFilterSet:
    """Stands in for a FilterSet: the filter bar needs no more than its form."""

    form: ClassVar[forms.Form] = SampleFilter()


class _Case:
    """A row of the sample list."""

    def __init__(self, order: int, today: date) -> None:
        self.public_id = f"00000000-0000-4000-8000-{order:012d}"
        self.number = f"{order * 37:04d}"
        self.title = TITLES[order % len(TITLES)]
        self.state = ("办理中", "待签收", "答复退回修改", "已办结", "二次办理")[order % 5]
        self.due_on = today + timedelta(days=(-6, 0, 4, 7, 30)[order % 5])
        self.started_on = today - timedelta(days=60)
        self.key = order % 3 == 0

    def __str__(self) -> str:
        return f"第 {self.number} 号"


class _Rows(list[_Case]):
    """Stands in for one page of a list."""

    number, more = 2, True
    first, last = 26, 30

    @property
    def rows(self) -> list[_Case]:
        return list(self)

    class paginator:  # noqa: N801   # read by templates as page_obj.paginator
        amount = "1000+"

    numbers: ClassVar[list[int]] = [1, 2, 3, 4]


def samples() -> dict[str, Any]:
    """Return something for every component to show."""
    today = timezone.localdate()
    now = timezone.now()
    return {
        "crumbs_sample": [Crumb("工作台", "/desk/"), Crumb("逾期与临期", "/ui-kit/"), Crumb("第 0127 号")],
        "acts_sample": [
            Act("发送催办", "#main", "bell-ring", "primary"),
            Act("登记面商", "#main"),
            Act("复函版式", "#main", "eye", "ghost"),
            Act("撤回", "#main", "undo-2", "danger"),
        ],
        "counts": [
            Count("已逾期", 4, "#main", "danger", "涉及 4 个单位"),
            Count("7 日内到期", 9, "#main", "warn", "今日到期 1 件"),
            Count("待审查立案", 12, "#main", more="最早 5月14日收"),
            Count("待交办", 7, "#main"),
            Count("待委员评价", "1000+"),
        ],
        "tabs": [
            Tab("逾期与临期", "#main", current=True, amount=13),
            Tab("待我处理", "#main", amount=21),
            Tab("全部在办", "#main"),
        ],
        "chips": [Chip("到期日：14 日内", "?due="), Chip("状态：办理中", "?state=")],
        "states": list(TONES),
        "steps": [
            Step("提交", "done", "2月10日"),
            Step("审查立案", "done", "2月14日"),
            Step("交办", "done", "2月22日"),
            Step("办理答复", "now", "剩 4 天"),
            Step("委员评价", "todo", "15 个工作日内"),
            Step("办结归档", "todo"),
        ],
        "happenings": [
            Happening("申请延期 15 日，待审批", now, "会办意见未齐", "now", "#main"),
            Happening("会办意见逾期", now - timedelta(days=3), "已电话提醒", "danger"),
            Happening("到期前提醒", now - timedelta(days=4), tone="warn"),
            Happening("面商座谈", today - timedelta(days=10), "提案者认可试点", "ok"),
            Happening("交办", datetime(2025, 12, 1, 9, tzinfo=timezone.get_current_timezone())),
        ],
        "facts": [
            Fact("收件号", "2026-0311"),
            Fact("类别", "城建环资"),
            Fact("提案者", "示例委员甲等 4 人", wide=True),
            Fact("上年同类", "第 0213 号", url="#main"),
        ],
        "units": [
            UnitRow(
                "市住房和城乡建设局",
                "主办",
                "办理中",
                today,
                today + timedelta(days=4),
                today - timedelta(days=80),
                "联系人甲",
                "#main",
            ),
            UnitRow("市财政局", "会办", "已办结", today, today - timedelta(days=9), done=True),
            UnitRow("市市场监督管理局", "会办", "待签收", None, today - timedelta(days=2), today - timedelta(days=30)),
        ],
        "todos": [
            Todo("第 0089 号现场督办", "#main", "09:30", "老码头片区"),
            Todo("月度协商座谈会筹备", "#main", "14:30"),
        ],
        "bars": [Bar("市交通运输局", 2, 5, 7), Bar("市住建局", 0, 6, 7), Bar("市民政局", 1, 3, 7)],
        "files": [FileRow("原件扫描.pdf", "1.2 MB", "#main"), FileRow("照片.jpg", "300 KB", state="未扫描")],
        "similar": [
            Similar("关于既有住宅加装电梯补贴与维保衔接的提案", "#main", "去年 第 0213 号", "市住建局", "已办结"),
            Similar("关于加强住宅电梯应急救援能力建设的提案", "#main", "去年 第 0098 号", state="办理中"),
        ],
        "marks": [Mark("重点督办", "key", "flag"), Mark("同意公开")],
        "ratings": [Fact("沟通联系", "满意"), Fact("答复内容", "基本满意"), Fact("办理落实", "待评价")],
        "answers": [
            {"suggestion": "第1条：明确管养责任", "text": "已会同街道起草协议范本。\n下月试行。", "result": "A 类"}
        ],
        "choices": [("yes", "同意公开", ""), ("no", "不公开", "需说明理由")],
        "heads": ["单位", "应办", "已办"],
        "table_rows": [["市住建局", 12, 9], ["市民政局", 7, 7]],
        "today": today,
        "now": now,
        "soon": today + timedelta(days=3),
        "late": today - timedelta(days=6),
        "far": today + timedelta(days=40),
        "started": today - timedelta(days=60),
        "filterset": SampleFilterSet(),
        "page_obj": _Rows(_Case(order, today) for order in range(5)),
        "bulk_acts": [Act("发送催办", "/ui-kit/", "bell-ring", whole=True), Act("登记签收", "/ui-kit/")],
        "may_tick": True,
        "export_ticked": True,
        "whole_query": "all=1",
        "unit_word": "件",
        "sort": "due",
    }


class Kit(Page):
    public = True
    title = "组件"
    template_name = "portal/kit.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(form=SampleForm(), **samples(), **kwargs)


class KitPart(Page):
    """A page in one state: a list, a form sent empty, a form on a phone, an error page, a letter."""

    public = True
    title = "组件"
    parts: ClassVar[dict[str, tuple[str, str]]] = {
        "list": ("工作台", "portal/kit_list.html"),
        "matter": ("第 0127 号提案", "portal/kit_matter.html"),
        "form": ("写提案", "portal/kit_form.html"),
        "errors": ("写提案", "portal/kit_form.html"),
        "confirm": ("交办 24 件提案", "pages/confirm.html"),
        "conflict": ("内容已被他人修改", "409.html"),
        "forbidden": ("您不能打开这一页", "403.html"),
        "missing": ("没有找到这一页", "404.html"),
        "expired": ("页面已经过期", "403_csrf.html"),
        "broken": ("系统出错了", "500.html"),
        "maintenance": ("系统维护中", "maintenance.html"),
    }

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        part = str(kwargs["part"])
        if part not in self.parts:
            raise Http404
        self.title, template = self.parts[part]
        form: forms.Form = SampleForm({"problem": "超" * 1600}) if part == "errors" else SampleForm()
        in_plain_words(form)
        if part == "confirm":
            form = forms.Form()
        question = "交办 24 件提案给 11 个单位，答复期限 5月22日（星期五）。交办后单位会立即收到通知。"
        context = self.get_context_data(form=form, **samples())
        context.update(question=question, submit_label="交办 24 件", back_url="/ui-kit/", typed=context["facts"])
        return TemplateResponse(request, template, context)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Takes what the sample form sends and shows it again; nothing is kept."""
        self.title = "写提案"
        form = SampleForm(request.POST, request.FILES)
        in_plain_words(form)
        return TemplateResponse(
            request, "portal/kit_form.html", self.get_context_data(form=form, **samples()), status=422
        )
