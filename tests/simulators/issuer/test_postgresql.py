"""The books on a real PostgreSQL server that crashes, goes away, fills up, and is asked for by two."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from protocols.faults import ConfigurationError, HoldfastBug
from simulators.issuer.database import LedgerUnavailable
from simulators.issuer.ledger import AccountView, Ledger
from simulators.issuer.postgresql import PostgresqlDatabase
from tests.simulators.issuer.bank import CARD, HOLD, OPENING, Bank
from tests.simulators.kit import DEADLINE_S, cn_market
from tests.support.half_way import HalfWay
from tests.support.postgresql import Server

AS_OPENED, AS_HELD = AccountView(OPENING, 0, 0), AccountView(OPENING - HOLD, HOLD, 0)


@pytest.fixture
def url(postgresql: Server) -> str:
    return postgresql.emptied("books")


@pytest.fixture
def bank(url: str) -> Iterator[Bank]:
    bank = Bank(url, cn_market())
    yield bank
    bank.close()


@pytest.fixture
def durable(postgresql: Server) -> Iterator[str]:
    """URL of books on the server while it writes through."""
    _switch(postgresql, "fsync", "on")
    yield postgresql.url(postgresql.fresh(), durable=True)
    _switch(postgresql, "fsync", "off")


def _switch(server: Server, name: str, value: str) -> None:
    with server.connect() as connection:
        connection.execute(f"ALTER SYSTEM SET {name} = {value}")
        connection.execute("SELECT pg_reload_conf()")
    _until(lambda: _shown(server, name) == value)


def _shown(server: Server, name: str) -> str:
    with server.connect() as connection:
        ((value,),) = connection.execute(f"SHOW {name}").fetchall()
    return str(value)


def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < until


def _end_connections(server: Server) -> None:
    """As an administrator does it, or a network that drops them."""
    with server.connect() as connection:
        connection.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = current_user"
                           " AND pid <> pg_backend_pid() AND backend_type = 'client backend'")  # fmt: skip


# ── durable ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_committed_is_there_after_a_crash_of_the_server_and_nothing_else(
    durable: str, postgresql: Server
) -> None:
    bank = Bank(durable, cn_market())
    bank.preauth()

    def crashed() -> None:
        with bank.ledger.decision():
            bank.ledger.post(CARD, "sale", 1)
            postgresql.crash()

    with pytest.raises(LedgerUnavailable, match="cannot be used"):
        crashed()
    assert bank.account() == AS_HELD
    assert bank.complete().code == "00"
    bank.ledger.audit()
    bank.close()
    with closing(Ledger(PostgresqlDatabase(durable))) as again:
        assert again.account(CARD) == AccountView(OPENING - HOLD, 0, HOLD)
        assert again.database.name == f"PostgreSQL {_shown(postgresql, 'server_version').split()[0]}"


def test_a_session_waits_for_the_disk_whatever_the_server_s_default_is(durable: str, postgresql: Server) -> None:
    _switch(postgresql, "synchronous_commit", "off")
    with closing(PostgresqlDatabase(durable)) as database:
        assert database.row("SHOW synchronous_commit") == ("on",)
    with postgresql.connect() as connection:
        connection.execute("ALTER SYSTEM RESET synchronous_commit")
        connection.execute("SELECT pg_reload_conf()")


def test_a_server_that_may_lose_what_it_committed_is_refused_and_where_allowed_its_name_says_so(
    postgresql: Server, url: str
) -> None:
    with pytest.raises(ConfigurationError, match=r"may lose what it has committed: fsync is off \(switch it on"):
        PostgresqlDatabase(postgresql.url("books", durable=True))
    with closing(PostgresqlDatabase(url)) as database:
        assert database.name.endswith(", not durable")


# ── away and back ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("end", [Server.crash, _end_connections])
def test_a_connection_lost_between_decisions_is_made_again_and_nobody_is_told(
    bank: Bank, postgresql: Server, end: Callable[[Server], None]
) -> None:
    bank.preauth()
    end(postgresql)
    assert bank.complete().code == "00"
    end(postgresql)
    assert bank.cancel().code == "25"
    bank.ledger.audit()


@pytest.mark.parametrize("end", [Server.crash, _end_connections])
def test_a_connection_lost_in_a_decision_takes_it_along_and_the_next_one_goes_on(
    bank: Bank, postgresql: Server, end: Callable[[Server], None]
) -> None:
    def lost() -> None:
        with bank.ledger.decision():
            bank.ledger.post(CARD, "sale", HOLD)
            end(postgresql)
            bank.ledger.post(CARD, "sale", HOLD)

    with pytest.raises(LedgerUnavailable, match="look at the PostgreSQL server; business goes on"):
        lost()
    assert bank.preauth().code == "00"
    assert bank.account() == AS_HELD
    bank.ledger.audit()


def test_what_only_looks_is_asked_again_and_never_within_a_transaction_that_was_lost(
    bank: Bank, postgresql: Server
) -> None:
    database = bank.ledger.database
    _end_connections(postgresql)
    assert database.row("SELECT booked FROM account") == (0,)
    database.begin()
    database.run("UPDATE account SET booked = 1")
    _end_connections(postgresql)
    for _ in range(2):
        with pytest.raises(LedgerUnavailable):
            database.row("SELECT booked FROM account")
    database.rollback()
    assert database.row("SELECT booked FROM account") == (0,)


def test_while_the_server_is_away_all_is_refused_and_when_it_is_back_all_goes_on(
    bank: Bank, postgresql: Server
) -> None:
    bank.preauth()
    postgresql.stop()
    try:
        for _ in range(2):
            with pytest.raises(LedgerUnavailable, match=r"ledger on .*, database postgres cannot be used"):
                bank.complete()
            with pytest.raises(LedgerUnavailable, match="cannot be used"):
                bank.account()
    finally:
        postgresql.start()
    assert bank.account() == AS_HELD
    assert bank.complete().code == "00"
    bank.ledger.audit()


def test_a_commit_that_was_kept_and_whose_answer_was_lost_is_kept(
    postgresql: Server, url: str, short_dir: Path
) -> None:
    through_it = url.replace(postgresql.directory.name, short_dir.name)
    with closing(HalfWay(postgresql.directory, short_dir)) as proxy, closing(Bank(through_it, cn_market())) as bank:
        proxy.armed = True
        assert bank.preauth().code == "00"
        assert not proxy.armed
        assert bank.account() == AS_HELD
        bank.ledger.audit()


def test_a_commit_that_never_came_is_not_kept(bank: Bank, postgresql: Server) -> None:
    def cut() -> None:
        with bank.ledger.decision():
            bank.ledger.post(CARD, "sale", HOLD)
            _end_connections(postgresql)

    with pytest.raises(LedgerUnavailable, match="cannot be used"):
        cut()
    assert bank.account() == AS_OPENED


def test_a_commit_that_nobody_can_be_asked_about_says_so(
    bank: Bank, postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulators.issuer.postgresql.PATIENCE_S", 0.0)

    def cut() -> None:
        with bank.ledger.decision():
            bank.ledger.post(CARD, "sale", HOLD)
            postgresql.stop()

    try:
        with pytest.raises(LedgerUnavailable, match="whether it kept its last transaction cannot be asked now"):
            cut()
    finally:
        postgresql.start()
    assert bank.account() == AS_OPENED


def test_a_commit_after_a_failed_statement_is_a_bug_of_ours(bank: Bank) -> None:
    database = bank.ledger.database
    database.begin()
    with pytest.raises(psycopg.IntegrityError):
        database.run("UPDATE account SET kind = NULL")
    with pytest.raises(HoldfastBug, match="in which a statement had failed"):
        database.commit()


def test_what_fails_behind_a_mark_is_gone_and_what_came_before_it_stays(bank: Bank) -> None:
    database = bank.ledger.database
    database.begin()
    bank.ledger.post(CARD, "sale", 1)
    database.mark()
    with pytest.raises(psycopg.IntegrityError):
        database.run("UPDATE account SET kind = NULL")
    database.back()
    database.mark()
    bank.ledger.post(CARD, "sale", 2)
    database.keep()
    database.mark()
    bank.ledger.post(CARD, "sale", 4)
    database.back()
    database.commit()
    assert database.row("SELECT available, booked FROM account") == (OPENING - 3, 3)


def test_a_full_disk_is_said_to_be_full_and_business_goes_on_when_there_is_room(bank: Bank, postgresql: Server) -> None:
    """The server's own error 53100, raised where it would be."""
    with postgresql.connect("books") as connection:
        connection.execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100', MESSAGE = 'could not extend file'; END $$"
        )
        connection.execute("CREATE TRIGGER no_room BEFORE INSERT ON posting EXECUTE FUNCTION no_room()")
        with pytest.raises(LedgerUnavailable, match=r"^the disk of the ledger is full"):
            bank.preauth()
        connection.execute("DROP FUNCTION no_room CASCADE")
    assert bank.account() == AS_OPENED
    assert bank.preauth().code == "00"
    bank.ledger.audit()


