"""The disk under the ledger is full: business is refused, and says so, until there is room again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from protocols.money import Money
from simulators.issuer import AccountSpec, IssuerHost
from simulators.issuer.database import SqliteDatabase
from simulators.issuer.ledger import Ledger
from tests.simulators.issuer.client import RawClient
from tests.simulators.kit import MASTER_KEY, MERCHANT, PAN, TERMINAL, Events, cn_market, credit_profile

MOST = 3000
"""So many requests fill the disk for certain."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of eight megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", str(place)]
    if os.getuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small file system; the page limit is tested for everyone")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@contextmanager
def _working_host(path: Path, events: Events, database: SqliteDatabase) -> Iterator[tuple[IssuerHost, RawClient]]:
    host = IssuerHost(market=cn_market(), emit=events, directory=path, database=database)
    client = RawClient(host.start())
    host.enrol_terminal(TERMINAL, MERCHANT, MASTER_KEY)
    profile = credit_profile()
    host.open_account(
        AccountSpec(
            "credit", PAN, profile.psn, profile.expiry, profile.pin, bytes.fromhex(profile.test_master_key),
            Money(10_000_000_00),
        )
    )  # fmt: skip
    client.sign_on()
    try:
        yield host, client
    finally:
        client.close()
        host.stop()


def _holds_until_full(client: RawClient) -> int:
    """How many holds were granted before the first 96."""
    for number in range(MOST):
        code = client.ask(client.preauth())[39]
        if code == "96":
            return number
        assert code == "00"
    raise AssertionError("the disk did not fill")


def _fills_and_recovers(
    host: IssuerHost, client: RawClient, events: Events, path: Path, make_room: Callable[[], object]
) -> None:
    granted = _holds_until_full(client)
    assert granted > 50
    assert [client.ask(client.preauth())[39] for _ in range(5)] == ["96"] * 5
    assert client.ask(client.management("0820", "301"), seal=False)[39] == "00", "what needs no books goes on"
    assert not events.of("ledger back"), "and says nothing of them"
    (fault,) = events.of("fault")
    assert (fault["component"], "full" in str(fault["cause"])) == ("host", True)
    assert fault["advice"], "it says what to do"
    assert host.account("credit").held == granted * 100_00

    make_room()
    assert [client.ask(client.preauth())[39] for _ in range(5)] == ["00"] * 5
    assert len(events.of("ledger back")) == 1
    host.stop()
    ledger = Ledger(SqliteDatabase(path))
    ledger.audit()
    assert ledger.account("credit").held == (granted + 5) * 100_00
    ledger.close()


def test_a_full_file_system_refuses_business_until_there_is_room(
    small_disk: Path, tmp_path: Path, events: Events
) -> None:
    """A real one: the system says ENOSPC."""
    ballast, path = small_disk / "ballast", small_disk / "ledger.sqlite"
    with _working_host(tmp_path, events, SqliteDatabase(path)) as (host, client):
        ballast.write_bytes(bytes(4_000_000))
        _fills_and_recovers(host, client, events, path, ballast.unlink)


def test_a_full_database_refuses_business_until_there_is_room(tmp_path: Path, events: Events) -> None:
    """The same by SQLite's own limit, for who cannot mount."""
    path = tmp_path / "ledger.sqlite"
    database = SqliteDatabase(path)
    database.run("PRAGMA max_page_count = 60")
    with _working_host(tmp_path, events, database) as (host, client):
        _fills_and_recovers(
            host, client, events, path, lambda: host._call(lambda: database.rows("PRAGMA max_page_count = 100000"))
        )
