"""Which application of the card is used: the card's directory or the terminal's list, and the cardholder's choice.

EMV Book 1, 12. Card and terminal agree on a list of candidates; the cardholder, or the card's own order, takes one of
them. One that cannot be used after all is struck off, and the choice is made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from protocols.emv import Apdu, ResponseApdu, Tlv, TlvError, parse
from simulators.terminal.contact.channel import CardUnusable, Channel, ChoiceCancelled
from simulators.terminal.contact.configuration import ApplicationRule, Configuration
from simulators.terminal.contact.initiation import initiate
from simulators.terminal.contact.state import ChipTransaction
from simulators.terminal.devices import Cardholder

PSE = b"1PAY.SYS.DDF01"
FIRST, NEXT = 0x00, 0x02
"""P2 of SELECT: the first or only occurrence, and the one after it. EMV Book 1, 11.3.2"""
DONE, BLOCKED, CARD_BLOCKED, NO_RECORD = "9000", "6283", "6A81", "6A83"
DIRECTORY_FILES = range(1, 11)  # EMV Book 1, 12.2.3: SFI of a payment system directory
LAST_RECORD = 255
SHORTEST_AID, LONGEST_AID = 5, 16  # EMV Book 1, 12.2.1
MOST_OCCURRENCES = 16
"""Applications under one partial name: a card that has ever more of them is not followed for ever."""
NO_PRIORITY = 0x0F + 1
"""Applications without a priority come behind all others. EMV Book 1, 12.4"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An application that card and terminal both have. `confirm`: not without the cardholder's word.

    A `blocked` one is none, but the stripe is not tried in its place.
    """

    aid: bytes
    rule: ApplicationRule
    label: str
    priority: int
    confirm: bool
    blocked: bool = False


def begin(
    transaction: ChipTransaction, channel: Channel, cardholder: Cardholder, defects: frozenset[str] = frozenset()
) -> None:
    """From the candidates to an application that has given its processing options. EMV Book 1, 12.4; Book 3, 10.1.

    Raises CardUnusable when no application is left, ChoiceCancelled when the cardholder takes none.
    """
    found = candidates(transaction.configuration, channel, defects)
    left = [candidate for candidate in found if not candidate.blocked]  # EMV Book 1, 12.3.3, steps 4 and 6
    blocked, refused = len(left) < len(found), False
    while left:
        chosen = choose(left, transaction.configuration, cardholder, defects)
        left.remove(chosen)
        status = _select(chosen, transaction, channel, defects)
        blocked = blocked or status == BLOCKED
        if status == DONE:
            if initiate(transaction, channel):
                return
            refused = True  # EMV Book 3, 10.1: 6985 strikes it off, and selection goes on
        transaction.forget()
    if blocked:
        raise CardUnusable("the card's application is blocked")
    if refused:
        raise CardUnusable("the card refuses this use of its application")
    # Likely, by public notes on terminals in China; facts/unionpay-pos 5.13: only an IC failure lets the stripe be used
    raise CardUnusable("the card has no application that this terminal knows", fallback=True)


# ── candidates ────────────────────────────────────────────────────────────────────────────────────────────────────


def candidates(
    configuration: Configuration, channel: Channel, defects: frozenset[str] = frozenset()
) -> list[Candidate]:
    """In order of priority, equals as the card names them. EMV Book 1, 12.3 and 12.4."""
    found = _by_directory(configuration, channel) or _by_list(configuration, channel, defects)  # 12.3.2, step 5
    return sorted(found, key=lambda candidate: candidate.priority)


def _by_directory(configuration: Configuration, channel: Channel) -> list[Candidate]:
    """EMV Book 1, 12.3.2. A directory that is absent, blocked or wrong is as none."""
    answer = channel.send(_selecting(PSE, FIRST))
    _refuse_blocked_card(answer)
    if not answer.ok:
        return []
    try:
        fci = _fci(answer.data)
        sfi = fci.get("88", b"")
        if len(sfi) != 1 or sfi[0] not in DIRECTORY_FILES:
            return []
        entries = [entry for record in _directory_records(sfi[0], channel) for entry in record]
    except TlvError:
        return []
    found = []
    for entry in entries:
        values = {child.tag: child.value for child in entry.children}
        rule = _rule_for(values.get("4F", b""), configuration.applications)
        if rule is not None:  # an entry without 4F is a directory (9D) or nothing: passed over. 12.2.3
            found.append(_candidate(values["4F"], rule, {"9F11": fci.get("9F11", b"")} | values, configuration))
    return found


def _directory_records(sfi: int, channel: Channel) -> Iterable[list[Tlv]]:
    """The entries (61) of each record until there is no more. Raises TlvError for what is no directory.

    EMV Book 1, 12.3.2, step 2. Any other status than "no such record" is taken for a wrong directory: likely.
    """
    for number in range(1, LAST_RECORD + 1):
        answer = channel.send(Apdu(0x00, 0xB2, number, sfi << 3 | 0x04, le=256))
        if answer.sw == NO_RECORD:
            return
        if not answer.ok:
            raise TlvError(f"record {number} of the directory cannot be read: {answer.sw}")
        yield [entry for record in parse(answer.data) if record.tag == "70" for entry in record.children
               if entry.tag == "61"]  # fmt: skip


def _by_list(configuration: Configuration, channel: Channel, defects: frozenset[str]) -> list[Candidate]:
    """EMV Book 1, 12.3.3: each name that the terminal knows is tried, and further occurrences of a partial one."""
    found: list[Candidate] = []
    for rule in configuration.applications:
        occurrence = FIRST
        for _ in range(MOST_OCCURRENCES):
            answer = channel.send(_selecting(rule.aid, occurrence))
            _refuse_blocked_card(answer)
            if answer.sw not in (DONE, BLOCKED):
                break  # step 3
            candidate = _of_answer(answer, rule, configuration)
            if candidate is not None and all(candidate.aid != other.aid for other in found):
                blocked = answer.sw == BLOCKED and "blocked-application-used" not in defects
                found.append(replace(candidate, blocked=blocked))
            if candidate is None or candidate.aid == rule.aid:
                break  # step 5: the name as it stands has one occurrence
            if "next-occurrence-forgotten" in defects:
                break
            occurrence = NEXT  # step 7
    return found


def _of_answer(answer: ResponseApdu, rule: ApplicationRule, configuration: Configuration) -> Candidate | None:
    """The candidate that an FCI makes; none when it is no FCI, or its name is none that the terminal takes."""
    try:
        fci = _fci(answer.data)
    except TlvError:
        return None  # step 3: the terminal goes on with its next name
    name = fci["84"]
    matches = name == rule.aid or (rule.partial and name.startswith(rule.aid))  # step 6
    return _candidate(name, rule, fci, configuration) if matches else None


def _rule_for(name: bytes, rules: Sequence[ApplicationRule]) -> ApplicationRule | None:
    """The terminal's application that this name of the card's is. The longest wins. EMV Book 1, 12.3.1"""
    if not SHORTEST_AID <= len(name) <= LONGEST_AID:
        return None
    matching = [rule for rule in rules if name == rule.aid or (rule.partial and name.startswith(rule.aid))]
    return max(matching, key=lambda rule: len(rule.aid), default=None)


def _candidate(aid: bytes, rule: ApplicationRule, values: dict[str, bytes], configuration: Configuration) -> Candidate:
    """EMV Book 1, 12.2.3, table 13: priority and confirmation are one byte."""
    indicator = (values.get("87") or b"\x00")[0]
    return Candidate(aid, rule, label_of(aid, values, configuration), indicator & 0x0F or NO_PRIORITY,
                     bool(indicator & 0x80))  # fmt: skip


def label_of(aid: bytes, values: dict[str, bytes], configuration: Configuration) -> str:
    """What the cardholder is shown: the preferred name where the terminal has its characters, else the label.

    EMV Book 4, 11.3. A card of China writes its preferred name in its own characters: likely, no figure of its code
    table was found.
    """
    table = (values.get("9F11") or b"\x00")[0]
    preferred = values.get("9F12", b"") if configuration.has_code_table(table) else b""
    return (preferred or values.get("50", b"")).decode("gb18030", "replace").strip() or aid.hex().upper()


# ── the choice ────────────────────────────────────────────────────────────────────────────────────────────────────


def choose(
    left: Sequence[Candidate], configuration: Configuration, cardholder: Cardholder,
    defects: frozenset[str] = frozenset(),
) -> Candidate:  # fmt: skip
    """EMV Book 1, 12.4, steps 2 to 5. Raises ChoiceCancelled, and CardUnusable where nobody can be asked."""
    if "first-application-taken" in defects:
        return left[0]
    if not configuration.cardholder_choice:
        free = next((candidate for candidate in left if not candidate.confirm), None)
        if free is None:  # steps 2 and 5: the card wants a word that this terminal cannot ask for
            raise CardUnusable("the card's application wants to be confirmed, which this terminal cannot ask for")
        return free
    if len(left) > 1:
        index = cardholder.choose([candidate.label for candidate in left])  # step 4: choosing is confirming
        if index is None:
            raise ChoiceCancelled("the cardholder took none of the card's applications")
        return left[index]
    if left[0].confirm and not cardholder.confirm(left[0].label):  # step 2
        raise ChoiceCancelled("the cardholder did not confirm the card's application")
    return left[0]


def _select(chosen: Candidate, transaction: ChipTransaction, channel: Channel, defects: frozenset[str]) -> str:
    """The final SELECT by the whole name: 9000 when it is to be used. EMV Book 1, 12.4."""
    answer = channel.send(_selecting(chosen.aid, FIRST))
    _refuse_blocked_card(answer)
    status = DONE if answer.sw == BLOCKED and "blocked-application-used" in defects else answer.sw
    if status != DONE:
        return status
    try:
        fci = _fci(answer.data)
        objects = parse(answer.data)
    except TlvError:
        return ""  # 12.4: a format error strikes it off
    if fci.get("84") != chosen.aid:
        return ""  # 12.4: it answers with another name
    transaction.rule = chosen.rule
    transaction.label = label_of(chosen.aid, fci, transaction.configuration)
    transaction.terminal |= {
        "9F06": chosen.aid,  # 12.4
        "9F09": chosen.rule.version,
        "9F1B": chosen.rule.floor_limit.to_bytes(4),
    }
    transaction.learn(objects)
    return DONE


# ── the wire ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _selecting(name: bytes, occurrence: int) -> Apdu:
    return Apdu(0x00, 0xA4, 0x04, occurrence, name, 256)  # EMV Book 1, 11.3.2


def _refuse_blocked_card(answer: ResponseApdu) -> None:
    if answer.sw == CARD_BLOCKED:  # EMV Book 1, 12.3.2, step 1, and 12.3.3, step 2
        raise CardUnusable("the card is blocked, or has no SELECT")


def _fci(data: bytes) -> dict[str, bytes]:
    """The values of a file's description: its name (84), and what its proprietary template (A5) says of it.

    EMV Book 1, 11.3.4. Raises TlvError for what is none.
    """
    templates = [node for node in parse(data) if node.tag == "6F"]
    if not templates:
        raise TlvError("the answer to SELECT has no template 6F")
    values = {node.tag: node.value for node in templates[0].children}
    if "84" not in values:
        raise TlvError("the answer to SELECT has no name (84)")
    described = next((node.children for node in templates[0].children if node.tag == "A5"), ())
    return {node.tag: node.value for node in described} | values
