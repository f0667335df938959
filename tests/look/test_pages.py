"""The base views: who may open a page, lists, acts that happen once, refusals that lose nothing."""

import io
import uuid
from typing import Any

import openpyxl
import pytest
from django import forms
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.portal.models import SavedView
from members.forms import PlainForm, typed_in
from members.models import Body, Person
from members.pages.lists import BoundedPaginator
from tests.factories import AppointmentFactory, BodyFactory, PersonFactory
from tests.html import assert_valid

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.look.sample")]


@pytest.fixture
def person() -> Person:
    return AppointmentFactory().person


@pytest.fixture
def signed_in(client: Client, person: Person) -> Client:
    client.force_login(person)
    return client


@pytest.fixture
def body() -> Body:
    return BodyFactory(name="样本单位")


def html(answer: Any) -> str:
    return str(answer.content.decode())


def named(amount: int) -> list[Body]:
    return [BodyFactory(name=f"样本{number:02d}") for number in range(amount)]


class TestWhoMayOpen:
    def test_a_stranger_is_sent_to_sign_in_and_back(self, client: Client) -> None:
        answer = client.get("/sample/?name=x")

        assert answer.status_code == 302
        assert answer.headers["Location"] == "/accounts/login/?next=/sample/%3Fname%3Dx"

    def test_a_page_of_others_is_refused(self, signed_in: Client) -> None:
        answer = signed_in.get("/sample/closed/")

        assert answer.status_code == 403
        assert "您不能打开这一页" in html(answer)
        assert_valid(html(answer))

    def test_a_hidden_row_and_a_row_that_never_was_look_the_same(self, signed_in: Client) -> None:
        hidden = BodyFactory(name="别处的单位")

        answers = [signed_in.get(f"/sample/{public_id}/") for public_id in (hidden.public_id, uuid.uuid4())]

        assert [answer.status_code for answer in answers] == [404, 404]
        assert len({html(answer).replace(str(hidden.public_id), "") for answer in answers}) <= 2


