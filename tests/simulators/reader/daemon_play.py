"""A play for one process with a pcscd of its own: `daemon_play.py DIRECTORY ACT`. Prints what came of it as JSON.

libpcsclite reads the path of its socket once in a process, so that each act has a process; some have another user.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from protocols.events import discard
from protocols.pcsc.part10 import GET_FEATURE, Feature, PinVerify, features
from rigs.readers.profiles.loading import load_reader_profile
from simulators.reader import PcscService, ReaderModel, ReaderProfile, Slot, unavailable
from tests.simulators.kit import DEADLINE_S
from tests.simulators.reader.kit import ECHO, EchoCard

PROFILES = ("plain", "acr122u-like", "dual", "pinpad-like", "plain")
PRESENT, UNAVAILABLE = 0x20, 0x08
SWAPS = 60


class Stage:
    """A daemon with readers, and raw calls to it."""

    def __init__(self, directory: Path, profiles: tuple[ReaderProfile, ...]) -> None:
        self.models = [ReaderModel(directory / f"r{n}", discard, profile) for n, profile in enumerate(profiles)]
        self.service = PcscService(directory, *self.models)
        self.service.start()
        os.environ["PCSCLITE_CSOCK_NAME"] = str(self.service.socket)
        from smartcard import scard

        self.scard: Any = scard
        _, self.context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)

    def slots(self) -> list[Slot]:
        return [slot for model in self.models for slot in model.slots]

    def listed(self) -> list[str]:
        return list(self.scard.SCardListReaders(self.context, [])[1])

    def state(self, name: str, known: int = 0, wait_ms: int = 0) -> int:
        """The event state of a reader, its count of movements in the upper half."""
        _, states = self.scard.SCardGetStatusChange(self.context, wait_ms, [(name, known)])
        return int(states[0][1])

    def until(self, name: str, met: Callable[[int], bool]) -> bool:
        deadline = time.monotonic() + DEADLINE_S
        state = self.state(name)
        while not met(state) and time.monotonic() < deadline:
            state = self.state(name, state & 0xFFFF & ~2, 200)
        return met(state)

    def connect(self, name: str, *, direct: bool = False) -> tuple[int, Any, int]:
        scard = self.scard
        mode, protocols = (scard.SCARD_SHARE_DIRECT, 0) if direct else (scard.SCARD_SHARE_SHARED, 3)
        code, handle, protocol = scard.SCardConnect(self.context, name, mode, protocols)
        return code & 0xFFFFFFFF, handle, protocol

    def transmit(self, handle: Any, protocol: int, command: bytes) -> str:
        pci = self.scard.SCARD_PCI_T1 if protocol == 2 else self.scard.SCARD_PCI_T0
        code, answer = self.scard.SCardTransmit(handle, pci, list(command))
        return bytes(answer).hex() if not code else f"{code & 0xFFFFFFFF:08X}"

    def control(self, handle: Any, code: int, data: bytes) -> str:
        result, answer = self.scard.SCardControl(handle, code, list(data))
        return bytes(answer).hex() if not result else f"{result & 0xFFFFFFFF:08X}"

    def leave(self, handle: Any) -> None:
        self.scard.SCardDisconnect(handle, self.scard.SCARD_LEAVE_CARD)

    def end(self) -> int | None:
        """The daemon's exit status."""
        process = self.service._process
        self.service.stop()
        for model in self.models:
            model.close()
        return process.returncode if process else None


def of_this_house() -> tuple[ReaderProfile, ...]:
    return tuple(load_reader_profile(name) for name in PROFILES)


def readers(directory: Path) -> dict[str, Any]:
    """Each slot of each reader has its own card; one reader loses its plug, and the others go on."""
    stage = Stage(directory, of_this_house())
    said: dict[str, Any] = {"names": stage.service.names, "listed": stage.listed(), "slots": []}
    for number, (name, slot) in enumerate(zip(said["listed"], stage.slots(), strict=True)):
        card = EchoCard(f"card {number}", uid=bytes([number] * 4))
        slot.insert(card)
        stage.until(name, lambda state: bool(state & PRESENT))
        _, handle, protocol = stage.connect(name)
        atr = bytes(stage.scard.SCardStatus(handle)[4]).hex()
        answers = [stage.transmit(handle, protocol, bytes.fromhex(c)) for c in ("FFCA000000", f"00B2{number:02X}0C00")]
        said["slots"].append({"atr": atr, "protocol": protocol, "answers": answers})
        stage.leave(handle)
    dual, others = said["listed"][2:4], [*said["listed"][:2], *said["listed"][4:]]
    stage.models[2].unplug()
    said["gone"] = [stage.until(name, lambda state: bool(state & UNAVAILABLE)) for name in dual]
    said["there"] = [bool(stage.state(name) & PRESENT) for name in others]
    stage.models[2].replug()
    said["back"] = [stage.until(name, lambda state: bool(state & PRESENT)) for name in dual]
    _, handle, protocol = stage.connect(dual[1])
    said["again"] = stage.transmit(handle, protocol, ECHO)
    said["core"] = limit(stage.service.pid or 0)
    said["status"] = stage.end()
    return said


