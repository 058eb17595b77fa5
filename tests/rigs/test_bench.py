"""A bench comes up whole or not at all, goes down whole, and is the same again after every case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import rigs.bench
from protocols.events import Channel
from protocols.faults import Cancelled, ConfigurationError, HoldfastError, ReaderGone, RigFault
from protocols.money import Money
from protocols.orders import Order, Result
from protocols.pan import is_test_card
from protocols.printing import Paper, PrinterStatus
from protocols.transactions import Transaction
from rigs import build
from rigs.bench import LEASES, Bench
from rigs.build import evidence_of
from rigs.hosts.simulated import SimulatedHost
from rigs.lease import Lease
from rigs.model import load_rig
from rigs.printers.bench import VirtualPrinterOnBench
from rigs.printers.escpos_serial import EscposSerialPrinter
from rigs.private import private_root
from rigs.readers.embedded import EmbeddedReader
from rigs.terminals.reference import ReferenceTerminalDriver
from simulators.printer import VirtualPrinter
from tests.rigs.kit import (
    VIRTUAL_BENCH,
    card_in,
    case_on,
    chain_is_whole,
    held,
    lines_of,
    plan_of,
    raising,
    rig_file,
    to_itself,
)

HOLD = Order(Transaction.PREAUTH, Money(1000_00))


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    to_itself(monkeypatch, tmp_path)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    opened = Bench(plan_of(tmp_path)).open()
    yield opened
    opened.close()


def raising_after(act: Callable[[Any], object], error: BaseException) -> Callable[[Any], None]:
    """Does it, and raises all the same."""

    def both(driver: Any) -> None:
        act(driver)
        raise error

    return both


def of_worker(folder: Path, kind: str, worker: str = "main") -> list[dict[str, Any]]:
    """Fields of the events of the rig on the worker's timeline."""
    lines = lines_of(folder / "run" / "workers" / f"{worker}.jsonl")
    return [line["f"] for line in lines if line["ch"] == "rig" and line["kind"] == kind]


# ── up and down ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bench_comes_up_tests_itself_and_leaves_nothing_when_it_is_closed(tmp_path: Path) -> None:
    before = held()
    bench = Bench(plan_of(tmp_path)).open()
    assert bench.private.exists()
    assert bench.environment["reader"]["driver"] == "in process, no PC/SC"
    assert bench.environment["printer"]["paper"] == "present"
    assert bench.environment["terminal"]["terminal"] == "50080001"
    assert bench.environment["host"]["market"] == "unionpay-cn"
    bench.close()
    assert held() == before
    assert [f["device"] for f in of_worker(tmp_path, "up")] == ["host", "printer", "reader", "terminal"]
    assert of_worker(tmp_path, "self-test") == [{"result": "passed"}]
    assert of_worker(tmp_path, "identity")[0]["reader"] == bench.environment["reader"]
    assert of_worker(tmp_path, "close") == [{}]
    assert not of_worker(tmp_path, "take-down fault")
    assert not of_worker(tmp_path, "fault")
    assert chain_is_whole(tmp_path / "run" / "workers" / "main.jsonl")


def test_closing_twice_does_nothing(tmp_path: Path) -> None:
    before = held()
    bench = Bench(plan_of(tmp_path)).open()
    bench.close()
    bench.close()
    assert held() == before
    assert len(of_worker(tmp_path, "close")) == 1


def test_the_response_time_out_is_the_rigs_or_else_the_markets(tmp_path: Path) -> None:
    assert Bench(plan_of(tmp_path)).response_timeout_s == 10
    assert Bench(plan_of(tmp_path, response_timeout_s=None)).response_timeout_s == 60


def test_without_a_reader_of_its_own_process_the_bench_is_still_all_simulated() -> None:
    assert set(evidence_of(load_rig(VIRTUAL_BENCH)).values()) == {"simulated"}


