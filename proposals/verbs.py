"""What can happen to a proposal before and beside its handling: in which words, for whose eyes (S4)."""

from proposals.handling.events import ALL, AUTHORS, INSIDE, Verb
from proposals.handling.eyes import Eye

STAFF = frozenset({Eye.STAFF})
PROPOSER = frozenset({Eye.PROPOSER})
INVITING = frozenset({Eye.FIRST, Eye.STAFF})
"""Who reads of invitations that are pending, declined or gone (S2); who else signs learns of whoever does."""

VERBS = {
    "invited": Verb("邀请{names}联名", INVITING),
    "cosigned": Verb("{name}同意联名", AUTHORS, "ok"),
    "cosign_declined": Verb("{name}不参加联名", INVITING),
    "cosign_expired": Verb("{names}未在提交前确认，不列入联名", INVITING),
    "cosigner_removed": Verb("移除联名人{name}", AUTHORS),
    "registered": Verb("{source}，收件号{receipt}", AUTHORS, "ok"),
    "confirmation_asked": Verb("请提案者核对录入的文字", AUTHORS),
    "text_confirmed": Verb("提案者核对文字：{how}", AUTHORS, "ok"),
    "submitted": Verb("提交，收件号{receipt}", AUTHORS, "ok"),
    "resubmitted": Verb("修改后重新提交", AUTHORS, "ok"),
    "recalled": Verb("撤回修改", AUTHORS),
    "file_removed": Verb("删除误传的附件：{name}（{reason}）", AUTHORS, "warn"),
    "discarded": Verb("删除草稿", PROPOSER),
    "claimed": Verb("开始审查", STAFF),
    "released": Verb("放回待审查", STAFF),
    "advised": Verb("{name}：{advice}", STAFF),
    "returned": Verb("退回修改：{reason}", AUTHORS, "warn"),
    "filed": Verb("立案，类别：{category}", ALL, "ok"),
    "numbered": Verb("编号：第{number}号", ALL, "ok"),
    "declined": Verb("不予立案：{ground}", AUTHORS, "warn"),
    "turned": Verb("转为意见建议办理", AUTHORS, "warn"),
    "reported": Verb("转为社情民意线索", AUTHORS, "warn"),
    "passed_up": Verb("{on}转送{to}", AUTHORS, "warn"),
    "merged": Verb("并入{main}", ALL, "warn"),
    "took_in": Verb("{other}并入本案", ALL),
    "unmerged": Verb("取消并案：{reason}", AUTHORS, "warn"),
    "let_go": Verb("{other}不再并入本案", AUTHORS),
    "main_closed": Verb("随主案{main}办结", ALL, "ok"),
    "main_reopened": Verb("随主案{main}重新办理", ALL, "warn"),
    "main_archived": Verb("随主案{main}归档", ALL),
    "withdrawn": Verb("撤案：{reason}", ALL, "warn"),
    "part_withdrawn": Verb("{other}撤案，其余提案继续办理", ALL, "warn"),
    "main_withdrawn": Verb("本案提案者撤案：{reason}；并入的提案继续办理", ALL, "warn"),
    "proposer_changed": Verb("提案者由{old}更正为{new}", AUTHORS, "warn"),
    "proposer_left": Verb("{name}不再作为提案者（{reason}）{going_on}", AUTHORS, "warn"),
    "allocated": Verb("拟办：{units}", INSIDE),
    "units_asked": Verb("就承办意向征求{units}意见", INSIDE),
    "unit_answered": Verb("{unit}答复：{answer}", INSIDE),
    "paper_kept": Verb("补存纸质材料", AUTHORS),
    "minutes_kept": Verb("补存审查会议纪要", STAFF),
    "imported": Verb("历史登记导入：{summary}", ALL),
    "proposer_linked": Verb("历史提案关联提案者{name}", AUTHORS, "ok"),
    "corrected": Verb("更正{changes}（{reason}）", AUTHORS | INSIDE, "warn"),
    "decision_undone": Verb("撤销“{decision}”，重新审查：{reason}", AUTHORS, "warn"),
    "placeholder_made": Verb("登记涉密占位，编号第{number}号", INSIDE),
}
