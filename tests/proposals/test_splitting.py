"""Where one suggestion ends and the next begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proposals.splitting import split

WORDS = st.text(st.sampled_from("增加床位补助监管资金道路建议，。 \n𠮷"), min_size=1, max_size=30).filter(
    lambda text: bool(text.strip())
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("一是加装电梯；二是修缮管网。", ["加装电梯；", "修缮管网。"]),
        ("1. 甲\n2. 乙\n3. 丙", ["甲", "乙", "丙"]),
        ("1、占地1.5亩\n2、乙", ["占地1.5亩", "乙"]),
        ("一、总体\n（一）甲\n（二）乙\n二、其他", ["总体\n（一）甲\n（二）乙", "其他"]),
        ("建议如下：\n（1）甲\n（2）乙", ["甲", "乙"]),
        ("①甲②乙", ["甲", "乙"]),
        ("第一，甲。第二，乙。", ["甲。", "乙。"]),
        ("统筹规划停车设施。", ["统筹规划停车设施。"]),
        ("我们要求一是一、二是二。", ["我们要求一是一、二是二。"]),
        ("2. 乙\n3. 丙", ["2. 乙\n3. 丙"]),
        ("", []),
        (" \r\n ", []),
    ],
)
def test_marks_that_count_from_one_divide(text: str, parts: list[str]) -> None:
    assert split(text) == parts


@given(st.lists(WORDS, min_size=2, max_size=9))
def test_numbered_lines_come_back_one_by_one(parts: list[str]) -> None:
    parts = [" ".join(part.split()) for part in parts]
    numbered = "\n".join(f"{number}. {part}" for number, part in enumerate(parts, start=1))

    assert split(numbered) == parts


@given(st.text(max_size=200))
def test_nothing_but_marks_and_a_heading_is_lost(text: str) -> None:
    kept = "".join("".join(split(text)).split())
    typed = "".join(text.split())

    assert len(kept) >= len(typed) - 20 - 6 * 99 if len(split(text)) > 1 else kept == typed


@given(st.text(max_size=200))
def test_what_was_split_holds_no_empty_part(text: str) -> None:
    assert all(part.strip() == part and part for part in split(text))
