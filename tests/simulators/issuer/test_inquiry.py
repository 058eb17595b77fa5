"""What may be asked of a running host, with its books in SQLite and in PostgreSQL."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from protocols.faults import ConfigurationError
from protocols.money import Money
from rigs.hosts.simulated import account_spec
from simulators.issuer import AccountSpec, IssuerHost
from simulators.issuer.inquiry import HoldQuery, JournalQuery
from tests.simulators.issuer.client import RawClient
from tests.simulators.kit import DEADLINE_S, MERCHANT, OTHER_PAN, PAN, TERMINAL, credit_profile, in_thread


@pytest.fixture(params=["sqlite", "postgresql"])
def host_books(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "books.sqlite")
    url: str = request.getfixturevalue("postgresql").emptied("books")
    return url


def card(name: str, pan: str) -> AccountSpec:
    spec = account_spec(name, pan, credit_profile(), Money(500_00))
    return replace(spec, psn="001", kind="debit")


def test_the_journal_is_searched_by_each_of_its_keys(client: RawClient, host: IssuerHost) -> None:
    answers = [client.ask(client.preauth(f4=amount)) for amount in ("000000010000", "000000020000", "099999999999")]
    first, second, third = host.inquiry.journal(JournalQuery())
    for query, found in (
        (JournalQuery(trace=first.trace), [first]), (JournalQuery(reference=str(answers[1][37])), [second]),
        (JournalQuery(card="credit", code="51"), [third]),
        (JournalQuery(terminal=TERMINAL, code="00"), [first, second]),
        (JournalQuery(day=first.day), [first, second, third]), (JournalQuery(kind="sale"), []),
        (JournalQuery(after=first.id, limit=1), [second]), (JournalQuery(card="' OR 1=1 --"), []),
    ):  # fmt: skip
        assert host.inquiry.journal(query) == found, query
    assert list(host.inquiry.journal_pages(JournalQuery(limit=2))) == [[first, second], [third]]


def test_holds_are_counted_and_found(client: RawClient, host: IssuerHost) -> None:
    approvals = [str(client.ask(client.preauth(f4="000000010000"))[38]) for _ in range(3)]
    asked = client.preauth(f4="000000010000")
    held = client.ask(asked)
    client.ask(client.follow_up("cancel", {**asked, 13: held[13], 38: held[38]}))
    ask = host.inquiry
    assert (ask.open_holds(), ask.open_holds(at_most=2)) == (3, 2)
    assert [hold.approval for hold in ask.holds(HoldQuery(state="open"))] == approvals
    assert [hold.approval for hold in ask.holds(HoldQuery(state="cancelled", card="credit"))] == [held[38]]
    (hold,) = ask.holds(HoldQuery(approval=approvals[1]))
    assert (ask.hold(hold.id), ask.newest_hold("credit", approvals[1])) == (hold, hold)
    assert (ask.hold(10**9), ask.newest_hold("credit", "999999")) == (None, None)


def test_accounts_are_shown_without_their_numbers(host: IssuerHost) -> None:
    host.open_account(card("debit", OTHER_PAN))
    credit, debit = host.inquiry.accounts("", 10)
    assert (credit.card, credit.pan, credit.status, credit.kind) == ("credit", "625094******0014", "open", "credit")
    assert (debit.card, debit.available, debit.retired, debit.kind) == ("debit", 500_00, False, "debit")
    assert host.inquiry.accounts("credit", 10) == [debit]
    assert (host.inquiry.account("debit"), host.inquiry.account("none")) == (debit, None)
    assert host.inquiry.has_pan(OTHER_PAN)
    assert host.inquiry.free_pan("62509470") == "6250947000000022"
    host.retire_accounts()
    assert [account.retired for account in host.inquiry.accounts("", 10)] == [True, True]


def test_an_account_that_the_books_have_is_taken_as_it_is(client: RawClient, host: IssuerHost) -> None:
    client.ask(client.preauth())
    before = host.inquiry.account("credit")
    assert host.open_account(card("credit", PAN), kept=True)
    assert host.inquiry.account("credit") == before
    assert not host.open_account(card("another", OTHER_PAN), kept=True)
    with pytest.raises(ConfigurationError, match="has an account already"):
        host.open_account(card("another", OTHER_PAN))


def test_a_question_about_the_books_keeps_no_terminal_waiting(client: RawClient, host: IssuerHost) -> None:
    """Asked by the host's own thread it would wait for ever: that thread is held up while the question is asked."""
    client.ask(client.preauth())
    begun, answered = threading.Event(), threading.Event()

    def hold_up() -> None:
        begun.set()
        assert answered.wait(DEADLINE_S)

    busy = in_thread(lambda: host._call(hold_up))
    assert begun.wait(DEADLINE_S)
    assert [entry.kind for entry in host.inquiry.journal(JournalQuery())] == ["pre-authorisation"]
    assert host.inquiry.open_holds() == 1
    answered.set()
    busy.join()


def test_what_reads_the_books_cannot_change_them(host: IssuerHost) -> None:
    reader = host._ledger.database.reader()
    with pytest.raises(Exception, match=r"(?i)read.?only"):
        reader.rows("UPDATE account SET available = 0 RETURNING card")
    reader.close()
    account = host.inquiry.account("credit")
    assert account is not None
    assert account.available == account.opening


def test_only_what_is_durable_is_told(host: IssuerHost) -> None:
    database = host._ledger.database
    host._call(lambda: (database.begin(), database.run("UPDATE account SET retired = 1")))
    reader = database.reader()
    assert reader.rows("SELECT retired FROM account") == [(0,)]
    host._call(database.commit)
    assert reader.rows("SELECT retired FROM account") == [(1,)]
    reader.close()


def test_a_terminal_is_signed_off(client: RawClient, host: IssuerHost) -> None:
    (session,) = host.inquiry.sessions()
    assert (session.terminal, session.merchant, session.signed_on) == (TERMINAL, MERCHANT, True)
    assert session.check_value == host.key_check_value(TERMINAL)
    host.inquiry.sign_off(TERMINAL)
    assert client.ask(client.preauth())[39] == "77"
    with pytest.raises(ConfigurationError):
        host.inquiry.sign_off("50080002")