class TestLists:
    def test_a_list_costs_the_same_for_one_row_and_for_fifty(self, signed_in: Client) -> None:
        signed_in.get("/sample/")  # the first visit also notes the device
        counts = []
        for amount in (1, 49):
            for number in range(amount):
                BodyFactory(name=f"样本{amount}-{number}")
            with CaptureQueriesContext(connection) as queries:
                signed_in.get("/sample/")
            counts.append(len(queries))

        assert counts[0] == counts[1] <= 12

    def test_pages_follow_each_other(self, signed_in: Client) -> None:
        named(30)

        first, second = (html(signed_in.get(f"/sample/?page={page}")) for page in (1, 2))

        assert "第 1–25 个，共 30 个" in first
        assert "第 26–30 个，共 30 个" in second
        assert_valid(second)

    @pytest.mark.parametrize("page", ["0", "-1", "x", "９", "99999999999", ""])
    def test_what_is_no_page_shows_one_that_is(self, page: str, signed_in: Client) -> None:
        named(3)

        assert "第 1–3 个" in html(signed_in.get("/sample/", {"page": page}))

    def test_each_condition_can_be_taken_out_by_itself(self, signed_in: Client) -> None:
        named(2)

        answer = signed_in.get("/sample/?name=样本&system=government&system=party&page=1")

        chips = {chip.label: chip.url for chip in answer.context["chips"]}
        assert chips == {
            "名称：样本": "?system=government&system=party",
            "系统：政府": "?name=%E6%A0%B7%E6%9C%AC&system=party",
            "系统：党委": "?name=%E6%A0%B7%E6%9C%AC&system=government",
        }

    def test_conditions_stand_open_on_a_phone_only_while_they_hold(self, signed_in: Client) -> None:
        box = '<input class="unseen filters-more" type="checkbox" id="more-filters"'

        plain, chosen = (html(signed_in.get(f"/sample/{query}")) for query in ("", "?system=party"))

        assert f"{box}>" in plain
        assert f"{box} checked>" in chosen
        assert_valid(chosen)
        assert ("保存为我的视图" in plain, "保存为我的视图" in chosen) == (False, True)

    def test_an_empty_list_says_so(self, signed_in: Client) -> None:
        assert "没有符合条件的内容。" in html(signed_in.get("/sample/?name=没有"))

    def test_an_unknown_order_changes_nothing(self, signed_in: Client) -> None:
        named(2)

        assert signed_in.get("/sample/?sort=password").status_code == 200

    def test_rows_are_sorted_both_ways(self, signed_in: Client) -> None:
        named(2)

        up, down = (
            [str(row) for row in signed_in.get(f"/sample/?sort={sort}").context["page_obj"]]
            for sort in ("name", "-name")
        )

        assert up == down[::-1] == ["样本00", "样本01"]

    def test_an_export_holds_what_the_filter_shows(self, signed_in: Client) -> None:
        named(3)

        answer: Any = signed_in.get("/sample/?name=01&export=xlsx")

        book: Any = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
        answer.close()
        assert list(book.active.values) == [("名称",), ("样本01",)]

    def test_a_large_export_asks_for_the_reason(self, signed_in: Client) -> None:
        named(201)

        asked = signed_in.get("/sample/?export=xlsx")
        given = signed_in.post("/sample/?export=xlsx", {"reason": "年度汇总"})

        assert asked.status_code == 422
        assert "请写明用途" in html(asked)
        assert given.headers["Content-Type"].endswith("sheet")
        given.close()

    def test_counting_stops_at_a_thousand(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("members.pages.lists.COUNT_LIMIT", 3)
        named(5)

        paginator = BoundedPaginator(Body.objects.filter(name__startswith="样本").order_by("pk"), 2)

        assert paginator.amount == "3+"
        assert [str(row) for row in paginator.page("3")] == ["样本04"]

    def test_rows_are_searched_for_once(self) -> None:
        named(5)
        rows = Body.objects.filter(name__startswith="样本").order_by("-pk")

        with CaptureQueriesContext(connection) as asked:
            page = BoundedPaginator(rows, 2).page("2")
            none = BoundedPaginator(rows.filter(name="没有"), 2).page("1")

        assert ([str(row) for row in page], page.more, page.paginator.amount) == (["样本02", "样本01"], True, "5")
        assert (list(none), none.paginator.amount, len(asked)) == ([], "0", 3)


class Sealed(PlainForm):
    text = forms.CharField(label="意见")
    password = forms.CharField(label="密码", widget=forms.PasswordInput)


class TestActs:
    def test_no_password_is_shown_again_beside_what_was_typed(self) -> None:
        shown = typed_in(Sealed({"text": "满意", "password": "暗语"}))

        assert [(fact.label, fact.value) for fact in shown] == [("意见", "满意")]

    def test_an_act_is_done_and_said(self, signed_in: Client, body: Body) -> None:
        answer = signed_in.post(f"/sample/{body.public_id}/rename/", {"name": "样本新名"}, follow=True)

        assert Body.objects.get(pk=body.pk).name == "样本新名"
        assert "已改名。" in html(answer)

    def test_a_form_sent_twice_acts_once(self, signed_in: Client, body: Body) -> None:
        form = {"name": "样本新名", "once": str(uuid.uuid4())}

        answers = [signed_in.post(f"/sample/{body.public_id}/rename/", form) for _ in range(2)]

        assert [answer.headers["Location"] for answer in answers] == ["/sample/", "/sample/"]
        assert Body.objects.get(pk=body.pk).short_name == body.short_name + "改"

    @pytest.mark.parametrize("once", ["", "x", "0" * 400])
    def test_a_key_that_is_none_is_ignored(self, once: str, signed_in: Client, body: Body) -> None:
        answer = signed_in.post(f"/sample/{body.public_id}/rename/", {"name": "样本新名", "once": once})

        assert answer.status_code == 302

    def test_a_refusal_undoes_everything_and_keeps_what_was_typed(self, signed_in: Client, body: Body) -> None:
        key = str(uuid.uuid4())

        answer = signed_in.post(f"/sample/{body.public_id}/rename/", {"name": "样本撤销", "once": key})

        assert answer.status_code == 422
        assert "已撤销的单位不能改名。" in html(answer)
        assert 'value="样本撤销"' in html(answer)
        assert Body.objects.get(pk=body.pk).name == "样本单位"
        assert_valid(html(answer))
        again = signed_in.post(f"/sample/{body.public_id}/rename/", {"name": "样本再改", "once": key})
        assert again.status_code == 302

    def test_a_refusal_may_blame_a_field(self, signed_in: Client, body: Body) -> None:
        answer = signed_in.post(f"/sample/{body.public_id}/rename/", {"name": "样本非法"})

        assert answer.context["form"].errors == {"name": ["名称不合规定。"]}
        assert "<title>错误：" in html(answer)

    def test_an_empty_field_is_named(self, signed_in: Client, body: Body) -> None:
        answer = signed_in.post(f"/sample/{body.public_id}/rename/", {"name": ""})

        assert answer.context["form"].errors == {"name": ["请填写名称。"]}

    def test_too_long_a_text_is_counted(self, signed_in: Client, body: Body) -> None:
        answer = signed_in.post(f"/sample/{body.public_id}/rename/", {"name": "𠮷" * 21})

        assert answer.context["form"].errors == {"name": ["名称不能超过 20 字，现在有 21 字。"]}

    def test_an_overtaken_form_shows_what_was_typed(self, signed_in: Client, body: Body) -> None:
        answer = signed_in.post(f"/sample/{body.public_id}/rename/", {"name": "样本新名", "version": "99"})

        assert answer.status_code == 409
        assert "样本新名" in html(answer)
        assert Body.objects.get(pk=body.pk).name == "样本单位"
        assert_valid(html(answer))

    def test_script_in_a_text_is_text(self, signed_in: Client, body: Body) -> None:
        answer = signed_in.post(f"/sample/{body.public_id}/rename/", {"name": "<script>撤销</script>样"})

        assert "<script>撤销" not in html(answer)

    def test_asking_changes_nothing_and_confirming_does(self, signed_in: Client, body: Body) -> None:
        asked = signed_in.get(f"/sample/{body.public_id}/close/")
        before = Body.objects.get(pk=body.pk).short_name
        signed_in.post(f"/sample/{body.public_id}/close/", {})

        assert "撤销后不能恢复。" in html(asked)
        assert_valid(html(asked))
        assert (before, Body.objects.get(pk=body.pk).short_name) == (body.short_name, "撤")


class TestSeveralRows:
    def test_what_can_be_done_is_done_and_the_rest_says_why(self, signed_in: Client) -> None:
        free, busy = BodyFactory(name="样本空"), BodyFactory(name="样本在办")

        answer = signed_in.post(
            "/sample/many/",
            {"row": [str(free.public_id), str(busy.public_id)], "back": "/sample/?page=2"},
            follow=True,
        )

        assert answer.redirect_chain == [("/sample/?page=2", 302)]
        assert [str(message) for message in answer.context["messages"]] == [
            "已撤销 1 个。",
            "未撤销：样本在办：还有在办提案。",
        ]
        assert Body.objects.get(pk=busy.pk).short_name == busy.short_name

    def test_a_forged_row_is_not_there(self, signed_in: Client) -> None:
        assert signed_in.get("/sample/many/?row=x").status_code == 404

    def test_nothing_chosen_says_so(self, signed_in: Client) -> None:
        assert "没有选中" in html(signed_in.get("/sample/many/"))

    def test_the_way_back_stays_in_the_house(self, signed_in: Client, body: Body) -> None:
        answer = signed_in.post("/sample/many/", {"row": [str(body.public_id)], "back": "https://example.com/"})

        assert answer.headers["Location"] == "/sample/many/"


class TestDrafts:
    def test_a_draft_is_kept(self, signed_in: Client, body: Body) -> None:
        answer = signed_in.post(f"/sample/{body.public_id}/keep/", {"name": "样本写到一半", "version": "4"})

        assert answer.json()["version"] == 6
        assert Body.objects.get(pk=body.pk).name == "样本写到一半"

    @pytest.mark.parametrize(
        ("fields", "status"), [({"name": "样本", "version": "9"}, 409), ({"name": "样本撤销"}, 422)]
    )
    def test_a_draft_that_cannot_be_kept_says_why(
        self, fields: dict[str, str], status: int, signed_in: Client, body: Body
    ) -> None:
        answer = signed_in.post(f"/sample/{body.public_id}/keep/", fields)

        assert answer.status_code == status
        assert answer.json()["sentence"].endswith("。")
        assert Body.objects.get(pk=body.pk).name == "样本单位"


class TestDisplay:
    def test_a_choice_follows_the_person(self, signed_in: Client, person: Person) -> None:
        answer = signed_in.post(
            "/settings/display/", {"size": "large", "theme": "dark", "keys": "off", "next": "/sample/"}
        )

        person.refresh_from_db()
        assert answer.headers["Location"] == "/sample/"
        assert (person.size, person.theme, person.keys) == ("large", "dark", False)
        assert 'data-size="large" data-theme="dark" data-keys="off"' in html(signed_in.get("/settings/"))

    def test_a_stranger_keeps_it_in_a_cookie(self, client: Client) -> None:
        client.post("/settings/display/", {"size": "large"})

        assert 'data-size="large"' in html(client.get("/"))

    def test_the_height_of_rows_stays_with_the_device(self, signed_in: Client) -> None:
        signed_in.post("/settings/display/", {"rows": "compact", "next": "/sample/"})

        assert 'data-rows="compact"' in html(signed_in.get("/sample/"))
        assert 'data-rows="normal"' in html(Client().get("/"))

    @pytest.mark.parametrize("name", ["size", "theme", "keys", "rows"])
    def test_nonsense_changes_nothing(self, name: str, client: Client) -> None:
        client.post("/settings/display/", {name: '"><script>'})

        assert 'data-size="normal" data-theme="auto" data-keys="on"' in html(client.get("/"))

    @pytest.mark.parametrize("wanted", ["https://example.com/", "//example.com", "javascript:alert(1)", ""])
    def test_the_way_back_stays_in_the_house(self, wanted: str, client: Client) -> None:
        assert client.post("/settings/display/", {"size": "large", "next": wanted}).headers["Location"] == "/"


class TestSession:
    def test_it_says_how_long_it_lasts(self, signed_in: Client, person: Person) -> None:
        state = signed_in.get("/session/").json()

        assert (state["signed_in"], state["person"]) == (True, str(person.public_id))
        assert state["seconds"] > 0

    def test_it_says_when_it_is_over(self, client: Client) -> None:
        assert client.get("/session/").json() == {"signed_in": False}


class TestSavedViews:
    def test_a_view_is_kept_without_its_page(self, signed_in: Client) -> None:
        named(1)

        signed_in.post("/views/save/", {"page": "sample", "name": "政府系统", "query": "system=government&page=3"})

        shown = html(signed_in.get("/sample/"))
        assert 'href="?system=government"' in shown
        assert_valid(shown)

    def test_the_same_name_replaces_it(self, signed_in: Client, person: Person) -> None:
        for query in ("name=a", "name=b"):
            signed_in.post("/views/save/", {"page": "sample", "name": "我的", "query": query})

        assert SavedView.objects.get(person=person).query == "name=b"

    def test_a_view_can_be_dropped(self, signed_in: Client, person: Person) -> None:
        signed_in.post("/views/save/", {"page": "sample", "name": "我的", "query": ""})

        signed_in.post("/views/drop/", {"page": "sample", "name": "我的"})

        assert not SavedView.objects.filter(person=person).exists()

    def test_nobody_sees_the_views_of_others(self, signed_in: Client) -> None:
        SavedView.objects.create(person=PersonFactory(), page="sample", name="别人的", made_at=timezone.now())

        signed_in.post("/views/drop/", {"page": "sample", "name": "别人的"})

        assert SavedView.objects.count() == 1
        assert "别人的" not in html(signed_in.get("/sample/"))

    @pytest.mark.parametrize("facts", [{"name": "  "}, {"name": "长", "query": "name=" + "长" * 400}])
    def test_what_cannot_be_kept_is_refused(self, facts: dict[str, str], signed_in: Client) -> None:
        answer = signed_in.post("/views/save/", {"page": "sample", "next": "/desk/", **facts}, follow=True)

        assert not SavedView.objects.exists()
        assert 'class="note note--danger"' in html(answer)


class TestDesk:
    def test_the_desk_is_strict_html(self, signed_in: Client) -> None:
        assert_valid(html(signed_in.get("/desk/")))

    def test_the_menu_marks_where_one_is(self, signed_in: Client) -> None:
        shown = html(signed_in.get("/desk/"))

        assert '<a href="/desk/" aria-current="page">' in shown
        assert_valid(html(signed_in.get("/settings/")))
