"""Find the header of a register by its words, wherever it stands and in whatever order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from .sheets import Sheet
from .text import narrow, text_of

LOOKED_AT = 60  # rows from the top in which a header may stand
DEEPEST = 3  # levels of a header


class Field(StrEnum):
    """What a column of a register says."""

    NUMBER = "提案编号"
    TITLE = "案由"
    PROPOSER = "提案者"
    COSIGNERS = "联名人"
    KIND = "提案形式"
    CATEGORY = "提案分类"
    LEAD = "主办单位"
    CO = "会办单位"
    SPLIT = "分办单位"
    ASSIGNED = "交办日期"
    DUE = "办理期限"
    DOC_NO = "答复文号"
    REPLIED = "答复日期"
    CLASS = "办理类别"
    REMARK = "备注"
    OTHER = "其他"  # kept as it is
    IGNORED = "不导入"  # running number; phone and address are not collected here


# The first that fits decides, so what is narrower stands above what is wider.
WORDS: tuple[tuple[Field, str], ...] = (
    (
        Field.IGNORED,
        r"^(序号?|顺序号?|行号|no|栏次)$|电话|手机|联系方式|地址|住址|身份证|邮箱|邮编|邮政编码|微信|e?mail",
    ),
    (
        Field.OTHER,
        r"满意|评价|反馈|意见|公开|联系人|承办人|经办人|办理人|负责人|领导|届次|进度|办理状态|办理进展|党派|界别$|职务|工作单位",
    ),
    (Field.OTHER, r"(会办|协办).*(日期|时间|文号|类别|期限)"),
    (Field.OTHER, r"(提交|收案|收到|登记|提出|立案|审查|签收|沟通|见面)(的)?(日期|时间)"),
    (Field.DUE, r"期限|截止|限办|时限|(要求|应).*(答复|办结|办复)|最迟"),
    (Field.DOC_NO, r"文号|函号|发文字号|文件编?号|发文号|复函编号|答复编号"),
    (Field.REPLIED, r"(答复|回复|复函|复文|办复|办结|完成|成文|发文|复)(情况|结果|意见|件)?(的)?(日期|时间|日)$"),
    (Field.ASSIGNED, r"(交办|转办|分办|分送|下达|派单|移交|交付|批转)(情况)?(的)?(日期|时间|日)$"),
    (
        Field.CLASS,
        r"(办理|答复|办复|结果|落实|复函|办理答复)(情况|结果)?(的)?(类别|分类|类型|等级|等次|类)|^abc|办理结果$|答复结果$|办复结果$",
    ),
    (Field.SPLIT, r"分办"),
    (Field.CO, r"会办|协办|配合|协同|会同|参与办理|参与单位|参加单位|会商单位"),
    (Field.LEAD, r"主办|牵头|独办|承办|办理单位|办理部门|责任单位|责任部门|答复单位"),
    (Field.COSIGNERS, r"联名|附议|联署|共同提案|其他提案|联合提案|附名"),
    (Field.KIND, r"提案形式|提案性质|提案者类[别型]|提案人类[别型]|个人.*(集体|联名)"),
    (
        Field.PROPOSER,
        r"提案者|提案人|提案委员|提出人|提出者|提案单位|领衔|第一提案|委员姓名|提案方|提案主体|建议人|^委员$|^姓名$|^提交人$",
    ),
    (
        Field.NUMBER,
        r"^(提案|立案|案件|议案|建议|提案立案|提案案)?(编号|编码|号码|号|案号|立案号)$|^(提案|案)序号$|^案次$|^提案no$",
    ),
    (Field.TITLE, r"案由|题目|标题|提案名称|案名|题名|案题|事由|^名称$|^主题$|^提案(题|主题|内容摘要)?$"),
    (Field.CATEGORY, r"^(提案|所属|案由|内容|专题)?(类别|分类|类型|类|专题|领域|方面)$"),
    (Field.REMARK, r"备注|说明|附注|^注$"),
)
MANY = frozenset({Field.LEAD, Field.CO, Field.SPLIT, Field.COSIGNERS, Field.OTHER, Field.IGNORED})
LONGEST = 60  # letters of a header word
VAGUE = 2  # letters: 日期, 类别, 单位 mean something only under the word above them


@dataclass(frozen=True)
class Header:
    """Where the header stands (first and last row, from 0) and what its columns say."""

    first: int
    last: int
    fields: dict[int, Field]
    labels: dict[int, str]

    def columns(self, field: Field) -> list[int]:
        return self.by_field.get(field, [])

    @cached_property
    def by_field(self) -> dict[Field, list[int]]:
        found: dict[Field, list[int]] = {}
        for column, field in self.fields.items():
            found.setdefault(field, []).append(column)
        return found

    def label(self, field: Field) -> str:
        """The clerk's own word for a column, for messages."""
        columns = self.columns(field)
        return self.labels[columns[0]] if columns else field.value

    @property
    def good(self) -> bool:
        return {Field.NUMBER, Field.TITLE} <= set(self.fields.values()) and len(self.fields) >= 3

    @property
    def score(self) -> int:
        return len(set(self.fields.values()) - {Field.OTHER, Field.IGNORED})

    @property
    def width(self) -> int:
        return max(self.labels, default=-1) + 1


