"""What is half built is taken down again, in reverse order, whatever else fails on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from protocols.events import Channel, discard
from protocols.faults import RigFault
from rigs import build
from simulators.card import ChipCard
from simulators.reader import ReaderFaults
from simulators.reader.service import READER_NAME
from tests.rigs.kit import PAN, plan_of, raising
from tests.simulators.kit import Events, credit_profile

PLAYED = {"twin": "ReaderModel", "service": "PcscService", "driver": "PcscReader", "presenter": "VirtualPresenter"}


class Stage:
    """Stand-ins for the parts of a reader behind pcscd: they note what is asked of them, and fail where told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.given: dict[str, Any] = {}
        self.all_given: dict[str, list[Any]] = {}
        self.fails: dict[str, BaseException] = {}
        monkeypatch.setattr(build, "unavailable", lambda: "")
        for part, name in PLAYED.items():
            monkeypatch.setattr(build, name, self._maker(part))

    def _maker(self, part: str) -> Any:
        def make(*arguments: Any, **named: Any) -> Any:
            self.note(f"{part}.made")
            self.given[part] = (arguments, named)
            self.all_given.setdefault(part, []).append((arguments, named))
            return Part(self, part)

        return make

    def note(self, what: str) -> None:
        self.asked.append(what)
        if what in self.fails:
            raise self.fails[what]


class Part:
    path, socket, version, pid = Path("reader.sock"), Path("pcscd.sock"), "2.0", 7
    slots, faults = (None, None), ReaderFaults()

    def __init__(self, stage: Stage, name: str) -> None:
        self._stage, self._name = stage, name

    def __getattr__(self, call: str) -> Any:
        return lambda: self._stage.note(f"{self._name}.{call}")


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


def built(folder: Path) -> Any:
    return build.reader(plan_of(folder, reader={"service": "pcscd"}), discard, folder)


def test_a_reader_behind_pcscd_is_a_twin_a_service_and_a_driver(stage: Stage, tmp_path: Path) -> None:
    reader = built(tmp_path)
    assert reader.field is None
    assert stage.asked == ["twin.made", "service.made", "service.start", "driver.made", "presenter.made"]
    (name, _), named = stage.given["driver"]
    assert (name, named["socket"], named["call_deadline_s"]) == (f"{READER_NAME} ?? 00", "pcscd.sock", 5.0)
    assert named["extra"]() == {"service": "2.0", "pid": "7"}


def test_a_driver_that_closes_stops_the_service_and_then_the_twin(stage: Stage, tmp_path: Path) -> None:
    built(tmp_path)
    del stage.asked[:]
    stage.given["driver"][1]["on_close"]()
    assert stage.asked == ["service.stop", "twin.close"]


def test_a_service_that_does_not_stop_does_not_keep_the_twin(stage: Stage, tmp_path: Path) -> None:
    built(tmp_path)
    del stage.asked[:]
    stage.fails["service.stop"] = RigFault("it is stuck")
    with pytest.raises(RigFault, match="it is stuck"):
        stage.given["driver"][1]["on_close"]()
    assert stage.asked == ["service.stop", "twin.close"]


def test_a_lost_reader_is_plugged_in_before_its_service_starts_anew(stage: Stage, tmp_path: Path) -> None:
    built(tmp_path)
    del stage.asked[:]
    stage.given["driver"][1]["revive"]()
    assert stage.asked == ["twin.replug", "service.restart"]


def test_a_reader_with_two_slots_has_a_driver_for_each_and_one_plug(stage: Stage, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, reader={"service": "pcscd", "profile": "dual"})
    reader = build.reader(plan, discard, tmp_path)
    assert reader.field is not None
    made = [what for what in stage.asked if what.startswith("driver")]
    assert made == ["driver.made", "driver.made"]
    names = [arguments[0] for arguments, _ in stage.all_given["driver"]]
    assert names == ["Holdfast Dual Reader ?? 01", "Holdfast Dual Reader ?? 00"]
    field, own = (named for _, named in stage.all_given["driver"])
    assert ("revive" in field, "revive" in own) == (False, True), "the plug is pulled and put in once"
    del stage.asked[:]
    own["on_close"]()
    assert stage.asked == ["driver.close", "service.stop", "twin.close"]


def test_what_a_reader_with_two_slots_tells_says_of_which_slot(tmp_path: Path) -> None:
    events = Events()
    reader = build.reader(plan_of(tmp_path, reader={"profile": "dual"}), events, tmp_path)
    assert reader.field is not None
    card = ChipCard(credit_profile(), PAN, name="one")
    for at, slot in ((reader, "contact"), (reader.field, "contactless")):
        before = len(events.all())
        at.presenter.hold("one", card)
        at.presenter.offer("one")
        assert at.driver.wait_for_card(True, 0)
        told = [e.fields for e in events.all()[before:] if e.channel is Channel.READER]
        assert {fields["slot"] for fields in told} == {slot}
        assert len(told) == 2, "the twin that it is in, and the driver that it was seen"
        at.presenter.remove()
        assert at.driver.wait_for_card(False, 0)


@pytest.mark.parametrize(
    ("profile", "has"), [("plain", False), ("dual", True), ("acr122u-like", False), ("pinpad-like", False)]
)
def test_a_rig_has_a_field_when_its_reader_has_a_second_slot_for_it(tmp_path: Path, profile: str, has: bool) -> None:
    assert build.has_field(plan_of(tmp_path, reader={"profile": profile}).rig) is has


@pytest.mark.parametrize("error", [RigFault("it broke"), KeyboardInterrupt()], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    ("step", "undone"),
    [("twin.made", []), ("service.made", ["twin.close"]), ("service.start", ["service.stop", "twin.close"]),
     ("driver.made", ["service.stop", "twin.close"]), ("presenter.made", ["service.stop", "twin.close"])],
)  # fmt: skip
def test_a_step_that_fails_undoes_those_before_it(
    stage: Stage, tmp_path: Path, step: str, undone: list[str], error: BaseException
) -> None:
    stage.fails[step] = error
    with pytest.raises(type(error)):
        built(tmp_path)
    assert stage.asked[stage.asked.index(step) + 1 :] == undone


def test_a_printer_whose_port_cannot_be_opened_is_no_printer_left_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []

    class Twin:
        path = "tty"

        def __init__(self, emit: Any) -> None:
            pass

        def close(self) -> None:
            closed.append("twin")

    monkeypatch.setattr(build, "VirtualPrinter", Twin)
    monkeypatch.setattr(build, "EscposSerialPrinter", raising(RigFault("no port")))
    with pytest.raises(RigFault, match="no port"):
        build.printer(plan_of(tmp_path), discard, tmp_path)
    assert closed == ["twin"]
