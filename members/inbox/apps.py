from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "members.inbox"
    label = "inbox"
    verbose_name = "通知"

    def ready(self) -> None:
        from members import navigation, rights
        from members.inbox import actions, people, stops
        from members.inbox.registry import register_heading
        from members.inbox.rights import RIGHTS

        rights.register("inbox", RIGHTS)
        register_heading("digest", "您有 {n} 件事项到了提醒时间")
        people.connect()
        stops.connect(actions.tell_inside)
        navigation.register(
            navigation.Entry("我的", "消息", "bell", "inbox:list", order=80),
            navigation.Entry("我的", "长任务", "download", "inbox:jobs", order=90),
            navigation.Entry("管理", "未送达名单", "phone", "inbox:undelivered", "inbox.undelivered", order=40),
            navigation.Entry("管理", "发送台账", "send", "inbox:ledger", "inbox.ledger", order=41),
        )
