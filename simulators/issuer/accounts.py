"""A card with its account as whoever opens it hands it to the host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from protocols.emv.keys import MasterKeys
from protocols.emv.versions import NAMED
from protocols.money import Money
from simulators.issuer.keystore import KeyStore
from simulators.issuer.security import CardOnFile


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """A fresh account. `card` is its name on the bench; the PAN is known to the host alone.

    `master_key` is the issuer's for cryptograms, the others are for scripts: without them they are the same.
    `cryptogram_version` is that of the card, 01 or 18.
    """

    card: str
    pan: str = field(repr=False)
    psn: str
    expiry: str
    pin: str = field(repr=False)
    master_key: bytes = field(repr=False)
    available: Money
    status: str = "open"
    kind: Literal["credit", "debit"] = "credit"
    test_key: bool = True
    mac_key: bytes = field(default=b"", repr=False)
    enc_key: bytes = field(default=b"", repr=False)
    cryptogram_version: Literal["01", "18"] = "01"

    def on_file(self, store: KeyStore) -> CardOnFile:
        """The card as its issuer keeps it, its keys in the store. Raises ConfigurationError for one that is no test
        key."""
        keys = (self.master_key, self.mac_key or self.master_key, self.enc_key or self.master_key)
        names = [f"card {self.card}{of}" for of in ("", ", MAC", ", encipherment")]
        for name, key in zip(names, keys, strict=True):
            store.put(name, key, test=self.test_key)
        masters, version = MasterKeys(*map(store.get, names)), NAMED[self.cryptogram_version]
        return CardOnFile(
            self.card, self.pan, self.psn, self.expiry, self.pin, masters, self.status, version=version
        )  # fmt: skip
