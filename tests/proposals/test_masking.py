"""Personal data is found by its shape and check digits, and nothing of it is left in the public copy."""

from hypothesis import given
from hypothesis import strategies as st

from proposals.masking import MARK, Kind, find, luhn, mask, pieces

CHECKS = "10X98765432"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
digits = st.text("0123456789", min_size=1)
WORDS = st.text("甲乙丙的在。，\n a1-", max_size=12)
mobile = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
id_card = st.from_regex(r"[1-9][0-9]{16}", fullmatch=True).map(
    lambda body: body + CHECKS[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]
)
card = st.from_regex(r"[3-6][0-9]{14}", fullmatch=True).map(
    lambda body: next(body + str(last) for last in range(10) if luhn([int(d) for d in body + str(last)]))
)
mail = st.from_regex(r"[a-z][a-z0-9]{1,8}@[a-z]{2,8}\.(com|cn)", fullmatch=True)
phone = st.from_regex(r"0[1-9][0-9]{1,2}-[1-9][0-9]{6,7}", fullmatch=True)
WIDE = str.maketrans("0123456789X@-.", "０１２３４５６７８９Ｘ＠－．")


@given(st.one_of(mobile, id_card, card, mail, phone), st.booleans(), WORDS, WORDS)
def test_whatever_is_planted_is_masked(secret: str, wide: bool, before: str, after: str) -> None:
    written = secret.translate(WIDE) if wide else secret
    text = f"{before}（{written}）{after}"

    masked = mask(text)

    assert written not in masked and MARK in masked


@given(
    st.text("0123456789Xx-+@.甲乙a 电话＊０", max_size=24),
    st.lists(st.text("0123甲乙a", min_size=1, max_size=3), max_size=3),
)
def test_nothing_that_is_found_or_hidden_is_left(text: str, hidden: list[str]) -> None:
    masked = mask(text, hidden)

    assert find(masked) == []
    assert not any(word in masked for word in hidden)
    assert mask(masked, hidden) == masked


@given(
    st.text("0123456789Xx-@.甲乙a 电话", max_size=24),
    st.lists(st.text("0123甲乙a", min_size=1, max_size=3), max_size=3),
)
def test_the_pieces_are_the_original_with_its_places_told_apart(text: str, hidden: list[str]) -> None:
    shown = pieces(text, hidden)

    assert "".join(piece.text for piece in shown) == text
    assert all(piece.kind in {*Kind, ""} for piece in shown)


def test_what_is_kept_stays_and_other_numbers_are_no_personal_data() -> None:
    text = "咨询电话0551-62345678，投资12345678901234万元，2026年11月20日，案号20260001，举报12345。"

    assert [one.kind for one in find(text)] == [Kind.PHONE]
    assert mask(text, kept=["0551-62345678"]) == text


def test_a_wrong_check_digit_is_no_id_card() -> None:
    assert [one.kind for one in find("身份证11010519491231002X")] == [Kind.ID_CARD]
    assert find("编号110105194912310020") == []
