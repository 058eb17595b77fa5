"""The recorder: one clock, one order, masking before anything is written, files that survive `kill -9`.

Every channel's events pass through `Recorder.emit`. It masks whole frames and whole printed lines, adds the
decoded form, and appends the record to the timeline that is open, chained by hash and written through.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from protocols.chain import FIRST_HASH, seal_line
from protocols.emv import describe_command, describe_response, mask_apdu
from protocols.events import Channel, Event, Json
from protocols.faults import RigFault
from protocols.iso8583 import UNIONPAY, UnpackError, compile_spec, describe, mask_frame, unpack_frame
from protocols.masking import BULLET, Exposure, Masked, hide_nibbles, mask_known_words, mask_text, mask_words

_CODEC = compile_spec(UNIONPAY)
_FEWEST_DIGITS = 13
_NO_DIGIT = re.compile(r"\D+")
_SHORTEST_PAN = 10**12
_ATTACHED = {(Channel.PRINTER, "slip"): "escpos"}
"""Events whose raw bytes are kept as an attachment, with its file ending."""


_AS_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_DIGITS = b"0123456789"


class Log(Protocol):
    """Where records go."""

    def append(self, record: dict[str, Any]) -> dict[str, Any]:
        """Number and keep one record; returns it as it was kept. Raises RigFault when it cannot be."""

    def close(self) -> None:
        """The end. A second time does nothing."""


class TimelineFile:
    """One append-only, hash-chained JSON Lines file. Each line is one `write` to the kernel.

    `records` are those written so far, if they are to be kept: a case is judged from them, a bench lives too long.
    """

    def __init__(self, path: Path, *, keep: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.records: list[dict[str, Any]] = []
        self._keep = keep
        self._count = 0
        self._size = 0
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self._last = FIRST_HASH

    def append(self, record: dict[str, Any]) -> dict[str, Any]:
        """Number, seal and write one record; returns it as written. What fails leaves the file as it was.

        Raises RigFault when the file system takes no more. Ctrl-C and SIGTERM raise wherever the main thread is: what
        stands in the file then counts, or the next line would not follow the one before it.
        """
        record = {"n": self._count + 1, **record}
        text = _AS_JSON(record)
        line, sealed = seal_line(self._last, text)
        before = self._size
        try:
            self._write(line)
            self._took(record, sealed, before + len(line))
        except OSError as error:
            os.ftruncate(self._fd, before)  # no torn line in the middle
            raise RigFault(
                f"the timeline cannot be written: {error.strerror}", advice="make room on the disk of the run folder"
            ) from None
        except BaseException:
            if os.fstat(self._fd).st_size == before + len(line):
                self._took(record, sealed, before + len(line))
            else:
                os.ftruncate(self._fd, before)
            raise
        return record

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(self._fd, rest) :]

    def _took(self, record: dict[str, Any], sealed: str, size: int) -> None:
        """The record stands in the file. A second time does nothing more."""
        self._count, self._last, self._size = record["n"], sealed, size
        if self._keep and (not self.records or self.records[-1] is not record):
            self.records.append(record)

    @property
    def size(self) -> int:
        """Bytes written."""
        return self._size

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class Recorder:
    """Takes the events of one worker and writes them to its open timelines. Safe to call from any thread.

    `evidence` says for each channel whether what it shows is simulated, recorded or hardware. `started_ns` is the
    monotonic clock, and `started` the wall clock, at which the run began: both are the same for all its workers.
    `watch` is shown each record as it was written. `log` is where what belongs to no case goes, a file by itself.
    """

    def __init__(
        self, *, folder: Path, worker: str, started_ns: int, started: datetime, evidence: Mapping[Channel, str],
        watch: Callable[[dict[str, Any]], None] | None = None, log: Log | None = None,
    ) -> None:  # fmt: skip
        self._lock = threading.RLock()
        self._watch = watch
        self._started_ns = started_ns
        self._started_us = round(started.timestamp() * 1_000_000)
        self._second, self._second_text = 0, ""
        self._evidence = evidence
        self._attachments = folder / "attachments"
        self._attachments.mkdir(parents=True, exist_ok=True)
        self._worker: Log = log or TimelineFile(folder / "workers" / f"{worker}.jsonl", keep=False)
        self._case: TimelineFile | None = None
        self._closed = False
        self._pans: set[str] = set()
        self._starts: set[str] = set()  # of the ranges that they come from: few, however many cards there are
        self._last_command = b""
        self._key = os.urandom(16)

    def protect(self, pan: str) -> None:
        """From now on this number is masked wherever it turns up, whatever stands around it."""
        with self._lock:
            self._pans.add(pan)
            self._starts.update((pan[:8], pan[:8].encode().hex()))

    def masked(self, text: str) -> str:
        """Words as they may be shown."""
        with self._lock:
            return self._words(text)

    def open_case(self, path: Path) -> TimelineFile:
        """Send events to a scenario's own timeline from now on."""
        with self._lock:
            opened = TimelineFile(path, keep=True)
            self.close_case()
            self._case = opened
            return opened

    def close_case(self) -> None:
        """End the scenario's timeline; later events go to the worker's."""
        with self._lock:
            if self._case is not None:
                self._case.close()
                self._case = None

    def close(self) -> None:
        """End the worker's timeline. A second time does nothing."""
        with self._lock:
            if self._closed:
                return
            self.close_case()
            try:
                self.emit(Event(Channel.RIG, "close"))
            finally:
                self._closed = True
                self._worker.close()

    def emit(self, event: Event) -> int:
        """Mask, decode, number and write one event; returns its number on its timeline.

        What a device still says after the end is no part of the run: it is dropped, and its number is 0.
        """
        with self._lock:
            if self._closed:
                return 0
            target = self._case or self._worker
            record = target.append(self._record(event))
            if self._watch is not None:
                self._watch(record)
            return int(record["n"])

    def _record(self, event: Event) -> dict[str, Any]:
        elapsed = event.at_ns - self._started_ns
        decoded: dict[str, Any] = {}
        masked = self._mask(event, event.raw, decoded) if event.raw is not None else None
        record: dict[str, Any] = {
            "t": elapsed,
            "utc": self._utc(elapsed),
            "ch": event.channel.value,
            "dir": event.direction.value,
            "kind": event.kind,
            "ev": self._evidence.get(event.channel, "simulated"),
            "f": self._clean(event.fields) | self._checked(decoded),
        }
        if masked is not None:
            ending = _ATTACHED.get((event.channel, event.kind))
            if ending:
                record["att"] = {event.kind: self._attach(masked.raw, ending)}
            else:
                record["raw"] = masked.raw.hex().upper()
            if masked.exposed:
                record["exposed"] = [_exposure(e) for e in masked.exposed]
        return record

    def _utc(self, elapsed: int) -> str:
        """The wall clock at so many nanoseconds of the run; a second is put into words once."""
        second, micro = divmod(self._started_us + elapsed // 1000, 1_000_000)
        if second != self._second:
            self._second = second
            self._second_text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._second_text}.{micro:06d}Z"

    def _mask(self, event: Event, raw: bytes, fields: dict[str, Any]) -> Masked | None:
        """The bytes as they may be kept; None where their mark says all."""
        if event.channel is Channel.HOST:
            return self._packed(self._host(raw, fields))
        if event.channel is Channel.CARD:
            if event.kind in ("took", "gave"):
                self._witnessed(event, raw, fields)
                return None
            return self._packed(self._apdu(event.kind, raw, fields))
        return mask_text(raw, self._pans)

    def _host(self, raw: bytes, fields: dict[str, Any]) -> Masked:
        try:
            frame = unpack_frame(raw)
            message = describe(_CODEC.unpack(frame.body))
            fields["message"] = {"TPDU": frame.tpdu, "header": frame.header, **message}
        except UnpackError as error:
            fields["undecoded"] = str(error)
        return mask_frame(raw)

    def _apdu(self, kind: str, raw: bytes, fields: dict[str, Any]) -> Masked:
        if kind in ("command", "response"):
            fields["mark"] = self._mark(raw)
        if kind == "command":
            self._last_command = raw
            fields.update(describe_command(raw))
            return mask_apdu(raw, b"\x90\x00")[0]
        if kind == "response":
            fields.update(describe_response(self._last_command, raw))
            return mask_apdu(self._last_command, raw)[1]
        return Masked(mask_apdu(b"", raw + b"\x90\x00")[1].raw[:-2])

    def _witnessed(self, event: Event, raw: bytes, fields: dict[str, Any]) -> None:
        """What a card twin itself took and gave: marks and lengths. Card data stands once on a timeline, with what the
        reader passed on."""
        took = int(str(event.fields.get("took", 0)))
        fields["taken"] = self._mark(raw[:took])
        if event.kind == "gave":
            answer = raw[took:]
            fields |= {"mark": self._mark(answer), "length": len(answer), "sw": answer[-2:].hex().upper()}

    def _mark(self, raw: bytes) -> str:
        """Two APDUs of one recorder are the same if their marks are. The key is never written: nobody can try bytes."""
        return hashlib.blake2s(raw, key=self._key, digest_size=8).hexdigest()

    def _packed(self, masked: Masked) -> Masked:
        """A card of the bench that stands where nobody looks for one: two digits a byte, in either phase, or text."""
        digits = masked.raw.hex()
        if not any(start in digits for start in self._starts):
            return masked
        out, exposed = bytearray(masked.raw), list(masked.exposed)
        for pan in self._pans:
            for needle, width in ((pan, 1), (pan.encode().hex(), 2)):
                at = digits.find(needle)
                while at >= 0:
                    hide_nibbles(out, at + 6 * width, (len(pan) - 10) * width)
                    exposed.append(Exposure("pan", at // 2, len(pan), "holdfast"))
                    at = digits.find(needle, at + 1)
        return Masked(bytes(out), tuple(exposed))

    def _attach(self, data: bytes, ending: str) -> str:
        name = f"{hashlib.sha256(data).hexdigest()}.{ending}"
        path = self._attachments / name
        if not path.exists():
            part = path.with_suffix(f".{os.getpid()}.part")
            part.write_bytes(data)
            part.replace(path)
        return name

    def _checked(self, value: Any) -> Any:
        """What was decoded here, masked field by field already: only the cards of the bench are looked for."""
        if isinstance(value, str):
            if len(value) < _FEWEST_DIGITS or not any(start in value for start in self._starts):
                return value
            for pan in self._pans:  # as text whose bytes are shown in hex: two digits of it for each
                shown = pan.encode().hex()
                value = value.replace(shown, shown[:12] + BULLET * (len(shown) - 20) + shown[-8:])
            return mask_known_words(value, self._pans)
        if isinstance(value, dict):
            return {key: self._checked(item) for key, item in value.items()}
        return [self._checked(item) for item in value] if isinstance(value, list) else value

    def _clean(self, value: Json) -> Any:
        """Field values as JSON, with any card number in them hidden, names of fields included."""
        if isinstance(value, str):
            return self._words(value)
        if isinstance(value, int) and abs(value) >= _SHORTEST_PAN:
            return self._words(str(value)) if any(pan in str(value) for pan in self._pans) else value
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        if isinstance(value, Mapping):
            return {self._words(str(key)): self._clean(item) for key, item in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
            return [self._clean(item) for item in value]
        return value

    def _words(self, text: str) -> str:
        if text.isascii():
            if len(text) < _FEWEST_DIGITS:
                return text
            raw = text.encode("ascii")
            if len(raw) - len(raw.translate(None, _DIGITS)) < _FEWEST_DIGITS:
                return text
        else:
            text = text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair cannot be written
            if len(_NO_DIGIT.sub("", text)) < _FEWEST_DIGITS:
                return text
        return mask_words(text, self._pans)


def _exposure(exposure: Exposure) -> dict[str, Any]:
    return {
        "kind": exposure.kind,
        "offset": exposure.offset,
        "clear_digits": exposure.clear_digits,
        "owner": exposure.owner,
    }
