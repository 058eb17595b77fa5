"""One commit a turn, and what becomes of requests whose decisions cannot be kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from protocols.iso8583 import mac_of
from protocols.money import Money
from simulators.issuer import AccountSpec, IssuerHost
from simulators.issuer.database import LedgerUnavailable, SqliteDatabase
from simulators.issuer.ledger import AccountView, Ledger
from tests.simulators.issuer.client import RawClient
from tests.simulators.kit import DEADLINE_S, MASTER_KEY, MERCHANT, PAN, TERMINAL, Events, cn_market, credit_profile

FULL = "the disk of the ledger is full"


class Watched(SqliteDatabase):
    """Counts commits; fails when told to: at a commit, or at the next statement that begins so."""

    commits = 0
    full = False
    breaks = ""
    before_commit: Callable[[], object] = staticmethod(lambda: None)

    def run(self, statement: str, values: Sequence[object] = ()) -> None:
        if self.breaks and statement.startswith(self.breaks):
            raise LedgerUnavailable("the ledger cannot be written: disk I/O error", component="host")
        super().run(statement, values)

    def commit(self) -> None:
        self.before_commit()
        if self.full:
            raise LedgerUnavailable(FULL, component="host")
        self.commits += 1
        super().commit()


@pytest.fixture
def database(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "watched.sqlite")


@pytest.fixture
def host(tmp_path: Path, events: Events, database: Watched) -> Iterator[IssuerHost]:
    host = IssuerHost(market=cn_market(), emit=events, directory=tmp_path, time_scale=1000, database=database)
    host.address = host.start()  # type: ignore[attr-defined]
    host.enrol_terminal(TERMINAL, MERCHANT, MASTER_KEY)
    profile = credit_profile()
    host.open_account(
        AccountSpec(
            "credit", PAN, profile.psn, profile.expiry, profile.pin, bytes.fromhex(profile.test_master_key),
            Money(100_000_00),
        )
    )  # fmt: skip
    yield host
    host.stop()


def test_what_comes_in_one_turn_shares_one_commit(client: RawClient, database: Watched) -> None:
    before = database.commits
    requests = [client.preauth() for _ in range(20)]
    client.send(b"".join(client.frame(request) for request in requests))
    replies = [client.reply() for _ in requests]
    assert [reply[39] for reply in replies] == ["00"] * 20
    assert [reply[11] for reply in replies] == [request[11] for request in requests]
    assert database.commits - before < 10


def test_nothing_is_told_or_answered_before_it_is_durable(client: RawClient, database: Watched, events: Events) -> None:
    seen: list[int] = []
    database.before_commit = lambda: seen.append(len(events.of("decision") + events.of("posting")))
    told = len(events.of("decision"))
    client.send(client.frame(client.preauth()) + client.frame(client.preauth()))
    assert [client.reply()[39], client.reply()[39]] == ["00", "00"]
    assert seen[0] == told
    assert len(events.of("decision")) == told + 2


def test_an_answer_that_decided_nothing_waits_for_no_commit(client: RawClient, database: Watched) -> None:
    before = database.commits
    assert client.ask(client.management("0820", "301"), seal=False)[39] == "00"
    assert database.commits == before


def test_answers_on_a_line_keep_the_order_of_their_requests(client: RawClient) -> None:
    """An echo behind a hold needs no commit, and waits for it all the same."""
    echo = client.management("0820", "301")
    client.send(client.frame(client.preauth()) + client.frame(echo, seal=False))
    assert [client.reply()[0], client.reply()[0]] == ["0110", "0830"]


@pytest.mark.parametrize("how", ["commit", "statement"])
def test_what_cannot_be_kept_is_refused_with_96_and_leaves_no_trace(
    client: RawClient, host: IssuerHost, database: Watched, events: Events, how: str
) -> None:
    """Every request of the group, sealed; it may be sent again when the disk has room."""
    stand = host.account("credit")
    requests = [client.preauth() for _ in range(3)]
    if how == "commit":
        database.full = True
    else:
        database.breaks = "INSERT INTO posting"
    for request in requests:
        client.send(client.frame(request))
    for _ in requests:
        reply = client.reply()
        assert reply[39] == "96"
        assert client.keys is not None
        assert mac_of("unionpay-ecb", client.keys.mac).check(client.body) == "valid"
    assert host.account("credit") == stand
    assert len(events.of("fault", component="host")) == 1, "said once, not for each"
    said = [str(one["text"]) for one in events.of("explanation")]
    assert sum("answered 96: the " in text for text in said) == 3

    database.full, database.breaks = False, ""
    assert client.ask(requests[0])[39] == "00", "the same request, for nothing of it was kept"
    assert events.of("ledger back")
    assert host.account("credit").held == 100_00


@pytest.mark.parametrize("requests", [1, 3])
def test_a_commit_that_fails_as_nobody_thought_leaves_nobody_without_an_answer(
    client: RawClient, host: IssuerHost, database: Watched, events: Events, requests: int
) -> None:
    """Here and beside the loop."""

    def odd() -> None:
        raise ValueError("odd")

    database.before_commit = odd
    client.send(b"".join(client.frame(client.preauth()) for _ in range(requests)))
    assert [client.reply()[39] for _ in range(requests)] == ["96"] * requests
    assert events.wait("fault")[0]["cause"] == "the books could not be kept: ValueError"
    database.before_commit = lambda: None
    assert client.ask(client.preauth())[39] == "00"
    assert host.account("credit").held == 100_00


def test_a_failing_commit_takes_back_all_of_its_group_and_nothing_before(
    client: RawClient, host: IssuerHost, database: Watched, tmp_path: Path
) -> None:
    assert client.ask(client.preauth())[39] == "00"
    database.full = True
    client.send(b"".join(client.frame(client.preauth()) for _ in range(5)))
    assert [client.reply()[39] for _ in range(5)] == ["96"] * 5
    database.full = False
    host.stop()
    ledger = Ledger(SqliteDatabase(tmp_path / "watched.sqlite"))
    ledger.audit()
    assert ledger.account("credit") == AccountView(100_000_00 - 100_00, 100_00, 0)
    ledger.close()


def test_a_fault_of_ours_in_one_decision_leaves_the_others_of_its_turn_alone(
    connect: Callable[[], RawClient], host: IssuerHost, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = Ledger._move

    def wrong(self: Ledger, card: str, kind: str, amount: int, *rest: int | None) -> tuple[int, int]:
        return move(self, card, kind, amount + (1 if amount == 66_00 else 0), *rest)

    monkeypatch.setattr(Ledger, "_move", wrong)
    good, bad = connect(), connect()
    good.sign_on()
    bad.keys = good.keys
    requests = [good.preauth(), good.preauth(), good.preauth()]
    arrived = threading.Barrier(2)

    def both() -> None:
        """In the host's own thread, so that all are there before the next turn."""
        arrived.wait()
        good.send(good.frame(requests[0]) + good.frame(requests[1]))
        bad.send(bad.frame(bad.preauth(f4="000000006600", f11="000900")))

    sender = threading.Thread(target=lambda: host._call(both))
    sender.start()
    arrived.wait()
    sender.join()
    assert [good.reply()[39], good.reply()[39]] == ["00", "00"]
    assert bad.ended()
    assert "credit holds 6601 more, its holds 6600" in str(events.wait("bug")[0]["cause"])
    assert good.ask(requests[2])[39] == "00"
    assert host.account("credit").held == 300_00


