"""pcscd with several readers of several slots, for root and for a plain user. Each act has a process of its own."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.faults import ConfigurationError
from simulators.reader import PcscService, ReaderModel, ReaderProfile, unavailable
from simulators.reader.build import build
from tests.simulators.kit import DEADLINE_S, ROOT, Events
from tests.simulators.reader.daemon_play import SWAPS
from tests.simulators.reader.kit import ECHO

NOBODY = 65534
ACT_S = 120.0
PLAY = Path(__file__).with_name("daemon_play.py")


@pytest.fixture(scope="module", params=["this user", "a plain user"])
def user(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What Popen needs to play as this user."""
    if reason := unavailable():
        pytest.skip(reason)
    build()  # a plain user may not write here
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{sysconfig.get_path('purelib')}"}
    options: dict[str, Any] = {"env": environment, "cwd": ROOT}
    if request.param == "this user":
        return {**options, "executable": sys.executable}
    if os.geteuid() != 0:
        pytest.skip("this user is a plain one already")
    options |= {"user": NOBODY, "group": NOBODY, "extra_groups": ()}
    for python in (sys.executable, "/usr/bin/python3"):
        probe = [python, "-c", "import sys, pydantic, smartcard; assert sys.version_info[:2] == (3, 11)"]
        try:
            if subprocess.run(probe, capture_output=True, check=False, **options).returncode == 0:
                return {**options, "executable": python}
        except PermissionError:
            continue
    pytest.skip("no Python of this house is one that a plain user may run")


@pytest.fixture
def theirs(user: dict[str, Any], short_dir: Path) -> Path:
    """A short directory of that user's."""
    if "user" in user:
        shutil.chown(short_dir, NOBODY, NOBODY)
    return short_dir


def play(act: str, folder: Path, user: dict[str, Any]) -> dict[str, Any]:
    command = [user["executable"], str(PLAY), str(folder), act]
    options = {key: value for key, value in user.items() if key != "executable"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=ACT_S, **options)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    if "unavailable" in said:
        pytest.skip(said["unavailable"])
    return said


def test_several_readers_of_several_slots_behind_one_daemon(theirs: Path, user: dict[str, Any]) -> None:
    said = play("readers", theirs, user)
    assert said["listed"] == said["names"]
    assert said["names"] == [
        "Holdfast Virtual Reader 00 00", "Holdfast Contactless Reader 01 00", "Holdfast Dual Reader 02 00",
        "Holdfast Dual Reader 02 01", "Holdfast Pinpad Reader 03 00", "Holdfast Virtual Reader 04 00",
    ]  # fmt: skip
    for number, slot in enumerate(said["slots"]):
        contactless = number in (1, 3)
        assert slot["atr"] == ("3b8880010073c8401300900071" if contactless else "3b6800000073c84013009000")
        assert slot["protocol"] == (2 if contactless else 1)
        uid = f"{number:02x}" * 4 if contactless else "ffca000000"
        assert slot["answers"] == [uid + "9000", f"00b2{number:02x}0c009000"]
    assert (said["gone"], said["there"], said["back"]) == ([True] * 2, [True] * 4, [True] * 2)
    assert said["again"] == ECHO.hex() + "9000"
    assert said["core"] in ("0", "1")  # bytes: no core file, and nothing for a program that takes them
    assert said["status"] == 0  # it ended by itself: no status thread hung


def test_part_10_and_escapes_go_through_pcscd(theirs: Path, user: dict[str, Any]) -> None:
    said = play("controls", theirs, user)
    assert said["escapes"] == [b"ACR122U207".hex()] * 2
    assert said["other"] in ("80100016", "8010001F")  # not supported, as this pcscd says it
    assert said["pins"] == ["9000", "6401", "6400"]
    assert said["sent"] == ["002000800826123456ffffffff"]
    assert said["torn"] == "80100016"


def test_the_last_of_16_slots_works_as_the_first(theirs: Path, user: dict[str, Any]) -> None:
    said = play("full", theirs, user)
    assert len(said["listed"]) == 16
    assert said["listed"] == said["names"]
    assert said["present"] == [False] * 15 + [True]
    assert (said["answer"], said["status"]) == (ECHO.hex() + "9000", 0)


def test_no_removal_is_lost_to_the_looks_of_another_program(theirs: Path, user: dict[str, Any]) -> None:
    said = play("swaps", theirs, user)
    assert (said["seen"], said["last"]) == (SWAPS, True)
    assert (said["connected"], said["answer"]) == ("00000000", ECHO.hex() + "9000")
    assert said["status"] == 0


def test_the_daemon_dies_with_its_owner(theirs: Path, user: dict[str, Any]) -> None:
    """Also where it has a namespace of its own: new credentials clear PDEATHSIG. prctl(2)."""
    command = [user["executable"], str(PLAY), str(theirs), "held"]
    options = {key: value for key, value in user.items() if key != "executable"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options) as owner:
        assert owner.stdout is not None
        said = json.loads(owner.stdout.readline())
        if "unavailable" in said:
            pytest.skip(said["unavailable"])
        watched = os.pidfd_open(said["pid"])
        owner.kill()
    try:
        assert select.select([watched], [], [], DEADLINE_S)[0]
    finally:
        os.close(watched)


@pytest.fixture
def models(short_dir: Path, events: Events) -> Iterator[list[ReaderModel]]:
    profile = ReaderProfile.model_validate({"slots": ["contact"] * 8})
    models = [ReaderModel(short_dir / f"r{number}", events, profile) for number in range(3)]
    yield models
    for model in models:
        model.close()


def test_a_daemon_takes_16_slots_and_no_more(short_dir: Path, models: list[ReaderModel]) -> None:
    assert len(PcscService(short_dir, *models[:2]).names) == 16
    with pytest.raises(ConfigurationError, match="takes 16 slots, not 24"):
        PcscService(short_dir, *models)
