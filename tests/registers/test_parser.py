"""Whole registers: which sheet, which rows, which faults."""

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import pytest

from config.portal.registers.headers import Field, find_header
from config.portal.registers.parser import NotARegister, Register, codes_of, read_register
from config.portal.registers.reading import read_sheets
from config.portal.registers.sheets import Area, Sheet
from config.portal.registers.text import Cell

from .books import HEADER, MATCHER, line, sheet, write_book


def read(*sheets: Sheet, **given: object) -> Register:
    return read_register(sheets, MATCHER, **given)  # type: ignore[arg-type]  # keyword arguments of one test each


def outcome(register: Register) -> dict[int, str]:
    """What became of each data row: its warnings' codes, or the code of its error or skip."""
    rows = {entry.row: " ".join(entry.codes) or "imported" for entry in register.entries}
    rows |= {note.row: note.code for note in register.skipped + register.errors}
    return dict(sorted(rows.items()))


def test_a_clerks_own_book_is_read_by_its_words(tmp_path: Path) -> None:
    register = read(*read_sheets(write_book(tmp_path / "登记.xlsx")))

    assert register.sheet == "全部提案"
    assert register.rows == 6
    assert outcome(register) == {
        6: "imported",
        7: "former_name",
        8: "unknown_unit:和谐社区促进会 multiple_leads",
        9: "no_lead_unit year_assumed",
        11: "formula",
        12: "invalid_number",
    }
    assert [
        (
            entry.number,
            entry.title,
            entry.proposer,
            entry.lead,
            entry.co,
            entry.assigned_on,
            entry.doc_no,
            entry.replied_on,
            entry.reply_class,
        )
        for entry in register.entries
    ] == [
        (
            "0003",
            "关于加强校车管理的提案",
            "苏望岳",
            "市教育局",
            ("市财政局", "市文化和旅游局"),
            date(2025, 2, 18),
            "教函〔2025〕8号",
            date(2025, 5, 20),
            "A",
        ),
        ("0004", "垃圾分类进校园", "𠮷半夏、吴䶮", "市生态环境局", (), date(2025, 2, 18), "", date(2025, 6, 1), "B"),
        (
            "0005",
            "关于 公交进村的建议",
            "苏望岳等3人",
            "市交通运输局",
            ("市科学技术协会",),
            date(2025, 2, 18),
            "",
            None,
            "",
        ),
        ("0006", "关于“一件事”改革的建议", "", "", ("市财政局",), date(2025, 2, 18), "", None, ""),
        ("0008", "关于夜间公交的建议", "", "市交通运输局", (), None, "", None, ""),
    ]
    assert {entry.category for entry in register.entries} == {"民生"}
    assert "13800000000" not in str([asdict(entry) for entry in register.entries])


def test_rows_that_are_no_data_are_passed_over_in_silence() -> None:
    wide = [Area(1, 0, 1, 9)]
    register = read(
        sheet(
            ["一、经济建设方面"],
            line("0001"),
            [],
            [None, "  "],
            list(HEADER),
            line("0002", "第二件"),
            ["二、社会建设类（12件）"],
            line("0003", "第三件"),
            ["示例市政协提案一览表（续）"],
            line("0004", "第四件"),
            ["合 计", "4件"],
            ["共4件"],
            ["填表人：（略）", None, None, None, "审核人：（略）", None, None, "2026年6月30日"],
            ["注：本表由提案委员会负责解释"],
            ["第1页 共2页"],
            merged=wide,
        )
    )

    assert outcome(register) == dict.fromkeys((3, 7, 9, 11), "imported")
    assert [entry.category for entry in register.entries] == ["经济建设", "经济建设", "社会建设", "社会建设"]


def test_a_title_that_looks_like_a_total_or_a_signature_is_data() -> None:
    register = read(
        sheet(
            line("0001", "合计分摊电费问题的建议"),
            line("0002", "关于填表人：负责制的建议"),
            line("0003", "一、二年级减负的建议"),
        )
    )

    assert outcome(register) == {2: "imported", 3: "imported", 4: "imported"}


def test_rows_without_title_or_number_are_refused_one_by_one() -> None:
    register = read(
        sheet(
            line("0001", None),
            line(None, "无号"),
            line("98-99"),
            line("0004", "《》"),
            line("甲", "号不对"),
            line("0005", "好的"),
            line("0006", "长" * 301),
        )
    )

    assert outcome(register) == {
        2: "missing_title", 3: "missing_number", 4: "invalid_number", 5: "missing_title", 6: "invalid_number", 7: "imported", 8: "title_too_long",
    }  # fmt: skip
    assert register.rows == 7
    assert [(note.column, note.message) for note in register.errors[:3]] == [
        ("案由", "案由为空，请补填。"),
        ("提案编号", "提案编号为空，请补填。"),
        ("提案编号", "提案编号“98-99”不是一个编号，请每行只写一个。"),
    ]


