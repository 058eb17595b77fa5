"""Which tags of F55 a message carries. facts/unionpay-pos 2.2."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TagList:
    """Tags in the order in which they are sent."""

    mandatory: tuple[str, ...]
    optional: tuple[str, ...] = ()

    def missing(self, present: Collection[str]) -> list[str]:
        """Mandatory tags that are not there."""
        return [tag for tag in self.mandatory if tag not in present]

    def unexpected(self, present: Collection[str]) -> list[str]:
        """Tags that are there and not of the list; hosts tolerate them."""
        return [tag for tag in present if tag not in self.mandatory and tag not in self.optional]


REQUEST = TagList(
    (
        "9F26", "9F27", "9F10", "9F37", "9F36", "95", "9A", "9C", "9F02", "5F2A", "82", "9F1A", "9F03", "9F33", "9F34",
        "9F35", "9F1E", "84", "9F09", "9F41",
    ),
    optional=("9F63",),
)  # fmt: skip
"""Sale, pre-authorisation and balance. Certain."""
REVERSAL = TagList(("95", "9F1E", "9F10", "9F36"), optional=("DF31",))
"""DF31 only if an ARPC or a script was reached. Certain."""
SCRIPT_NOTICE = TagList(("9F33", "95", "9F37", "9F1E", "9F10", "9F26", "9F36", "82", "DF31", "9F1A", "9A"))
"""Certain."""
REPLY = TagList((), optional=("91", "71", "72", "8A"))
"""91 is ARPC and response code, 71 and 72 are scripts. Likely."""
