"""The Robot keywords are the Gherkin sentences: each is a step too, and does the same call."""

from __future__ import annotations

import importlib
import re
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_bdd.steps import step_function_context_registry

from protocols.faults import ConfigurationError
from protocols.transactions import Transaction
from steps import MODULES
from steps.robot import Holdfast

for name in MODULES:
    importlib.import_module(name)

SAMPLES = {
    "kind": "credit", "amount": "the usual amount", "transaction": "pre-authorisation", "result": "no reply",
    "state": "open", "held": "nothing", "booked": "the full amount", "code": "51", "fault": "signs wrongly",
    "which": "second", "labels": "A, B", "label": "B", "words": "DDA failed", "method": "DDA", "what": "nothing",
}  # fmt: skip


def sentences() -> list[str]:
    """Every keyword, its arguments filled in."""
    names = [getattr(getattr(Holdfast, name), "robot_name", None) for name in vars(Holdfast)]
    return [re.sub(r"\$\{(\w+)(:(\(.*?\)|[^}]+))?\}", lambda m: SAMPLES[m[1]], name) for name in names if name]


@pytest.mark.parametrize("sentence", sentences())
def test_each_keyword_is_a_gherkin_step_of_the_same_words(sentence: str) -> None:
    matching = [c for c in step_function_context_registry.values() if c.parser.is_matching(sentence)]
    assert matching, sentence
    assert {c.step_func.__module__ for c in matching} <= set(MODULES)


def test_there_are_keywords_for_a_whole_life() -> None:
    assert len(sentences()) >= 20


def test_without_a_bench_a_keyword_says_how_to_get_one() -> None:
    with pytest.raises(ConfigurationError, match="holdfast certify --robot"):
        Holdfast().cancel()


def test_what_breaks_a_keyword_is_told_to_the_recorder_and_raised() -> None:
    class Broken:
        def cancels(self) -> None:
            raise ZeroDivisionError

    told: list[BaseException] = []
    library = Holdfast()
    story: Any = SimpleNamespace(merchant=Broken())
    library.attach(story, told.append)
    with pytest.raises(ZeroDivisionError):
        library.cancel()
    assert [type(error) for error in told] == [ZeroDivisionError]


def test_a_mistyped_transaction_names_those_there_are() -> None:
    from steps.robot import _transaction

    assert _transaction("completion void") is Transaction.COMPLETION_VOID
    with pytest.raises(ValueError, match=r"there are .*completion void"):
        _transaction("completion viod")
