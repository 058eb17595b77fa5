"""What a card says of its number is hidden wherever it is written down, also where it does not look like a number.

Certificates of a card hold its whole PAN under keys that everybody has, and what is signed over static data lets the
hidden digits be tried out: neither is kept. EMV Book 2, 5.4 and 6.4.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from protocols.emv import Apdu, mask_apdu, parse_dol
from protocols.emv.card_numbers import numbers_shown
from protocols.emv.mask import hide_chip_data
from protocols.events import Channel, Direction, Event
from protocols.money import Money
from protocols.pan import derived
from rigs.bench import Bench
from rigs.cards.loading import CARDS, card_names, card_path, load_card_profile
from simulators.card import CardFault, ChipCard
from simulators.card.damage import Damage
from simulators.card.personal import personalise
from tests.rigs.kit import case_on, lines_of, plan_of, recorder_in, to_itself
from tests.rigs.test_bench import HOLD
from tests.simulators.card.data_kit import issuer_key, values_of
from tests.support.secret_search import find_pans

READ = bytes.fromhex("00B2010C00")
SIGNED = ("93", "9F46", "9F48", "9F2D", "9F2F")
CHIPS = [name for name in card_names() if load_card_profile(card_path(name)).chip]


def walked(card: ChipCard) -> list[tuple[bytes, bytes]]:
    """Everything that a terminal may read of a card: directory, and each application's name and records."""
    seen: list[tuple[bytes, bytes]] = []

    def ask(command: Apdu) -> bytes:
        raw = command.pack()
        answer = card.transmit(raw) or b""
        seen.append((raw, answer))
        return answer

    card.power_on()
    personal = card._chip.personal
    ask(Apdu(0, 0xA4, 4, 0, b"1PAY.SYS.DDF01", 256))
    for number in (1, 2):
        ask(Apdu(0, 0xB2, number, 0x0C, le=256))
    for one in personal.applications:
        ask(Apdu(0, 0xA4, 4, 0, one.aid, 256))
        size = pdol_size(one.profile.pdol)
        ask(Apdu(0x80, 0xA8, 0, 0, bytes([0x83, size]) + bytes(size), 256))
        for file, number in one.records:
            assert ask(Apdu(0, 0xB2, number, file << 3 | 4, le=256)).endswith(b"\x90\x00")
    return seen


def pdol_size(pdol: str) -> int:
    return sum(length for _, length in parse_dol(bytes.fromhex(pdol)))


def recorded(folder: Path, card: ChipCard) -> bytes:
    """The timeline of a terminal that read all of it."""
    recorder = recorder_in(folder)
    recorder.protect(card.pan)
    for command, answer in walked(card):
        recorder.emit(Event(Channel.CARD, "command", {}, Direction.OUT, command))
        recorder.emit(Event(Channel.CARD, "response", {}, Direction.IN, answer))
    recorder.close()
    [path] = folder.rglob("*.jsonl")
    assert len(lines_of(path)) > 10
    return path.read_bytes()


@pytest.mark.parametrize("name", CHIPS)
def test_no_card_of_the_house_shows_its_number_on_a_timeline(name: str, tmp_path: Path) -> None:
    profile = load_card_profile(card_path(name))
    pan = next(derived(profile.pan_prefix, 4711, profile.pan_digits))
    card = ChipCard(profile, pan)
    clear = b"".join(answer for _, answer in walked(ChipCard(profile, pan)))
    assert find_pans(clear), "what is looked for is there before it is hidden"
    written = recorded(tmp_path, card)
    assert not find_pans(written)
    for application in card._chip.personal.applications:
        values = values_of(application)
        for tag in SIGNED:
            if tag in values:
                assert values[tag].hex().upper().encode() not in written
        for tag in ("57", "9F1F", "5F20", "5F24"):
            assert values[tag].hex().upper().encode() not in written.replace(tag.encode(), b"")


def test_a_certificate_of_a_card_gives_its_number_to_whoever_asks() -> None:
    """Why it is hidden: nothing but public keys is used here."""
    profile = load_card_profile(card_path("offline-pin-enciphered"))
    pan = next(derived(profile.pan_prefix, 4711))
    application = personalise(profile, pan).applications[0]
    for tag in ("9F46", "9F2D"):
        assert pan.encode() in issuer_key(application).recover(values_of(application)[tag]).hex().encode()
    assert pan.encode() not in issuer_key(application).recover(values_of(application)["93"]).hex().encode()


