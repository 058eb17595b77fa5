"""A bank without a wire, and a host with one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.market import Market
from protocols.money import Money
from simulators.issuer import AccountSpec, IssuerHost
from tests.simulators.issuer.bank import Bank
from tests.simulators.issuer.client import RawClient
from tests.simulators.kit import MASTER_KEY, MERCHANT, PAN, TERMINAL, Events, cn_market, credit_profile


@pytest.fixture
def bank(tmp_path: Path, market: Market) -> Iterator[Bank]:
    bank = Bank(tmp_path, market)
    yield bank
    bank.close()


@pytest.fixture
def hosts(tmp_path: Path, events: Events) -> Iterator[Callable[..., IssuerHost]]:
    """Makes hosts: one terminal enrolled, one account of 1000.00 opened. Changes are those of the market."""
    made: list[IssuerHost] = []

    def make(
        *, time_scale: float = 1000, monotonic: Callable[[], float] = time.monotonic, **changes: Any
    ) -> IssuerHost:
        directory = tmp_path / f"host-{len(made)}" if made else tmp_path
        directory.mkdir(exist_ok=True)
        host = IssuerHost(
            market=cn_market(**changes), emit=events, directory=directory, time_scale=time_scale, monotonic=monotonic
        )
        made.append(host)
        host.address = host.start()  # type: ignore[attr-defined]
        profile = credit_profile()
        host.enrol_terminal(TERMINAL, MERCHANT, MASTER_KEY)
        host.open_account(
            AccountSpec(
                "credit", PAN, profile.psn, profile.expiry, profile.pin, bytes.fromhex(profile.test_master_key),
                Money(1_000_00),
            )
        )  # fmt: skip
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
