"""A host whose books are on a server that goes away under it."""

from __future__ import annotations

import pytest

from simulators.issuer import IssuerHost
from tests.simulators.issuer.client import RawClient
from tests.simulators.kit import Events
from tests.support.postgresql import Server


@pytest.fixture
def host_books(postgresql: Server) -> str:
    return postgresql.emptied("books")


def test_a_host_answers_96_while_its_server_is_away_says_why_and_goes_on_by_itself(
    client: RawClient, host: IssuerHost, events: Events, postgresql: Server
) -> None:
    assert client.ask(client.preauth())[39] == "00"
    postgresql.stop()
    try:
        assert client.ask(client.preauth())[39] == "96"
        (told,) = events.wait("fault", component="host")
        assert "cannot be used" in told["cause"]
        assert "look at the PostgreSQL server" in told["advice"]
    finally:
        postgresql.start()
    assert client.ask(client.preauth())[39] == "00"
    assert host.account("credit").held == 2 * 100_00


def test_nobody_notices_a_crash_of_the_server_between_two_requests(
    client: RawClient, host: IssuerHost, events: Events, postgresql: Server
) -> None:
    for count in (1, 2, 3):
        assert client.ask(client.preauth())[39] == "00"
        postgresql.crash()
        assert host.account("credit").held == count * 100_00
    assert not events.of("fault")