@pytest.mark.parametrize("tag", [*SIGNED, "56", "57", "5F20", "5F24", "9F0B", "9F1F", "9F20", "9F61"])
def test_an_object_is_hidden_in_every_answer_and_in_a_message(tag: str) -> None:
    value = bytes(range(1, 14))
    content = bytes.fromhex(tag) + bytes([len(value)]) + value
    for answer in (content, b"\x70" + bytes([len(content)]) + content, b"\x77" + bytes([len(content)]) + content):
        kept = mask_apdu(bytes.fromhex("00B2010C00"), answer + b"\x90\x00")[1]
        assert value not in kept.raw
        assert kept.exposed
        assert value not in hide_chip_data(answer)


@pytest.mark.parametrize(
    "damage",
    [
        Damage(bare=True),
        Damage(pad=True),
        Damage(long_lengths=True),
        Damage(twice=("5A", "57", "5F24")),
        Damage(cut=("1.1", "2.1", "3.2")),
        Damage(add={"5F50": "6250947000047114"}),  # the number where nobody looks for one
        Damage(afl="record that is not there"),
    ],
    ids=lambda damage: " ".join(damage.words()),
)
def test_nor_does_one_whose_data_is_wrong(damage: Damage, tmp_path: Path) -> None:
    pan = next(derived("62509470", 4711))
    fault = CardFault(says="its data is wrong", clause="none", data=damage)
    card = ChipCard(load_card_profile(card_path("offline-pin-enciphered")), pan, fault=fault)
    assert not find_pans(recorded(tmp_path, card))


@pytest.mark.parametrize("kind", ["pan-13", "pan-19", "stripe-only"])
def test_nothing_that_a_bench_writes_holds_the_number_of_such_a_card(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its whole life: read, sent to the host, printed, stored."""
    to_itself(monkeypatch, tmp_path)
    cards: dict[str, Any] = {kind: str(CARDS / f"{kind}.yaml")}
    ranges = ["62509470xxxxxxxx", "62242429xxxxxxxx", "62509470xxxxx", "62509470xxxxxxxxxxx"]
    bench = Bench(plan_of(tmp_path, cards=cards, test_cards={"ranges": ranges})).open()
    try:
        case = case_on(bench)
        card = bench.issue_card(kind, case)
        pan = bench._issued[card].pan
        bench.host.open_account(card, Money(10_000_00))
        bench.presenter.offer(card)
        case.emit(Channel.TERMINAL, "display", text=f"card {pan}.")
        assert bench.terminal.perform(HOLD).approved
        bench.close_case()
        case.close()
    finally:
        bench.close()
    looked = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert len(looked) >= 2
    for path in looked:
        data = path.read_bytes()
        assert not find_pans(data), path.name
        assert pan.encode() not in data, path.name
        assert pan.encode() not in data.hex().encode(), path.name


EVERY_RECORD = tuple(f"{file}.{number}" for file in (1, 2, 3) for number in range(1, 6))


@pytest.mark.parametrize("name", CHIPS)
@pytest.mark.parametrize(
    "damage",
    [Damage(), Damage(pse="garbled", cut=EVERY_RECORD), Damage(bare=True), Damage(pse="unknown objects", pad=True)],
    ids=["unharmed", "cut", "bare", "padded"],
)
def test_no_card_shows_a_number_that_is_not_its_own_by_chance(name: str, damage: Damage) -> None:
    """The guard looks through what is no TLV: one strange number there would end the whole run."""
    profile = load_card_profile(card_path(name))
    for number in (1, 4711, 99):
        pan = next(derived(profile.pan_prefix, number, profile.pan_digits))
        personal = personalise(profile, pan, damage=damage)
        assert personal.pse is None or personal.pse.records
        answers = [*(personal.pse.records.values() if personal.pse else ())]
        for one in personal.applications:
            answers += [one.fci, *one.records.values()]
        for answer in answers:
            for shown in numbers_shown(READ, answer + b"\x90\x00"):
                assert pan in shown.readings
