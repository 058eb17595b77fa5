"""The virtual network of a bench: two gateways before the simulated host, brought up when they are first spoken of.

Each stands on loopback. What a terminal must know to come through is `ways`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from protocols.events import Emit
from protocols.faults import ConfigurationError
from rigs.ports import Way
from simulators.network import GOOD, LOOKS, Certificates, NetworkGateway

PRIMARY, SECOND = "primary", "second"
NAMES: Mapping[str, str] = {PRIMARY: "primary.holdfast.test", SECOND: "second.holdfast.test"}
"""Gateway to the name that its certificate is for. RFC 6761: nobody else has a name in `.test`."""
UNRESOLVED = ".".join(["x" * 63] * 5)
"""Longer than any name may be (RFC 1035, 3.1): it is refused here, and nobody on the network is asked."""
PLAIN = "no TLS"


class VirtualNetwork:
    """A `Network` port. `encrypted` and `second` are what the rig delivers."""

    def __init__(
        self, host: tuple[str, int], emit: Emit, directory: Path, *, encrypted: bool = False, second: bool = False
    ) -> None:
        self._host, self._emit, self._directory = host, emit, directory
        self._gateways: dict[str, NetworkGateway] = {}
        self._certificates: Certificates | None = None
        self._delivered = encrypted, second
        self._encrypted, self._second = encrypted, second
        self._unresolved: set[str] = set()
        self._shown: dict[str, str] = {}

    # ── how it is laid out ────────────────────────────────────────────────────────────────────────────────────────

    def encrypt(self) -> None:
        self._encrypted = True
        for name in self._names():
            self.show(name, GOOD)

    def add_second(self) -> None:
        self._second = True
        self._dress(SECOND)

    def remove_second(self) -> None:
        self._second = False

    def ways(self) -> Sequence[Way]:
        authorities = self._known_certificates().authorities if self._encrypted else None
        return tuple(self._way(name, authorities) for name in self._names())

    def _way(self, name: str, authorities: Path | None) -> Way:
        address, port = self._gateway(name).address
        return Way(name, UNRESOLVED if name in self._unresolved else address, port, authorities, NAMES[name])

    def _names(self) -> tuple[str, ...]:
        return (PRIMARY, SECOND) if self._second else (PRIMARY,)

    # ── what goes wrong in it ─────────────────────────────────────────────────────────────────────────────────────

    def show(self, gateway: str, what: str) -> None:
        known = (PLAIN, *LOOKS)
        if what not in known:
            near = difflib.get_close_matches(what, known, n=1)
            raise ConfigurationError(
                f"no gateway shows {what!r}", advice=f"did you mean {near[0]!r}?" if near else ", ".join(known)
            )
        shown = self._gateway(gateway)
        context = None if what == PLAIN else self._known_certificates().context(what, NAMES[gateway])
        shown.show(what, context)
        self._shown[gateway] = what

    def take_down(self, gateway: str) -> None:
        self._gateway(gateway).down()

    def bring_up(self, gateway: str) -> None:
        self._gateway(gateway).up()

    def silence(self, gateway: str) -> None:
        self._gateway(gateway).fall_silent()

    def break_after(self, gateway: str, mti: str) -> None:
        self._gateway(gateway).break_after(mti)

    def forget_name(self, gateway: str) -> None:
        self._unresolved.add(gateway)

    # ── life ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def caught_up(self) -> None:
        for gateway in self._gateways.values():
            gateway.caught_up()

    def behave(self) -> None:
        self._unresolved.clear()
        for name, gateway in self._gateways.items():
            gateway.up()
            self._dress(name)

    def restore(self) -> None:
        self._encrypted, self._second = self._delivered
        self.behave()

    def close(self) -> None:
        for gateway in self._gateways.values():
            gateway.close()

    def _dress(self, name: str) -> None:
        """It shows what it should, as all gateways do now; who is connected to one that does stays so."""
        wanted = GOOD if self._encrypted else PLAIN
        self._gateway(name)
        if self._shown[name] != wanted:
            self.show(name, wanted)

    def _gateway(self, name: str) -> NetworkGateway:
        if name not in NAMES:
            raise ConfigurationError(f"there is no {name!r} gateway", advice=f"there are: {', '.join(NAMES)}")
        if name not in self._gateways:
            self._gateways[name] = NetworkGateway(name, self._host, self._emit)
            self._shown[name] = PLAIN
            self._dress(name)
        return self._gateways[name]

    def _known_certificates(self) -> Certificates:
        if self._certificates is None:
            self._certificates = Certificates(self._directory)
        return self._certificates
