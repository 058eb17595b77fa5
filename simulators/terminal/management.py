"""What a terminal does beside transactions: sign off, echo, and downloads. facts/unionpay-pos 2.6.3, 3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from protocols.iso8583 import Message, UnpackError
from protocols.iso8583.subfields import CaKey, Load, LoadQuery, parse_parameters
from protocols.iso8583.subfields.f62_download import Entry, pack_entry
from protocols.iso8583.subfields.f62_parameters import PARAMETERS, SWITCHES, switches_of
from protocols.money import Money
from protocols.orders import Outcome, Result
from protocols.transactions import Transaction
from simulators.terminal.contact import CaKeys
from simulators.terminal.journal import Journal
from simulators.terminal.line import APPROVED, Line
from simulators.terminal.outcomes import NOT_UNDERSTOOD, TROUBLE
from simulators.terminal.parameters import TerminalParameters
from simulators.terminal.responses import Online, Trouble
from simulators.terminal.setup import CA_KEY
from simulators.terminal.setup import IC_PARAMETERS as IC_PARAMETER_KIND

T = Transaction
SECONDS, TYPED, SIGNS_OFF, MERCHANT, REPEATS, ALLOWED = "12", "20", "21", "22", "23", "26"
"""2.6.3: tags that this terminal heeds. The rest belongs to devices that it has not got."""
ONE_LIST = 20
"""Lists of one download at most: a host that never comes to an end is left."""
MORE = "2"
"""State of a list that another one follows."""


@dataclass(frozen=True, slots=True)
class Download:
    """A list to be asked for, its objects one by one, and the end. `named_by` are the tags that ask for one."""

    kind: str
    query: Transaction
    download: Transaction
    end: Transaction
    named_by: tuple[str, ...]


CA_KEYS = Download(CA_KEY, T.CA_KEY_QUERY, T.CA_KEY_DOWNLOAD, T.CA_KEY_END, ("9F06", "9F22"))
IC_PARAMETERS = Download(
    IC_PARAMETER_KIND, T.IC_PARAMETER_QUERY, T.IC_PARAMETER_DOWNLOAD, T.IC_PARAMETER_END, ("9F06",)
)
ON_DEMAND = {"1": T.PARAMETERS, "3": T.SIGN_ON, "4": T.CA_KEY_DOWNLOAD, "5": T.IC_PARAMETER_DOWNLOAD}
"""1.8: the digit in a header, and what the terminal does when its transaction is over."""


class Management:
    """`load` takes parameters; they hold from the next transaction on, for none is under way here."""

    def __init__(self, line: Line, journal: Journal, load: Callable[[TerminalParameters], None]) -> None:
        self._line = line
        self._journal = journal
        self._load = load
        self._acts: dict[Transaction, Callable[[], Online]] = {
            T.SIGN_ON: line.sign_on,
            T.SIGN_OFF: self._sign_off,
            T.ECHO: lambda: self._ask(T.ECHO),
            T.PARAMETERS: self._parameters,
            T.CA_KEY_DOWNLOAD: lambda: self._download(CA_KEYS),
            T.IC_PARAMETER_DOWNLOAD: lambda: self._download(IC_PARAMETERS),
        }

    def can(self, transaction: Transaction) -> bool:
        """Whether it is one of these."""
        return transaction in self._acts

    def carry_out(self, transaction: Transaction) -> Outcome:
        """Do it, and say how it went."""
        online = self._acts[transaction]()
        outcome = Outcome(transaction, Result.NO_REPLY, Money(0, self._line.market.money), online.code)
        if online.reply is None:
            return replace(outcome, message=TROUBLE[online.trouble] if online.trouble else "")
        result = Result.APPROVED if online.code == APPROVED else Result.DECLINED
        reply = online.reply
        return replace(
            outcome, result=result, message=self._line.market.codes.get(online.code, NOT_UNDERSTOOD),
            trace=str(reply.get(11, "")), date=str(reply.get(13, "")), time=str(reply.get(12, "")),
        )  # fmt: skip

    def serve_demands(self) -> list[Outcome]:
        """What the host's headers asked for since the last time. 1.8

        What a header of these very answers asks for is left: a host that always asks would never let go.
        """
        demanded, self._line.demands = self._line.demands, set()
        outcomes = [self.carry_out(ON_DEMAND[digit]) for digit in sorted(demanded & ON_DEMAND.keys())]
        self._line.demands.clear()
        return outcomes

    def _ask(self, transaction: Transaction, data: bytes = b"") -> Online:
        message: Message = self._line.builder().management(transaction, self._journal.next_trace())
        return self._line.ask({**message, 62: data} if data else message)

    def _sign_off(self) -> Online:
        online = self._ask(T.SIGN_OFF)
        if online.code == APPROVED:
            self._line.forget_keys()
        return online

    # ── parameters ────────────────────────────────────────────────────────────────────────────────────────────

    def _parameters(self) -> Online:
        online = self._ask(T.PARAMETERS)
        if online.code != APPROVED or online.reply is None:
            return online
        try:
            tags = parse_parameters(_octets(online.reply))
        except UnpackError as error:
            self._line.show(str(error))
            return Online(None, Trouble.BAD_REPLY)
        self._ask(T.PARAMETERS_END)
        self._take(tags)
        return online

    def _take(self, tags: dict[str, str | bytes]) -> None:
        """The parameters that are heeded; what is changed is told by the name of its tag."""
        before = self._line.parameters()
        changes: dict[str, Any] = {}
        told: dict[str, str] = {}
        for tag, value in tags.items():
            if tag in _READ:
                name, read = _READ[tag]
                new = read(value, before)
                if getattr(before, name) != new:
                    changes[name] = new
                    told[PARAMETERS[tag].name] = value if isinstance(value, str) else ", ".join(switches_of(value))
        if changes:
            self._load(replace(before, **changes))
        self._line.tell("parameters", changed=told)

    # ── CA keys and IC parameters ─────────────────────────────────────────────────────────────────────────────

    def _download(self, what: Download) -> Online:
        """The list, then its objects one by one into the journal, then the end."""
        asked = 0
        for _ in range(ONE_LIST):
            online = self._ask(what.query, LoadQuery(asked).pack())
            listed = self._loaded(online)
            if listed is None:
                return online
            for entry in listed.entries:
                one = self._fetch(what, entry)
                if one.code != APPROVED:
                    return one
            asked += len(listed.entries)
            if listed.state != MORE or not listed.entries:
                break
        return self._ask(what.end)

    def _fetch(self, what: Download, entry: Entry) -> Online:
        named = tuple((tag, value) for tag, value in entry if tag in what.named_by)
        online = self._ask(what.download, pack_entry(named))
        loaded = self._loaded(online)
        if loaded is None:
            return online
        for one in loaded.entries:
            if what is CA_KEYS and not self._is_sound(one):
                continue
            name = " ".join(value.hex().upper() for tag, value in one if tag in what.named_by)
            self._journal.keep_download(what.kind, name, pack_entry(one))
        return online

    def _is_sound(self, entry: Entry) -> bool:
        """A CA key whose check value is wrong, or that no card could be signed with, is not kept."""
        try:
            refused = CaKeys().downloaded(CaKey.of(entry)).refused
        except UnpackError as error:
            self._line.show(str(error))
            return False
        for why in refused:
            self._line.show(str(why))
        return not refused

    def _loaded(self, online: Online) -> Load | None:
        if online.code != APPROVED or online.reply is None:
            return None
        try:
            return Load.parse(_octets(online.reply))
        except UnpackError as error:
            self._line.show(str(error))
            return Load("0")


Value: TypeAlias = "str | bytes"


def _octets(reply: Message) -> bytes:
    value = reply.get(62)
    return value if isinstance(value, bytes) else b""


def _seconds(value: Value, before: TerminalParameters) -> float:
    """Market time to real time; 0 is no time-out that anybody could keep."""
    seconds = int(value)
    return seconds / before.time_scale if seconds else before.response_timeout_s


def _switched_off(value: Value, before: TerminalParameters) -> frozenset[Transaction]:
    """An increment goes with the pre-authorisation: it has no switch of its own."""
    allowed = switches_of(value if isinstance(value, bytes) else b"")
    known = {transaction.value: transaction for transaction in Transaction}
    off = {known[name] for name in SWITCHES if name in known and name not in allowed}
    return frozenset(off | {T.INCREMENT} if T.PREAUTH in off else off)


_READ: dict[str, tuple[str, Callable[[Value, TerminalParameters], object]]] = {
    SECONDS: ("response_timeout_s", _seconds),
    TYPED: ("manual_entry", lambda value, before: value == "1"),
    SIGNS_OFF: ("signs_off", lambda value, before: value == "1"),
    MERCHANT: ("merchant_name", lambda value, before: value or before.merchant_name),
    REPEATS: ("reversal_repeats", lambda value, before: int(value)),
    ALLOWED: ("switched_off", _switched_off),
}
"""Tag to the attribute of `TerminalParameters`, and how its value is read."""
