"""Behaviour rules as a file has them: an ordered list, each with a name, when it acts, what it does, and until when.

    rules:
      - name: the second large hold is slow and declined
        when: {transaction: pre-authorisation, fields: {F4: {above: 100000}}, occurrence: 2}
        do: [delay 30, code 51]
        until: {times: 1}

`docs/behaviour-rules.md` tells more. Unknown keys are errors with their near miss.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from protocols.faults import ConfigurationError
from protocols.transactions import Transaction
from rigs.hosts.manners import action
from rigs.yamlfile import load_strict, validated
from simulators.issuer import FieldTest, Rule
from simulators.issuer.exchange import PARTS_OF_60, PARTS_OF_61

ANY, REVERSAL = "any", "reversal"
HOLD_STATES = ("none", "open", "partly completed", "completed", "cancelled", "reversed", "expired")
_PATH = re.compile(
    rf"MTI|F\d{{1,2}}|F60\.[1-{len(PARTS_OF_60)}]|F61\.[1-{len(PARTS_OF_61)}]|F55\.([0-9A-F]{{2}}){{1,3}}"
)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class FieldModel(_Part):
    """What is asked of one field, or of a part of one; all of it must hold. Values are as the field holds them."""

    equals: str | None = None
    like: str | None = Field(default=None, description="a pattern with * ? and [..]")
    exists: bool | None = None
    one_of: list[str] = Field(default=[], description="one of these values")
    above: int | None = Field(default=None, description="more than this; of an amount in minor units")
    below: int | None = None


class WhenModel(_Part):
    """Which requests are meant. What is not given is not asked."""

    transaction: str = Field(
        default=ANY, description="a transaction's name, `reversal` for the reversal of any, or `any`"
    )
    reversal: bool | None = Field(default=None, description="true: its reversal; false: no reversals")
    terminal: str = Field(default="*", description="a terminal number or a pattern")
    fields: dict[str, FieldModel] = Field(default={}, description="F4, F60.6, F55.9F26 or MTI to what is asked of it")
    hold: list[str] = Field(default=[], description=f"state of the hold concerned: {', '.join(HOLD_STATES)}")
    signed_on: bool | None = None
    occurrence: int = Field(default=1, ge=1, description="the n-th match is the first that is treated")

    @field_validator("transaction")
    @classmethod
    def _transaction(cls, value: str) -> str:
        return _one_of(value, [*(t.value for t in Transaction), REVERSAL, ANY], "transaction")

    @field_validator("hold")
    @classmethod
    def _hold(cls, value: list[str]) -> list[str]:
        return [_one_of(state, HOLD_STATES, "state of a hold") for state in value]

    @field_validator("fields")
    @classmethod
    def _fields(cls, value: dict[str, FieldModel]) -> dict[str, FieldModel]:
        wrong = [path for path in value if not _PATH.fullmatch(path)]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no field; write F4, F60.6, F55.9F26 or MTI")
        return value


class UntilModel(_Part):
    """When the rule is over; without any of these it never is."""

    times: int | None = Field(default=None, ge=1, description="after so many uses")
    requests: int | None = Field(default=None, ge=1, description="after so many requests of any kind")
    seconds: float | None = Field(default=None, gt=0, description="after so many seconds of market time")

    @field_validator("seconds", mode="before")
    @classmethod
    def _whole(cls, value: object) -> object:
        return float(value) if type(value) is int else value


Manner = Annotated[str, Field(description="a manner, as `delay 30` or `code 51`")]


class RuleModel(_Part):
    name: str = Field(min_length=1)
    when: WhenModel = WhenModel()
    do: Manner | list[Manner]
    until: UntilModel = UntilModel()

    @field_validator("do")
    @classmethod
    def _do(cls, value: str | list[str]) -> str | list[str]:
        manners = [value] if isinstance(value, str) else value
        if not manners:
            raise ValueError("a rule does something")
        for manner in manners:
            try:
                action(manner)
            except ConfigurationError as error:
                raise ValueError(str(error)) from None
        return value

    def rule(self) -> Rule:
        """As the issuer host takes it."""
        when, until = self.when, self.until
        reversal = True if when.transaction == REVERSAL else when.reversal
        named = when.transaction not in (ANY, REVERSAL)
        return Rule(
            tuple(action(manner) for manner in ([self.do] if isinstance(self.do, str) else self.do)),
            Transaction(when.transaction) if named else None,
            reversal=False if named and reversal is None else reversal,
            times=until.times, name=self.name, fields=tuple(_test(path, one) for path, one in when.fields.items()),
            terminal=when.terminal, hold=tuple(when.hold), signed_on=when.signed_on, occurrence=when.occurrence,
            requests=until.requests, seconds=until.seconds,
        )  # fmt: skip


class RuleFile(_Part):
    """A file of behaviour rules: the first one that matches a request decides."""

    rules: list[RuleModel]

    @field_validator("rules")
    @classmethod
    def _names(cls, value: list[RuleModel]) -> list[RuleModel]:
        names = [rule.name for rule in value]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"two rules are called {twice[0]!r}")
        return value


def load_rules(path: Path) -> list[Rule]:
    """The rules of a file, in its order. Raises ConfigurationError that names the place and the near miss."""
    return [model.rule() for model in load_strict(path, RuleFile).rules]


def rules_of(rules: Sequence[Mapping[str, Any]], where: str = "the rules") -> list[Rule]:
    """The same of rules that are no file. Raises ConfigurationError as `load_rules` does."""
    return [model.rule() for model in validated({"rules": [dict(rule) for rule in rules]}, RuleFile, where).rules]


def _test(path: str, asked: FieldModel) -> FieldTest:
    return FieldTest(
        path.removeprefix("F"), asked.equals, asked.like, asked.exists, tuple(asked.one_of), asked.above, asked.below
    )  # fmt: skip


def _one_of(word: str, known: Sequence[str], what: str) -> str:
    if word not in known:
        near = difflib.get_close_matches(word, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
        raise ValueError(f"no {what} is called {word!r}; {hint}")
    return word
