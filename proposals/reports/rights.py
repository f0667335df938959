"""Who may do what with reports, opinions and leads (S1): by role; which rows, `visible_to` says."""

from members.choices import Role

OFFICE = frozenset({Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR, Role.REPORT_STAFF})
AUTHORS = frozenset({Role.MEMBER, Role.ORGANISATION_SECRETARY, Role.CONVENER})
REPORT_OFFICE = frozenset({Role.REPORT_STAFF, Role.REPORT_EDITOR})
REPORTERS = frozenset(
    {
        Role.MEMBER,
        Role.CONVENER,
        Role.ORGANISATION_SECRETARY,
        Role.COMMITTEE_OFFICE,
        Role.LIAISON_OFFICER,
        Role.INVITED_REPORTER,
        Role.COUNTY_CPPCC,
    }
)

RIGHTS: dict[str, frozenset[Role]] = {
    "reports.opinions": OFFICE | AUTHORS,
    "reports.handle_opinion": OFFICE,
    "reports.leads": OFFICE | {Role.REPORT_EDITOR},
    "reports.oversee": REPORT_OFFICE,
    "reports.edit": REPORT_OFFICE,
    "reports.issues": REPORT_OFFICE,
    "reports.read_issue": REPORT_OFFICE | {Role.SECRETARY_GENERAL},
    "reports.check_issue": frozenset({Role.REPORT_STAFF}),
    "reports.sign_issue": frozenset({Role.SECRETARY_GENERAL}),
    "reports.sign_or_check": frozenset({Role.REPORT_STAFF, Role.SECRETARY_GENERAL}),
    "reports.issue": frozenset({Role.REPORT_STAFF}),
    "reports.series": frozenset({Role.REPORT_STAFF}),
    "reports.write": REPORTERS,
    "reports.own": REPORTERS | {Role.FORMER_MEMBER},
    "reports.similar": REPORTERS | REPORT_OFFICE,
    "reports.opened": REPORTERS | {Role.FORMER_MEMBER},
    "reports.enter": REPORT_OFFICE,
    "reports.list": REPORT_OFFICE,
    "reports.screen": frozenset({Role.REPORT_STAFF}),
    "reports.record_outcome": frozenset({Role.REPORT_STAFF}),
    "reports.quotas": REPORT_OFFICE | REPORTERS,
    "reports.keep_quotas": frozenset({Role.REPORT_STAFF}),
    "reports.circulars": REPORT_OFFICE,
    "reports.import": frozenset({Role.REPORT_STAFF}),
}

AUDITED = {
    "reports.check_issue": "核稿",
    "reports.close_issue": "取消向委员开放刊物",
    "reports.deliver": "登记刊物发送",
    "reports.drop_delivery": "撤销刊物发送登记",
    "reports.drop_issue": "删除未送签的刊物",
    "reports.import": "导入信息登记表",
    "reports.import_adoptions": "导入采用清单",
    "reports.issue": "编发刊物",
    "reports.open_issue": "向委员开放刊物",
    "reports.record_return": "登记送阅单退回",
    "reports.send_issue_back": "退回送签的刊物",
    "reports.send_issue_up": "刊物送签",
    "reports.set_credit": "设置采用分值",
    "reports.set_quota": "设置约稿任务",
    "reports.set_recipient": "设置发送对象",
    "reports.set_series": "设置刊物",
    "reports.sign_issue": "签发刊物",
    "reports.take_issue_back": "撤回送签的刊物",
}
"""What the auditor reads for what is written down here."""
