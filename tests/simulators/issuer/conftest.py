"""A bank without a wire, and a host with one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocols.market import Market
from protocols.money import Money
from simulators.issuer import AccountSpec, IssuerHost
from tests.simulators.issuer.bank import Bank
from tests.simulators.issuer.client import RawClient
from tests.simulators.kit import MASTER_KEY, MERCHANT, PAN, TERMINAL, Events, credit_profile


@pytest.fixture
def bank(tmp_path: Path, market: Market) -> Iterator[Bank]:
    bank = Bank(tmp_path, market)
    yield bank
    bank.close()


@pytest.fixture
def host(tmp_path: Path, market: Market, events: Events) -> Iterator[IssuerHost]:
    """Started, one terminal enrolled, one account of 1000.00 opened."""
    host = IssuerHost(market=market, emit=events, directory=tmp_path, time_scale=1000)
    host.address = host.start()  # type: ignore[attr-defined]
    profile = credit_profile()
    host.enrol_terminal(TERMINAL, MERCHANT, MASTER_KEY)
    host.open_account(
        AccountSpec(
            "credit", PAN, profile.psn, profile.expiry, profile.pin, bytes.fromhex(profile.test_master_key),
            Money(1_000_00),
        )
    )  # fmt: skip
    yield host
    host.stop()


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
