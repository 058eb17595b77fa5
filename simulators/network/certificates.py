"""What a gateway shows in a handshake: a good certificate, or one of those that a terminal must not take.

They come from the test authority of the bench (`simulators/issuer/testca.py`), each made once, when it is asked for.
"""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from protocols.faults import ConfigurationError
from simulators.issuer.testca import SPOILED, Authority, Identity
from simulators.issuer.tls import ServerTls

GOOD = "a good certificate"
ANY_AGE = "ALL:@SECLEVEL=0"
"""Ciphers of our end where it speaks an old version: OpenSSL itself would refuse it, and the terminal is to."""


@dataclass(frozen=True, slots=True)
class Look:
    """`identity` is given the authority and the right names; `newest` is the newest version spoken."""

    identity: Callable[[Authority, tuple[str, ...]], Identity]
    newest: ssl.TLSVersion | None = None


LOOKS: dict[str, Look] = {
    GOOD: Look(Authority.server),
    "an expired certificate": Look(SPOILED["expired"]),
    "a certificate of another name": Look(SPOILED["wrong-host"]),
    "a certificate of an unknown authority": Look(SPOILED["other-ca"]),
    "TLS 1.1 at most": Look(Authority.server, ssl.TLSVersion.TLSv1_1),
}
"""cases.md 218"""


class Certificates:
    """The certificates of a bench, in its private directory, where they go when it does."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._authority = Authority()
        self._contexts: dict[tuple[str, str], ssl.SSLContext] = {}
        self.authorities = directory / "gateway-authority.pem"
        self.authorities.write_bytes(self._authority.identity.certificate.public_bytes(Encoding.PEM))

    def context(self, look: str, server_name: str) -> ssl.SSLContext:
        """For a gateway of that name. Raises ConfigurationError for a look that nobody knows."""
        if look not in LOOKS:
            raise ConfigurationError(f"no gateway shows {look!r}", advice=f"it shows one of: {', '.join(LOOKS)}")
        if (look, server_name) not in self._contexts:
            self._contexts[look, server_name] = self._make(LOOKS[look], server_name)
        return self._contexts[look, server_name]

    def _make(self, look: Look, server_name: str) -> ssl.SSLContext:
        shown = look.identity(self._authority, (server_name,))
        context = ServerTls(*shown.write(self._directory, f"gateway-{len(self._contexts) + 1}")).context()
        if look.newest is not None:
            context.set_ciphers(ANY_AGE)
            with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = look.newest
        return context
