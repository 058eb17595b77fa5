"""The card's own mind: what it gives when asked for a cryptogram. EMV Book 3, 9.2 and 9.3; JR/T 0025.5, likely.

What it does in which case its issuer set in the application default action, 9F52: its bits are as likely as the rest.
"""

from __future__ import annotations

from protocols.emv.bits import Bits
from protocols.emv.csu import Csu
from protocols.emv.iad import Cvr
from protocols.emv.verification import Tvr
from simulators.card.core import Chip
from simulators.card.getdata import LOWER_LIMIT, UPPER_LIMIT, limit

UNABLE_ONLINE = (b"Y3", b"Z3")
"""Response codes of a terminal that could not go online. EMV Book 4, Annex A6"""


class DefaultAction(Bits):
    """9F52: what the issuer wants the card to do. JR/T 0025.5, likely; the bits that ask for advices are left out."""

    WRONG_BEFORE_ONLINE = 0x8000, "issuer authentication failed before: go online"
    WRONG_DECLINE = 0x4000, "issuer authentication failed: decline"
    MISSING_DECLINE = 0x2000, "issuer authentication missing: decline"
    NEW_ONLINE = 0x0200, "new card: go online"
    NEW_DECLINE = 0x0100, "new card, unable to go online: decline"
    TRIES_BLOCK = 0x0080, "PIN tries used up now: block the application"
    TRIES_BEFORE_DECLINE = 0x0040, "PIN tries used up before: decline"
    TRIES_BEFORE_ONLINE = 0x0020, "PIN tries used up before: go online"
    TRIES_UNABLE_DECLINE = 0x0010, "PIN tries used up before, unable to go online: decline"
    SCRIPT_ONLINE = 0x0008, "script failed before: go online"

    @classmethod
    def size(cls) -> int:
        return 2


def default_action(chip: Chip) -> DefaultAction:
    """As its issuer set it."""
    return DefaultAction.parse(bytes.fromhex(chip.rules.default_action))


def history(chip: Chip) -> Cvr:
    """What is known as a transaction begins. Bits of byte 3 and 4 of the card verification results."""
    state = chip.state
    lower = limit(chip, LOWER_LIMIT)
    flags = {
        Cvr.LAST_ONLINE_INCOMPLETE: state.online_incomplete,
        Cvr.VELOCITY_EXCEEDED: lower is not None and state.atc - state.last_online_atc > lower,
        Cvr.NEW_CARD: state.last_online_atc == 0,
        Cvr.LAST_ISSUER_AUTHENTICATION_FAILED: state.issuer_wrong,
        Cvr.ISSUER_AUTHENTICATION_MISSING: state.issuer_missing,
        Cvr.SDA_FAILED_LAST: state.static_failed,
        Cvr.SCRIPT_FAILED_LAST: state.script_failed,
        Cvr.DDA_FAILED_LAST: state.dynamic_failed,
    }
    return _joined(flags)


def results(chip: Chip, first: str, second: str | None = None) -> Cvr:
    """Card verification results of this cryptogram, all four bytes."""
    session, state = chip.session, chip.state
    now = {
        Cvr.ISSUER_AUTHENTICATION_FAILED: session.issuer == "wrong",
        Cvr.OFFLINE_PIN_PERFORMED: bool(session.pin),
        Cvr.OFFLINE_PIN_FAILED: session.pin == "wrong",
        Cvr.UNABLE_ONLINE: session.unable,
        Cvr.PIN_TRIES_EXCEEDED: chip.tries == 0,
        Cvr.BLOCKED_BY_PIN_TRIES: state.blocked_by_tries and chip.blocked,
        Cvr.DDA_PERFORMED: session.dynamic,
    }
    return (Cvr.of(first, second) | session.history | _joined(now)).with_scripts(session.history_scripts)


def _joined(flags: dict[Cvr, bool]) -> Cvr:
    joined = Cvr(0)
    for flag, is_set in flags.items():
        if is_set:
            joined |= flag
    return joined


