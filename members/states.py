"""The words for where a matter stands, and the tone each is shown in (`tag`, stepper, filter, export: one table).

逾期 is a mark beside the state, never a state. The words are those of the committee; the tone repeats what they say.
"""

from typing import Final, Literal

Tone = Literal["neutral", "info", "ok", "warn", "danger", "key"]

TONES: Final[dict[str, Tone]] = {
    "草稿": "neutral",
    "联名中": "info",
    "已提交": "neutral",
    "待审查": "neutral",
    "审查中": "neutral",
    "退回修改": "warn",
    "不予立案": "neutral",
    "转社情民意": "neutral",
    "转意见建议": "neutral",
    "转上级政协": "neutral",
    "待提案者答复": "warn",
    "待转报": "info",
    "提案者不同意": "neutral",
    "已转报待回音": "info",
    "上级已有回音": "ok",
    "不再转报": "neutral",
    "待编号": "info",
    "已立案": "info",
    "已并案": "neutral",
    "已撤案": "neutral",
    "待交办": "info",
    "待签收": "warn",
    "已签收": "info",
    "退回调整": "warn",
    "协调中": "warn",
    "办理中": "info",
    "申请延期": "warn",
    "答复待审核": "warn",
    "答复退回修改": "danger",
    "已答复": "info",
    "已答复待评价": "info",
    "待报送": "warn",
    "已报送": "ok",
    "待反馈": "warn",
    "二次办理": "danger",
    "跟踪落实": "info",
    "编辑中": "info",
    "请反映人核对": "warn",
    "反映人已确认": "ok",
    "反映人要求修改": "danger",
    "组稿中": "info",
    "待核稿": "warn",
    "待签发": "warn",
    "已签发": "ok",
    "已签发待编发": "warn",
    "已编发": "ok",
    "已刊发": "ok",
    "已办结": "ok",
    "办结（未反馈）": "ok",
    "已归档": "ok",
    "暂停查看": "danger",
    "暂停查看（保密核查）": "danger",
}


def tone_of(label: str) -> Tone:
    """Return the tone of a state; a word that is not in the table is neutral."""
    return TONES.get(label, "neutral")