@pytest.mark.parametrize(
    ("change", "hardware"),
    [({"reader": {"kind": "pcsc", "name": "ACS"}}, {Channel.READER, Channel.CARD}),
     ({"printer": {"kind": "escpos-serial", "port": "/dev/ttyUSB0"}}, {Channel.PRINTER})],
    ids=["reader", "printer"],
)  # fmt: skip
def test_what_comes_from_hardware_is_marked_so_channel_by_channel(
    tmp_path: Path, change: dict[str, Any], hardware: set[Channel]
) -> None:
    evidence = evidence_of(load_rig(rig_file(tmp_path, **change)))
    assert {channel for channel, what in evidence.items() if what == "hardware"} == hardware
    assert set(evidence) == set(Channel)


BREAKS: dict[str, tuple[Any, str]] = {
    "host": (build, "host"),
    "printer": (build, "printer"),
    "reader": (build, "reader"),
    "terminal": (build, "terminal"),
    "self-test": (Bench, "self_test"),
    "enrolment": (SimulatedHost, "enrol"),
    "printer's port": (build, "EscposSerialPrinter"),
    "presenter": (build, "VirtualPresenter"),
    "terminal's journal": (build, "ReferenceTerminal"),
    "sign-on": (ReferenceTerminalDriver, "sign_on"),
    "status of the paper": (EscposSerialPrinter, "status"),
    "cards": (rigs.bench, "load_cards"),
}


OURS = RigFault("it broke", advice="mend it", component="printer")
ERRORS: list[tuple[BaseException, dict[str, str]]] = [
    (OURS, {"cause": "it broke", "component": "printer", "advice": "mend it"}),
    (RuntimeError("secret text"), {"cause": "RuntimeError", "component": "harness", "advice": ""}),
    (KeyboardInterrupt(), {"cause": "KeyboardInterrupt", "component": "harness", "advice": ""}),
]


@pytest.mark.parametrize(
    ("step", "error", "fault"),
    [(step, *ERRORS[place % 3]) for place, step in enumerate(BREAKS)]
    + [(step, *ERRORS[(place + 1) % 3]) for place, step in enumerate(BREAKS)],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)  # fmt: skip
def test_a_step_of_bring_up_that_fails_leaves_nothing_but_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException, fault: dict[str, str]
) -> None:
    owner, name = BREAKS[step]
    monkeypatch.setattr(owner, name, raising(error))
    before = held()
    with pytest.raises(type(error)):
        Bench(plan_of(tmp_path)).open()
    assert held() == before
    assert of_worker(tmp_path, "fault") == [fault]
    assert of_worker(tmp_path, "close") == [{}]


def test_a_bench_that_never_had_a_recorder_fails_with_its_own_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run").write_text("a file where the run folder should be")
    before = held()
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        Bench(plan_of(tmp_path)).open()
    assert held() == before


def test_an_unknown_card_file_leaves_nothing(tmp_path: Path) -> None:
    before = held()
    with pytest.raises(ConfigurationError, match="there is no file"):
        Bench(plan_of(tmp_path, cards={"credit": "nowhere.yaml"})).open()
    assert held() == before


@pytest.mark.parametrize("device", ["host", "printer", "reader", "terminal"])
def test_a_device_that_does_not_go_down_is_recorded_and_the_others_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    drivers: dict[str, Any] = {
        "host": SimulatedHost, "printer": VirtualPrinterOnBench, "reader": EmbeddedReader,
        "terminal": ReferenceTerminalDriver,
    }  # fmt: skip
    before = held()
    monkeypatch.setattr(drivers[device], "close", raising_after(drivers[device].close, ValueError("secret text")))
    bench = Bench(plan_of(tmp_path)).open()
    bench.close()
    assert held() == before
    assert of_worker(tmp_path, "take-down fault") == [{"device": device, "cause": "ValueError"}]
    assert of_worker(tmp_path, "close") == [{}]


def test_a_recorder_that_cannot_write_any_more_does_not_keep_the_bench_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = held()
    close = SimulatedHost.close
    monkeypatch.setattr(SimulatedHost, "close", raising_after(close, RigFault("it is stuck")))
    bench = Bench(plan_of(tmp_path)).open()
    monkeypatch.setattr("rigs.timeline.TimelineFile.append", raising(RigFault("the disk is full")))
    bench.close()
    assert held() == before