def test_the_same_number_is_skipped_with_the_same_title_and_refused_with_another() -> None:
    register = read(
        sheet(
            line(1, "甲"),
            line("第1号", "《甲》"),
            line("0001", "乙"),
            line("0002", "甲"),
            line("0003", "丙"),
            line("0004", "丁"),
        ),
        known={"0003": "丙", "0004": "别的", "0009": "丁"},
    )

    assert outcome(register) == {
        2: "imported", 3: "duplicate_same", 4: "duplicate_conflict", 5: "possible_duplicate_title", 6: "duplicate_same", 7: "duplicate_conflict",
    }  # fmt: skip
    assert register.errors[0].message == "编号 0001 与本表第 2 行相同而案由不同，没有覆盖，请核对编号。"
    assert register.errors[1].message == "编号 0004 与已有的提案相同而案由不同，没有覆盖，请核对编号。"


def test_units_keep_their_parts() -> None:
    register = read(
        sheet(
            line("0001", "一", 主办单位="市教育局、市财政局", 会办单位="市环保局"),
            line("0002", "二", 主办单位="市教育局", 会办单位="市教体局；市财政局，市财政局"),
            line("0003", "三", 主办单位=None, 会办单位="市财政局"),
            line("0004", "四", 主办单位="市明日之星办公室", 会办单位="和顺集团"),
            line("0005", "五", 主办单位="市发展和改革委员会", 会办单位="—"),
            line("0006", "六", 主办单位="市交通局"),
            line("0007", "七", 主办单位="教育局"),
        )
    )

    assert [(entry.lead, entry.co, entry.unknown, entry.codes) for entry in register.entries] == [
        ("市教育局", ("市财政局", "市生态环境局"), (), ("former_name", "multiple_leads")),
        ("市教育局", ("市财政局",), (), ("lead_repeated_in_co",)),
        ("", ("市财政局",), (), ("no_lead_unit",)),
        ("", (), ("市明日之星办公室", "和顺集团"), ("unknown_unit:市明日之星办公室", "unknown_unit:和顺集团")),
        ("市发展和改革委员会", (), (), ()),
        ("市交通运输局", (), (), ()),
        ("市教育局", (), (), ()),
    ]


def test_split_handling_is_kept_apart() -> None:
    header = ("编号", "标题", "分办单位")
    register = read(sheet(["1", "甲", "市教育局、市财政局"], header=header))

    assert [(entry.lead, entry.co, entry.split, entry.codes) for entry in register.entries] == [
        ("", (), ("市教育局", "市财政局"), ())
    ]


def test_cells_merged_downwards_fill_and_numbers_do_not() -> None:
    rows = [line("0001", "一", 交办日期="2026.3.8"), line("0002", "二"), line("0003", "三"), line(None, "四")]
    register = read(sheet(*rows, merged=[Area(1, 5, 3, 5), Area(3, 0, 4, 0)]))

    assert [(entry.number, entry.assigned_on) for entry in register.entries] == [
        ("0001", date(2026, 3, 8)), ("0002", date(2026, 3, 8)), ("0003", date(2026, 3, 8)),
    ]  # fmt: skip
    assert codes_of(register.errors) == ["missing_number"]


def test_dates_that_need_a_look_come_in_with_a_warning() -> None:
    register = read(
        sheet(
            line("0001", "一", 交办日期="3月12日", 答复日期="2025.6.1"),
            line("0002", "二", 交办日期="25.3.9", 答复日期="2025年2月1日", 办理类别="E"),
            line("0003", "三", 交办日期="2025年2月30日", 答复文号="教函[2025]1号"),
        )
    )

    assert [(entry.assigned_on, entry.replied_on, entry.codes) for entry in register.entries] == [
        (date(2025, 3, 12), date(2025, 6, 1), ("year_assumed",)),
        (date(2025, 3, 9), date(2025, 2, 1), ("year_assumed", "reply_before_assigned", "invalid_class")),
        (None, None, ("invalid_date", "reply_without_date")),
    ]


