"""Two at one reply: the server keeps what was saved first and says so (409)."""

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.handling.conftest import House, give, signed


def test_a_copy_that_came_too_late_is_refused_and_nothing_is_lost(house: House) -> None:
    house.now = timezone.now()
    part = signed(house, give(house))
    clerk, head = Client(), Client()
    clerk.force_login(house.clerk)
    head.force_login(house.head)
    url = reverse("handling:autosave_reply", args=[part.public_id])

    assert clerk.post(url, {"opening": "甲稿", "version": "0"}).json() == {"version": 1}
    late = head.post(url, {"opening": "乙稿", "version": "0"})
    form = head.post(reverse("handling:draft_reply", args=[part.public_id]), {"opening": "乙稿", "version": "0"})

    assert (late.status_code, form.status_code) == (409, 409)
    assert "乙稿" in form.content.decode()
    assert part.replies.get().opening == "甲稿"


def test_ten_megabytes_and_rare_characters(house: House) -> None:
    house.now = timezone.now()
    part = signed(house, give(house))
    client = Client()
    client.force_login(house.clerk)
    url = reverse("handling:autosave_reply", args=[part.public_id])

    assert client.post(url, {"opening": "大" * 3_400_000, "version": "0"}).status_code in (400, 413, 422)
    answer = client.post(url, {"opening": "<script>alert(1)</script>𠮷䶮😀", "version": "0"})

    assert answer.json() == {"version": 1}
    page = client.get(reverse("handling:part", args=[part.public_id])).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;𠮷䶮😀" in page
    assert "<script>alert" not in page