def test_an_interrupt_on_the_way_down_still_takes_the_rest_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = held()
    close = ReferenceTerminalDriver.close
    monkeypatch.setattr(ReferenceTerminalDriver, "close", raising_after(close, KeyboardInterrupt()))
    bench = Bench(plan_of(tmp_path)).open()
    with pytest.raises(KeyboardInterrupt):
        bench.close()
    assert held() == before


# ── self-test and what cannot be built ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("paper", [Paper.OUT, Paper.UNKNOWN])
def test_without_paper_no_run_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paper: Paper) -> None:
    status = PrinterStatus(paper, None)
    monkeypatch.setattr(VirtualPrinterOnBench, "status", lambda printer: status)
    with pytest.raises(RigFault, match=f"the printer's paper is {paper.value} ") as raised:
        Bench(plan_of(tmp_path)).open()
    assert raised.value.component == "printer"


def test_paper_that_is_out_is_seen_on_the_real_tty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = VirtualPrinter.__init__

    def without_paper(printer: VirtualPrinter, *arguments: Any) -> None:
        begin(printer, *arguments)
        printer.remove_paper()

    monkeypatch.setattr(VirtualPrinter, "__init__", without_paper)
    with pytest.raises(RigFault, match="the printer's paper is out"):
        Bench(plan_of(tmp_path)).open()


def test_a_roll_that_is_near_its_end_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VirtualPrinterOnBench, "status", lambda printer: PrinterStatus(Paper.NEAR_END, True))
    bench = Bench(plan_of(tmp_path)).open()
    assert bench.environment["printer"]["paper"] == "near end"
    bench.close()


def test_a_wrong_master_key_is_a_fault_of_the_terminal_on_the_rig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol = SimulatedHost.enrol
    monkeypatch.setattr(
        SimulatedHost, "enrol", lambda host, terminal, merchant, key: enrol(host, terminal, merchant, bytes(16))
    )
    with pytest.raises(RigFault, match=r"the terminal could not sign on: .*compare .* master key") as raised:
        Bench(plan_of(tmp_path)).open()
    assert raised.value.component == "terminal"


@pytest.mark.parametrize(
    ("change", "told"),
    [({"printer": {"kind": "escpos-serial", "port": "/dev/null"}}, "a real printer needs a person"),
     ({"reader": {"kind": "pcsc", "name": "ACS"}}, "a real reader needs a person")],
    ids=["printer", "reader"],
)  # fmt: skip
def test_a_real_device_is_not_run_without_people(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    before = held()
    with pytest.raises(ConfigurationError, match=told):
        Bench(plan_of(tmp_path, **change)).open()
    assert held() == before


def test_a_rig_that_wants_pcscd_says_why_it_cannot_have_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "unavailable", lambda: "there is no compiler")
    with pytest.raises(ConfigurationError, match="the rig wants pcscd, but there is no compiler"):
        Bench(plan_of(tmp_path, reader={"service": "pcscd"})).open()


def test_a_rig_that_says_auto_takes_the_reader_in_process_where_pcscd_cannot_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "unavailable", lambda: "there is no compiler")
    bench = Bench(plan_of(tmp_path, reader={"service": "auto"})).open()
    assert bench.environment["reader"]["driver"] == "in process, no PC/SC"
    bench.close()


def test_a_shared_device_is_leased_before_anything_is_touched(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, printer={"kind": "escpos-serial", "port": "/dev/null"})
    before = held()
    with Lease("port /dev/null", tmp_path / "leases"), pytest.raises(RigFault, match="the port /dev/null is in use"):
        Bench(plan).open()
    assert held() == before
    assert not plan.folder.exists()


def test_leases_of_all_users_of_a_machine_lie_in_one_place() -> None:
    assert LEASES.name == "holdfast-leases"


# ── cards ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_unknown_kind_of_card_names_the_kinds(bench: Bench) -> None:
    with pytest.raises(ConfigurationError, match=r"the rig has no 'gold' card \(it has credit, debit\)"):
        bench.issue_card("gold", case_on(bench))


def test_a_card_is_told_on_the_timeline_by_name_and_never_by_number(bench: Bench) -> None:
    case = case_on(bench)
    name = bench.issue_card("credit", case)
    issued = next(record for record in case.records if record["kind"] == "issued")
    assert issued["f"] == {"card": name, "profile": "UnionPay credit (test)"}
    assert bench.card == name


