"""Slips as people read them: a label and its value, whatever the spacing, wrapping and width of characters.

A label may stand anywhere on a line, with spaces within, with an English name behind it, and with its value on the
same line, below it, or broken over both. `原授权码` is no `授权号`: a label behind `原` or `累计` is another one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from protocols.market import Market
from protocols.pan import TEST_RANGES
from reports.judge.timeline import Request, Timeline
from reports.runfolder import Record

BULLET = "•"
"""What the recorder puts in place of a digit that was printed in clear; no terminal prints it."""
_HIDDEN = re.compile(rf"(\d{{6}}){BULLET}+(\d{{4}})")
"""A number that stood in clear and was hidden by the recorder. Bullets alone are a PIN being typed."""
_STARTS = frozenset(start[:6] for start in TEST_RANGES)

AMOUNT, APPROVAL, REFERENCE, CARD, MOMENT, VOUCHER = "金额", "授权号", "参考号", "卡号", "日期/时间", "凭证号"
DAY, CLOCK = "日期", "时间"
OTHER_LABELS = (  # facts/unionpay-pos 6: what else stands on slips, so that no value runs into it
    "清算日期", "发卡行", "收单行", "有效期", "有效天数", "应用标签", "首选名称", "备注", "小费", "总计", "余额",
    "TVR", "TSI", "ATC", "ARQC", "原授权码", "原凭证号", "原参考号",
)  # fmt: skip
ALSO = {"TC": ("ARQC",), APPROVAL: ("授权码", "AUTH. NO.", "AUTH NO")}
"""facts/unionpay-pos 6: other terminals print ARQC; bilingual labels."""
REPRINT = re.compile(r"重打印|DUPLICATE")
FAILED = re.compile(r"失败|未成功|不成功|拒绝|超时|冲正|作废|DECLINE|FAIL|REVERS|TIME ?OUT|NOT APPROVED", re.IGNORECASE)
"""Words by which a slip says that its transaction did not succeed."""
IN_WORDS = ("商户名称", "交易类型", "应用标签", "首选名称", "发卡行", "收单行", "备注")
"""Labels whose value may be words alone; every other value has a letter or a digit in it."""
_ENGLISH = r"(?:\s*\([^)]*\)|\s*[A-Z][A-Z. ]*NO\.)?\s*:?\s*"
_CODE = re.compile(r"(?<![0-9A-Za-z])(?=[A-Za-z]*\d)[0-9A-Za-z]{2,6}(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class Paper:
    """One slip, readable. `labels` are all that may start a value on it, `words` its fixed lines."""

    record: Record
    lines: tuple[str, ...]
    labels: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def number(self) -> int:
        return self.record.number

    @property
    def compact(self) -> str:
        """All of it without any space: for words that may be wrapped or spaced."""
        return _squeeze("".join(self.lines))

    def says(self, words: str) -> bool:
        """Whether these words stand on the slip, however spaced."""
        return _squeeze(normal(words)) in self.compact

    def value(self, label: str) -> list[str] | None:
        """What stands beside a label, and below it if the value may go on there; None: no such label."""
        found = _value(self.lines, self.labels, self.words, label)
        return None if found is None else list(found)

    def filled(self, label: str) -> bool:
        """Whether the label is there with a value."""
        text = "".join(self.value(label) or [])
        return any(char.isalnum() and (char.isascii() or label in IN_WORDS) for char in text)

    def shows(self, label: str, value: str) -> bool:
        """Whether exactly this value stands behind the label, as a word of its own or broken over two lines."""
        parts = self.value(label) or []
        words = [word for part in parts for word in re.split(r"[\s/,]+", part)]
        return value in words or _squeeze("".join(parts)) == value

    @property
    def approval(self) -> str:
        """The authorisation code, empty when there is none: zeros and dashes are none."""
        beside, below = self.value(APPROVAL) or ["", ""]
        found = _CODE.search(beside) if beside else _CODE.fullmatch(below)
        return found[0] if found and found[0].strip("0") else ""

    @property
    def voucher(self) -> str:
        """The trace number that the slip gives, empty when it cannot be read."""
        found = re.search(r"(?<!\d)\d{6}(?!\d)", " ".join(self.value(VOUCHER) or []))
        return found[0] if found else ""

    @property
    def is_receipt(self) -> bool:
        """It tells of a transaction; anything else that a printer may be asked for does not."""
        return any(self.value(label) is not None for label in (VOUCHER, AMOUNT, APPROVAL))

    @property
    def reprint(self) -> bool:
        return bool(REPRINT.search(self.compact))


@lru_cache(maxsize=4096)
def _value(
    lines: tuple[str, ...], labels: tuple[str, ...], words: tuple[str, ...], label: str
) -> tuple[str, str] | None:
    """Many rules ask for the same value of the same slip."""
    for name in (label, *ALSO.get(label, ())):
        for place, line in enumerate(lines):
            found = _label(name).search(line)
            if found:
                rest = line[found.end() :]
                other = _any_label(labels).search(rest)
                below = lines[place + 1].strip() if other is None and place + 1 < len(lines) else ""
                begins_anew = _begins_anew(below, labels, words)
                return rest[: other.start() if other else None].strip(), "" if begins_anew else below
    return None


def _begins_anew(line: str, labels: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """Whether a line is its own: a rule, a label, or fixed words."""
    if not any(char.isalnum() for char in line) or _any_label(labels).match(line):
        return True
    return any(_squeeze(line) in fixed for fixed in words)


def papers(timeline: Timeline, market: Market) -> list[Paper]:
    """The slips of a timeline."""
    labels, rule = labels_of(market), market.receipt
    fixed = (rule.title, rule.merchant_copy, rule.cardholder_copy, rule.signature_line, rule.not_a_sale)
    words = tuple(_squeeze(normal(line)) for line in fixed)
    return [
        Paper(record, tuple(normal(str(line)) for line in record.fields.get("lines", [])), labels, words)
        for record in timeline.of("printer", "slip")
    ]


def labels_of(market: Market) -> tuple[str, ...]:
    """Every label that may stand on a slip of this market."""
    named = (label for labels in market.receipt.mandatory.values() for label in labels)
    also = (name for names in ALSO.values() for name in names)
    return tuple(dict.fromkeys((*named, *OTHER_LABELS, *also)))


def copies_on(paper: Paper, market: Market) -> list[str]:
    """The copies that a slip says it is, in the order of their marks; a strip that was not cut may be both."""
    rule = market.receipt
    marks = ((paper.compact.find(_squeeze(normal(mark))), mark) for mark in (rule.merchant_copy, rule.cardholder_copy))
    return [mark for place, mark in sorted(marks) if place >= 0]


def looks_approved(paper: Paper, market: Market) -> bool:
    """It carries an authorisation code, or is to be signed and says nothing of a failure."""
    if paper.approval:
        return True
    return paper.says(market.receipt.signature_line.rstrip(":：")) and not FAILED.search(paper.compact)


def normal(text: str) -> str:
    """Characters of full width as plain ones."""
    return unicodedata.normalize("NFKC", text)


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


@cache
def _label(name: str) -> re.Pattern[str]:
    """Where a label stands. `TC` is not in `BATCH`, `授权号` is not in `原授权号`."""
    text = normal(name)
    if text.isascii():
        return re.compile(rf"(?<![A-Za-z0-9]){re.escape(text)}(?![A-Za-z0-9]){_ENGLISH}")
    spaced = r"\s*".join(re.escape(char) for char in text)
    return re.compile(rf"(?<!原)(?<!累计)(?<!清算){spaced}{_ENGLISH}")


@cache
def _any_label(names: tuple[str, ...]) -> re.Pattern[str]:
    """Where the first of several labels stands."""
    return re.compile("|".join(_label(name).pattern for name in names))


def cards_of(requests: Iterable[Request]) -> frozenset[str]:
    """The masked card numbers of a case."""
    return frozenset(card for card in (request.value(2) for request in requests) if card)


def clear_digits(record: Record, cards: Collection[str]) -> int:
    """How many digits of a card number the terminal printed or showed in clear here; 0 when none.

    The recorder hides whatever looks like a card number; of the hexadecimal digits of a cryptogram some do. No card
    but those of the case and of the test ranges is ever on a bench, so a number that is none of them is no card's.
    """
    told = [int(e["clear_digits"]) for e in record.exposed if e.get("owner", "dut") == "dut" and e.get("kind") == "pan"]
    hidden = _HIDDEN.findall(re.sub(rf"(?<=[\d{BULLET}])[ -]+(?=[\d{BULLET}])", "", normal(text_of(record))))
    if hidden:
        known = any(first in _STARTS or _is_of(cards, first, last) for first, last in hidden)
        return max(told, default=len("".join(hidden[0]))) if known else 0
    lengths = {len(card) for card in cards} or {16}
    return max((digits for digits in told if digits in lengths), default=0)


def _is_of(cards: Collection[str], first: str, last: str) -> bool:
    return any(card.startswith(first) and card.endswith(last) for card in cards)


def text_of(record: Record) -> str:
    """What people could read of a record."""
    lines = record.fields.get("lines")
    if isinstance(lines, (list, tuple)):
        return "\n".join(str(line) for line in lines)
    return "\n".join(str(value) for value in record.fields.values())
