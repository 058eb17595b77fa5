"""Whether a signature holds that leaves a card, looked at as a terminal looks at it. EMV Book 2, 6.5.2 and 6.6.2.

Of the bytes as they go out, under the key to which the card's own certificates lead: a card that was told to sign
wrongly, a copy that has another card's certificates and an answer that was spoilt are all the same to a terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from protocols.emv import Tlv, TlvError, parse
from protocols.emv.certificates import AuthenticationFailed
from protocols.emv.oda import check_combined, check_dynamic, transaction_data
from protocols.emv.rsa import RsaPublic


class Proof(NamedTuple):
    """A signature that is about to leave: what it is, and whether an answer with these data proves it."""

    what: str
    holds: Callable[[bytes], bool]


def dynamic(key: RsaPublic, challenge: bytes) -> Proof:
    """Of an answer to INTERNAL AUTHENTICATE, of either format. EMV Book 3, 6.5.9.4"""

    def holds(data: bytes) -> bool:
        template = _template(data)
        inside = {node.tag: node.value for node in template.children}
        signed = template.value if template.tag == "80" else inside.get("9F4B", b"")
        return bool(check_dynamic(key, signed, challenge))

    return Proof("DDA", _safely(holds))


def combined(key: RsaPublic, unpredictable: bytes, pdol: bytes, cdol1: bytes, cdol2: bytes) -> Proof:
    """Of an answer to GENERATE AC; the lists' data as the terminal gave them."""

    def holds(data: bytes) -> bool:
        found = {node.tag: node.value for node in _template(data).children}
        said = transaction_data(pdol, cdol1, data, cdol2)
        information = (found.get("9F27") or b"\xff")[0]
        return bool(check_combined(key, found.get("9F4B", b""), unpredictable, information, said))

    return Proof("CDA", _safely(holds))


def _template(data: bytes) -> Tlv:
    """The one object that an answer is. Raises TlvError."""
    nodes = parse(data)
    if len(nodes) != 1:
        raise TlvError(f"{len(nodes)} objects are no answer")
    return nodes[0]


def _safely(holds: Callable[[bytes], bool]) -> Callable[[bytes], bool]:
    """What is no answer at all proves nothing."""

    def safe(data: bytes) -> bool:
        try:
            return holds(data)
        except (TlvError, AuthenticationFailed):
            return False

    return safe
