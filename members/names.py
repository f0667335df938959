"""Names as people write them, made comparable; and as people type them, by sound."""

import re
import unicodedata
from collections.abc import Callable
from functools import cache, partial

# characters of names that the library does not know
MORE = {ord("𠮷"): "jí", ord("𬭎"): "hóng", ord("𬍛"): "yù", ord("𫖯"): "fǔ"}
# surnames whose sound differs from the everyday one
SURNAMES = {
    "单": "shan", "曾": "zeng", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "任": "ren", "华": "hua",
    "翟": "zhai", "朴": "piao", "盖": "ge", "秘": "bi", "缪": "miao", "冼": "xian", "覃": "qin", "尉": "wei",
    "乐": "yue", "晟": "cheng", "员": "yun", "宓": "fu", "逄": "pang", "种": "chong", "折": "she", "黑": "he",
}  # fmt: skip
COMPOUND_SURNAMES = {"尉迟": ["yu", "chi"], "万俟": ["mo", "qi"], "长孙": ["zhang", "sun"], "单于": ["chan", "yu"]}
SPACES = re.compile(r"[\s\u200b-\u200f\u2028-\u202f\u2060-\u2069\ufeff\u00ad]+")


def clean(text: str) -> str:
    """Return `text` in one form: NFKC, no control or direction marks, single blanks."""
    folded = unicodedata.normalize("NFKC", text)
    kept = "".join(c for c in folded if c in "\t\n\r" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})
    return " ".join(kept.split())


def person_name(text: str) -> str:
    """Return a person's name as it is stored: 张 三 becomes 张三, while Rèn Li'an keeps its blank."""
    name = clean(text)
    if any("\u3400" <= c <= "\u9fff" or ord(c) >= 0x20000 for c in name):
        return name.replace(" ", "")
    return name


def normal(text: str) -> str:
    """Return what two spellings of one body's name have in common.

    >>> normal(" 市 教育局（Ａ）")
    '市教育局(a)'
    """
    return SPACES.sub("", unicodedata.normalize("NFKC", text)).casefold()


def spellings(text: str) -> list[str]:
    """Return the normal forms under which a body's name may be stored, the likeliest first.

    The 市 at the head is often left out or written twice over.

    >>> spellings("教育局")
    ['教育局', '市教育局']
    >>> spellings("市总工会")
    ['市总工会', '市市总工会', '总工会']
    """
    form = normal(text)
    if not form:
        return []
    return [form, f"市{form}", *([form[1:]] if form.startswith("市") and len(form) > 2 else [])]


@cache
def _speller() -> Callable[[str], list[str]]:
    """Read the dictionary when the first name asks for it: it is large, and few processes ever spell one."""
    from pypinyin import Style, lazy_pinyin, load_single_dict  # as above

    load_single_dict(MORE)
    return partial(lazy_pinyin, style=Style.NORMAL)


def sound(name: str, *, person: bool = False) -> str:
    """Return pinyin and initials for search: 张三 gives `zhangsan zs`."""
    spelled = _speller()
    syllables = spelled(name)
    if person and name[:2] in COMPOUND_SURNAMES:
        syllables = COMPOUND_SURNAMES[name[:2]] + spelled(name[2:])
    elif person and name[:1] in SURNAMES:
        syllables = [SURNAMES[name[:1]], *spelled(name[1:])]
    parts = [part.casefold().replace(" ", "") for part in syllables]
    return f"{''.join(parts)} {''.join(part[:1] for part in parts)}".strip()[:255]


DIGITS = "零一二三四五六七八九"


def chinese_number(number: int) -> str:
    """Return 1 to 99 as sessions are counted.

    >>> [chinese_number(n) for n in (2, 10, 14, 20, 35)]
    ['二', '十', '十四', '二十', '三十五']
    """
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{DIGITS[tens]}十"
    return head + (DIGITS[ones] if ones or not tens else "")
