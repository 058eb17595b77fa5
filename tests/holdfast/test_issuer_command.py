"""`holdfast issuer` as a process: on a terminal, for hours, with a ledger and a record that outlive it, over TLS."""

from __future__ import annotations

import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.issuer_command import address_and_port
from protocols.faults import ConfigurationError
from simulators.issuer.database import SqliteDatabase
from tests.holdfast.test_issuer_client import DEADLINE_S, issuer, run_client
from tests.rigs.test_records import read
from tests.simulators.issuer.client import RawClient
from tests.support.admin_api import Api
from tests.support.commands import ROOT, holdfast, wait_until
from tests.support.screen import Tty
from tests.support.secret_search import find_pans


@pytest.fixture
def tty() -> Iterator[Tty]:
    one = Tty("issuer", "--port", "0")
    yield one
    one.close()


def test_on_a_terminal_counts_stand_below_and_ctrl_c_ends_it(tty: Tty) -> None:
    port = int(tty.until(r"listening on 127\.0\.0\.1:(\d+)")[1])
    assert run_client(port).returncode == 0
    tty.until(r"why: answered 25")
    live = tty.until(
        r"0 connected · [\d.]+ requests/s · 6 so far · 0 holds open · 6 answered · 1 refused\s+last why: answered 25: "
    )
    assert all(len(line) < 80 for line in live[0].splitlines())
    tty.type("\x03")
    tty.until(r"ended\s*$")
    assert tty.process.wait(DEADLINE_S) == 0
    assert find_pans(tty.raw.encode()) == set()


def test_under_load_a_sample_is_shown_and_it_says_so(tty: Tty) -> None:
    port = int(tty.until(r"listening on 127\.0\.0\.1:(\d+)")[1])
    client = RawClient(("127.0.0.1", port))
    client.sign_on()
    for _ in range(300):
        client.send(client.frame(client.swiped(f4="000000000001")))
    for _ in range(300):
        client.reply()
    client.close()
    tty.until(r"301 so far")
    more = tty.until(r"… (\d+) more not shown: above 20 a second a sample is")
    assert int(more[1]) > 100
    tty.process.send_signal(signal.SIGTERM)
    tty.until(r"ended\s*$")
    assert tty.process.wait(DEADLINE_S) == 0


