"""The host's keys by name: terminal master keys and card master keys. It takes test keys alone, and shows none.

A key is put in with the word that it is a test key. A lab that has a key of a live system in its hands must not type it
into a test harness: the store refuses what is not marked.
"""

from __future__ import annotations

import difflib
import hmac
import re

from protocols.crypto import BLOCK, TripleDes
from protocols.faults import ConfigurationError

KEY_LENGTHS = (8, 16, 24)
_CHECK_VALUE = re.compile(r"([0-9A-Fa-f]{2}){3,8}")


class KeyStore:
    """Named triple DES keys. Errors and the repr show names and check values, never a key."""

    def __init__(self) -> None:
        self._keys: dict[str, bytes] = {}

    def put(self, name: str, key: bytes, *, test: bool, check_value: str = "") -> None:
        """Keep a key of 8, 16 or 24 bytes; the same one may be put again.

        `check_value` is that of the key's letter, 6 to 16 hex digits (facts/unionpay-pos 4.4); empty, it is not
        compared. Raises ConfigurationError for a key that is not marked as a test key, for another length or check
        value, and for a name that has another key.
        """
        if not name:
            raise ConfigurationError("a key needs a name", advice="name it after its terminal or card range")
        if not test:
            raise ConfigurationError(
                f"key {name!r} is not marked as a test key",
                advice="mark it if it is one; a key of a live system has no place here",
            )
        if len(key) not in KEY_LENGTHS:
            raise ConfigurationError(
                f"key {name!r} has {len(key)} bytes", advice=f"a key has {', '.join(map(str, KEY_LENGTHS))} bytes"
            )
        _compare(name, key, check_value)
        known = self._keys.setdefault(name, key)
        if not hmac.compare_digest(known, key):
            raise ConfigurationError(
                f"key {name!r} is there with another value, check value {_shown(known)}",
                advice="give the new one a name of its own",
            )

    def get(self, name: str) -> bytes:
        """The key of a name. Raises ConfigurationError with the near miss for a name that has none."""
        key = self._keys.get(name)
        if key is None:
            near = difflib.get_close_matches(name, self._keys, n=1)
            raise ConfigurationError(
                f"no key is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
                advice=f"the store has {', '.join(self.names()) or 'no keys'}",
            )
        return key

    def names(self) -> list[str]:
        """Names of the keys, in order."""
        return sorted(self._keys)

    def check_value(self, name: str) -> str:
        """First 4 bytes of eight zero bytes under the key, in hex. Raises ConfigurationError as `get` does."""
        return _shown(self.get(name))

    def __contains__(self, name: object) -> bool:
        return name in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"KeyStore({', '.join(f'{name} {self.check_value(name)}' for name in self.names())})"


def _zeros_under(key: bytes) -> str:
    return TripleDes(key).encrypt(bytes(BLOCK)).hex().upper()


def _shown(key: bytes) -> str:
    return _zeros_under(key)[:8]


def _compare(name: str, key: bytes, check_value: str) -> None:
    if not check_value:
        return
    if not _CHECK_VALUE.fullmatch(check_value):
        raise ConfigurationError(f"the check value of key {name!r} is not 6 to 16 hex digits")
    if not _zeros_under(key).startswith(check_value.upper()):
        raise ConfigurationError(
            f"key {name!r} has the check value {_shown(key)}, not {check_value.upper()}",
            advice="a digit of the key or of the check value is mistyped",
        )
