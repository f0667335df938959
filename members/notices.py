"""Telling people about their own account and appointments; the inbox above connects itself at start-up."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from members.models import AuditEntry

Tell = Callable[[Iterable[int], AuditEntry, str, dict[str, Any], datetime], None]
_tellers: list[Tell] = []

# template → (title, what is said outside the house); `{…}` are keys of the subject
SENTENCES: dict[str, tuple[str, str]] = {
    "members.appointed": ("您已被任命：{body} {role}，自{from_on}起。", "您的任职已经生效。"),
    "members.appointment_ended": ("您的任职已结束：{body} {role}，至{to_on}。", "您的一项任职已经结束。"),
    "members.appointment_restored": (
        "结束您的任职未获同意，任职已恢复：{body} {role}。", "您的一项任职已经恢复。",
    ),
    "members.delegated": ("{holder}委托您办理：{body} {role}，{from_on}至{to_on}。", "有同事委托您代为办理工作。"),
    "members.contact_changed": ("您的{what}已修改。如不是本人操作，请马上联系工作人员。", "您的联系方式已修改。"),
    "members.name_corrected": (
        "您的姓名已由“{old}”更正为“{name}”。如有错误，请联系工作人员。", "您的登记信息有更正。",
    ),
    "members.password_reset": (
        "您的密码已重置，此前的登录都已退出；24小时内不能评价、联名和签署。如不是本人操作，请马上联系工作人员。",
        "您的密码已重置。如不是本人操作，请马上联系工作人员。",
    ),
    "members.second_factor_asked": (
        "有人为您的账号申请重置两步验证，等待第二人复核。如不是本人要求，请马上联系工作人员。",
        "有人为您的账号申请重置两步验证。如不是本人要求，请马上联系工作人员。",
    ),
    "members.second_factor_reset": (
        "您的两步验证已重置，所有登录已退出，请重新设置。如不是本人要求，请马上联系工作人员。",
        "您的两步验证已重置。如不是本人要求，请马上联系工作人员。",
    ),
    "members.seat_ended": ("您的{term}委员资格已结束，最后一天是{on}。", "您的委员资格有变动。"),
    "members.code_issued": ("工作人员为您开具了一次性登录码。如不是本人要求，请马上联系工作人员。", "工作人员为您开具了一次性登录码。"),
}  # fmt: skip


def connect(teller: Tell) -> None:
    if teller not in _tellers:
        _tellers.append(teller)


def tell(people: Iterable[int], entry: AuditEntry, template: str, *, now: datetime, **subject: Any) -> None:
    """Tell each person once for this audit row."""
    ids = sorted(set(people))
    for teller in _tellers:
        teller(ids, entry, template, subject, now)