def test_quiet_says_where_it_listens_and_no_more(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with issuer(log, "--quiet") as port:
        assert run_client(port).returncode == 0
    said = log.read_text("utf-8").splitlines()
    assert [line.split(" ")[0] for line in said] == ["terminal", *["card"] * 4, "listening", "ended"]


# ── what is kept, and what is not ─────────────────────────────────────────────────────────────────────────────────


def test_a_ledger_outlives_its_host(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite"
    held = []
    for number, available in enumerate(("250.00", "9.00")):
        log = tmp_path / f"log-{number}"
        with issuer(log, "--ledger", ledger, "--available", available) as port:
            client = RawClient(("127.0.0.1", port))
            client.sign_on()
            held += [client.ask(client.swiped(f11=f"0{number}000{place}")) for place in range(2)]
            client.close()
    assert "its account as the ledger has it" in log.read_text("utf-8")
    assert [answer[39] for answer in held] == ["00", "00", "51", "51"]  # 250.00, and not 9.00, less two times 100.00
    books = SqliteDatabase(ledger)
    rows = books.rows("SELECT approval, reference FROM journal ORDER BY id")
    account = books.row("SELECT opening, available, held FROM account WHERE card = 'credit'")
    books.close()
    assert len({reference for _, reference in rows}) == len(rows) == 4
    assert account == (25_000, 5_000, 20_000)


def test_approvals_go_on_where_the_ledger_left_them(tmp_path: Path) -> None:
    ledger, approvals = tmp_path / "ledger.sqlite", []
    for number in range(2):
        with issuer(tmp_path / f"log-{number}", "--quiet", "--ledger", ledger) as port:
            client = RawClient(("127.0.0.1", port))
            client.sign_on()
            approvals += [client.ask(client.swiped(f11=f"0{number}000{place}"))[38] for place in range(2)]
            client.close()
    assert approvals == ["000001", "000002", "000003", "000004"]


def test_a_record_is_a_chain_without_secrets(tmp_path: Path) -> None:
    with issuer(tmp_path / "log", "--quiet", "--record", tmp_path / "record") as port:
        assert run_client(port).returncode == 0
    (path,) = (tmp_path / "record").glob("issuer-*-001.jsonl")
    assert len(read(path)) == len(path.read_bytes().splitlines())
    data = path.read_bytes()
    assert (data.count(b'"kind":"request"'), data.count(b'"kind":"explanation"')) == (6, 1)
    assert find_pans(data) == set()


def test_without_a_record_nothing_is_written_but_the_ledger(tmp_path: Path) -> None:
    with issuer(tmp_path / "log", "--quiet") as port:
        assert run_client(port).returncode == 0
        pid = _listening_process(port)
        kept = {Path(os.readlink(link)).name for link in Path(f"/proc/{pid}/fd").iterdir() if link.exists()}
    assert {name for name in kept if "." in name and not name.startswith(("socket", "anon"))} <= {
        "ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "owner.lock",
    }  # fmt: skip


# ── TLS, options ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_tls_alone_is_taken_when_there_is_a_certificate(tmp_path: Path) -> None:
    assert holdfast("tls", "make", tmp_path).returncode == 0
    options = ["--tls-certificate", tmp_path / "server.pem", "--tls-key", tmp_path / "server.key"]
    with issuer(tmp_path / "log", *options) as port:
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        client = RawClient(("127.0.0.1", port))
        client.socket = context.wrap_socket(client.socket, server_hostname="localhost")
        assert client.sign_on()[39] == "00"
        client.close()
    assert "with TLS" in (tmp_path / "log").read_text("utf-8")
    half = holdfast("issuer", "--tls-certificate", tmp_path / "server.pem")
    assert (half.returncode, "--tls-key" in half.stderr) == (4, True)


def test_the_admin_api_is_served_and_ends_with_the_host(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with issuer(log, "--quiet", "--admin", "127.0.0.1:0") as port:
        said = re.search(r"admin API on http://127\.0\.0\.1:(\d+), for this machine alone", log.read_text("utf-8"))
        assert said
        assert Api(("127.0.0.1", int(said[1]))).get("/status")["listening"] == f"127.0.0.1:{port}"


def test_a_token_without_an_admin_api_is_bad_usage(tmp_path: Path) -> None:
    done = holdfast("issuer", "--admin-token-file", tmp_path / "token")
    assert (done.returncode, "add --admin" in done.stderr) == (4, True)


def test_the_web_server_is_imported_where_it_is_asked_for() -> None:
    """It costs a quarter of a second, and most starts do without."""
    words = "import sys, holdfast.cli, holdfast.issuer_command; print({'fastapi', 'uvicorn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("127.0.0.1:9", ("127.0.0.1", 9)), (":9", ("127.0.0.1", 9)), ("0.0.0.0", ("0.0.0.0", 8583)),
        ("[::1]:9", ("::1", 9)), ("::1", ("::1", 8583)), ("localhost:0", ("localhost", 0)),
    ],
)  # fmt: skip
def test_an_address_and_a_port_are_written_in_the_usual_ways(text: str, meant: tuple[str, int]) -> None:
    assert address_and_port(text, ("127.0.0.1", 8583)) == meant


@pytest.mark.parametrize("text", ["127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "localhost:-1"])
def test_what_names_no_port_is_an_error(text: str) -> None:
    with pytest.raises(ConfigurationError):
        address_and_port(text, ("127.0.0.1", 8583))


def _listening_process(port: int) -> int:
    """The process that listens on a port of loopback."""
    inode = next(
        line.split()[9] for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
        if line.split()[1] == f"0100007F:{port:04X}" and line.split()[3] == "0A"
    )  # fmt: skip

    def found() -> int:
        for link in Path("/proc").glob("[0-9]*/fd/*"):
            try:
                if os.readlink(link) == f"socket:[{inode}]":
                    return int(link.parts[2])
            except OSError:
                continue
        return 0

    return int(wait_until(found, DEADLINE_S, "who listens is found"))
