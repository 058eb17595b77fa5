"""Which requests share a commit: those of turns of the loop that follow each other, as long as each brings more."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from simulators.issuer.commits import Commits
from simulators.issuer.ledger import Ledger

TURNS = 5


class Books:
    """What a commit needs of a ledger."""

    open_group = True

    def commit(self) -> bool:
        return True


def groups() -> list[list[int]]:
    """Two requests a turn, and who was kept together."""
    kept: list[list[int]] = []

    def lost(*_: Any) -> None:
        raise AssertionError("nothing is lost here")

    async def play() -> None:
        commits: Commits[int] = Commits(
            cast(Ledger, Books()), lambda waiting, written: kept.append(waiting), lost, lambda: None
        )
        for turn in range(TURNS):
            commits.join(2 * turn)
            commits.join(2 * turn + 1)
            await asyncio.sleep(0)
        await commits.quiet()
        commits.close()

    asyncio.run(play())
    return [group for group in kept if group]


def test_a_commit_waits_for_the_next_turn_while_each_brings_more() -> None:
    assert groups() == [list(range(2 * TURNS))]


def test_it_waits_no_longer_when_so_many_are_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.issuer.commits.MOST_TOGETHER", 6)
    first, *rest = groups()
    assert first == list(range(6))
    assert [one for group in rest for one in group] == list(range(6, 2 * TURNS))