def test_days_to_come_and_limits_before_their_start_are_not_taken_over() -> None:
    header = [*HEADER, "办理期限"]
    rows: list[list[Cell]] = [
        [*line("0001", "一", 交办日期="2062.3.12"), None],
        [*line("0002", "二", 交办日期="2026.3.12", 答复日期="2099年6月1日"), None],
        [*line("0003", "三", 交办日期="2026.3.12"), "2026.3.1"],
        [*line("0004", "四", 交办日期="2026.3.12"), "2026.6.30"],
        [*line("0005", "五", 交办日期="2026.4.20"), None],
    ]

    register = read(sheet(*rows, header=header), today=date(2026, 4, 20))

    assert [(entry.assigned_on, entry.replied_on, entry.due_on, entry.codes) for entry in register.entries] == [
        (None, None, None, ("future_date",)),
        (date(2026, 3, 12), None, None, ("future_date",)),
        (date(2026, 3, 12), None, None, ("due_before_assigned",)),
        (date(2026, 3, 12), None, date(2026, 6, 30), ()),
        (date(2026, 4, 20), None, None, ()),
    ]
    assert register.entries[2].unread == {"办理期限": "2026.3.1"}


def test_words_for_category_and_form_that_nobody_knows_are_kept_and_told() -> None:
    header = [*HEADER, "提案分类", "提案形式"]
    known = {"经济建设", "个人提案"}.__contains__
    rows: list[list[Cell]] = [
        ["一、农林水方面"],
        [*line("0001", "一"), None, "个人提案"],
        [*line("0002", "二"), "经济建设", "党派"],
        [*line("0003", "三"), "海洋", None],
    ]

    register = read(sheet(*rows, header=header), fits_category=known, fits_form=known)

    assert [(entry.category, entry.kind, entry.unread, entry.codes) for entry in register.entries] == [
        ("", "个人提案", {"提案分类": "农林水"}, ("unknown_category",)),
        ("经济建设", "", {"提案形式": "党派"}, ("unknown_form",)),
        ("", "", {"提案分类": "海洋"}, ("unknown_category",)),
    ]


def test_the_sessions_year_wins_where_the_register_knows_it_too() -> None:
    rows = [
        line("0001", "一", 交办日期="2025.12.30"),
        line("0002", "二", 交办日期="2026.1.5"),
        line("0003", "三", 交办日期="2025.12.31"),
        line("0004", "四", 交办日期="1月6日"),
    ]

    assert read(sheet(*rows), year=2026).entries[3].assigned_on == date(2026, 1, 6)
    assert read(sheet(*rows), year=2019).entries[3].assigned_on == date(2025, 1, 6)
    assert read(sheet(rows[3]), year=2024).entries[0].assigned_on == date(2024, 1, 6)
    assert read(sheet(rows[3])).entries[0].codes == ("invalid_date",)


def test_formulas_give_their_value_and_say_so_and_text_that_starts_with_equals_is_text() -> None:
    rows = [
        line("0001", "一", 备注="=HYPERLINK(1)"),
        line("0002", "二", 备注="<script>alert(1)</script>"),
        line("0003", None),
    ]
    register = read(sheet(*rows, formulas=frozenset({(2, 0), (3, 1)})))

    assert [(entry.remark, entry.codes) for entry in register.entries] == [
        ("=HYPERLINK(1)", ()), ("<script>alert(1)</script>", ("formula",)),
    ]  # fmt: skip
    assert codes_of(register.errors) == ["missing_title"]


def test_a_line_of_a_text_file_that_is_too_long_is_refused() -> None:
    register = read(sheet([*line("0001", "一"), "", "多出"], [*line("0002", "二"), "", ""], text=True))

    assert outcome(register) == {2: "extra_column", 3: "imported"}
    assert outcome(read(sheet([*line("0001", "一"), "旁注"]))) == {2: "imported"}


@pytest.mark.parametrize(
    "header",
    [
        [
            "备注",
            "复文日期",
            "案号",
            "结果类别",
            "复函文号",
            "协办部门",
            "提案题目",
            "交办时间",
            "牵头部门",
            "提案委员",
        ],
        [
            "说明",
            "答复时间",
            "提 案\n编 号",
            "办理类别（A/B/C）",
            "发文字号",
            "会（协）办单位",
            "提案名称（案由）",
            "交办日期",
            "主(承)办单位",
            "第一提案人",
        ],
        ["附注", "办结日期", "编号", "答复类别", "答复函号", "配合单位", "题目", "转办日期", "承办单位", "提案人/单位"],
    ],
)
def test_other_words_and_orders_mean_the_same(header: list[str]) -> None:
    row: list[Cell] = [
        "注",
        "2025.6.1",
        "第1号",
        "B类",
        "教函[2025]1号",
        "市财政局",
        "甲",
        "2025.3.1",
        "市教育局",
        "林见山",
    ]
    [entry] = read(Sheet("x", [["某年提案表"], [], list(header), row])).entries

    assert (entry.number, entry.title, entry.proposer, entry.lead, entry.co) == (
        "0001",
        "甲",
        "林见山",
        "市教育局",
        ("市财政局",),
    )
    assert (entry.assigned_on, entry.replied_on, entry.doc_no, entry.reply_class, entry.remark) == (
        date(2025, 3, 1), date(2025, 6, 1), "教函〔2025〕1号", "B", "注",
    )  # fmt: skip


