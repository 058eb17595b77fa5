"""What a terminal asks for beside its transactions: sign-on and off, echo, status, parameters, keys. facts 2.6, 3."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from protocols.emv import parse
from protocols.emv.certificates import CaPublicKey
from protocols.emv.dates import full_date
from protocols.faults import ConfigurationError
from protocols.iso8583 import Message, PackError, UnpackError
from protocols.iso8583.keys import KEY_BYTES
from protocols.iso8583.mac import MAC_SCHEMES
from protocols.iso8583.subfields import F63, CaKey, Load, LoadQuery, SignOnRequest, build_parameters, parse_parameters
from protocols.iso8583.subfields.f62_download import Entry
from protocols.iso8583.subfields.f62_parameters import PARAMETERS, SWITCHES, Kind, switch_bytes
from protocols.market import Market
from protocols.transactions import Transaction
from simulators.issuer.decisions import Decided
from simulators.issuer.exchange import Exchange, Outcome
from simulators.issuer.explain import nearest
from simulators.issuer.security import EnrolledTerminal, Terminals

T = Transaction
FORMAT_ERROR, NOT_FOUND = "30", "25"
COMPANY = "CUP"
ALL_OF_THEM, ONE, NONE_LEFT = "1", "1", "0"
LISTED_AT_ONCE = 14
"""Objects that go in one reply."""
CHECK_SUM = "DF03"


def _key_entry(key: CaPublicKey) -> tuple[Entry, Entry, Entry]:
    """A CA key as it is asked for, listed and loaded, with the check sum that goes with it, right or not. 2.6"""
    wire = CaKey(key.rid, key.index, full_date(key.expires), key.key.modulus, key.key.exponent_bytes)
    loaded = tuple((tag, key.digest if tag == CHECK_SUM else value) for tag, value in wire.entry())
    return wire.asked(), wire.listed(), loaded


def _application(aid: str) -> Entry:
    """Parameters of one application. Figures are usual ones of test terminals: guess."""
    values = {
        "9F06": aid, "DF01": "00", "9F08": "0030", "DF11": "D84000A800", "DF12": "D84004F800", "DF13": "0010000000",
        "9F1B": "00000000", "DF15": "00000000", "DF16": "99", "DF17": "99", "DF14": "9F3704", "DF18": "31",
        "9F7B": "000000100000", "DF19": "000000100000", "DF20": "000000100000", "DF21": "000000100000",
    }  # fmt: skip
    return tuple((tag, bytes.fromhex(value)) for tag, value in values.items())


APPLICATIONS = tuple(_application(aid) for aid in ("A000000333010101", "A000000333010102"))
"""UnionPay debit and credit. facts/pcsc-emv 4.2"""
Answered: TypeAlias = "tuple[Decided, Message]"


class Management:
    """Answers management messages of one market. `monotonic` counts real seconds, `scale` divides the market's.

    `ca_keys` are what terminals may have of card schemes' keys.
    """

    def __init__(
        self, market: Market, terminals: Terminals, monotonic: Callable[[], float], scale: float,
        ca_keys: Sequence[CaPublicKey] = (),
    ) -> None:  # fmt: skip
        self._market = market
        self._ca_keys = [_key_entry(key) for key in ca_keys]
        self._store = terminals.store
        self._monotonic = monotonic
        self._grace = market.security.old_key_s / scale
        self._offered: dict[str, str | bytes] = {}

    def offer(self, parameters: Mapping[str, str]) -> None:
        """Parameters, by tag, that the next downloads carry. Raises ConfigurationError for one that cannot be."""
        offered: dict[str, str | bytes] = {}
        for tag, value in parameters.items():
            if tag not in PARAMETERS:
                near = nearest(tag, PARAMETERS)
                raise ConfigurationError(f"no parameter has the tag {tag!r}", advice=f"did you mean {near}?")
            try:
                offered[tag] = bytes.fromhex(value) if PARAMETERS[tag].kind is Kind.BYTES else value
                build_parameters({tag: offered[tag]})
            except (PackError, ValueError) as error:
                raise ConfigurationError(f"parameter {tag} cannot be {value!r}: {error}") from None
        self._offered = offered

    def handle(self, exchange: Exchange, terminal: EnrolledTerminal) -> Outcome:
        """Any message of the 08xx family."""
        assert exchange.transaction is not None
        handler = _HANDLERS.get(exchange.transaction, Management._acknowledge)
        try:
            decided, extra = handler(self, exchange, terminal)
        except UnpackError as error:
            reason = str(error)
            return Outcome(Decided(FORMAT_ERROR, reason), formats=[(62, reason)])
        return Outcome(decided, extra)

    # ── session ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _sign_on(self, exchange: Exchange, terminal: EnrolledTerminal) -> Answered:
        form = exchange.f60.management
        if 62 in exchange.message:
            SignOnRequest.parse(exchange.octets(62) or b"")
        size = KEY_BYTES[form]
        if size not in MAC_SCHEMES[terminal.scheme].key_bytes:
            scheme = terminal.scheme
            return Decided(FORMAT_ERROR, f"F60.3 {form} asks for keys of {size} bytes, {scheme} takes no such"), {}
        wrapped = terminal.sign_on(form, self._store, self._monotonic(), self._grace)
        return Decided("00", f"signed on, fresh working keys in form {form}"), {62: wrapped, 63: F63(COMPANY).pack()}

    def _sign_off(self, exchange: Exchange, terminal: EnrolledTerminal) -> Answered:
        terminal.sign_off()
        return Decided("00", "signed off"), {}

    def _cashier(self, exchange: Exchange, terminal: EnrolledTerminal) -> Answered:
        return Decided("00", f"cashier {exchange.text(63).strip()} signed on"), {63: F63(COMPANY).pack()}

    def _status(self, exchange: Exchange, terminal: EnrolledTerminal) -> Answered:
        """facts/unionpay-pos 2.6.3: the same tags as a parameter download."""
        told = parse_parameters(exchange.octets(62) or b"")
        return Decided("00", f"status of {len(told)} parts taken down" if told else "here"), {}

    def _acknowledge(self, exchange: Exchange, terminal: EnrolledTerminal) -> Answered:
        return Decided("00", "here"), {}

    # ── downloads ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _parameters(self, exchange: Exchange, terminal: EnrolledTerminal) -> Answered:
        values = {**self._own_parameters(), **self._offered}
        return Decided("00", f"{len(values)} parameters"), {62: build_parameters(values)}

    def _own_parameters(self) -> dict[str, str | bytes]:
        """What the market says. facts/unionpay-pos 2.6.3"""
        market = self._market
        allowed = [
            name for name in SWITCHES if name != "e-cash" and (name != "completion advice" or market.advice.allowed)
        ]
        return {
            "11": "60", "12": f"{min(round(market.timing.response_timeout_s), 99):02d}", "18": "0", "19": "00",
            "20": "1", "21": f"{market.settlement.sign_off_after:d}", "22": "HOLDFAST TEST MERCHANT",
            "23": f"{min(market.reversal.repeats, 9)}", "26": switch_bytes(allowed),
        }  # fmt: skip

    def _key_query(self, exchange: Exchange, terminal: EnrolledTerminal) -> Answered:
        return _listed(exchange, tuple(listed for _, listed, _ in self._ca_keys))

    def _key_download(self, exchange: Exchange, terminal: EnrolledTerminal) -> Answered:
        known = {asked: loaded for asked, _, loaded in self._ca_keys}
        return _loaded(exchange, known, ("9F06", "9F22"), "CA key")

    def _application_query(self, exchange: Exchange, terminal: EnrolledTerminal) -> Answered:
        return _listed(exchange, tuple(entry[:1] for entry in APPLICATIONS))

    def _application_download(self, exchange: Exchange, terminal: EnrolledTerminal) -> Answered:
        known = {entry[:1]: entry for entry in APPLICATIONS}
        return _loaded(exchange, known, ("9F06",), "application")


def _listed(exchange: Exchange, entries: tuple[Entry, ...]) -> Answered:
    """What the terminal has not got yet."""
    have = LoadQuery.parse(exchange.octets(62) or b"").have if 62 in exchange.message else 0
    left = entries[have : have + LISTED_AT_ONCE]
    return Decided("00", f"{len(left)} are listed"), {62: Load(ALL_OF_THEM if left else NONE_LEFT, left).pack()}


def _loaded(exchange: Exchange, known: Mapping[Entry, Entry], names: tuple[str, ...], what: str) -> Answered:
    data = exchange.octets(62) or b""
    asked = tuple((node.tag, node.value) for node in parse(data) if node.tag in names)
    entry = known.get(asked)
    if entry is None:
        wanted, there = _words(asked), [_words(one) for one in known]
        reason = f"there is no {what} {wanted}; nearest {nearest(wanted, there)}"
        return Decided(NOT_FOUND, reason), {62: Load(NONE_LEFT).pack()}
    return Decided("00", f"{what} {_words(asked)}"), {62: Load(ONE, (entry,)).pack()}


def _words(entry: Entry) -> str:
    return " ".join(value.hex().upper() for _, value in entry)


_HANDLERS: Mapping[Transaction, Callable[[Management, Exchange, EnrolledTerminal], Answered]] = {
    T.SIGN_ON: Management._sign_on,
    T.SIGN_OFF: Management._sign_off,
    T.CASHIER_SIGN_ON: Management._cashier,
    T.STATUS_UPLOAD: Management._status,
    T.PARAMETERS: Management._parameters,
    T.CA_KEY_QUERY: Management._key_query,
    T.CA_KEY_DOWNLOAD: Management._key_download,
    T.IC_PARAMETER_QUERY: Management._application_query,
    T.IC_PARAMETER_DOWNLOAD: Management._application_download,
}
