from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    label = "members"
    verbose_name = "人员与组织"

    def ready(self) -> None:
        from members.rights import NEVER_DELEGATED, RIGHTS, register

        register(self.label, RIGHTS, never_delegated=NEVER_DELEGATED)
