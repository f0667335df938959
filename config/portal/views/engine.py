"""The engine's page (运行状况): what is late, what waits in each channel, what failed and why."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from config.portal import vitals
from members.pages import Page
from members.shown import Act, Count
from proposals.handling.actions import tuning
from proposals.handling.clockwork import engine_now
from proposals.handling.clockwork.ladder import local_day
from proposals.handling.clockwork.years import missing_year
from proposals.handling.models import EngineBeat
from proposals.handling.workdays import working_calendar


class EnginePage(Page):
    """POST lets what was set aside be tried again at once."""

    action = "handling.settings"
    title = "运行状况"
    template_name = "portal/engine.html"

    def acts(self) -> list[Act]:
        links = (("未送达名单", "inbox:undelivered", "phone"), ("发送台账", "inbox:ledger", "send"))
        return [Act(label, reverse(url), icon) for label, url, icon in links if self.me_may(url.replace(":", "."))]

    def me_may(self, action: str) -> bool:
        return bool(self.request.user.has_perm(action))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, moment = engine_now(), timezone.now()
        state, backlogs = vitals.clocks(now=now), vitals.backlogs(now=moment)
        lag = int(state.lag(now).total_seconds() // 60)
        counts = [
            Count("提醒最久迟了（分钟）", lag, tone="danger" if state.lag(now) > vitals.LATE_ENGINE else ""),
            Count("到时间待发提醒", state.due),
            Count("待发通知", sum(row.waiting for row in backlogs)),
            Count(
                "送不到", sum(row.dead for row in backlogs), tone="warn" if any(row.dead for row in backlogs) else ""
            ),
            Count("结果不明", sum(row.unknown for row in backlogs)),
            Count("提醒做不出来", state.set_aside, tone="danger" if state.set_aside else ""),
        ]
        calendar = working_calendar()
        return super().get_context_data(
            counts=counts,
            clocks=state,
            beats=vitals.beats(now=moment),
            backlogs=backlogs,
            set_aside=vitals.set_aside(self.person),
            audit=EngineBeat.objects.filter(name="audit").first(),
            calendar=calendar,
            missing=missing_year(local_day(now), calendar.published),
            undelivered=vitals.undelivered() if self.me_may("inbox.ledger") else None,
            may_resend=self.me_may("inbox.resend"),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        tuning.try_again(by=self.person, now=engine_now())
        return HttpResponseRedirect(reverse("portal:engine"))
