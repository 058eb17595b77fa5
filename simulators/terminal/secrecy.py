"""What leaves the terminal under keys: the PIN block and the track. facts/unionpay-pos 2.1, 4.6, 4.7."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.iso8583.pin import PinFormat
from protocols.iso8583.subfields import F53
from protocols.iso8583.track import encrypt_track
from protocols.market import SecurityRule
from protocols.pinpad import TerminalKeys


@dataclass(frozen=True, slots=True)
class Hidden:
    """F52, F35 and F53 as they go on the wire; empty where there is none."""

    pin_block: bytes | None = field(default=None, repr=False)
    track2: str = field(default="", repr=False)
    control: str = ""


def hide(keys: TerminalKeys, rule: SecurityRule, pin_block: bytes | None, track2: str = "") -> Hidden:
    """The block of the PIN pad, and the track under the track key. Without either F53 has nothing to tell (2.1).

    The track is enciphered where the market wants it and the sign-on brought a track key.
    """
    enciphered = bool(track2 and rule.track_encryption and keys.track)
    track = encrypt_track(keys.track, track2) if enciphered else track2
    if pin_block is None and not enciphered:
        return Hidden(None, track)
    pin_format = None if pin_block is None else PinFormat(rule.pin_format)
    return Hidden(pin_block, track, F53.of(pin_format, keys.pin_key_bytes, track_encrypted=enciphered).pack())
