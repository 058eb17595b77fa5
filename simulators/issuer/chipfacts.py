"""What a request says of its card and of its terminal's checks, in the books' words: facts for whoever judges it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from protocols.emv import TlvError
from protocols.emv.cvm import CvmResults
from protocols.emv.iad import Cvr
from protocols.emv.verification import Tvr
from simulators.issuer.exchange import Exchange

READ = {"00": "unknown", "01": "typed", "02": "stripe", "05": "chip", "07": "contactless"}
"""First two digits of F22. facts/unionpay-pos 2"""
FALLBACK = "2"
"""F60.5: the chip could not be read. facts/unionpay-pos 2.4"""
OF_CHIP_CARDS = ("2", "6")
"""First digit of a service code. facts/unionpay-pos 5.13"""
_EXPIRY_DIGITS, TVR_BYTES, _CVR = 4, Tvr.size(), slice(3, 7)
_SEEN_AT_ONCE = 512


def read_by(exchange: Exchange) -> str:
    """How the card was read."""
    return READ.get(exchange.text(22)[:2], "otherwise")


def is_fallback(exchange: Exchange) -> bool:
    """Whether the stripe was read because the chip could not be. facts/unionpay-pos 2.4, 5.13"""
    return read_by(exchange) == "stripe" and exchange.f60.condition == FALLBACK


def facts(exchange: Exchange) -> dict[str, Any]:
    """Of any request that names a card: how it was read, and what its chip data say."""
    told: dict[str, Any] = {"read": read_by(exchange), "fallback": is_fallback(exchange)}
    after = exchange.text(35).partition("D")[2][_EXPIRY_DIGITS:]
    if after:
        told["chip_card"] = after.startswith(OF_CHIP_CARDS)
    if 55 in exchange.message:
        told |= _chip(exchange)
    return told


def _chip(exchange: Exchange) -> dict[str, Any]:
    """Values of a wrong length are told by whoever looks at the format; here they say nothing."""
    try:
        values = dict(exchange.chip)
    except TlvError:
        return {}
    told: dict[str, Any] = {}
    tvr, issuer, cvm = values.get("95", b""), values.get("9F10", b""), values.get("9F34", b"")
    if len(tvr) == TVR_BYTES:
        told["tvr"] = list(_tvr(tvr))
    if len(issuer) >= _CVR.stop:
        told["version"], told["cvr"] = f"{issuer[2]:02X}", list(_cvr(issuer[_CVR]))
    if len(cvm) == 3:
        told["cvm"] = _cvm(cvm)
    return told


# They repeat: most cards of a day say the same.


@lru_cache(_SEEN_AT_ONCE)
def _tvr(value: bytes) -> tuple[str, ...]:
    return Tvr.parse(value).words()


@lru_cache(_SEEN_AT_ONCE)
def _cvr(value: bytes) -> tuple[str, ...]:
    return Cvr.parse(value).words()


@lru_cache(_SEEN_AT_ONCE)
def _cvm(value: bytes) -> str:
    return CvmResults.parse(value).words()
