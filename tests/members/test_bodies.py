from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from members import succession
from members.actions import add_body, add_name, succeed
from members.choices import BodyKind, Change, NameKind, Role, System
from members.default_bodies import load
from members.errors import Refused, WrongStep
from members.models import AuditEntry, Body, BodyName, Person, Succession
from members.names import sound
from tests.factories import AppointmentFactory, BodyFactory, MembershipFactory, appoint

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 2)
NOW = timezone.make_aware(datetime(2026, 3, 2, 9))


@pytest.fixture
def director() -> Person:
    return appoint(Role.PROPOSAL_DIRECTOR)


@pytest.mark.parametrize(
    ("text", "name", "how"),
    [
        ("市生态环境局", "市生态环境局", None),
        ("生态环境局", "市生态环境局", None),
        (" 市 生态环境局\u3000", "市生态环境局", None),
        ("市环保局", "市生态环境局", "former"),
        ("环保局", "市生态环境局", "former"),
        ("市卫计委", "市卫生健康委员会", "former"),
        ("卫健委", "市卫生健康委员会", "short"),
        ("市教体局", "市教育局", "alias"),
        ("市市场监管局", "市市场监督管理局", "short"),
        ("市场监管局", "市市场监督管理局", "short"),
        ("团市委", "共青团市委", "short"),
        ("工商联", "市工商业联合会", "short"),
        ("市督查局", None, None),
        ("", None, None),
    ],
)
def test_units_are_found_by_any_of_their_names(text: str, name: str | None, how: str | None) -> None:
    body, found = Body.objects.units().match(text)

    assert (body.name if body else None, found) == (name, how)


@pytest.mark.parametrize("text", ["中国共产主义青年团", "中华全国青年联合会"])
def test_the_joined_sector_answers_to_the_two_it_was_made_of(text: str) -> None:
    body, found = Body.objects.collective().match(text)

    assert (body and body.name, found) == ("共青团和青联界", "former")


def test_a_name_that_two_bodies_answer_to_is_nobodys() -> None:
    for body in BodyFactory.create_batch(2):
        BodyName.objects.create(body=body, name="市两可局", kind=NameKind.ALIAS)

    assert Body.objects.match("市两可局") == (None, None)


