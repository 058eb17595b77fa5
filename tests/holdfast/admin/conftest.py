"""A served host, its API, and a terminal that has signed on. No answer of any test may hold a secret."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holdfast.issuer_command import Served
from tests.simulators.issuer.client import RawClient
from tests.support.admin_api import Api, served


@pytest.fixture
def issuer() -> Iterator[Served]:
    with served() as one:
        yield one


@pytest.fixture
def api(issuer: Served) -> Iterator[Api]:
    api = Api(issuer.admin)
    yield api
    assert api.secrets() == set()


@pytest.fixture
def terminal(issuer: Served) -> Iterator[RawClient]:
    client = RawClient(issuer.listening)
    client.sign_on()
    yield client
    client.close()
