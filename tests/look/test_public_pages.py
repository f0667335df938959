"""Pages that everyone may read."""

import pytest
from django.test import Client

PUBLIC = ["/", "/open/", "/accessibility/", "/privacy/", "/browser/"]


@pytest.mark.django_db
@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_page_answers(address: str, client: Client) -> None:
    assert client.get(address).status_code == 200
