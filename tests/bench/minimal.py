"""What a list of 25 rows costs in Django at the least: this house's middleware, one query, a bare template."""

from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path

from config.urls import urlpatterns as ours
from members.models import Body

ADDRESS = "/minimal/"
ROWS = Template("<table>{% for b in bodies %}<tr><td>{{ b.name }}</td><td>{{ b.kind }}</td></tr>{% endfor %}</table>")


def minimal(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ROWS.render(Context({"bodies": Body.objects.order_by("pk")[:25], "user": request.user})))


urlpatterns = [path("minimal/", minimal), *ours]
