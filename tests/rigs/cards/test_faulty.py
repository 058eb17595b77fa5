"""Faulty cards by name: every row of the catalogue does what it says, and a healthy card does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest

from protocols.emv import parse_dol
from protocols.emv.apdu import COMMANDS
from protocols.emv.certificates import AuthenticationFailed
from protocols.emv.cvm import CvmList, CvmListError
from protocols.emv.iad import Cvr
from protocols.emv.oda import check_dynamic
from protocols.faults import ConfigurationError
from protocols.pcsc.atr import AtrError, parse_atr
from rigs.cards.faulty import ORDINALS, SENTENCES, at_a_command, card_fault, load_faults
from tests.rigs.cards.dialogue import Dialogue, kind, no_tlv, objects, tags, value
from tests.simulators.card.desk import TERMINAL, Desk

Seen = Callable[[Dialogue], object]
FILES = {"credit": "credit-chip"}


def no_atr(d: Dialogue) -> bool:
    try:
        parse_atr(d.atr)
    except AtrError:
        return True
    return False


def proves(d: Dialogue) -> bool:
    key = d.card._chip.personal.applications[0].card_key
    signed = dict(objects(d.signature)).get("80", dict(objects(d.signature)).get("9F4B", b""))
    try:
        return key is not None and bool(check_dynamic(key.public, signed, TERMINAL["9F37"]))
    except AuthenticationFailed:
        return False


def odd_list(d: Dialogue) -> bool:
    try:
        CvmList.parse(d.data["8E"])
    except CvmListError:
        return True
    return False


def results(d: Dialogue) -> Cvr:
    return Cvr.parse(bytes.fromhex(d.told("cryptogram")["iad"])[3:7])


def rows(d: Dialogue) -> list[bytes]:
    return [d.afl[at : at + 4] for at in range(0, len(d.afl), 4)]


def listed(d: Dialogue) -> list[bytes]:
    return [inner for tag, inner in objects(d.directory) if tag == "4F"]


def counter(d: Dialogue, tag: str) -> int:
    return int.from_bytes(value(d.counters[tag], tag) or b"", "big")


def offline(d: Dialogue) -> int:
    return counter(d, "9F36") - counter(d, "9F13")


def signed_wrongly(d: Dialogue, which: int) -> bool:
    told = [event["right"] for event in d.events.of("signed") if event["what"] == "CDA"]
    return len(told) > which and not told[which]


def drops(tag: str) -> Seen:
    return lambda d: tag not in d.data


SHOWN: Mapping[str, Seen] = {
    "has a dead chip": lambda d: d.atr == b"",
    "answers its reset with nonsense": no_atr,
    "is blocked": lambda d: {d.pse.sw, d.name.sw, d.other.sw} == {"6A81"},
    "has its application blocked": lambda d: d.name.sw == "6283" and value(d.name, "84") and kind(d.first) == "AAC",
    "has its directory blocked": lambda d: d.pse.sw == "6283" and d.name.sw == "9000",
    "garbles its directory": lambda d: no_tlv(d.directory),
    "fails at its directory": lambda d: d.directory.sw == "6F00" and d.pse.sw == "9000",
    "has a directory without entries": lambda d: d.directory.data == b"\x70\x00",
    "has a directory without records": lambda d: d.directory.sw in ("6A82", "6A83"),
    "does not say where its directory is": lambda d: d.pse.sw == "9000" and "88" not in tags(d.pse),
    "has its directory in a wrong file": lambda d: value(d.pse, "88") == b"\x0b",
    "has strange things in its directory": lambda d: {"9D", "DF20"} <= set(tags(d.directory)) and listed(d),
    "names an application that it has not": lambda d: (
        bytes.fromhex("A000000333010103") in listed(d) and d.other.sw == "6A82"
    ),
    "refuses its application": lambda d: d.name.sw == "6985",
    "garbles its application": lambda d: no_tlv(d.name),
    "has odd data around its name": lambda d: (
        {"DF20", "C1", "9F7E"} <= set(tags(d.name)) and value(d.name, "9F7E") == b""
    ),
    "says another name than it was called": lambda d: value(d.name, "84") == bytes.fromhex("A000000333010108"),
    "does not say its name": lambda d: d.name.sw == "9000" and "84" not in tags(d.name),
    "has no priority": lambda d: value(d.name, "87") == b"\x00" and value(d.directory, "87") == b"\x00",

    "refuses its processing options": lambda d: d.options.sw == "6985",
    "refuses its first application": lambda d: d.options.sw == "6985" and Desk.initiate(again(d)).sw == "9000",
    "fails at its processing options": lambda d: d.options.sw == "6F00",
    "has used up its counter": lambda d: d.options.sw == "6985" and counter(d, "9F36") == 0xFFFF,
    "names no files": lambda d: len(value(d.options, "80") or b"") == 2,
    "garbles its processing options": lambda d: no_tlv(d.options),
    "says nothing of what it can do": lambda d: tags(d.options) == ["77", "94"],
    "names its files twice": lambda d: tags(d.options) == ["77", "82", "94", "94"],
    "answers its start in the other format": lambda d: tags(d.options) == ["77", "82", "94"],
    "asks for unusual data at its start": lambda d: (
        {("9F02", 5), ("9F1A", 2), ("DF8101", 2), ("BF0C", 2)} <= set(parse_dol(value(d.name, "9F38") or b""))
        and d.options.sw == "9000"
    ),
    "asks for nothing at its start": lambda d: "9F38" not in tags(d.name) and d.options.sw == "9000",

    "lacks a record": lambda d: d.records[0].sw != "9000" and rows(d)[0][:2] == b"\x08\x01",
    "garbles a record": lambda d: no_tlv(d.records[0]),
    "has a record without its template": lambda d: tags(d.records[0])[:1] != ["70"] and tags(d.records[0]),
    "says one thing twice": lambda d: tags(d.records[3]).count("5F24") == 2,
    "has data that nobody knows": lambda d: {"DF20", "C1", "DF8101"} <= set(d.data) and d.authentic == "right",
    "has empty data": lambda d: d.data["5F25"] == d.data["9F42"] == b"" and d.authentic == "right",
    "has fillers between its data": lambda d: b"\x00\x5a\x08" in d.records[3].data and d.authentic == "right",
    "has lengths in long form": lambda d: b"\x5a\x81\x08" in d.records[3].data,
    "names a file that cannot be": lambda d: any(row[0] >> 3 == 31 for row in rows(d)),
    "names file zero": lambda d: any(row[0] >> 3 == 0 for row in rows(d)),
    "names its records backwards": lambda d: any(row[1] > row[2] for row in rows(d)),
    "names a record zero": lambda d: any(row[1] == 0 for row in rows(d)),
    "has more signed than there is": lambda d: any(row[3] > row[2] - row[1] + 1 for row in rows(d)),
    "has a locator of odd length": lambda d: len(d.afl) % 4,
    "lacks its number": drops("5A"),
    "lacks its expiry date": drops("5F24"),
    "lacks its first list": drops("8C"),
    "lacks its second list": drops("8D"),
    "lacks its sequence number": drops("5F34"),
    "lacks its second track": drops("57"),
    "lacks its list for signatures": lambda d: "9F49" not in d.data and d.signature.sw == "9000",
    "answers in two pieces": lambda d: any(sw[:2] == "61" for sw in d.statuses) and d.last.sw == "9000",
    "has its answers fetched": lambda d: any(sw[:2] == "61" for sw in d.statuses) and d.last.sw == "9000",
    "wants another length": lambda d: any(sw[:2] == "6C" for sw in d.statuses) and d.last.sw == "9000",
    "is slow everywhere": lambda d: len(d.waited) > 20 and set(d.waited) == {0.03},

    "has a wrong issuer certificate": lambda d: d.authentic == "wrong" and d.data["8F"] == b"\xf0",
    "is signed by an unknown key": lambda d: d.data["8F"] == b"\xee",
    "is signed by another CA": lambda d: d.authentic == "wrong",
    "is signed by another issuer": lambda d: d.authentic == "wrong",
    "is a copy": lambda d: d.authentic == "right" and d.told("signed")["right"] is False and certified(d) != own_key(d),
    "has an expired issuer certificate": lambda d: d.authentic == "wrong",
    "has the certificate of another issuer": lambda d: d.authentic == "wrong",
    "has a wrong card certificate": lambda d: d.authentic == "wrong",
    "has an expired card certificate": lambda d: d.authentic == "wrong",
    "has the certificate of another card": lambda d: d.authentic == "wrong",
    "was changed after it was signed": lambda d: d.authentic == "wrong" and d.data["5F25"] == b"\x20\x01\x02",
    "has a wrong static signature": lambda d: d.authentic == "wrong",
    "lacks its static signature": lambda d: d.authentic == "missing" and "93" not in d.data,
    "lacks its CA index": lambda d: d.authentic == "missing" and "8F" not in d.data,
    "lacks its issuer certificate": lambda d: d.authentic == "missing" and "90" not in d.data,
    "lacks its card certificate": lambda d: d.authentic == "missing" and "9F46" not in d.data,
    "lacks its key's exponent": lambda d: d.authentic == "missing" and "9F47" not in d.data,
    "lacks the remainder of its issuer's key": lambda d: d.authentic == "missing" and "92" not in d.data,
    "lacks the remainder of its own key": lambda d: d.authentic == "missing" and "9F48" not in d.data,
    "signs more than it may": lambda d: d.authentic == "wrong" and d.data["9F4A"] == b"\x82\x95",
    "offers no authentication": lambda d: d.authentic == "none" and "90" not in d.data and d.signature.sw == "6D00",
    "signs wrongly": lambda d: d.signature.sw == "9000" and not proves(d),
    "signs in the other format": lambda d: (
        tags(d.signature) == ["77", "9F4B"] and proves(d) and d.told("signed")["right"]
    ),
    "signs too briefly": lambda d: (
        value(d.signature, "9F4B") == bytes(range(1, 9)) and not d.told("signed")["right"]
    ),
    "gives no signature": lambda d: (
        (d.signature.sw, d.signature.data, d.told("signed")["right"]) == ("9000", b"", False)
    ),
    "signs its cryptogram wrongly": lambda d: signed_wrongly(d, 0) and not signed_wrongly(d, 1),
    "signs its last word wrongly": lambda d: signed_wrongly(d, 1) and not signed_wrongly(d, 0),

    "is of another version": lambda d: d.data["9F08"] == b"\x00\x31",
    "may not be used here": lambda d: not d.data["9F07"][0] & 0xA8 and d.data["5F28"] == b"\x01\x56",
    "may be used at home alone": lambda d: not d.data["9F07"][0] & 0x54 and d.data["9F07"][0] & 0xA8 == 0xA8,
    "has expired": lambda d: d.told("cryptogram")["expired"],
    "is not yet valid": lambda d: d.told("cryptogram")["not_yet_effective"],

    "wants an unknown verification, or else a PIN": lambda d: (
        [(rule.known, rule.apply_next) for rule in CvmList.parse(d.data["8E"]).rules[:1]] == [(None, True)]
    ),
    "wants an unknown verification": lambda d: (
        [(rule.known, rule.apply_next) for rule in CvmList.parse(d.data["8E"]).rules[:1]] == [(None, False)]
    ),
    "has no list of verifications": drops("8E"),
    "has an empty list of verifications": lambda d: CvmList.parse(d.data["8E"]).rules == (),
    "has a verification list of odd length": odd_list,
    "has no PIN tries left": lambda d: counter(d, "9F17") == 0 and d.pin == "6984",
    "has one PIN try left": lambda d: counter(d, "9F17") == 1 and d.pin == "9000",
    "tells no PIN tries": lambda d: d.counters["9F17"].sw == "6A88" and d.pin == "9000",
    "calls every PIN wrong": lambda d: d.pin == "63C2",
    "takes any PIN": lambda d: d.wrong_pin == "9000" and Cvr.OFFLINE_PIN_PERFORMED not in results(d),
    "fails at its PIN": lambda d: d.pin == "6F00",
    "has a wrong PIN key": lambda d: d.data["9F2D"][-1] & 1 != own_pin_certificate(d)[-1] & 1,
    "gives no challenge": lambda d: d.challenge.sw == "6985",
    "gives a short challenge": lambda d: len(d.challenge.data) == 7,
    "blocks itself at its last PIN": lambda d: after_a_wrong_pin(d) == ("63C0", "6283"),

    "is new": lambda d: {"9F14", "9F23"} <= set(d.data) and counter(d, "9F13") == 0,
    "tells no counters": lambda d: {"9F14", "9F23"} <= set(d.data) and {
        d.counters[tag].sw for tag in ("9F36", "9F13")
    } == {"6A88"},
    "was offline often": lambda d: d.data["9F14"][0] < offline(d) <= d.data["9F23"][0] if "9F14" in d.data else False,
    "was offline too often": lambda d: "9F23" in d.data and offline(d) > d.data["9F23"][0],
    "counts backwards": lambda d: offline(d) <= 0,
    "does not count": lambda d: counter(d, "9F36") == 7 and d.options.sw == "9000",
    "jumps in its count": lambda d: counter(d, "9F36") == 100,

    "declines at once": lambda d: kind(d.first) == "AAC" and d.right[0],
    "approves by itself": lambda d: kind(d.first) == "TC" and d.right[0],
    "may decide by itself": lambda d: kind(d.first) == "TC" and d.right[0],
    "does not allow this service": lambda d: (value(d.first, "80") or b"\xff")[0] == 0x01,
    "wants its issuer to be told": lambda d: (value(d.first, "80") or b"\xff")[0] == 0x08,
    "gives a cryptogram of no kind": lambda d: kind(d.first) == "none",
    "calls an ARQC a TC": lambda d: kind(d.first) == "TC" and d.told("cryptogram")["type"] == "ARQC",
    "refuses its first word": lambda d: d.first.sw == "6985",
    "has a wrong cryptogram": lambda d: d.right == (False, True) and kind(d.first) == "ARQC",
    "declines with a wrong cryptogram": lambda d: not d.right[0] and kind(d.first) == "AAC",
    "garbles its first word": lambda d: no_tlv(d.first),
    "cuts its first word short": lambda d: no_tlv(d.first),
    "says nothing at its first word": lambda d: (d.first.sw, d.first.data) == ("9000", b""),
    "puts its first word into a record": lambda d: tags(d.first) == ["70", "9F27", "9F36", "9F26", "9F10"],
    "gives no cryptogram": lambda d: tags(d.first) == ["77", "9F27", "9F36", "9F10"],
    "gives no cryptogram information": lambda d: tags(d.first) == ["77", "9F36", "9F26", "9F10"],
    "gives no counter": lambda d: tags(d.first) == ["77", "9F27", "9F26", "9F10"],
    "gives its cryptogram twice": lambda d: tags(d.first) == ["77", "9F27", "9F36", "9F26", "9F26", "9F10"],
    "says another counter": lambda d: value(d.first, "9F36") == b"\x7f\xff" and d.right[0],
    "gives its first word in the other format": lambda d: tags(d.first) == ["77", "9F27", "9F36", "9F26", "9F10"],
    "adds data that nobody knows to its first word": lambda d: (
        tags(d.first) == ["77", "9F27", "9F36", "9F26", "9F10", "DF20", "C1"] and d.first.data[0] == 0
    ),
    "has issuer data of the greatest length": lambda d: len(d.told("cryptogram")["iad"]) == 64,

    "refuses the issuer's answer": lambda d: (
        d.told("issuer authentication")["result"] == "wrong" and kind(d.last) == "AAC"
    ),
    "wants no proof of the issuer": lambda d: unproved(d) == "TC",
    "declines at last": lambda d: kind(d.last) == "AAC" and d.told("issuer authentication")["result"] == "right",
    "refuses its last word": lambda d: d.last.sw == "6985",
    "asks once more": lambda d: kind(d.last) == "ARQC",
    "approves against its terminal": lambda d: unproved(d, asked=0x00) == "TC",
    "has a wrong last cryptogram": lambda d: d.right == (True, False) and kind(d.last) == "TC",
    "garbles its last word": lambda d: no_tlv(d.last),
    "gives its last word in the other format": lambda d: tags(d.last) == ["77", "9F27", "9F36", "9F26", "9F10"],
    "refuses scripts": lambda d: d.script == "6A80",
    "warns at scripts": lambda d: d.script == "6200" and d.told("script")["mac"] == "right",

    "did not finish its last transaction": lambda d: Cvr.LAST_ONLINE_INCOMPLETE in results(d),
    "was lied to before": lambda d: Cvr.LAST_ISSUER_AUTHENTICATION_FAILED in results(d),
    "has a failed script behind it": lambda d: Cvr.SCRIPT_FAILED_LAST in results(d) and results(d).scripts == 2,
}  # fmt: skip
"""What is seen of each in a transaction, and of no healthy card."""
OFFLINE = ("may decide by itself",)
"""Those that are seen where a TC is asked for."""


def certified(d: Dialogue) -> bytes:
    """The key of a card with the same number that is whole."""
    return own_key(healthy("credit-chip", False, True))


def own_key(d: Dialogue) -> bytes:
    key = d.card._chip.personal.applications[0].card_key
    assert key is not None
    return key.public.modulus


def own_pin_certificate(d: Dialogue) -> bytes:
    return healthy("offline-pin-enciphered", False, True).data["9F2D"]


def again(d: Dialogue) -> Desk:
    """The same card, met a second time."""
    desk = Desk(d.profile, fault=d.card.fault)
    desk.initiate()
    return desk


def after_a_wrong_pin(d: Dialogue) -> tuple[str, str]:
    desk = Desk(d.profile, fault=d.card.fault)
    desk.select(bytes.fromhex(desk.rules.aid))
    return desk.verify("26000000FFFFFFFF"), desk.select(bytes.fromhex(desk.rules.aid)).sw


def unproved(d: Dialogue, asked: int = 0x40) -> str:
    """What it gives at last to a terminal that has no answer of its issuer."""
    desk = Desk(d.profile, fault=d.card.fault)
    desk.initiate()
    desk.first()
    return kind(desk.second(asked, b""))


@cache
def healthy(file: str, combined: bool, online: bool) -> Dialogue:
    return Dialogue(file, None, combined=combined, online=online)


@pytest.mark.parametrize("name", load_faults())
def test_every_row_does_what_it_says_and_a_healthy_card_does_not(name: str) -> None:
    fault = card_fault(name)
    file = FILES.get(fault.card, fault.card)
    combined, online = fault.card == "cda", name not in OFFLINE
    seen = SHOWN[name]
    assert seen(Dialogue(file, fault, combined=combined, online=online))
    assert not seen(healthy(file, combined, online))


def test_every_row_is_shown_by_itself_and_nothing_else_is() -> None:
    assert list(SHOWN) == list(load_faults())


def test_the_healthy_cards_are_healthy() -> None:
    for file in {FILES.get(fault.card, fault.card) for fault in load_faults().values()}:
        d = healthy(file, file == "cda", True)
        assert [d.pse.sw, d.name.sw, d.options.sw, d.first.sw, d.last.sw] == ["9000"] * 5
        assert d.right == (True, True)
        assert d.authentic == "right"
        assert d.events.of("misbehaved") == []


def test_every_row_cites_a_clause_and_says_one_thing() -> None:
    for name, fault in load_faults().items():
        assert fault.clause.startswith(("EMV Book ", "ISO ", "JR/T ")), name
        assert fault.says[0].islower() or fault.says.startswith("CA"), name
        assert not fault.says.endswith("."), name


# ── sentences ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", sorted(set(COMMANDS.values())))
@pytest.mark.parametrize("beginning", SENTENCES)
def test_a_sentence_says_what_happens_at_any_command(beginning: str, command: str) -> None:
    [row] = card_fault(f"{beginning} its second {command}").commands
    assert (row.at, row.occurrence, row.do) == (command, 2, SENTENCES[beginning][0])
    [row] = card_fault(f"{beginning} every {command}").commands
    assert (row.at, row.occurrence) == (command, "every")


def test_a_sentence_may_name_the_status_words() -> None:
    fault = card_fault("answers 6985 to its third READ RECORD")
    assert (fault.commands[0].at, fault.commands[0].occurrence, fault.commands[0].do) == (
        "READ RECORD",
        3,
        "status 6985",
    )
    assert fault.says == "it answers 6985 to its third READ RECORD"


@pytest.mark.parametrize("ordinal", ORDINALS)
def test_ordinals_count_from_one(ordinal: str) -> None:
    assert card_fault(f"is mute at its {ordinal} SELECT").commands[0].occurrence == ORDINALS.index(ordinal) + 1


@pytest.mark.parametrize("sentence", [
    "is mute at its tenth SELECT", "is mute at its first SELEKT", "is mute at SELECT", "is mute",
    "answers 698 to its first SELECT", "answers 6985 to first SELECT",
])  # fmt: skip
def test_a_sentence_that_says_no_such_thing_is_none(sentence: str) -> None:
    assert at_a_command(sentence) is None


@pytest.mark.parametrize(("name", "hint"), [
    ("has a wrong cryptogramm", "did you mean 'has a wrong cryptogram'"),
    ("is mute at its first GENERATE AX", "did you mean 'is mute at its first GENERATE AC'"),
    ("sings", "see faults.yaml for those there are"),
])  # fmt: skip
def test_an_unknown_name_is_refused_with_the_near_miss(name: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        card_fault(name)
    assert hint in str(refused.value)
    assert f"no card {name!r}" in str(refused.value)


# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("row", "hint"), [
    ("{says: a, claus: b}", "unknown key (did you mean clause?)"),
    ("{says: a, clause: b, commands: [{at: SELEKT, do: mute}]}", "did you mean 'SELECT'?"),
    ("{says: a, clause: b, commands: [{at: SELECT, do: mut}]}", "did you mean 'mute'?"),
    ("{says: a, clause: b, commands: [{at: SELECT, do: mute, ocurrence: 1}]}", "did you mean occurrence?"),
    ("{says: a, clause: b, data: {drops: [5A]}}", "did you mean drop?"),
    ("{says: a, clause: b, data: {afl: file 32}}", "data.afl"),
    ("{says: a, clause: b, state: {atk: 1}}", "atk"),
    ("{clause: b}", "Field required"),
])  # fmt: skip
def test_a_catalogue_is_read_strictly(tmp_path: Path, row: str, hint: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(f"faults:\n  one: {row}\n")
    with pytest.raises(ConfigurationError) as refused:
        load_faults(path)
    assert hint in str(refused.value)
    assert "faults.one" in str(refused.value)


def test_a_row_that_says_what_a_sentence_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text("faults:\n  is mute at its first SELECT: {says: a, clause: b}\n")
    with pytest.raises(ConfigurationError, match="needs no row"):
        load_faults(path)