def test_a_decision_that_was_put_off_is_kept_when_the_host_stops(
    client: RawClient, host: IssuerHost, tmp_path: Path
) -> None:
    """What was answered is in the ledger, and what was not answered may be."""
    client.send(client.frame(client.preauth()))
    reply = client.reply()
    host.stop()
    ledger = Ledger(SqliteDatabase(tmp_path / "watched.sqlite"))
    assert ledger.journal.used(MERCHANT, TERMINAL, "000001", str(reply[11])) is not None
    ledger.close()


def test_references_and_codes_go_on_in_a_ledger_that_is_opened_again(
    client: RawClient, host: IssuerHost, tmp_path: Path, events: Events
) -> None:
    first = client.ask(client.preauth())
    host.stop()
    again = IssuerHost(
        market=cn_market(), emit=events, directory=tmp_path, database=SqliteDatabase(tmp_path / "watched.sqlite")
    )
    address = again.start()
    again.enrol_terminal(TERMINAL, MERCHANT, MASTER_KEY)
    profile = credit_profile()
    spec = AccountSpec(
        "credit", PAN, profile.psn, profile.expiry, profile.pin, bytes.fromhex(profile.test_master_key), Money(5)
    )
    again.open_account(spec, kept=True)
    later = RawClient(address)
    later.sign_on()
    try:
        second = later.ask(later.preauth(f11="000777"))
        assert second[39] == "00", "the account stands as it did, whatever the specification says of its money"
        assert int(str(second[38])) == int(str(first[38])) + 1
        assert str(second[37]) > str(first[37])
        assert again.account("credit").held == 200_00
    finally:
        later.close()
        again.stop()


# ── beside the loop ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def held_up(database: Watched) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Commits of more than one request begin, and end when they are let go."""
    begun, let_go = threading.Event(), threading.Event()

    def wait() -> None:
        if threading.current_thread().name == "issuer-commit":
            begun.set()
            assert let_go.wait(DEADLINE_S)

    database.before_commit = wait
    yield begun, let_go
    let_go.set()


def _until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread brings about."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def _one_by_one(connect: Callable[[], RawClient]) -> tuple[RawClient, RawClient]:
    first, second = connect(), connect()
    first.sign_on()
    second.keys = first.keys
    return first, second


