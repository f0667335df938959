"""Pages that everyone may read, as HTML."""

import pytest
from django.test import Client

PUBLIC = ["/", "/open/", "/accessibility/", "/privacy/", "/browser/"]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_page_answers(address: str, client: Client) -> None:
    assert client.get(address).status_code == 200


def test_a_page_that_is_not_there_says_so(client: Client) -> None:
    answer = client.get("/no-such-page/")

    assert answer.status_code == 404
    assert "没有找到这一页" in answer.content.decode()
