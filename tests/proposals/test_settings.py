"""Lists of words and choices of the committee: added, changed, retired; never rewritten under what stands on them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.errors import Refused, Stale, WrongStep
from members.models import AuditEntry
from proposals import actions
from proposals.actions import settings as acts
from proposals.handling.models import Policy, Priority, Reason, ResultClass
from proposals.models import Category, Proposal, ReviewPass
from proposals.vocabularies import BY_KEY, CHOICES

from .conftest import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def director(house: House, client: Client) -> Client:
    client.force_login(house.director)
    return client


def url(page: str, *args: object) -> str:
    return reverse(f"proposal_settings:{page}", args=args)


def verbs() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))


def test_the_director_keeps_every_list(director: Client, house: House) -> None:
    new = {
        "categories": {"name": "数字治理", "order": "7"},
        "passes": {"name": "复审", "order": "2"},
        "decline": {"code": "outdated", "label": "情况已经变化"},
        "return": {"code": "outdated", "label": "情况已经变化"},
        "objection": {"code": "outdated", "label": "职责已经划转"},
        "extension": {"code": "weather", "label": "受汛期影响"},
        "dissatisfied": {"code": "late_word", "label": "没有事先沟通"},
        "report_keep": {"code": "rumour", "label": "来源不明，无法核实"},
        "report_back": {"code": "photo", "label": "请补充现场照片"},
        "results": {"code": "Z", "label": "转入规划", "promises": "on"},
        "priorities": {"year": "2026", "name": "产业强市"},
        "proposal_points": {"points": "10", "measure": "key", "mark": "1"},
        "proposal_bar": {"mark": "4", "measure": "missed"},
        "unit_points": {"points": "33", "measure": "first", "mark": "90"},
        "unit_bar": {"mark": "4", "measure": "missed"},
    }
    assert list(new) == list(BY_KEY)
    for key, values in new.items():
        done = director.post(url("add_row", key), values)
        assert (done.status_code, done.headers.get("Location")) == (302, url("rows", key)), key
        assert next(iter(values.values())) in director.get(url("rows", key)).content.decode()

    assert ResultClass.objects.get(code="Z").promises
    assert Reason.objects.get(use="decline", code="outdated").starts_on == timezone.localdate()
    assert list(ReviewPass.objects.order_by("order").values_list("name", "final")) == [("审查", False), ("复审", True)]
    assert verbs() == ["proposals.add_setting"] * len(new)
    for stranger in (house.staff, house.officer, house.member):
        director.force_login(stranger)
        assert director.get(url("choices")).status_code == 403


@pytest.mark.parametrize(
    ("key", "values", "sentence"),
    [
        ("categories", {"name": "社会建设", "order": "9"}, "“社会建设”已经有了"),
        ("categories", {"name": "", "order": "9"}, "请填写类别。"),
        ("categories", {"name": "长" * 41, "order": "9"}, "类别不能超过 40 字，现在有 41 字。"),
        ("categories", {"name": "新类", "order": "很大"}, "次序"),
        ("categories", {"name": "新类", "order": "99999999999"}, "次序"),
        ("passes", {"name": "又一轮", "order": "1"}, "“1”已经有了"),
        ("decline", {"code": "secret", "label": "再说一次"}, "“secret”已经有了"),
        ("decline", {"code": "秘密", "label": "再说一次"}, "编号请用小写字母"),
        ("decline", {"code": "a" * 25, "label": "再说一次"}, "编号不能超过 24 字"),
        ("decline", {"code": "fine", "label": "长" * 81}, "理由不能超过 80 字"),
        ("results", {"code": "A", "label": "又一个"}, "“A”已经有了"),
        ("results", {"code": "AB", "label": "又一个"}, "类别请写一个大写字母"),
        ("priorities", {"year": "26", "name": "产业强市"}, "年份"),
        ("unit_points", {"measure": "on_time", "points": "5", "mark": "90"}, "“按期答复率”已经有了"),
        ("unit_points", {"measure": "first", "points": "101", "mark": "90"}, "分值"),
        ("unit_points", {"measure": "first", "points": "5", "mark": "0"}, "满分线"),
        ("unit_bar", {"measure": "key", "mark": "0"}, "指标"),
    ],
)
def test_a_bad_row_is_refused_in_words_and_keeps_what_was_typed(
    director: Client, key: str, values: dict[str, str], sentence: str
) -> None:
    before = BY_KEY[key].rows().count()

    page = director.post(url("add_row", key), values)

    assert (page.status_code, BY_KEY[key].rows().count(), verbs()) == (422, before, [])
    text = page.content.decode()
    assert sentence in text
    assert [value for value in values.values() if value and "\x00" not in value and value not in text] == []


def test_a_row_in_use_is_retired_and_never_renamed_or_deleted(
    director: Client, house: House, filed: Callable[..., Proposal]
) -> None:
    proposal = filed()
    used = proposal.category
    assert used
    here = url("change_row", "categories", used.public_id)

    renamed = director.post(here, {"name": "民生", "order": used.order})
    assert renamed.status_code == 422 and "已有 1 处使用这一条" in renamed.content.decode()
    assert director.post(here, {"name": used.name, "order": "9"}).status_code == 302
    removed = director.post(url("remove_row", "categories", used.public_id))
    assert removed.status_code == 422 and "不能删除，只能停用" in removed.content.decode()

    assert "已有 1 处使用" in director.get(url("retire_row", "categories", used.public_id)).content.decode()
    assert director.post(url("retire_row", "categories", used.public_id)).status_code == 302
    used.refresh_from_db()
    proposal.refresh_from_db()
    assert (used.order, used.ended_on, proposal.category) == (9, timezone.localdate(), used)
    assert "已停用" in director.get(url("rows", "categories")).content.decode()
    assert director.post(url("retire_row", "categories", used.public_id)).status_code == 422
    assert director.post(here, {"name": used.name, "order": "8"}).status_code == 422

    assert director.post(url("resume_row", "categories", used.public_id)).status_code == 302
    assert verbs()[-3:] == ["proposals.change_setting", "proposals.retire_setting", "proposals.resume_setting"]
    assert director.post(url("change_row", "categories", uuid4()), {"name": "x"}).status_code == 404
    assert director.get("/settings/proposals/nothing/").status_code == 404


def test_what_was_never_used_may_be_renamed_and_deleted(director: Client) -> None:
    row = Category.objects.create(name="误加", order=8)

    assert (
        director.post(url("change_row", "categories", row.public_id), {"name": "改正", "order": "8"}).status_code == 302
    )
    row.refresh_from_db()
    assert row.name == "改正"
    assert director.post(url("remove_row", "categories", row.public_id)).status_code == 302
    assert not Category.objects.filter(pk=row.pk).exists()


def test_a_retired_reason_is_offered_no_more_and_its_code_is_never_written_anew(house: House) -> None:
    words, now = BY_KEY["return"], timezone.now()
    row = Reason.objects.get(use="return", code="facts")

    with pytest.raises(Refused, match="这一栏登记后不再修改"):
        acts.change_row(words, row.pk, {"code": "fact"}, by=house.director, now=now, seen=None)
    acts.retire_row(words, row.pk, by=house.director, now=now, seen=None)

    assert row not in Reason.objects.in_force(timezone.localdate(now))
    with pytest.raises(Refused, match="已经有了"):
        acts.add_row(words, {"code": "facts", "label": "再来"}, by=house.director, now=now)
    with pytest.raises(WrongStep, match="已被他人删除"):
        acts.retire_row(BY_KEY["decline"], row.pk, by=house.director, now=now, seen=None)


def test_one_pass_of_review_always_stays(house: House) -> None:
    words, now = BY_KEY["passes"], timezone.now()
    only = ReviewPass.objects.get()

    with pytest.raises(Refused, match="至少要保留一项"):
        acts.retire_row(words, only.pk, by=house.director, now=now, seen=None)
    with pytest.raises(Refused, match="至少要保留一项"):
        acts.remove_row(words, only.pk, by=house.director, now=now, seen=None)
    second = acts.add_row(words, {"name": "复审", "order": 2}, by=house.director, now=now)
    acts.retire_row(words, second.pk, by=house.director, now=now, seen=None)

    only.refresh_from_db()
    assert (actions.passes(), only.final) == ([only], True)


def test_a_form_opened_before_a_colleagues_change_overwrites_nothing(director: Client, house: House) -> None:
    words = BY_KEY["priorities"]
    row: Any = acts.add_row(words, {"year": 2026, "name": "产业强市"}, by=house.director, now=timezone.now())
    seen = words.version_of(row)
    acts.change_row(words, row.pk, {"year": 2026, "name": "工业强市"}, by=house.director, now=timezone.now(), seen=seen)

    late = director.post(
        url("change_row", "priorities", row.public_id), {"year": "2026", "name": "文化强市", "version": seen}
    )

    assert (late.status_code, Priority.objects.get().name) == (409, "工业强市")
    assert "文化强市" in late.content.decode()
    with pytest.raises(Stale):
        acts.retire_row(words, row.pk, by=house.director, now=timezone.now(), seen=seen)


def test_a_choice_holds_from_its_day_and_the_past_is_kept(director: Client, house: House) -> None:
    today, title = timezone.localdate(), CHOICES["title_characters"]

    assert director.post(url("choose", title.code), {"value": "40", "starts_on": today}).status_code == 302
    assert actions.limits(timezone.now()).title == 40
    assert actions.limits(timezone.now() - timedelta(days=1)).title == 50
    assert director.post(url("choose", title.code), {"value": "45", "starts_on": today}).status_code == 302
    later = today + timedelta(days=30)
    assert director.post(url("choose", "number_at"), {"value": "run", "starts_on": later}).status_code == 302
    page = director.get(url("choices")).content.decode()
    assert "45 字" in page and "由工作人员统一编号" in page and f"{later:%Y-%m-%d} 起" in page
    assert f"{today:%Y-%m-%d}" in director.get(url("choose", title.code)).content.decode()
    assert verbs() == ["proposals.choose"] * 3
    assert Policy.objects.filter(code=title.code).count() == 2


@pytest.mark.parametrize(
    ("code", "value", "days", "sentence"),
    [
        ("title_characters", "", 0, "请填写案由字数上限。"),
        ("title_characters", "1", 0, "10"),
        ("title_characters", "五十", 0, "整数"),
        ("title_characters", "60", -1, "生效日期不能早于今天。"),
        ("title_characters", "50", 0, "本来就是这样规定的"),
        ("body_soft_characters", "2600", 0, "正文建议字数不能超过正文字数上限。"),
        ("body_hard_characters", "1400", 0, "正文建议字数不能超过正文字数上限。"),
        ("number_at", "never", 0, "已不能选择，请刷新页面后重新选择。"),
    ],
)
def test_a_bad_choice_is_refused_in_words(director: Client, code: str, value: str, days: int, sentence: str) -> None:
    on = timezone.localdate() + timedelta(days=days)

    page = director.post(url("choose", code), {"value": value, "starts_on": on})

    assert page.status_code == 422 and sentence in page.content.decode()
    assert verbs() == []
    assert director.get("/settings/proposals/choices/nothing/").status_code == 404
