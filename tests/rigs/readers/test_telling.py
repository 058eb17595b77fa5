"""How an exchange is told: nothing of an answer before it is admitted, and no piece that cannot be masked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.faults import CardRemoved
from rigs.readers.telling import exchange
from tests.simulators.kit import Events

READ = bytes.fromhex("00B2010C00")
DONE = b"\x90\x00"


def card(*answers: bytes) -> "object":
    coming = iter(answers)

    def send(tpdu: bytes) -> bytes:
        answer = next(coming, None)
        if answer is None:
            raise CardRemoved("torn")
        return answer

    return send


def raws(events: Events, kind: str = "response") -> list[bytes]:
    return [e.raw for e in events.all() if e.kind == kind and e.raw is not None]


def test_under_t1_an_answer_is_admitted_before_it_is_told() -> None:
    events = Events()
    order: list[str] = []
    exchange(
        READ, lambda tpdu: b"\x70\x00" + DONE, t0=False, emit=lambda e: order.append(e.kind) or events(e),
        admit=lambda command, answer: order.append("admit"),
    )  # fmt: skip
    assert order == ["command", "admit", "response"]


@given(sizes=st.lists(st.integers(1, 60), min_size=1, max_size=5), fails=st.booleans())
def test_an_answer_is_told_whole_once_or_not_at_all(sizes: list[int], fails: bool) -> None:
    """However the card cuts it. An answer that breaks off leaves lengths alone."""
    events, data = Events(), [bytes([0x5A]) * size for size in sizes]
    more = [len(piece) for piece in data[1:]]
    answers = [b"\x61" + bytes([sizes[0]])]
    answers += [piece + (b"\x61" + bytes([more[at]]) if at < len(more) else DONE) for at, piece in enumerate(data)]
    if fails:
        answers.pop()
        with pytest.raises(CardRemoved):
            exchange(READ, card(*answers), t0=True, emit=events, admit=None)  # type: ignore[arg-type]
        assert all(len(raw) == 2 for raw in raws(events))
        assert sum(e.fields.get("left_out", 0) for e in events.all()) == sum(sizes[:-1])  # type: ignore[misc]
        return
    answer = exchange(READ, card(*answers), t0=True, emit=events, admit=None)  # type: ignore[arg-type]
    assert answer == b"".join(data) + DONE
    assert [len(raw) for raw in raws(events)[:-1]] == [2] * (len(answers) - 1)
    assert raws(events)[-1] == answer
    assert len(raws(events, "command")) == len(answers)
    assert [e.kind for e in events.all()] == ["command", "response"] * len(answers)


def test_an_answer_in_one_piece_is_told_as_it_came() -> None:
    events = Events()
    exchange(READ, card(b"\x6c\x02", b"\x01\x02" + DONE), t0=True, emit=events, admit=None)  # type: ignore[arg-type]
    assert raws(events) == [b"\x6c\x02", b"\x01\x02" + DONE]
    assert all(not e.fields for e in events.all())
