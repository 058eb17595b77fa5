"""Which tags of F55 a message carries."""

from __future__ import annotations

import pytest

from protocols.emv import TAGS, flatten, parse
from protocols.emv.tag_lists import REPLY, REQUEST, REVERSAL, SCRIPT_NOTICE, TagList
from protocols.iso8583 import UNIONPAY, compile_spec, unpack_frame
from tests.protocols.samples import public_frame


@pytest.mark.parametrize("tags", [REQUEST, REVERSAL, SCRIPT_NOTICE, REPLY])
def test_every_tag_of_a_list_is_known_by_name_and_comes_once(tags: TagList) -> None:
    whole = (*tags.mandatory, *tags.optional)
    assert set(whole) <= set(TAGS)
    assert len(set(whole)) == len(whole)


def test_the_public_sale_carries_what_a_request_does() -> None:
    """facts/unionpay-pos 2.2: the decoded sale agrees, without 9F63. It is contactless, and has no 9F34 either."""
    message = compile_spec(UNIONPAY).unpack(unpack_frame(public_frame("sale_contactless_pin_chip")).body)
    chip = message[55]
    assert isinstance(chip, bytes)
    present = [node.tag for node in flatten(parse(chip))]
    assert REQUEST.missing(present) == ["9F34"]
    assert REQUEST.unexpected(present) == []
    assert "9F63" not in present


def test_what_is_missing_and_what_is_more_is_named() -> None:
    assert REVERSAL.missing(["95", "9F10", "9F36", "5A"]) == ["9F1E"]
    assert REVERSAL.unexpected(["95", "9F10", "DF31", "5A"]) == ["5A"]


def test_a_reversal_and_a_script_notice_carry_the_script_result() -> None:
    assert "DF31" in REVERSAL.optional
    assert "DF31" in SCRIPT_NOTICE.mandatory