def test_a_closed_ledger_stays_closed(url: str) -> None:
    database = PostgresqlDatabase(url)
    database.close()
    database.close()
    with pytest.raises(HoldfastBug, match="after it had been closed"):
        database.begin()


# ── one host at a time ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_second_host_is_refused_until_the_first_has_gone(
    bank: Bank, url: str, postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulators.issuer.postgresqlsession.LOCK_PATIENCE_S", 0.0)
    said = r"another host uses the ledger in schema 'books' of .*: server process \d+, from a local process, since "
    with pytest.raises(ConfigurationError, match=said):
        PostgresqlDatabase(url)
    with closing(PostgresqlDatabase(postgresql.url(postgresql.fresh()))):
        pass
    bank.close()
    monkeypatch.setattr("simulators.issuer.postgresqlsession.LOCK_PATIENCE_S", DEADLINE_S)
    PostgresqlDatabase(url).close()


def test_a_host_that_comes_back_takes_the_ledger_from_its_own_lost_connection(bank: Bank) -> None:
    """The server still believes in the old connection when the network has dropped it."""
    database = bank.ledger.database
    assert isinstance(database, PostgresqlDatabase)
    old = database._connection
    database._open_again()
    with pytest.raises(psycopg.OperationalError):
        old.execute("SELECT 1")
    old.close()
    assert bank.preauth().code == "00"


