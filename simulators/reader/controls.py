"""What a reader does when it is spoken to itself: features, properties, escape commands, keys. PC/SC part 10."""

from __future__ import annotations

from collections.abc import Callable

from protocols.pcsc.part10 import CTL, GET_FEATURE, Feature, PinProperties, TlvProperties, pack_features
from simulators.reader.pinpad import Keys, verify
from simulators.reader.profile import ReaderProfile

ENTRY_ENDS_BY_GREEN_KEY = 0x02
SHORT_ONLY = 0


class Controls:
    """The control codes of one reader. Raises nothing for a code that it does not know: that is None."""

    def __init__(self, profile: ReaderProfile, keys: Keys, send: Callable[[bytes], bytes]) -> None:
        """`send` gives a card's answer to a command, and raises where there is none."""
        self._profile = profile
        self._keys = keys
        self._send = send
        does: dict[Feature, Callable[[bytes], bytes | None]] = {
            Feature.VERIFY_PIN_DIRECT: self._verify,
            Feature.IFD_PIN_PROPERTIES: self._pin_properties,
            Feature.GET_TLV_PROPERTIES: self._tlv_properties,
            Feature.CCID_ESC_COMMAND: self._escape,
        }
        escapes = profile.escape.functions if profile.escape else ()
        self._codes: dict[int, Callable[[bytes], bytes | None]] = {CTL(n): self._escape for n in escapes}
        self._codes |= {code: does[feature] for feature, code in profile.features.items()}
        self._codes[GET_FEATURE] = lambda data: pack_features(profile.features)

    def answer(self, code: int, data: bytes) -> bytes | None:
        """The answer to a control code; None where the reader does not offer it."""
        does = self._codes.get(code)
        return does(data) if does else None

    def _escape(self, data: bytes) -> bytes | None:
        return self._profile.escape.answer(data) if self._profile.escape else None

    def _verify(self, data: bytes) -> bytes | None:
        pinpad = self._profile.pinpad
        return verify(data, self._keys, pinpad, self._send) if pinpad else None

    def _pin_properties(self, data: bytes) -> bytes | None:
        pinpad = self._profile.pinpad
        return PinProperties(pinpad.lines, pinpad.columns, ENTRY_ENDS_BY_GREEN_KEY).pack() if pinpad else None

    def _tlv_properties(self, data: bytes) -> bytes:
        """PIN lengths of a reader without keys, and USB ids of one without USB, are left out."""
        profile, pinpad = self._profile, self._profile.pinpad
        properties = TlvProperties(
            firmware=profile.firmware or None,
            longest_apdu=profile.longest_data,
            usb_vendor=int(profile.usb_vendor, 16) if profile.usb_vendor else None,
            usb_product=int(profile.usb_product, 16) if profile.usb_product else None,
        )
        keys = TlvProperties(
            lcd_layout=pinpad.lines << 8 | pinpad.columns, validation=ENTRY_ENDS_BY_GREEN_KEY,
            shortest_pin=pinpad.shortest, longest_pin=pinpad.longest,
        ) if pinpad else TlvProperties()  # fmt: skip
        return keys.pack() + properties.pack()
