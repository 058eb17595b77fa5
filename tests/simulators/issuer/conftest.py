"""A bank without a wire, and a host with one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from protocols.emv.certificates import CaPublicKey
from protocols.market import Market
from protocols.money import Money
from rigs.hosts.simulated import account_spec
from simulators.issuer import IssuerHost
from simulators.issuer.database import Database
from simulators.issuer.limits import Limits
from simulators.issuer.opening import open_database
from simulators.issuer.tls import ServerTls
from tests.simulators.issuer.bank import Bank
from tests.simulators.issuer.client import GIVEN_KEYS, RawClient
from tests.simulators.kit import MASTER_KEY, MERCHANT, PAN, TERMINAL, Events, cn_market, credit_profile
from tests.support.keep_postgresql import programs
from tests.support.postgresql import Server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """The server of this worker."""
    if programs() is None:
        pytest.skip("no PostgreSQL server is installed here: apt-get install postgresql")
    server = Server()
    yield server
    server.close()


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a ledger is that has nothing in it: a file, or the URL of a server."""
    if request.param == "SQLite":
        return tmp_path / "ledger.sqlite"
    return str(request.getfixturevalue("postgresql").emptied("books"))


@pytest.fixture
def bank(books: Path | str, market: Market) -> Iterator[Bank]:
    bank = Bank(books, market)
    yield bank
    bank.close()


@pytest.fixture
def host_books() -> Path | str | None:
    """Where the ledger of a host is; None: where it puts it by itself. A module's own `host_books` may be `books`."""
    return None


@pytest.fixture
def hosts(
    request: pytest.FixtureRequest, tmp_path: Path, events: Events, host_books: Path | str | None
) -> Iterator[Callable[..., IssuerHost]]:
    """Makes hosts: one terminal enrolled, one account of 1000.00 opened. Changes are those of the market."""
    made: list[IssuerHost] = []

    def database() -> Database | None:
        if not isinstance(host_books, str):
            return None
        server = request.getfixturevalue("postgresql")
        return open_database(server.emptied(f"books_of_{len(made)}") if made else host_books)

    def make(
        *, time_scale: float = 1000, monotonic: Callable[[], float] = time.monotonic, tls: ServerTls | None = None,
        limits: Limits = Limits(), ca_keys: Sequence[CaPublicKey] = GIVEN_KEYS, **changes: Any,
    ) -> IssuerHost:  # fmt: skip
        directory = tmp_path / f"host-{len(made)}" if made else tmp_path
        directory.mkdir(exist_ok=True)
        host = IssuerHost(
            market=cn_market(**changes), emit=events, directory=directory, time_scale=time_scale, monotonic=monotonic,
            tls=tls, limits=limits, database=database(), ca_keys=ca_keys,
        )  # fmt: skip
        made.append(host)
        host.address = host.start()  # type: ignore[attr-defined]
        profile = credit_profile()
        host.enrol_terminal(TERMINAL, MERCHANT, MASTER_KEY)
        host.open_account(account_spec("credit", PAN, profile, Money(1_000_00)))
        return host

    yield make
    for host in made:
        host.stop()


@pytest.fixture
def host(hosts: Callable[..., IssuerHost]) -> IssuerHost:
    """Started, with the market of China as it is."""
    return hosts()


@pytest.fixture
def connect(host: IssuerHost) -> Iterator[Callable[[], RawClient]]:
    clients: list[RawClient] = []

    def make() -> RawClient:
        clients.append(RawClient(host.address))  # type: ignore[attr-defined]
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(connect: Callable[[], RawClient]) -> RawClient:
    """Connected and signed on."""
    client = connect()
    client.sign_on()
    return client