def test_a_ledger_taken_by_another_host_meanwhile_is_not_shared(
    bank: Bank, url: str, postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    _end_connections(postgresql)
    with closing(PostgresqlDatabase(url)):
        monkeypatch.setattr("simulators.issuer.postgresqlsession.LOCK_PATIENCE_S", 0.0)
        with pytest.raises(LedgerUnavailable, match="another host uses the ledger"):
            bank.preauth()
    monkeypatch.setattr("simulators.issuer.postgresqlsession.LOCK_PATIENCE_S", DEADLINE_S)
    for _ in range(2):
        with pytest.raises(LedgerUnavailable, match=r"another host has used the ledger .* meanwhile \(start this"):
            bank.preauth()


# ── URLs and secrets ──────────────────────────────────────────────────────────────────────────────────────────────

SECRET = "tr0ub4dor-secret"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"postgresql://u:{SECRET}@127.0.0.1:1/books", "the ledger on 127.0.0.1, database books cannot be used"),
        (f"postgresql://u:{SECRET}@127.0.0.1:port/books", "cannot be read"),
        (f"postgresql://u:{SECRET}@[::1/books", "cannot be read"),
        (f"postgresql://u:{SECRET}%zz@127.0.0.1/books", "cannot be read"),
        (f"postgresql://u:{SECRET}@127.0.0.1/books?sslmod=require", "did you mean sslmode"),
        (f"postgresql://u:{SECRET}@127.0.0.1/books?shema=x", "did you mean schema"),
        (f"postgresql://u:{SECRET}@127.0.0.1/books?schema=A-B", "no name of a schema"),
        (f"postgresql://u:{SECRET}@127.0.0.1/books?schema=", "no name of a schema"),
        (f"postgresql://u:{SECRET}@127.0.0.1/books?durable=maybe", "yes or no"),
        (f"mysql://u:{SECRET}@127.0.0.1/books", "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_url_is_said_without_its_password(url: str, said: str) -> None:
    with pytest.raises((ConfigurationError, LedgerUnavailable), match=said) as raised:
        PostgresqlDatabase(url)
    _tells_no_secret(raised.value)


def test_a_wrong_password_is_not_told(postgresql: Server) -> None:
    rules = postgresql.directory / "data" / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"local all guarded scram-sha-256\n{before}")
    with postgresql.connect() as connection:
        connection.execute("CREATE ROLE guarded LOGIN PASSWORD 'right-secret'")
        connection.execute("SELECT pg_reload_conf()")
        url = postgresql.url("public").replace("holdfast@", f"guarded:{SECRET}@")
        _until(lambda: _refused(url))
        with pytest.raises(LedgerUnavailable, match='password authentication failed for user "guarded"') as raised:
            PostgresqlDatabase(url)
        _tells_no_secret(raised.value)
        rules.write_text(before)
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("DROP ROLE guarded")