def test_matching_many_names_costs_the_same_queries_as_one(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(2):
        Body.objects.units().match_many(["市教育局"])
    with django_assert_num_queries(2):
        Body.objects.units().match_many(["市教育局", "市环保局", "无此单位", "教体局"])


@pytest.mark.parametrize(
    ("name", "office"),
    [
        ("市教育局", "市政府督查室"),
        ("东山县人民政府", "市政府督查室"),
        ("市税务局", "市政府督查室"),
        ("市委宣传部", "市委督查室"),
        ("市总工会", "市委督查室"),
        ("市中级人民法院", "市委督查室"),
        ("市人民检察院", "市委督查室"),
        ("市政协经济委员会", "市政协提案委员会"),
    ],
)
def test_each_system_has_its_assigning_office(name: str, office: str) -> None:
    body = Body.objects.get(name=name)

    found = Body.objects.assigning_office_for(body)

    assert found is not None and found.name == office


def test_loading_the_default_bodies_again_adds_nothing() -> None:
    from django.apps import apps

    assert load(apps) == 0
    assert Body.objects.filter(kind=BodyKind.SECTOR).count() == 34


def test_a_merged_body_hands_on_its_names_and_its_work(director: Person) -> None:
    old, heir = BodyFactory(name="市旧政局"), BodyFactory(name="市新政局")
    moved: list[tuple[str, list[str], date]] = []
    clerk = appoint(Role.UNIT_CLERK, old)
    succession.register(
        mover := lambda body, heirs, on, by, now: moved.append((body.name, [h.name for h in heirs], on))
    )

    try:
        succeed(old, [heir], kind=Change.MERGE, on=TODAY, by=director, now=NOW)
    finally:
        succession._movers.remove(mover)

    assert moved == [("市旧政局", ["市新政局"], TODAY)]
    assert Body.objects.units().match("旧政局") == (heir, "former")
    assert heir.name_on(TODAY - timedelta(days=9)) == "市新政局"
    assert clerk.appointments.get().ends_on == TODAY - timedelta(days=1)
    assert AuditEntry.objects.get(verb="body.succeed").subject == str(old.public_id)


def test_sections_of_a_merged_body_go_along_and_one_of_the_same_name_merges(director: Person) -> None:
    old, heir = BodyFactory(), BodyFactory()
    own, shared = (
        BodyFactory(name="海洋科", kind=BodyKind.SECTION, parent=old),
        BodyFactory(name="办公室", kind=BodyKind.SECTION, parent=old),
    )
    theirs = BodyFactory(name="办公室", kind=BodyKind.SECTION, parent=heir)
    stays, both = appoint(Role.UNIT_HANDLER, own), appoint(Role.UNIT_HANDLER, shared)
    AppointmentFactory(person=both, body=theirs, role=Role.UNIT_HANDLER)

    succeed(old, [heir], kind=Change.MERGE, on=TODAY, by=director, now=NOW)

    own.refresh_from_db()
    shared.refresh_from_db()
    assert (own.parent, own.ended_on, stays.appointments.get().ends_on) == (heir, None, None)
    assert (shared.ended_on, Succession.objects.get(old=shared).new) == (TODAY, theirs)
    ends = dict(both.appointments.values_list("body", "ends_on"))
    assert ends == {shared.pk: TODAY - timedelta(days=1), theirs.pk: None}


def test_members_of_a_merged_sector_sit_in_its_heir(director: Person) -> None:
    old, heir, party = (
        BodyFactory(kind=kind) for kind in (BodyKind.SECTOR, BodyKind.SECTOR, BodyKind.DEMOCRATIC_PARTY)
    )
    seated = MembershipFactory(sector=old, party=party, post="某校校长")
    fresh = MembershipFactory(sector=old, starts_on=TODAY)
    left = MembershipFactory(sector=old, ends_on=date(2024, 1, 1))

    succeed(old, [heir], kind=Change.MERGE, on=TODAY, by=director, now=NOW)

    seats = seated.person.memberships.order_by("starts_on").values_list(
        "sector", "party", "post", "starts_on", "ends_on"
    )
    yesterday = TODAY - timedelta(days=1)
    assert list(seats) == [
        (old.pk, party.pk, "某校校长", seated.starts_on, yesterday),
        (heir.pk, party.pk, "某校校长", TODAY, None),
    ]
    assert fresh.person.memberships.get().sector == heir
    assert left.person.memberships.get().sector == old


def test_a_renamed_body_remembers_the_name_of_the_time(director: Person) -> None:
    body = BodyFactory(name="市旧名局")

    succeed(body, [], kind=Change.RENAME, name="市新名局", on=TODAY, by=director, now=NOW)

    body.refresh_from_db()
    assert [body.name_on(day) for day in (TODAY - timedelta(days=1), TODAY)] == ["市旧名局", "市新名局"]
    assert Body.objects.units().match("旧名局") == (body, "former")
    assert Succession.objects.get().new == body


@pytest.mark.parametrize(("kind", "heirs"), [(Change.MERGE, 0), (Change.MERGE, 2), (Change.SPLIT, 1), (Change.END, 1)])
def test_successors_must_fit_the_act(kind: Change, heirs: int, director: Person) -> None:
    body = BodyFactory()

    with pytest.raises(Refused):
        succeed(body, BodyFactory.create_batch(heirs), kind=kind, on=TODAY, by=director, now=NOW)

    assert not Succession.objects.exists()


def test_a_body_ends_once(director: Person) -> None:
    body = BodyFactory()
    succeed(body, [], kind=Change.END, on=TODAY, by=director, now=NOW)

    with pytest.raises(WrongStep):
        succeed(body, [], kind=Change.END, on=TODAY, by=director, now=NOW)


def test_a_mover_that_refuses_stops_the_whole_act(director: Person) -> None:
    def refuse(*facts: object) -> None:
        raise Refused("还有未分清的职责。")

    body = BodyFactory()
    succession.register(refuse)
    try:
        with pytest.raises(Refused):
            succeed(body, [], kind=Change.END, on=TODAY, by=director, now=NOW)
    finally:
        succession._movers.remove(refuse)

    body.refresh_from_db()
    assert body.ended_on is None


def test_an_assigning_office_cannot_simply_end(director: Person) -> None:
    office = Body.objects.get(name="市政府督查室")

    with pytest.raises(Refused, match="交办机构"):
        succeed(office, [], kind=Change.END, on=TODAY, by=director, now=NOW)


def test_two_living_bodies_never_share_a_name(director: Person) -> None:
    with pytest.raises(Refused, match="已有名为"):
        add_body("市 教育局", kind=BodyKind.DEPARTMENT, system=System.GOVERNMENT, by=director, now=NOW)
    with pytest.raises(IntegrityError, match="one_current_body_per_name"), transaction.atomic():
        BodyFactory(name="市\u3000教育局")


def test_a_name_of_another_body_cannot_be_added(director: Person) -> None:
    with pytest.raises(Refused, match="另一单位"):
        add_name(BodyFactory(), "市环保局", kind=NameKind.ALIAS, by=director, now=NOW)


def test_sections_of_two_bodies_may_share_a_name(director: Person) -> None:
    for parent in BodyFactory.create_batch(2):
        add_body("办公室", kind=BodyKind.SECTION, system=System.GOVERNMENT, parent=parent, by=director, now=NOW)

    assert Body.objects.filter(name="办公室", kind=BodyKind.SECTION).count() == 2


@pytest.mark.parametrize(
    ("name", "pinyin"),
    [
        ("单小明", "shanxiaoming sxm"),
        ("曾国强", "zengguoqiang zgq"),
        ("𠮷野", "jiye jy"),
        ("龚䶮", "gongyan gy"),
        ("尉迟恭", "yuchigong ycg"),
    ],
)
def test_names_are_found_by_sound(name: str, pinyin: str) -> None:
    assert sound(name, person=True) == pinyin


def test_bodies_are_found_by_sound_and_other_names() -> None:
    wanted = Body.objects.get(name="市生态环境局")

    for text in ("shengtaihuanjing", "sthj", "环保局", "生态"):
        assert wanted in Body.objects.search(text)
