from django.db import models


class Role(models.TextChoices):
    """What an appointment lets a person do; the values are those of the rights tables (S1)."""

    MEMBER = "member", "委员"
    FORMER_MEMBER = "former_member", "原委员"
    CONVENER = "convener", "界别（小组）召集人"
    ORGANISATION_SECRETARY = "organisation_secretary", "党派团体秘书长（联系人）"
    PROPOSAL_STAFF = "proposal_staff", "提案委工作人员"
    PROPOSAL_DIRECTOR = "proposal_director", "提案委主任"
    SESSION_STAFF = "session_staff", "大会提案组工作人员"
    ASSIGNING_OFFICER = "assigning_officer", "交办机构经办人"
    UNIT_CLERK = "unit_clerk", "承办单位联络员"
    UNIT_HANDLER = "unit_handler", "承办单位经办人"
    UNIT_DEPUTY = "unit_deputy", "承办单位分管领导"
    UNIT_HEAD = "unit_head", "承办单位主要负责人"
    REPORT_STAFF = "report_staff", "社情民意工作人员"
    REPORT_EDITOR = "report_editor", "社情民意编辑"
    INVITED_REPORTER = "invited_reporter", "特邀信息员"
    CONSULTATION_STAFF = "consultation_staff", "协商工作人员"
    COMMITTEE_OFFICE = "committee_office", "专委会办公室"
    RESEARCH_OFFICE = "research_office", "研究室"
    SECRETARY_GENERAL = "secretary_general", "秘书长"
    PARTY_OFFICE = "party_office", "市委办公室"
    GOVERNMENT_OFFICE = "government_office", "市政府办公室"
    LEADER = "leader", "领导"
    LEADER_SECRETARY = "leader_secretary", "领导秘书"
    LIAISON_OFFICER = "liaison_officer", "联络室联络员"
    DUTY_STAFF = "duty_staff", "委员联络工作人员"
    COUNTY_CPPCC = "county_cppcc", "县（市、区）政协"
    DISCLOSURE_REVIEWER = "disclosure_reviewer", "公开审查员"
    AUDITOR = "auditor", "审计员"
    SECURITY_ADMINISTRATOR = "security_administrator", "安全管理员"
    SYSTEM_ADMINISTRATOR = "system_administrator", "系统管理员"


# one person never serves the committee's office and a unit at the same time (S2)
STAFF_ROLES = frozenset(
    {
        Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR, Role.SESSION_STAFF, Role.REPORT_STAFF, Role.REPORT_EDITOR,
        Role.CONSULTATION_STAFF, Role.COMMITTEE_OFFICE, Role.RESEARCH_OFFICE, Role.SECRETARY_GENERAL, Role.DUTY_STAFF,
        Role.DISCLOSURE_REVIEWER, Role.AUDITOR, Role.SECURITY_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR,
    }
)  # fmt: skip


class Hat(models.TextChoices):
    """In which capacity somebody with two acts just now (身份, P13)."""

    ALL = "", "全部身份"
    MEMBER = "member", "委员身份"
    OFFICE = "office", "工作身份"


PROPOSING_ROLES = frozenset({Role.MEMBER, Role.FORMER_MEMBER, Role.CONVENER, Role.ORGANISATION_SECRETARY})
UNIT_ROLES = frozenset({Role.UNIT_CLERK, Role.UNIT_HANDLER, Role.UNIT_DEPUTY, Role.UNIT_HEAD})
ADMINISTRATORS = frozenset({Role.AUDITOR, Role.SECURITY_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR})
OFFICE_ROLES = frozenset({Role.ASSIGNING_OFFICER, Role.PARTY_OFFICE, Role.GOVERNMENT_OFFICE})
# these sign in with a second factor; members only if they choose (P27)
SECOND_FACTOR_ROLES = STAFF_ROLES | OFFICE_ROLES


class BodyKind(models.TextChoices):
    DEPARTMENT = "department", "政府工作部门"
    PARTY_BODY = "party_body", "党委部门"
    COUNTY = "county", "县（市、区）政府"
    ZONE = "zone", "开发区"
    COURT = "court", "法院"
    PROCURATORATE = "procuratorate", "检察院"
    CENTRAL_MANAGED = "central_managed", "中央和省垂直管理单位"
    ENTERPRISE = "enterprise", "企业"
    CPPCC_COMMITTEE = "cppcc_committee", "专门委员会"
    SECTOR = "sector", "界别"
    DEMOCRATIC_PARTY = "democratic_party", "民主党派"
    ORGANISATION = "organisation", "人民团体"
    GROUP = "group", "委员活动组"
    JOINT_GROUP = "joint_group", "联组"
    LIAISON_OFFICE = "liaison_office", "委员联络室"
    OFFICE = "office", "机关"
    SECTION = "section", "科室"


# the kinds that a matter may be assigned to (承办单位)
UNIT_KINDS = frozenset(
    {
        BodyKind.DEPARTMENT, BodyKind.PARTY_BODY, BodyKind.COUNTY, BodyKind.ZONE, BodyKind.COURT,
        BodyKind.PROCURATORATE, BodyKind.CENTRAL_MANAGED, BodyKind.ENTERPRISE, BodyKind.ORGANISATION,
    }
)  # fmt: skip
# the kinds that may raise a collective proposal (P14)
COLLECTIVE_KINDS = frozenset(
    {
        BodyKind.CPPCC_COMMITTEE, BodyKind.SECTOR, BodyKind.DEMOCRATIC_PARTY, BodyKind.ORGANISATION, BodyKind.GROUP,
        BodyKind.JOINT_GROUP,
    }
)  # fmt: skip
# those of them that have no seal: their convener signs
CONVENED_KINDS = frozenset({BodyKind.SECTOR, BodyKind.GROUP, BodyKind.JOINT_GROUP})


class System(models.TextChoices):
    """Which line a body belongs to (系统); the line decides the assigning office (P9)."""

    PARTY = "party", "党委系统"
    MASS = "mass", "群团系统"
    COURT = "court", "法院系统"
    PROCURATORATE = "procuratorate", "检察系统"
    GOVERNMENT = "government", "政府系统"
    CPPCC = "cppcc", "政协系统"


class NameKind(models.TextChoices):
    SHORT = "short", "简称"
    ALIAS = "alias", "别称"
    FORMER = "former", "曾用名"


class Change(models.TextChoices):
    """How a body ends or goes on under another name (机构变更)."""

    MERGE = "merge", "并入"
    SPLIT = "split", "拆分"
    RENAME = "rename", "更名"
    END = "end", "撤销"


class Size(models.TextChoices):
    NORMAL = "normal", "标准"
    LARGE = "large", "大字版"


class Theme(models.TextChoices):
    AUTO = "auto", "跟随系统"
    LIGHT = "light", "浅色"
    DARK = "dark", "深色"


class Outcome(models.TextChoices):
    DONE = "done", "成功"
    REFUSED = "refused", "拒绝"
