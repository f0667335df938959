from django.conf import settings as house
from django.urls import URLPattern, URLResolver, path

from config.portal.views import (
    desk,
    display,
    engine,
    health,
    kit,
    public,
    published,
    registers,
    reported,
    roster,
    saved_views,
    settings,
)

app_name = "portal"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", public.Home.as_view(), name="home"),
    path("open/", published.OpenList.as_view(), name="open"),
    path("open/feed.xml", published.Feed.as_view(), name="open_feed"),
    path("open/data.json", published.OpenJson.as_view(), name="open_json"),
    path("open/data.csv", published.OpenCsv.as_view(), name="open_csv"),
    path("open/honours/", published.OpenHonours.as_view(), name="open_honours"),
    path("open/<uuid:public_id>/", published.OpenProposal.as_view(), name="open_proposal"),
    path("sitemap.xml", published.SiteMap.as_view(), name="sitemap"),
    path("robots.txt", published.Robots.as_view(), name="robots"),
    path("desk/", desk.Desk.as_view(), name="desk"),
    path("settings/", settings.Settings.as_view(), name="settings"),
    path("settings/import/proposals/", registers.Upload.as_view(), name="import_proposals"),
    path("settings/import/proposals/<uuid:public_id>/", registers.Check.as_view(), name="import_check"),
    path("settings/import/proposals/<uuid:public_id>/result/", registers.Outcome.as_view(), name="import_result"),
    path("settings/import/proposals/<uuid:public_id>/faults/", registers.Faults.as_view(), name="import_faults"),
    path("settings/import/reports/", reported.Upload.as_view(), name="import_reports"),
    path("settings/import/reports/<uuid:public_id>/", reported.Check.as_view(), name="reported_check"),
    path("settings/import/reports/<uuid:public_id>/result/", reported.Outcome.as_view(), name="reported_result"),
    path("settings/import/adoptions/", reported.UploadAdoptions.as_view(), name="import_adoptions"),
    path("settings/import/adoptions/<uuid:public_id>/", reported.CheckAdoptions.as_view(), name="adoptions_check"),
    path(
        "settings/import/adoptions/<uuid:public_id>/result/",
        reported.AdoptionsOutcome.as_view(),
        name="adoptions_result",
    ),
    path("settings/import/people/", roster.Upload.as_view(), name="import_people"),
    path("settings/import/people/<uuid:public_id>/", roster.Check.as_view(), name="roster_check"),
    path("settings/engine/", engine.EnginePage.as_view(), name="engine"),
    path("settings/hat/", settings.ChooseHat.as_view(), name="choose_hat"),
    path("settings/display/", display.ChooseDisplay.as_view(), name="display"),
    path("views/save/", saved_views.SaveView.as_view(), name="save_view"),
    path("views/drop/", saved_views.DropView.as_view(), name="drop_view"),
    path("session/", display.SessionState.as_view(), name="session"),
    path("accessibility/", public.Accessibility.as_view(), name="accessibility"),
    path("privacy/", public.Privacy.as_view(), name="privacy"),
    path("browser/", public.OldBrowser.as_view(), name="browser"),
    path("healthz", health.Healthz.as_view(), name="healthz"),
    path("readyz", health.Readyz.as_view(), name="readyz"),
    path("metrics", health.Metrics.as_view(), name="metrics"),
]

if not house.PRODUCTION:
    urlpatterns += [
        path("ui-kit/", kit.Kit.as_view(), name="kit"),
        path("ui-kit/<slug:part>/", kit.KitPart.as_view(), name="kit_part"),
    ]
