"""Who has no mouse: a member writes and evaluates, a clerk takes it up, the head of the unit sends the answer."""

from contextlib import ExitStack

from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from members.choices import Role
from members.models import Person
from proposals import actions
from proposals.handling.models import Matter
from proposals.models import Category, Proposal
from tests.browser import DESKTOP, visit
from tests.factories import PASSWORD
from tests.journeys.committee import Committee, committee, member, somebody, unit
from tests.journeys.house import House

TITLE = "关于在公园增设无障碍坡道的建议"
LONGEST = 120  # stops on one page, menu and footer included

WHERE = """() => {
  const node = document.activeElement;
  if (!node || node === document.body) return "nowhere";
  const ring = getComputedStyle(node);
  if (ring.outlineStyle === "none" || parseFloat(ring.outlineWidth) < 2) return "no ring: " + node.outerHTML.slice(0, 120);
  const box = node.getBoundingClientRect();
  const inside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  return inside ? "" : "out of sight: " + node.outerHTML.slice(0, 120);
}"""


class Keys:
    """One person who only has a keyboard."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    def arrives(self) -> "Keys":
        """The first stop leads past the menu; what follows upon a form begins there, for the address keeps its mark."""
        if self.page.url.endswith("#main"):
            return self
        self.page.keyboard.press("Tab")
        expect(self.page.locator(".skip")).to_be_focused()
        self.page.keyboard.press("Enter")
        expect(self.main).to_be_focused()
        return self

    def reaches(self, target: Locator) -> "Keys":
        """Go on from stop to stop, each of them seen, until this one."""
        for _ in range(LONGEST):
            self.page.keyboard.press("Tab")
            assert self.page.evaluate(WHERE) == ""
            if target.evaluate_all("nodes => nodes.includes(document.activeElement)"):
                return self
        raise AssertionError(f"no way to {target}")

    def follows(self, words: str) -> "Keys":
        link = self.main.get_by_role("link").filter(has_text=words)
        button = self.main.get_by_role("button", name=words, exact=True)
        self.reaches(link.or_(button))
        with self.page.expect_navigation() as going:
            self.page.keyboard.press("Enter")
        answer = going.value
        assert answer is None or answer.status == 200, (self.page.url, answer.status)
        return self.arrives()

    def types(self, name: str, words: str) -> "Keys":
        self.reaches(self.main.locator(f"[name={name}]").first)
        self.page.keyboard.type(words)
        return self

    def ticks(self, name: str) -> "Keys":
        self.reaches(self.main.locator(f"[name={name}]"))
        self.page.keyboard.press("Space")
        return self

    def chooses(self, name: str, value: str) -> "Keys":
        """Move the arrows within a set of radios or a list until this is chosen."""
        group = self.main.locator(f"[name={name}]")
        self.reaches(group)
        if self.page.evaluate("document.activeElement.type") == "radio":
            self.page.keyboard.press("Space")
        for _ in range(group.count() + group.locator("option").count()):
            if self.page.evaluate("document.activeElement.value") == value:
                return self
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{name} never became {value}")

    def reads(self, *words: str) -> "Keys":
        for sentence in words:
            expect(self.main).to_contain_text(sentence)
        return self


def test_a_proposal_without_a_mouse(house: House, browser: Browser) -> None:
    office, lin, park = committee(), member("林溪"), unit("市城市管理局")
    clerk, head = somebody(Role.UNIT_CLERK, "章程", park), somebody(Role.UNIT_HEAD, "方正", park)

    with ExitStack() as stack:

        def at_the_desk(person: Person) -> Keys:
            page = stack.enter_context(visit(browser, house.url, viewport=DESKTOP))
            house.enter(page, person)
            page.goto("/desk/")
            return Keys(page).arrives()

        writer = at_the_desk(lin)
        a_proposal_is_written(writer)
        matter = it_is_handed_over(office)
        it_is_signed_for_and_answered(at_the_desk(clerk))
        the_head_sends_the_answer(at_the_desk(head))
        it_is_evaluated(writer)

    matter.refresh_from_db()
    assert matter.closed_at is not None


def a_proposal_is_written(writer: Keys) -> None:
    writer.follows("写提案").follows("开始写")
    writer.types("title", TITLE).types("situation", "公园入口只有台阶。").types("analysis", "建成较早，没有改造计划。")
    writer.types("suggestions", "每个公园至少一个入口增设坡道").follows("下一步：联名与附件").follows(
        "下一步：核对提交"
    )
    writer.ticks("not_secret").follows("提交提案").reads("提案已提交")


def it_is_handed_over(office: Committee) -> Matter:
    """What the offices do is told elsewhere."""
    proposal, now = Proposal.objects.get(matter__title=TITLE), timezone.now()
    category = Category.objects.get(name="社会建设")
    filed = actions.file(proposal, category=category, by=office.staff, now=now)
    actions.allocate(filed, [actions.Share(unit("市城市管理局"), "sole")], by=office.officer, now=now)
    actions.hand_over([filed], session=office.session, by=office.officer, now=now)
    return filed.matter


def it_is_signed_for_and_answered(clerk: Keys) -> None:
    clerk.follows(TITLE).follows("签收").follows("签收").reads("已签收")
    clerk.follows("登记沟通").chooses("when", "before").chooses("mode", "phone").types("persons", "林溪、章程")
    clerk.types("text", "电话说明改造计划。").follows("登记")
    clerk.follows("拟写答复").types("text_1", "年内完成八处坡道。").chooses("class_1", "A").chooses("result", "A")
    clerk.types("opening", "感谢您对无障碍建设的关心。").types("signer", "方正").types("contact_phone", "0000-1234567")
    clerk.follows("保存，去核对").reads("年内完成八处坡道。")


def the_head_sends_the_answer(head: Keys) -> None:
    head.follows(TITLE).follows("拟写答复").follows("保存，去核对").follows("发出答复").reads("答复已发出")


def it_is_evaluated(writer: Keys) -> None:
    writer.page.goto("/desk/")
    writer.arrives().follows("评价").chooses("work", "satisfied").chooses("result", "basic")
    writer.types("password", PASSWORD).follows("提交评价").reads("评价已提交")
