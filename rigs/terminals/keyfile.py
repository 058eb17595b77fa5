"""Public keys of card schemes as a file gives them to a terminal, and the certificates that it is not to take any more.

Without a file a terminal of the bench is given the keys of the house's own test CA. EMV Book 2, 5.3 and 11.2.2
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import Field

from rigs.model import RigPart
from rigs.yamlfile import load_strict
from simulators.card.authority import CA_KEYS, Authority
from simulators.terminal.contact import CaKeys, Revoked

HEX = r"^([0-9A-F]{2})+$"


class CaKeyRow(RigPart):
    """A key. Its digest is SHA-1 over RID, index, modulus and exponent."""

    rid: str = Field(pattern=r"^[0-9A-F]{10}$")
    index: str = Field(pattern=r"^[0-9A-F]{2}$", description="CA public key index, tag 8F and 9F22")
    modulus: str = Field(pattern=HEX)
    exponent: str = Field("03", pattern=HEX)
    digest: str = Field(pattern=r"^[0-9A-F]{40}$")
    expires: str = Field(pattern=r"^\d{6}$", description="last day, YYMMDD")


class RevokedRow(RigPart):
    """The certificate of an issuer under a CA key."""

    rid: str = Field(pattern=r"^[0-9A-F]{10}$")
    index: str = Field(pattern=r"^[0-9A-F]{2}$")
    serial: str = Field(pattern=r"^[0-9A-F]{6}$")


class CaKeyFile(RigPart):
    """All that a terminal is told of card schemes."""

    keys: tuple[CaKeyRow, ...] = Field(strict=False)
    revoked: tuple[RevokedRow, ...] = Field((), strict=False)

    def store(self, schemes: Iterable[bytes] = ()) -> CaKeys:
        """As a terminal keeps them; what is not sound is refused there."""
        return CaKeys.from_file(
            [row.model_dump() for row in self.keys], revoked=[row.model_dump() for row in self.revoked],
            schemes=frozenset(schemes),
        )  # fmt: skip


def load_key_file(path: Path) -> CaKeyFile:
    """Raises ConfigurationError that names the place and the near miss."""
    return load_strict(path, CaKeyFile)


def keys_of(authority: Authority) -> CaKeyFile:
    """What the test CA tells everybody: its keys with what is wrong with some, and the certificates that it revoked."""
    keys: list[dict[str, Any]] = [
        {
            "rid": key.rid.hex().upper(), "index": f"{key.index:02X}", "modulus": key.key.modulus.hex().upper(),
            "exponent": key.key.exponent_bytes.hex().upper(), "digest": key.digest.hex().upper(),
            "expires": key.expires,
        }
        for key in authority.ca_keys()
    ]  # fmt: skip
    return CaKeyFile.model_validate({"keys": keys, "revoked": _rows(authority.revoked())})


def all_revoked(authority: Authority) -> frozenset[Revoked]:
    """Every issuer's certificate of the test CA, by whichever of its keys."""
    return frozenset(Revoked(one.rid, one.index, one.serial) for index in CA_KEYS for one in authority.revoked(index))


def _rows(revocations: Iterable[Any]) -> list[dict[str, str]]:
    return [
        {"rid": one.rid.hex().upper(), "index": f"{one.index:02X}", "serial": one.serial.hex().upper()}
        for one in revocations
    ]