def test_two_levels_are_joined_with_and_without_merged_cells() -> None:
    upper: list[Cell] = ["序号", "提案", None, "办理单位", None, "交办", "答复", None, None]
    lower: list[Cell] = [None, "编号", "题目", "主办", "会办", "日期", "日期", "文号", "类别"]
    row: list[Cell] = [1, "0001", "甲", "市教育局", "市财政局", "2025.3.1", "2025.6.1", "教函〔2025〕1号", "A"]
    merged = [Area(0, 0, 1, 0), Area(0, 1, 0, 2), Area(0, 3, 0, 4), Area(0, 6, 0, 8)]

    for areas in (merged, []):
        [entry] = read(Sheet("x", [upper, lower, row], merged=tuple(areas))).entries
        assert (entry.number, entry.title, entry.lead, entry.co) == ("0001", "甲", "市教育局", ("市财政局",))
        assert (entry.assigned_on, entry.replied_on, entry.doc_no, entry.reply_class) == (
            date(2025, 3, 1), date(2025, 6, 1), "教函〔2025〕1号", "A",
        )  # fmt: skip


def test_a_column_headed_class_may_hold_subjects() -> None:
    rows = [[str(number), f"第{number}件", subject] for number, subject in enumerate(["教育", "交通", "教育"], start=1)]

    by_subject = read(sheet(*rows, header=["编号", "案由", "办理类别"]))
    by_class = read(sheet(["1", "甲", "A"], ["2", "乙", "教育"], ["3", "丙", "B"], header=["编号", "案由", "办理类别"]))

    assert [(entry.category, entry.codes) for entry in by_subject.entries] == [("教育", ()), ("交通", ()), ("教育", ())]
    assert [entry.codes for entry in by_class.entries] == [(), ("invalid_class",), ()]


def test_contacts_are_not_taken_and_other_columns_are_kept() -> None:
    header = ["编号", "案由", "提案者", "提案者手机", "通讯地址", "身份证号", "委员满意度"]
    [entry] = read(sheet(["1", "甲", "林见山", "139", "某路", "110", "满意"], header=header)).entries

    assert entry.other == {"委员满意度": "满意"}
    assert not {"139", "某路", "110"} & set(entry.raw.values())


def test_the_sheet_with_most_rows_is_taken_and_others_are_named() -> None:
    few = Sheet("一季度", [list(HEADER), line("0001", "甲")])
    many = Sheet("二季度", [list(HEADER), line("0001", "甲"), line("0002", "乙")])
    hidden = Sheet("旧表", [list(HEADER), *(line(number, str(number)) for number in range(1, 9))], hidden=True)
    guide = Sheet("填写说明", [list(HEADER), *(line(number, str(number)) for number in range(1, 9))])

    register = read(guide, hidden, few, many)

    assert (register.sheet, len(register.entries)) == ("二季度", 2)
    assert register.notes == ("工作表“一季度”也有提案登记表的表头，本次没有导入；需要时请指定该工作表再导入一次。",)
    assert read(guide, few, only="填写说明").rows == 8


@pytest.mark.parametrize(
    ("sheets", "sentence"),
    [
        ([], "没有找到表头：登记表须有“提案编号”和“案由”（或意思相同的）两列，另有提案者、主办单位等列。"),
        (
            [Sheet("a", [["你好"], []])],
            "没有找到表头：登记表须有“提案编号”和“案由”（或意思相同的）两列，另有提案者、主办单位等列。",
        ),
        (
            [Sheet("说明", [list(HEADER), line()])],
            "只有“说明”像提案登记表，但它是说明页或隐藏的工作表。确要导入，请指定该工作表。",
        ),
    ],
)
def test_a_file_without_a_register_is_refused_with_a_sentence(sheets: list[Sheet], sentence: str) -> None:
    with pytest.raises(NotARegister, match=sentence.replace("（", "[（]")):
        read(*sheets)


def test_a_header_is_not_read_out_of_the_data() -> None:
    header = find_header(sheet(line("0001", "关于主办单位答复日期的建议", 备注="会办单位")))

    assert header is not None
    assert (header.first, header.last, header.columns(Field.TITLE)) == (0, 0, [1])


def test_moments_in_date_cells_are_days() -> None:
    [entry] = read(sheet(line("0001", "甲", 交办日期=datetime(2026, 3, 5, 14, 30)))).entries

    assert entry.assigned_on == date(2026, 3, 5)
