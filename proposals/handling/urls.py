from django.urls import URLPattern, URLResolver

app_name = "handling"
urlpatterns: list[URLPattern | URLResolver] = []
