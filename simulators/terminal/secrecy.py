"""What leaves the terminal under keys: the PIN block and the track. facts/unionpay-pos 2.1, 4.6, 4.7."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.iso8583 import WorkingKeys, encrypt_pin
from protocols.iso8583.pin import PinFormat
from protocols.iso8583.subfields import F53
from protocols.iso8583.track import encrypt_track
from protocols.market import SecurityRule


@dataclass(frozen=True, slots=True)
class Hidden:
    """F52, F35 and F53 as they go on the wire; empty where there is none."""

    pin_block: bytes | None = field(default=None, repr=False)
    track2: str = field(default="", repr=False)
    control: str = ""


def hide(keys: WorkingKeys, rule: SecurityRule, pan: str, pin: str | None, track2: str = "") -> Hidden:
    """PIN and track under the working keys. Without either there is nothing to tell in F53 (2.1).

    The track is enciphered where the market wants it and the sign-on brought a track key.
    """
    pin_format = PinFormat(rule.pin_format) if pin is not None else None
    block = encrypt_pin(keys.pin, pin, pan, PinFormat(rule.pin_format)) if pin is not None else None
    enciphered = bool(track2 and rule.track_encryption and keys.track)
    track = encrypt_track(keys.track, track2) if enciphered else track2
    said = block is not None or enciphered
    return Hidden(block, track, F53.of(pin_format, len(keys.pin), track_encrypted=enciphered).pack() if said else "")