def test_who_asks_while_the_disk_is_waited_for_is_looked_at_and_decided_afterwards(
    connect: Callable[[], RawClient],
    host: IssuerHost,
    events: Events,
    held_up: tuple[threading.Event, threading.Event],
) -> None:
    begun, let_go = held_up
    first, second = _one_by_one(connect)
    first.send(first.frame(first.preauth()) + first.frame(first.preauth()))
    assert begun.wait(DEADLINE_S)
    told = len(events.of("decision"))
    second.send(second.frame(second.preauth(f11="000900")) + second.frame(second.preauth(f11="000901", f52=bytes(8))))
    events.wait("request", trace="000901")
    _until(lambda: len(host._line._queue) == 2)
    looks = [exchange.looked_at.card for _, exchange in host._line._queue if exchange.looked_at]
    assert [(look[0].check, look[1]) for look in looks if look] == [("verified", "right"), ("verified", "unreadable")]
    assert len(events.of("decision")) == told, "none of the four is decided for others to see"

    asked = threading.Thread(target=host.account, args=("credit",))
    asked.start()
    asked.join(0.05)
    assert asked.is_alive(), "the books are not to be touched"
    let_go.set()
    asked.join(DEADLINE_S)
    assert [first.reply()[39], first.reply()[39]] == ["00", "00"]
    assert [second.reply()[39], second.reply()[39]] == ["00", "99"]
    assert host.account("credit").held == 300_00


def test_a_commit_beside_the_loop_that_fails_refuses_its_group_alone(
    connect: Callable[[], RawClient],
    host: IssuerHost,
    database: Watched,
    events: Events,
    held_up: tuple[threading.Event, threading.Event],
) -> None:
    begun, let_go = held_up
    first, second = _one_by_one(connect)
    database.full = True
    first.send(first.frame(first.preauth()) + first.frame(first.preauth()))
    assert begun.wait(DEADLINE_S)
    second.send(second.frame(second.preauth(f11="000900")))
    events.wait("request", trace="000900")
    commit = database.before_commit

    def and_then_there_is_room() -> None:
        commit()
        database.before_commit = lambda: setattr(database, "full", False)

    database.before_commit = and_then_there_is_room
    let_go.set()
    assert [first.reply()[39], first.reply()[39]] == ["96", "96"]
    events.wait("fault", component="host")
    code = second.reply()[39]
    assert code in ("00", "96")
    assert host.account("credit").held == (100_00 if code == "00" else 0)


def test_what_waits_for_the_books_is_bounded(
    connect: Callable[[], RawClient],
    host: IssuerHost,
    events: Events,
    held_up: tuple[threading.Event, threading.Event],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Then the loop waits for the disk as well, and reads nothing more."""
    monkeypatch.setattr("simulators.issuer.line.MOST_QUEUED", 3)
    begun, let_go = held_up
    first, second = _one_by_one(connect)
    first.send(first.frame(first.preauth()) + first.frame(first.preauth()))
    assert begun.wait(DEADLINE_S)
    requests = [second.preauth(f11=f"{900 + number:06d}") for number in range(10)]
    second.send(b"".join(second.frame(request) for request in requests))
    _until(lambda: len(host._line._queue) == 3)
    let_go.set()
    assert [second.reply()[11] for _ in requests] == [request[11] for request in requests]
    assert [first.reply()[39], first.reply()[39]] == ["00", "00"]
    assert host.account("credit").held == 1_200_00


def test_a_host_that_stops_keeps_and_answers_what_is_under_way(
    connect: Callable[[], RawClient],
    host: IssuerHost,
    held_up: tuple[threading.Event, threading.Event],
    tmp_path: Path,
) -> None:
    begun, let_go = held_up
    first, _ = _one_by_one(connect)
    first.send(first.frame(first.preauth()) + first.frame(first.preauth()))
    assert begun.wait(DEADLINE_S)
    stopping = threading.Thread(target=host.stop)
    stopping.start()
    let_go.set()
    stopping.join(DEADLINE_S)
    ledger = Ledger(SqliteDatabase(tmp_path / "watched.sqlite"))
    assert ledger.account("credit").held == 200_00
    ledger.close()
    assert all(thread.name != "issuer-commit" for thread in threading.enumerate())


def test_a_commit_takes_along_what_comes_while_it_would_begin_and_ends_even_under_a_flood(
    connect: Callable[[], RawClient], database: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one line 32 requests are decided in a turn, and a commit takes several turns of them."""
    monkeypatch.setattr("simulators.issuer.commits.MOST_TOGETHER", 64)
    client, _ = _one_by_one(connect)
    requests = [client.preauth(f4="000000000100") for _ in range(400)]
    before = database.commits
    client.send(b"".join(client.frame(request) for request in requests))
    assert [client.reply()[39] for _ in requests] == ["00"] * 400
    assert database.commits - before < 400 / 32