def limit(pid: int) -> str:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line.split()[4] for line in lines if line.startswith("Max core file size"))


def controls(directory: Path) -> dict[str, Any]:
    """Part 10 and escapes, the latter without a card."""
    stage = Stage(directory, of_this_house())
    names = stage.listed()
    _, field, _ = stage.connect(names[1], direct=True)
    said = {
        "escapes": [stage.control(field, code, bytes.fromhex("FF00480000")) for code in (0x42000001, 0x42000DAC)],
        "other": stage.control(field, 0x42000007, b""),
    }
    stage.leave(field)
    card = EchoCard()
    keys = stage.models[3]
    keys.insert(card)
    stage.until(names[4], lambda state: bool(state & PRESENT))
    handle = stage.connect(names[4])[1]
    codes = features(bytes.fromhex(stage.control(handle, GET_FEATURE, b"")))
    verify = codes[Feature.VERIFY_PIN_DIRECT]
    request = PinVerify(bytes.fromhex("002000800820FFFFFFFFFFFFFF")).pack()
    keys.keys.will_type("123456")
    keys.keys.will_cancel()
    said["pins"] = [stage.control(handle, verify, request) for _ in range(3)]
    said["sent"] = [command.hex() for command in card.seen]
    card.during = keys.remove
    keys.keys.will_type("123456")
    said["torn"] = stage.control(handle, verify, request)
    said["status"] = stage.end()
    return said


def swaps(directory: Path) -> dict[str, Any]:
    """A card is swapped while another program resets it all the time: each look of that one is a client's look.

    pcscd counts a movement as its status thread has seen it. What it says of the card beside that is not always that
    thread's word: a client's reset that found no card writes "absent" whenever it comes to it, though the next card
    be there and counted by then (winscard.c, SCardReconnect and SCardDisconnect of pcsc-lite 1.9). No reader can help
    that, and the next movement mends it: it is looked at once nobody resets any more.
    """
    stage = Stage(directory, (ReaderProfile(),))
    name, model, card = stage.listed()[0], stage.models[0], EchoCard()
    model.insert(card)
    stage.until(name, lambda state: bool(state & PRESENT))
    enough = threading.Event()

    def busy() -> None:
        _, context = stage.scard.SCardEstablishContext(stage.scard.SCARD_SCOPE_SYSTEM)
        while not enough.is_set():
            code, handle, _ = stage.scard.SCardConnect(context, name, stage.scard.SCARD_SHARE_SHARED, 3)
            if code == 0:
                stage.scard.SCardDisconnect(handle, stage.scard.SCARD_RESET_CARD)

    others = [threading.Thread(target=busy) for _ in range(2)]
    for other in others:
        other.start()
    seen = 0
    for _ in range(SWAPS):
        before = stage.state(name) >> 16
        model.remove()
        model.insert(card)
        if not stage.until(name, lambda state, told=before + 2: state >> 16 >= told):
            break
        seen += 1
    enough.set()
    for other in others:
        other.join()
    before = stage.state(name) >> 16
    model.remove()
    model.insert(card)
    last = stage.until(name, lambda state: state >> 16 >= before + 2 and bool(state & PRESENT))
    code, handle, protocol = stage.connect(name)
    answer = stage.transmit(handle, protocol, ECHO) if not code else ""  # pyscard raises SystemError without a handle
    return {"seen": seen, "last": last, "connected": f"{code:08X}", "answer": answer, "status": stage.end()}


def full(directory: Path) -> dict[str, Any]:
    """As many slots as a daemon takes: the last of them works as the first."""
    eight = ReaderProfile.model_validate({"slots": ["contact"] * 8})
    stage = Stage(directory, (eight, eight))
    names = stage.listed()
    stage.slots()[-1].insert(EchoCard())
    stage.until(names[-1], lambda state: bool(state & PRESENT))
    _, handle, protocol = stage.connect(names[-1])
    return {
        "listed": names,
        "names": stage.service.names,
        "present": [bool(stage.state(name) & PRESENT) for name in names],
        "answer": stage.transmit(handle, protocol, ECHO),
        "status": stage.end(),
    }


def held(directory: Path) -> dict[str, Any]:
    """Tells the daemon's pid and waits for its own end."""
    stage = Stage(directory, (ReaderProfile(),))
    print(json.dumps({"pid": stage.service.pid}), flush=True)
    sys.stdin.read()
    return {"status": stage.end()}


ACTS = {"readers": readers, "controls": controls, "swaps": swaps, "full": full, "held": held}

if __name__ == "__main__":
    reason = unavailable()
    print(json.dumps({"unavailable": reason} if reason else ACTS[sys.argv[2]](Path(sys.argv[1]))), flush=True)
