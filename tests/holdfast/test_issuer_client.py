"""`holdfast issuer` as a process, and the page-long client of `docs/` that speaks to it without code of Holdfast."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from protocols.crypto import check_value
from tests.support.commands import ROOT, holdfast, wait_until

CLIENT = ROOT / "docs" / "issuer-client.py"
DEADLINE_S = 60.0
MASTER_KEY = "44" * 16


@contextmanager
def issuer(log: Path, *arguments: str | Path) -> Iterator[int]:
    """Its port, until it is told to end; what it says is in the log."""
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "holdfast", "issuer", "--port", "0", *map(str, arguments)],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            found = wait_until(
                lambda: re.search(r"listening on 127\.0\.0\.1:(\d+)", log.read_text("utf-8")) or process.poll(),
                DEADLINE_S, "the issuer listens",
            )  # fmt: skip
            assert isinstance(found, re.Match), log.read_text("utf-8")
            yield int(found[1])
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(DEADLINE_S) == 0


def run_client(port: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(CLIENT), "--port", str(port), *arguments],
        capture_output=True, text=True, timeout=DEADLINE_S, check=False, cwd=ROOT / "docs",
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )  # fmt: skip


def test_the_client_holds_completes_and_reverses_and_the_host_shows_it(tmp_path: Path) -> None:
    log = tmp_path / "issuer.log"
    with issuer(log) as port:
        done = run_client(port)
        said = log.read_text("utf-8")
        wrong_key = run_client(port, "--test-master-key", "55" * 16)
        unknown = run_client(port, "--terminal", "50080009")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.rpartition(" code ")[2].split()[0] for line in done.stdout.splitlines()] == ["00"] * 5 + ["25"]
    assert "625094******0014" in done.stdout
    assert f"check value of its test master key {check_value(bytes.fromhex(MASTER_KEY)).hex().upper()}" in said
    assert "why: answered 25: " in said
    assert (wrong_key.returncode, "compare the master keys" in wrong_key.stderr) == (1, True)
    assert unknown.returncode == 1
    assert "why: answered 97: terminal 50080009 is not enrolled; nearest 50080001" in log.read_text("utf-8")
    for secret in ("6250947000000014", MASTER_KEY):
        assert secret not in log.read_text("utf-8") + done.stdout


def test_rules_of_a_file_are_shown_when_they_act(tmp_path: Path) -> None:
    rules, log = tmp_path / "rules.yaml", tmp_path / "issuer.log"
    rules.write_text(
        "rules:\n  - name: broke\n    when: {transaction: pre-authorisation}\n    do: code 51\n", encoding="utf-8"
    )
    with issuer(log, "--rules", rules) as port:
        done = run_client(port)
    assert (done.returncode, "00 was expected" in done.stderr) == (1, True)
    said = log.read_text("utf-8")
    assert "rule 'broke': code" in said
    assert re.search(r"rule: broke \(code\), pre-authorisation \d{6}", said)
    assert "why: answered 51: a behaviour rule says so: code" in said


def test_a_rule_file_that_is_wrong_is_bad_usage(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules:\n  - {name: x, doo: no answer}\n", encoding="utf-8")
    done = holdfast("issuer", "--rules", rules)
    assert done.returncode == 4
    assert "unknown key (did you mean do?)" in " ".join(done.stderr.split())


def test_the_client_is_a_page_and_needs_nothing_of_holdfast() -> None:
    source = CLIENT.read_text("utf-8")
    assert len(source.splitlines()) <= 150
    names = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert names - set(sys.stdlib_module_names) == {"cryptography"}