def find_header(sheet: Sheet) -> Header | None:
    """The block of rows that names most columns; of two equal ones the shallower, then the upper."""
    best: Header | None = None
    for first in range(min(LOOKED_AT, len(sheet.rows))):
        for depth in range(1, DEEPEST + 1):
            header = header_at(sheet, first, depth)
            if header and header.good and (best is None or header.score > best.score):
                best = header
    return best


def header_at(sheet: Sheet, first: int, depth: int) -> Header | None:
    if first + depth > len(sheet.rows):
        return None
    levels = [level(sheet, row, bottom=row == first + depth - 1) for row in range(first, first + depth)]
    fields: dict[int, Field] = {}
    labels: dict[int, str] = {}
    for column in range(max(map(len, levels))):
        words = list(dict.fromkeys(words[column] for words in levels if column < len(words) and words[column]))
        if not words:
            continue
        labels[column] = "".join(words[-1].split())
        field = meaning([normal(word) for word in words])
        taken = field in fields.values() and field not in MANY
        fields[column] = Field.OTHER if taken else field
    return Header(first, first + depth - 1, prefer_narrow(fields, labels), labels)


def level(sheet: Sheet, row: int, *, bottom: bool) -> list[str]:
    """The words of one header row; upper words reach over the columns below them."""
    words = [text_of(cell)[:LONGEST] for cell in sheet.rows[row]]
    for area in sheet.merged:
        if area.top <= row <= area.bottom and area.left < area.right:
            reach = min(area.right + 1, sheet.width)
            words += [""] * (reach - len(words))
            words[area.left : reach] = [words[area.left]] * (reach - area.left)
    if not bottom and not sheet.merged and row + 1 < len(sheet.rows):
        below = [text_of(cell) for cell in sheet.rows[row + 1]]
        for column in range(1, len(words)):
            if not words[column] and column < len(below) and below[column] and below[column - 1]:
                words[column] = words[column - 1]
    return words


def normal(word: str) -> str:
    """A header word without space, width, case and marks."""
    return re.sub(r"[^\w]|_", "", narrow(word)).casefold()


def meaning(words: Sequence[str]) -> Field:
    """What a column says, from its words, upper ones first."""
    last, joined = words[-1], "".join(words)
    for word in (joined, last) if len(last) <= VAGUE else (last, joined):
        without_remark = re.sub(r"(abc|含|以)[abc类等]*$", "", word)
        for field, pattern in WORDS:
            if re.search(pattern, word) or (without_remark and re.search(pattern, without_remark)):
                return field
    return Field.OTHER


def prefer_narrow(fields: dict[int, Field], labels: dict[int, str]) -> dict[int, Field]:
    """Where 主办单位 has a column of its own, another one that says only 承办单位 is not the lead's."""
    leads = [column for column, field in fields.items() if field is Field.LEAD]
    narrow_ones = [column for column in leads if re.search("主办|牵头|独办", labels[column])]
    if not narrow_ones:
        return fields
    return {
        column: Field.OTHER if column in leads and column not in narrow_ones else field
        for column, field in fields.items()
    }
