"""The recorder: one clock, one order, masking before anything is written, files that survive `kill -9`.

Every channel's events pass through `Recorder.emit`. It masks whole frames and whole printed lines, adds the
decoded form, and appends the record to the timeline that is open, chained by hash and written through.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from protocols.chain import FIRST_HASH, seal_line
from protocols.emv import describe_command, describe_response, mask_apdu
from protocols.events import Channel, Event, Json
from protocols.iso8583 import UNIONPAY, UnpackError, compile_spec, describe, mask_frame, unpack_frame
from protocols.masking import Exposure, Masked, mask_text
from protocols.pan import has_right_check_digit

_CODEC = compile_spec(UNIONPAY)
_DIGIT_RUN = re.compile(r"(?<!\d)\d{13,19}(?!\d)")
_ATTACHED = {(Channel.PRINTER, "slip"): "escpos"}
"""Events whose raw bytes are kept as an attachment, with its file ending."""


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
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self._last = FIRST_HASH

    def append(self, record: dict[str, Any]) -> dict[str, Any]:
        """Number, seal and write one record; returns it as written."""
        self._count += 1
        record = {"n": self._count, **record}
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        line, self._last = seal_line(self._last, text)
        os.write(self._fd, line)
        if self._keep:
            self.records.append(record)
        return record

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class Recorder:
    """Takes the events of one worker and writes them to its open timelines. Safe to call from any thread.

    `evidence` says for each channel whether what it shows is simulated, recorded or hardware. `started_ns` is the
    monotonic clock, and `started` the wall clock, at which the run began: both are the same for all its workers.
    `watch` is shown each record as it was written.
    """

    def __init__(
        self, *, folder: Path, worker: str, started_ns: int, started: datetime, evidence: Mapping[Channel, str],
        watch: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:  # fmt: skip
        self._lock = threading.RLock()
        self._watch = watch
        self._started_ns = started_ns
        self._started = started
        self._evidence = evidence
        self._attachments = folder / "attachments"
        self._attachments.mkdir(parents=True, exist_ok=True)
        self._worker = TimelineFile(folder / "workers" / f"{worker}.jsonl", keep=False)
        self._case: TimelineFile | None = None
        self._pans: set[str] = set()
        self._last_command = b""

    def protect(self, pan: str) -> None:
        """From now on this number is masked wherever it turns up, whatever stands around it."""
        with self._lock:
            self._pans.add(pan)

    def open_case(self, path: Path) -> TimelineFile:
        """Send events to a scenario's own timeline from now on."""
        with self._lock:
            self._case = TimelineFile(path, keep=True)
            return self._case

    def close_case(self) -> None:
        """End the scenario's timeline; later events go to the worker's."""
        with self._lock:
            if self._case is not None:
                self._case.close()
                self._case = None

    def close(self) -> None:
        """End the worker's timeline."""
        with self._lock:
            self.close_case()
            if self._worker is not None:
                self.emit(Event(Channel.RIG, "close"))
                self._worker.close()

    def emit(self, event: Event) -> int:
        """Mask, decode, number and write one event; returns its number on its timeline."""
        with self._lock:
            target = self._case or self._worker
            record = target.append(self._record(event))
            if self._watch is not None:
                self._watch(record)
            return int(record["n"])

    def _record(self, event: Event) -> dict[str, Any]:
        elapsed = event.at_ns - self._started_ns
        at = self._started + timedelta(microseconds=elapsed / 1000)
        fields = {key: self._clean(value) for key, value in event.fields.items()}
        record: dict[str, Any] = {
            "t": elapsed,
            "utc": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "ch": event.channel.value,
            "dir": event.direction.value,
            "kind": event.kind,
            "ev": self._evidence.get(event.channel, "simulated"),
            "f": fields,
        }
        if event.raw is not None:
            masked = self._mask(event, fields)
            ending = _ATTACHED.get((event.channel, event.kind))
            if ending:
                record["att"] = {event.kind: self._attach(masked.raw, ending)}
            else:
                record["raw"] = masked.raw.hex().upper()
            if masked.exposed:
                record["exposed"] = [_exposure(e) for e in masked.exposed]
        return record

    def _mask(self, event: Event, fields: dict[str, Any]) -> Masked:
        assert event.raw is not None
        if event.channel is Channel.HOST:
            return self._host(event.raw, fields)
        if event.channel is Channel.CARD:
            return self._apdu(event, fields)
        return mask_text(event.raw, self._pans)

    def _host(self, raw: bytes, fields: dict[str, Any]) -> Masked:
        try:
            frame = unpack_frame(raw)
            message = describe(_CODEC.unpack(frame.body))
            fields["message"] = {"TPDU": frame.tpdu, "header": frame.header, **message}
        except UnpackError as error:
            fields["undecoded"] = self._clean(str(error))
        return mask_frame(raw)

    def _apdu(self, event: Event, fields: dict[str, Any]) -> Masked:
        assert event.raw is not None
        if event.kind == "command":
            self._last_command = event.raw
            fields.update(describe_command(event.raw))
            return mask_apdu(event.raw, b"\x90\x00")[0]
        if event.kind == "response":
            fields.update(describe_response(self._last_command, event.raw))
            return mask_apdu(self._last_command, event.raw)[1]
        return Masked(event.raw, ())

    def _attach(self, data: bytes, ending: str) -> str:
        name = f"{hashlib.sha256(data).hexdigest()}.{ending}"
        path = self._attachments / name
        if not path.exists():
            part = path.with_suffix(f".{os.getpid()}.part")
            part.write_bytes(data)
            part.replace(path)
        return name

    def _clean(self, value: Json) -> Any:
        """Field values as JSON, with any card number in their text hidden."""
        if isinstance(value, str):
            return _DIGIT_RUN.sub(self._hide, value)
        if isinstance(value, Mapping):
            return {str(key): self._clean(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._clean(item) for item in value]
        return value

    def _hide(self, match: re.Match[str]) -> str:
        digits = match[0]
        if digits in self._pans or has_right_check_digit(digits):
            return digits[:6] + "•" * (len(digits) - 10) + digits[-4:]
        return digits


def _exposure(exposure: Exposure) -> dict[str, Any]:
    return {
        "kind": exposure.kind,
        "offset": exposure.offset,
        "clear_digits": exposure.clear_digits,
        "owner": exposure.owner,
    }
