from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    label = "members"
    verbose_name = "人员与组织"

    def ready(self) -> None:
        from members import navigation
        from members.rights import NEVER_DELEGATED, RIGHTS, register

        register(self.label, RIGHTS, never_delegated=NEVER_DELEGATED)
        navigation.register(
            navigation.Entry("我的", "我的账号", "user-round", "account_home", order=85),
            navigation.Entry("管理", "人员", "users", "members:people", "members.directory", order=10),
            navigation.Entry(
                "管理", "任职", "clipboard-list", "members:appointments", "members.appointments", order=12
            ),
            navigation.Entry(
                "管理", "待复核任职", "check", "members:to_confirm", "members.confirm_appointment", order=14
            ),
            navigation.Entry("管理", "待复核账号", "check", "members:requests", "members.confirm_account", order=16),
            navigation.Entry("管理", "单位与组织", "building-2", "members:bodies", "members.bodies", order=20),
            navigation.Entry("管理", "届次", "calendar-days", "members:terms", "members.terms", order=30),
            navigation.Entry("管理", "审计记录", "shield", "members:audit", "members.audit", order=90),
        )