def issued(bench: Bench, kinds: list[str], monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Names and numbers of cards of these kinds, one after the other."""
    seen: list[tuple[str, str]] = []
    monkeypatch.setattr(bench.host, "know", lambda name, card: seen.append((name, card.pan)))
    case = case_on(bench)
    for kind in kinds:
        bench.issue_card(kind, case)
    return seen


def test_no_card_comes_again_on_a_bench(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = issued(bench, ["credit", "debit", "credit"] * 50, monkeypatch)
    assert len({pan for _, pan in seen}) == 150
    assert len({pan[8:15] for _, pan in seen}) == 150  # nor one that differs by its range alone
    assert all(is_test_card(pan) for _, pan in seen)


def test_cards_that_end_alike_have_different_names(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some thousand cards of a bench the last four digits come again."""
    bench._maker._numbers[16] = iter(range(1, 100_000, 1000))
    seen = issued(bench, ["credit"] * 100, monkeypatch)
    assert len({pan[-4:] for _, pan in seen}) == 10
    assert len({name for name, _ in seen}) == 100
    assert all(name.split("-")[1] == pan[-4:] for name, pan in seen)


def test_a_card_of_the_bench_is_hidden_from_its_issue_on(bench: Bench, tmp_path: Path) -> None:
    case = case_on(bench)
    card_in(bench, case)
    pan = bench.presenter._cards[bench.card].pan
    case.emit(Channel.TERMINAL, "display", text=f"9{pan}9")
    assert bench.terminal.perform(HOLD).approved
    bench.close_case()
    case.close()
    bench.close()
    for path in (tmp_path / "run").rglob("*"):
        if path.is_file():
            assert pan.encode() not in path.read_bytes(), path.name
            assert bytes.fromhex(pan) not in path.read_bytes(), path.name


def test_a_faulty_card_is_told_by_the_name_of_its_fault(bench: Bench) -> None:
    case = case_on(bench)
    name = bench.issue_card("credit", case, fault="lacks its first list")
    told = next(record["f"] for record in case.records if record["kind"] == "issued")
    assert told == {"card": name, "profile": "UnionPay credit (test)", "fault": "lacks its first list"}
    assert next(record["f"]["data_wrong"] for record in case.records if record["kind"] == "personalised") == ["drop 8C"]


def test_a_kept_card_goes_on_in_the_next_case_where_it_was(bench: Bench) -> None:
    names, counters = [], []
    for number in range(2):
        case = case_on(bench, f"case {number}")
        card = bench.issue_card("credit", case, keep="the guest's")
        bench.host.open_account(card, Money(10_000_00))
        bench.presenter.offer(card)
        assert bench.terminal.perform(HOLD).approved
        counters += [record["f"]["atc"] for record in case.records if record["kind"] == "cryptogram"]
        names.append(card)
        assert bench.close_case() == []
        case.close()
    assert names[0] != names[1]  # its account is a fresh one
    assert counters == [1, 1, 2, 2]


def test_an_expired_card_is_declined_by_its_issuer(bench: Bench) -> None:
    """A chip tells the terminal, whose action codes decide: EMV Book 3, 10.4.3 and 10.7. Here they go online."""
    case = case_on(bench)
    card = bench.issue_card("credit", case, expired=True)
    bench.host.open_account(card, Money(1_000_00))
    bench.presenter.offer(card)
    outcome = bench.terminal.perform(HOLD)
    assert (outcome.result, outcome.code) == (Result.DECLINED, "54")


# ── between cases ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_case_leaves_nothing_to_the_next(bench: Bench) -> None:
    case = case_on(bench)
    first = card_in(bench, case)
    bench.host.misbehave("pre-authorisation", "code 51", times=None)
    bench.people.cardholder_types("wrong")
    bench.people.supervisor_present(False)
    bench.printer.remove_paper()
    bench.host.move_date(12)
    bench.terminal.set_parameter("local limit", "off")
    bench.presenter.pull_before("VERIFY")
    assert bench.terminal.perform(HOLD).result is not Result.APPROVED
    assert bench.close_case() == []
    kinds = [(record["ch"], record["kind"], record["f"]) for record in case.records]
    assert ("terminal", "state", {"state": "idle"}) in kinds
    case.close()

    assert bench.card == ""
    assert not bench.reader.card_present()  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError):
        bench.presenter.offer(first)
    assert bench.printer.status().paper is Paper.PRESENT
    assert bench.people.enter_supervisor_password()
    assert bench.host._issuer.now().date() == bench.host._issuer._clock().date()

    case = case_on(bench, "the next")
    card_in(bench, case)
    hold = bench.terminal.perform(HOLD)
    assert hold.approved
    above = Order(Transaction.COMPLETION, Money(1150_01), hold.as_original())
    assert bench.terminal.perform(above).result is Result.REFUSED  # by the terminal: its limit is back
    assert bench.close_case() == []
    case.close()


