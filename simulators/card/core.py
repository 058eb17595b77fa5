"""What all commands of a card work on: its data, keys, memory, and how far the transaction has come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

from protocols.emv import Apdu, TlvError, select
from protocols.emv.cryptogram import CardKey, SessionKey
from protocols.emv.csu import Csu
from protocols.emv.iad import Cvr
from protocols.emv.rsa import RsaPublic
from protocols.emv.versions import NAMED
from protocols.events import Channel, Emit, Event, Json
from simulators.card.application import ApplicationProfile
from simulators.card.faults import NONE, Effects
from simulators.card.personal import PersonalApplication, Personalised
from simulators.card.profile import CardProfile
from simulators.card.proofs import Proof
from simulators.card.state import ALL, CardState

Answer: TypeAlias = tuple[bytes, str]
"""Data and status words."""
DONE = "9000"
WARNED_BLOCKED = "6283"
NOT_AUTHENTIC = "6300"
WRONG_LENGTH = "6700"
NOT_ALLOWED = "6982"
PIN_BLOCKED, PIN_UNUSABLE = "6983", "6984"
NOT_SATISFIED = "6985"
NO_MAC, WRONG_MAC = "6987", "6988"
WRONG_DATA, NOT_SUPPORTED, NOT_FOUND, NO_RECORD = "6A80", "6A81", "6A82", "6A83"
WRONG_P1P2, NO_DATA = "6A86", "6A88"
NO_INS, NO_CLASS = "6D00", "6E00"
"""EMV Book 1, 11; Book 3, 6.3.5"""
EFFECTIVE, EXPIRY = "5F25", "5F24"
NO_HISTORY = Cvr(0)


class Phase(IntEnum):
    """How far a transaction is, from reset or selection on. EMV Book 3, 6.2"""

    RESET = 0
    DIRECTORY = 1
    SELECTED = 2
    INITIATED = 3
    REQUESTED = 4
    """An ARQC was given: a second cryptogram may follow."""
    FINISHED = 5


@dataclass
class Session:
    """What is gone with a reset or another selection."""

    phase: Phase = Phase.RESET
    application: PersonalApplication | None = None
    name: str = ""
    """DF name of what is selected, for the event."""
    searched: bytes = b""
    """The name that was asked for, and at which application it was found: a next occurrence comes after it."""
    found: int = -1
    options: dict[str, bytes] = field(default_factory=dict, repr=False)
    options_data: bytes = field(default=b"", repr=False)
    first: dict[str, bytes] = field(default_factory=dict, repr=False)
    first_data: bytes = field(default=b"", repr=False)
    history: Cvr = NO_HISTORY
    """What the transactions before left behind, as it was when this one began."""
    history_scripts: int = 0
    key: SessionKey | None = field(default=None, repr=False)
    cryptogram: bytes = b""
    """The first one, which the issuer answers to and its scripts begin with."""
    first_kind: str = ""
    unable: bool = False
    """The terminal says that it could not reach the issuer."""
    issuer: str = ""
    """`right` or `wrong`, once the issuer's answer was looked at."""
    csu: Csu | None = None
    pin: str = ""
    """`right` or `wrong`, once a PIN was looked at."""
    tries_at_start: int = 0
    dynamic: bool = False
    proof: Proof | None = None
    """Of a signature in the answer that is being made."""
    challenge: bytes = field(default=b"", repr=False)
    """Good for the next command alone."""
    script_failed: bool = False