# ── first round ───────────────────────────────────────────────────────────────────────────────────────────────────


def first_word(chip: Chip, asked: str) -> str:
    """Never more than was asked for: EMV Book 3, 9.2.2 and 9.3.1."""
    if asked == "AAC" or chip.blocked or _declines(chip):
        return "AAC"
    return "ARQC" if asked == "ARQC" or _goes_online(chip) else "TC"


def _declines(chip: Chip) -> bool:
    return chip.session.tries_at_start == 0 and DefaultAction.TRIES_BEFORE_DECLINE in default_action(chip)


def _goes_online(chip: Chip) -> bool:
    """For a TC that was asked for: what speaks against giving it offline."""
    action, state, past = default_action(chip), chip.state, chip.session.history
    return any(
        (
            state.online_incomplete,
            state.go_online,
            Cvr.VELOCITY_EXCEEDED in past,
            Cvr.LAST_ISSUER_AUTHENTICATION_FAILED in past and DefaultAction.WRONG_BEFORE_ONLINE in action,
            Cvr.NEW_CARD in past and DefaultAction.NEW_ONLINE in action,
            Cvr.SCRIPT_FAILED_LAST in past and DefaultAction.SCRIPT_ONLINE in action,
            chip.session.tries_at_start == 0 and DefaultAction.TRIES_BEFORE_ONLINE in action,
        )
    )


def declined_offline(chip: Chip, results_of_terminal: bytes) -> None:
    """What an offline authentication that failed leaves behind, when the transaction ends without the issuer."""
    if len(results_of_terminal) == Tvr.size():
        tvr = Tvr.parse(results_of_terminal)
        chip.state.static_failed |= Tvr.SDA_FAILED in tvr
        chip.state.dynamic_failed |= Tvr.DDA_FAILED in tvr or Tvr.CDA_FAILED in tvr


# ── second round ──────────────────────────────────────────────────────────────────────────────────────────────────


def last_word(chip: Chip, asked: str) -> str:
    """A TC only for the terminal that asks for one, and by the card's own rules."""
    if asked != "TC" or chip.blocked:
        return "AAC"
    return "AAC" if (_alone(chip) if chip.session.unable else _against_issuer(chip)) else "TC"


def _alone(chip: Chip) -> bool:
    """Without the issuer: what speaks against a TC."""
    action, state = default_action(chip), chip.state
    upper = limit(chip, UPPER_LIMIT)
    return any(
        (
            upper is not None and state.atc - state.last_online_atc > upper,
            state.last_online_atc == 0 and DefaultAction.NEW_DECLINE in action,
            chip.session.tries_at_start == 0 and DefaultAction.TRIES_UNABLE_DECLINE in action,
        )
    )


def _against_issuer(chip: Chip) -> bool:
    """After the issuer's answer: what speaks against a TC."""
    session, action = chip.session, default_action(chip)
    if session.csu is not None and session.issuer == "right":
        return Csu.APPROVED not in session.csu  # EMV Book 3, Annex C10
    if session.issuer == "wrong":
        return DefaultAction.WRONG_DECLINE in action
    wanted = chip.rules.issuer_authentication != "none"
    return session.issuer == "" and wanted and DefaultAction.MISSING_DECLINE in action


def ended_online(chip: Chip) -> None:
    """What a transaction leaves behind that saw the issuer, or was to see him."""
    session, state = chip.session, chip.state
    if session.unable:
        return
    state.online_incomplete = False
    state.issuer_wrong = session.issuer == "wrong"
    wanted = chip.rules.issuer_authentication != "none"
    state.issuer_missing = session.issuer == "" and wanted
    if session.issuer == "right" or not (wanted or session.issuer):
        state.last_online_atc = state.atc
        state.static_failed = state.dynamic_failed = False
        state.go_online = session.csu is not None and Csu.GO_ONLINE_NEXT in session.csu
        state.scripts, state.script_failed = 0, session.script_failed