def _refused(url: str) -> bool:
    try:
        PostgresqlDatabase(url).close()
    except LedgerUnavailable:
        return True
    except (ConfigurationError, psycopg.Error):
        return False
    return False


def test_a_password_that_the_server_says_itself_is_not_told(postgresql: Server) -> None:
    """A password that is also the name of the user."""
    url = postgresql.url("public").replace("holdfast@", f"{SECRET}:{SECRET}@")
    with pytest.raises(LedgerUnavailable, match=r'role "\*\*\*" does not exist') as raised:
        PostgresqlDatabase(url)
    _tells_no_secret(raised.value)


def _tells_no_secret(error: BaseException | None) -> None:
    while error is not None:
        assert SECRET not in f"{error} {error!r} {error.args}"
        assert error.__suppress_context__ or error.__context__ is None
        error = error.__cause__


def test_a_role_that_may_make_no_tables_is_told_to_use_a_schema_of_its_own(postgresql: Server) -> None:
    url = postgresql.url("public").replace("holdfast@", "modest@")
    with postgresql.connect() as connection:
        connection.execute("CREATE ROLE modest LOGIN")
        with pytest.raises(ConfigurationError, match=r"permission denied for schema public \(give the role a schema"):
            PostgresqlDatabase(url)
        with pytest.raises(ConfigurationError, match="permission denied for database postgres"):
            PostgresqlDatabase(url.replace("public", "private"))
        connection.execute("DROP ROLE modest")


def test_a_role_without_a_schema_is_told_to_name_one(postgresql: Server) -> None:
    url = postgresql.url("x").replace("schema=x", "options=-c%20search_path%3Dnowhere")
    with pytest.raises(ConfigurationError, match=r"no schema in its search path .*\?schema=NAME"):
        PostgresqlDatabase(url)


def test_who_reads_connects_again_after_the_server_was_away(url: str, postgresql: Server) -> None:
    with closing(PostgresqlDatabase(url)) as database, closing(database.reader()) as reader:
        assert reader.row("SELECT COUNT(*) FROM account") == (0,)
        postgresql.crash()
        assert reader.row("SELECT COUNT(*) FROM account") == (0,)
        postgresql.stop()
        try:
            with pytest.raises(LedgerUnavailable, match="cannot be used"):
                reader.rows("SELECT 1")
        finally:
            postgresql.start()
        assert reader.rows("SELECT 1") == [(1,)]
