"""What everyone may read."""

from members.pages import Page


class Home(Page):
    public = True
    title = "首页"
    template_name = "portal/home.html"


class Accessibility(Page):
    public = True
    title = "无障碍声明"
    template_name = "portal/accessibility.html"


class Privacy(Page):
    public = True
    title = "个人信息说明"
    template_name = "portal/privacy.html"


class OldBrowser(Page):
    public = True
    title = "更新浏览器"
    template_name = "portal/browser.html"