class Chip:
    """One card at work. Handlers of commands are functions of it and a command."""

    def __init__(
        self, name: str, profile: CardProfile, personal: Personalised, state: CardState, emit: Emit,
        shown_keys: Mapping[bytes, RsaPublic | None],
    ) -> None:  # fmt: skip
        """`shown_keys` are those to which the certificates of each application lead, if they do."""
        self.name = name
        self.profile = profile
        self.personal = personal
        self.state = state
        self.session = Session()
        self.effects: Effects = NONE
        self.version = NAMED[profile.cryptogram_version]
        self.card_key: CardKey = self.version.card_key(personal.keys.ac)
        self._emit = emit
        self._shown_keys = shown_keys
        self._validity: dict[str, tuple[str, str]] = {}
        self._settle()

    def _settle(self) -> None:
        """What a new card has by its profile, in its memory."""
        state = self.state
        if state.pin_tries is None:
            state.pin_tries = self.profile.pin_tries
        locked = [
            one.aid.hex().upper() for one in self.personal.applications if one.profile.blocked or ALL in state.blocked
        ]
        state.blocked = sorted({*state.blocked, *locked} - {ALL})

    def tell(self, kind: str, **fields: Json) -> None:
        """An event of the side that holds the secret."""
        self._emit(Event(Channel.CARD, kind, {"card": self.name, **fields}))

    # ── the application that is selected ──────────────────────────────────────────────────────────────────────

    @property
    def application(self) -> PersonalApplication:
        """Only after a selection: handlers look at the phase first."""
        selected = self.session.application
        assert selected is not None
        return selected

    @property
    def rules(self) -> ApplicationProfile:
        """As the issuer set it up."""
        return self.application.profile

    @property
    def shown_key(self) -> RsaPublic | None:
        """What terminals take for its key."""
        return self._shown_keys[self.application.aid]

    @property
    def blocked(self) -> bool:
        """EMV Book 3, 6.5.1 and 6.5.3: what is blocked gives nothing but an AAC."""
        return self.state.card_blocked or self.state.is_blocked(self.application.aid)

    def block(self) -> None:
        """This application, until an issuer unblocks it."""
        self.state.blocked = sorted({*self.state.blocked, self.application.aid.hex().upper()})

    def unblock(self) -> None:
        """This application again."""
        self.state.blocked = sorted({*self.state.blocked} - {self.application.aid.hex().upper()})

    @property
    def validity(self) -> tuple[str, str]:
        """Effective and expiry date as they lie in its records, YYMMDD; empty where there is none."""
        aid = self.session.name
        if aid not in self._validity:
            self._validity[aid] = _dates(self.record(*place) or b"" for place in self.application.records)
        return self._validity[aid]

    def record(self, file: int, number: int) -> bytes | None:
        """As a script wrote it, else as it was personalised."""
        written = self.state.records.get(f"{self.session.name}/{file}/{number}")
        return self.application.records.get((file, number)) if written is None else bytes.fromhex(written)

    def write_record(self, file: int, number: int, content: bytes) -> None:
        """One that is there gets another content."""
        self.state.records[f"{self.session.name}/{file}/{number}"] = content.hex().upper()
        self._validity.clear()

    # ── counters and PIN ──────────────────────────────────────────────────────────────────────────────────────

    @property
    def atc(self) -> bytes:
        return self.state.atc.to_bytes(2, "big")

    @property
    def tries(self) -> int:
        """PIN tries that are left."""
        return self.state.pin_tries or 0

    @tries.setter
    def tries(self, left: int) -> None:
        self.state.pin_tries = left

    @property
    def pin(self) -> str:
        """A test PIN: the last that a script wrote, else the personalised one."""
        return self.state.pin or self.profile.pin

    def random(self, purpose: bytes) -> bytes:
        """8 bytes that nobody foresees and that a twin repeats exactly: of its key, its counter, and what for."""
        return self.card_key.session(self.atc).cryptogram(purpose)


Handler: TypeAlias = Callable[[Chip, Apdu], Answer]


def _dates(records: Iterable[bytes]) -> tuple[str, str]:
    found: dict[str, bytes] = {}
    for record in records:
        with suppress(TlvError):
            found |= select(record, (EFFECTIVE, EXPIRY))
    return found.get(EFFECTIVE, b"").hex(), found.get(EXPIRY, b"").hex()
