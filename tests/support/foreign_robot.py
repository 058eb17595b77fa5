"""The keywords of Robot Framework, and one that puts a card of nobody's list to the bench."""

from __future__ import annotations

from steps.robot import Holdfast, says
from tests.support.foreign_steps import foreign_card


class Foreign(Holdfast):
    """Import it in place of `steps.robot.Holdfast`."""

    @says("a card of nobody's list in the reader")
    def foreign_in_reader(self) -> None:
        foreign_card(self.story)
        self.story.bench.presenter.offer("a card")
