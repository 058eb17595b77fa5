"""The commands and their exit status: what is wrong is one line that names the place and the near miss."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import ROOT, holdfast

WRONG = {
    "command": (("verfy",), "Did you mean 'verify'"),
    "option": (("certify", "--rgi", "x"), "--rig"),
    "rig file": (("certify", "--rig", "rigs/virtual-bnch.yaml"), "did you mean virtual-bench.yaml"),
    "market": (("certify", "--market", "unionpay-ch"), "did you mean unionpay-cn.yaml or unionpay-cn-strict.yaml?"),
    "defect": (("certify", "--defect", "no-reversal-on-timout"), "did you mean no-reversal-on-timeout?"),
    "features": (("certify", "--features", "featurs"), "there is no featurs"),
    "tag": (("certify", "--tags", "C005 or C096"), "no scenario has the tag 'C005' (did you mean"),
    "tags": (("certify", "--tags", "C033 or"), "the tags 'C033 or' are no expression"),
    "run folder": (("verify", "runs/never"), "there is no run folder runs/never"),
    "amount": (("issuer", "--available", "1.234"), "'1.234' is no amount in CNY"),
}


@pytest.mark.parametrize("what", WRONG)
def test_bad_usage_ends_with_4_and_one_plain_text(what: str) -> None:
    arguments, told = WRONG[what]
    done = holdfast(*arguments)
    assert done.returncode == 4, done.stdout + done.stderr
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_an_unknown_key_of_a_rig_file_names_the_near_miss(tmp_path: Path) -> None:
    rig = tmp_path / "rig.yaml"
    rig.write_text(
        (ROOT / "rigs" / "virtual-bench.yaml").read_text("utf-8").replace("time_scale", "timescale"), "utf-8"
    )
    done = holdfast("certify", "--rig", rig)
    assert done.returncode == 4
    assert "timescale: unknown key (did you mean time_scale?)" in " ".join(done.stderr.split())


def test_an_unknown_reader_profile_names_the_near_miss_before_anything_is_made(tmp_path: Path) -> None:
    rig = tmp_path / "rig.yaml"
    text = (ROOT / "rigs" / "virtual-bench.yaml").read_text("utf-8").replace("profile: dual", "profile: duall")
    text = text.replace("cards/", f"{ROOT}/rigs/cards/").replace("dut_file: ", f"dut_file: {ROOT}/rigs/")
    rig.write_text(text, "utf-8")
    for further in ((), ("--robot",)):
        done = holdfast("certify", "--rig", rig, "--out", tmp_path / "runs", *further)
        assert done.returncode == 4
        assert "there is no reader profile 'duall' (did you mean dual?)" in " ".join(done.stderr.split())
    assert not (tmp_path / "runs").exists()


def test_version_is_one_line() -> None:
    done = holdfast("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "holdfast")


def test_rig_check_names_every_device_and_what_it_says_of_itself() -> None:
    done = holdfast("rig", "check", "rigs/virtual-bench.yaml")
    assert done.returncode == 0, done.stdout
    said = " ".join(done.stdout.split())
    for told in ("reader PASS", "Maker Holdfast", "printer PASS", "Paper present", "terminal PASS", "Signs on yes"):
        assert told in said
    assert "host PASS" in said
    assert "card PASS" in said


def test_rig_check_of_a_printer_that_is_not_there_names_the_port_and_ends_with_2(tmp_path: Path) -> None:
    text = (ROOT / "rigs" / "virtual-bench.yaml").read_text("utf-8")
    text = text.replace("printer:\n  kind: virtual", "printer:\n  kind: escpos-serial\n  port: /dev/ttyNOWHERE")
    text = text.replace("cards/", f"{ROOT}/rigs/cards/").replace("dut_file: ", f"dut_file: {ROOT}/rigs/")
    rig = tmp_path / "rig.yaml"
    rig.write_text(text, "utf-8")
    done = holdfast("rig", "check", rig)
    assert done.returncode == 2, done.stdout
    said = " ".join(done.stdout.split())
    assert "/dev/ttyNOWHERE cannot be opened" in said
    assert "What to do next printer does it exist, and does no other program hold it?" in said
    assert "Maker Holdfast" in said


def test_verify_tells_intact_incomplete_and_tampered_apart(default_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree((default_run / "latest").resolve(), folder)
    assert holdfast("verify", folder).returncode == 0
    timeline = max(folder.glob("cases/*/*.jsonl"))
    whole = timeline.read_bytes()
    timeline.write_bytes(whole.replace(b'"kind":"order"', b'"kind":"ordeR"', 1))
    done = holdfast("verify", folder)
    number = next(n for n, line in enumerate(whole.splitlines(), 1) if b'"kind":"order"' in line)
    assert done.returncode == 1
    assert f"tampered, event {number}" in done.stdout
    assert "UNSIGNED" in done.stdout
    (folder / "manifest.json").unlink()
    timeline.write_bytes(whole[:-40])
    done = holdfast("verify", folder)
    assert done.returncode == 2
    assert "incomplete" in done.stdout


def test_the_issuer_listens_on_loopback_answers_and_ends_on_ctrl_c() -> None:
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "holdfast", "issuer", "--port", "0"], cwd=ROOT, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            line = next(line for line in process.stdout if line.startswith("listening on"))
            address, port = line.split()[2].rstrip(",").rsplit(":", 1)
            assert address == "127.0.0.1"
            with socket.create_connection((address, int(port)), 5) as connection:
                connection.sendall(bytes.fromhex("00"))  # half a length prefix, then nothing
            assert next(line for line in process.stdout if "disconnected" in line)
            process.send_signal(signal.SIGINT)
            rest = process.communicate(timeout=20)[0]
        finally:
            process.kill()
    assert process.returncode == 0, rest
    assert "ended" in rest