def test_a_date_that_was_moved_in_one_case_is_today_in_the_next(bench: Bench) -> None:
    for days in (31, 2):
        case = case_on(bench, f"{days} days on")
        today = bench.host._issuer.now().date()
        bench.host.move_date(days)
        bench.host.move_date(1)
        assert (bench.host._issuer.now().date() - today).days == days + 1
        bench.close_case()
        case.close()
        assert bench.host._issuer.now().date() == today


def test_a_pending_reversal_is_drained_within_its_own_case(bench: Bench) -> None:
    case = case_on(bench)
    card = card_in(bench, case)
    bench.host.misbehave("pre-authorisation", "no answer")
    bench.host.misbehave("reversal", "no answer", times=None)
    assert bench.terminal.perform(HOLD).result is Result.NO_REPLY
    assert bench.close_case() == []
    assert bench.host._issuer.account(card).held == 0
    case.close()


def test_a_lost_reader_is_brought_back_before_the_next_case(bench: Bench) -> None:
    case = case_on(bench)
    card_in(bench, case)
    bench.presenter.unplug_before("GENERATE AC")
    with pytest.raises(ReaderGone):
        bench.terminal.perform(HOLD)
    assert not bench.reader.healthy()
    assert bench.close_case() == []
    assert bench.reader.healthy()
    case.close()


CLOSERS = {
    "host": ("host", "behave"), "people": ("people", "reset"), "printer": ("printer", "load_paper"),
    "reader": ("reader", "healthy"), "terminal": ("terminal", "to_idle"), "card": ("presenter", "remove"),
    "accounts": ("host", "end_case"), "date": ("host", "reset_date"),
    "parameters": ("terminal", "restore_parameters"),
}  # fmt: skip


def broken_close(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, what: str, error: BaseException
) -> tuple[list[str], list[str]]:
    """What the close of a case says of one part that raises, and which parts were tried."""
    tried: list[str] = []
    for name, (part, call) in CLOSERS.items():

        def act(name: str = name) -> bool:
            tried.append(name)
            if name == what:
                raise error
            return True

        monkeypatch.setattr(getattr(bench, part), call, act)
    try:
        return bench.close_case(), tried
    except HoldfastError:
        return ["raised"], tried


@pytest.mark.parametrize("what", CLOSERS)
def test_what_cannot_be_restored_is_told_and_all_the_rest_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    troubles, tried = broken_close(bench, monkeypatch, what, RigFault("it is stuck", advice="mend it"))
    assert troubles == [f"{what}: it is stuck (mend it)"]
    assert tried == list(CLOSERS)


def test_a_fault_of_ours_between_cases_is_recorded_as_a_bug_and_its_text_is_not_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_on(bench)
    troubles, tried = broken_close(bench, monkeypatch, "people", ValueError("secret text"))
    assert troubles == ["people: ValueError"]
    assert tried == list(CLOSERS)
    bugs = [record["f"] for record in case.records if record["kind"] == "bug"]
    assert bugs == [{"cause": "ValueError", "where": "close of a case, people"}]


def test_a_cancelled_close_still_restores_the_rest(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    troubles, tried = broken_close(bench, monkeypatch, "host", Cancelled("enough"))
    assert troubles == ["raised"]
    assert tried == list(CLOSERS)


def test_private_directories_of_a_test_are_its_own(tmp_path: Path) -> None:
    assert private_root().parent == tmp_path
