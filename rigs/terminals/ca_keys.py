"""The keys of card schemes in the terminal under test, as a scenario wants them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import replace

from protocols.emv.certificates import CaPublicKey
from protocols.emv.dates import full_date
from protocols.faults import ConfigurationError
from simulators.terminal.contact import CaKeys, Revoked

LONG_AGO = "191231"
"""YYMMDD; a key's last day."""


class KeyRing:
    """`delivered` is what the rig gives; `revocable` are the issuers' certificates that can be revoked."""

    def __init__(self, delivered: CaKeys, revocable: Callable[[], frozenset[Revoked]]) -> None:
        self.delivered = delivered
        self._revocable = revocable
        self._made: Mapping[str, Callable[[], CaKeys]] = {
            "all": lambda: delivered,
            "none": lambda: replace(delivered, keys={}),
            "expired": lambda: self._changed(lambda key: replace(key, expires=LONG_AGO)),
            "wrong digest": lambda: self._changed(lambda key: replace(key, digest=key.digest[::-1])),
            "revoked": lambda: replace(delivered, revoked=delivered.revoked | self._revocable()),
        }

    def named(self, name: str) -> CaKeys:
        """Raises ConfigurationError with the near miss."""
        if name not in self._made:
            near = difflib.get_close_matches(name, self._made, n=1)
            raise ConfigurationError(
                f"the terminal cannot have {name!r} CA keys",
                advice=f"did you mean {near[0]}?" if near else f"it can have: {', '.join(self._made)}",
            )
        return self._made[name]()

    def _changed(self, change: Callable[[CaPublicKey], CaPublicKey]) -> CaKeys:
        """The terminal is given every key anew, and takes it or not. The digest covers no date: EMV Book 2, 11.2.2"""
        before = self.delivered
        return CaKeys.of(map(change, before.keys.values()), revoked=before.revoked, schemes=before.schemes)


def told(keys: CaKeys, today: str) -> dict[str, list[str]]:
    """What a report is told of a store, by index: keys that can be used, and those whose last day is over."""
    usable: list[str] = []
    expired: list[str] = []
    for (_, index), key in sorted(keys.keys.items()):
        (expired if full_date(key.expires) < today else usable).append(f"{index:02X}")
    return {"ca_keys": usable, "expired_ca_keys": expired}
