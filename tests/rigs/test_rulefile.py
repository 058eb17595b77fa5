"""Behaviour rules from a file: everything they can say, and the near miss of what they cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from protocols.faults import ConfigurationError
from protocols.transactions import Transaction
from rigs.rulefile import RuleFile, load_rules, rules_of
from simulators.issuer import Answer, Delay, DropField, FieldTest, NoAnswer, Rule, SetField

WHOLE = """
rules:
  - name: large holds are slow and declined
    when:
      transaction: pre-authorisation
      terminal: "5008*"
      fields:
        F4: {above: 100000}
        F22: {like: "05*"}
        F60.6: {exists: false}
        F55.9F36: {equals: "0001"}
        MTI: {one_of: ["0100", "0110"]}
      hold: [none, open]
      signed_on: true
      occurrence: 2
    do: [delay 30, code 51]
    until: {times: 3, requests: 50, seconds: 600}
  - name: reversals get lost
    when: {transaction: reversal}
    do: request lost
  - name: any answer
    do: [drop F38, set F63 CUP hello]
    until: {times: 1}
  - name: reversal of a sale
    when: {transaction: sale, reversal: true}
    do: no answer
"""


def test_a_file_says_when_what_and_until_when(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(WHOLE, "utf-8")
    tests = (
        FieldTest("4", above=100000), FieldTest("22", like="05*"), FieldTest("60.6", exists=False),
        FieldTest("55.9F36", equals="0001"), FieldTest("MTI", one_of=("0100", "0110")),
    )  # fmt: skip
    assert load_rules(path) == [
        Rule(
            (Delay(30), Answer("51")), Transaction.PREAUTH, False, 3, "large holds are slow and declined", tests,
            "5008*", ("none", "open"), True, 2, 50, 600.0,
        ),
        Rule((NoAnswer(decide=False),), None, True, None, "reversals get lost"),
        Rule((DropField(38), SetField(63, "CUP hello")), None, None, 1, "any answer"),
        Rule((NoAnswer(),), Transaction.SALE, True, None, "reversal of a sale"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"nmae": "x"}, "nmae: unknown key (did you mean name?)"),
        ({"do": "dely 3"}, "did you mean delay"),
        ({"do": []}, "a rule does something"),
        ({"do": "code 5"}, "write code and two characters"),
        ({"do": "add F99"}, "there is no F99"),
        ({"do": "set F52 xyz"}, "write them in hex"),
        ({"do": "set F4 12"}, "2 units instead of 12"),
        ({"when": {"transaction": "pre-authorization"}}, "did you mean 'pre-authorisation'?"),
        ({"when": {"transactoin": "sale"}}, "transactoin: unknown key (did you mean transaction"),
        ({"when": {"hold": ["opne"]}}, "no state of a hold is called 'opne'; did you mean 'open'?"),
        ({"when": {"fields": {"38": {"exists": True}}}}, "'38' is no field; write F4"),
        ({"when": {"fields": {"F60.9": {"exists": True}}}}, "'F60.9' is no field"),
        ({"when": {"fields": {"F4": {"over": 3}}}}, "over: unknown key"),
        ({"when": {"occurrence": 0}}, "occurrence"),
        ({"until": {"times": 0}}, "times"),
        ({"name": ""}, "name"),
    ],
)
def test_what_a_rule_cannot_say_is_named_with_the_near_miss(rule: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        rules_of([{"name": "x", "do": "no answer", **rule}])
    assert str(raised.value).startswith("the rules: rules.0")
    assert told in str(raised.value)


def test_two_rules_have_two_names() -> None:
    with pytest.raises(ConfigurationError, match="two rules are called 'x'"):
        rules_of([{"name": "x", "do": "no answer"}] * 2)


def test_there_is_a_schema_for_editors() -> None:
    schema = RuleFile.model_json_schema()
    assert set(schema["$defs"]) == {"RuleModel", "WhenModel", "FieldModel", "UntilModel"}
    assert "minor units" in schema["$defs"]["FieldModel"]["properties"]["above"]["description"]
