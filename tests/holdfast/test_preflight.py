"""What pytest-bdd would let pass in silence is an error before a device moves. facts/ecosystem 1.3."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import holdfast

GOOD = """  Scenario: Fine
    Given a credit card in the reader
    When the merchant asks for a hold of the usual amount
    Then the terminal reports the pre-authorisation approved
"""
WRONG = {
    "two scenarios of one name": (GOOD + GOOD, "the scenario name 'Fine' stands at lines 2, 6; only"),
    "an undefined step": (
        GOOD.replace("When the merchant asks", "When the merchant begs"),
        "own.feature:4 When the merchant begs for a hold of the usual amount: no step is defined for it",
    ),
    "an undefined step of one example row": (
        GOOD.replace("Scenario:", "Scenario Outline:").replace("pre-authorisation approved", "<what>")
        + "    Examples:\n      | what |\n      | pre-authorisation approved |\n      | moon blue |\n",
        "Then the terminal reports the moon blue: no step is defined for it",
    ),
    "an ambiguous step": (
        GOOD + "    And something that two steps match\n",
        "it is ambiguous: wrong_steps.py:",
    ),
    "an async step": (GOOD + "    And something that nobody awaits\n", "is async; nothing would await it"),
    "no Gherkin at all": ("  Scenari: x\n", "own.feature"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_it_is_refused_with_its_place_and_nothing_is_made(tmp_path: Path, what: str) -> None:
    text, told = WRONG[what]
    path = tmp_path / "own.feature"
    path.write_text(f"Feature: Own\n{text}", "utf-8")
    done = holdfast(
        "certify", "--features", path, "--steps", "tests.support.wrong_steps", "--out", tmp_path / "runs", "-n", "2"
    )
    assert done.returncode == 4, done.stdout + done.stderr
    assert told in " ".join(done.stderr.split())
    assert not (tmp_path / "runs").exists()


def test_the_shipped_features_have_no_such_fault(tmp_path: Path) -> None:
    done = holdfast("certify", "-k", "Fullamountnever", "--out", tmp_path, "--workers", "1", "--verdicts-only")
    assert done.returncode == 2, "nothing was selected, so nothing is decided"
