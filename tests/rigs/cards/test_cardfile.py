"""Card files: one laid over another, strictly, with file and place in every error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from protocols.faults import ConfigurationError
from rigs.cards.cardfile import CardFiles, card_schema, over
from rigs.cards.loading import CARDS, card_names, load_card_profile
from rigs.schemas import schema_text
from simulators.card import CardProfile

KEY = "0123456789ABCDEFFEDCBA9876543210"
BASE = {
    "name": "base (test)", "pan_prefix": "62509470", "expiry": "3012", "test_master_key": KEY,
    "applications": [{"aid": "A000000333010102", "label": "ONE"}],
}  # fmt: skip


def written(folder: Path, name: str, content: dict[str, Any]) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


def loaded(folder: Path, **files: dict[str, Any]) -> CardProfile:
    """The last of these files; `base` is there."""
    written(folder, "base", BASE)
    paths = [written(folder, name, content) for name, content in files.items()]
    return CardFiles(folder).profile(paths[-1])


def refused(folder: Path, **files: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        loaded(folder, **files)
    return str(caught.value)


# ── one over another ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_says_what_is_different_and_has_the_rest_from_the_one_below(tmp_path: Path) -> None:
    profile = loaded(tmp_path, child={"extends": "base", "pin": "9999", "application": {"oda": "sda"}})
    assert (profile.pin, profile.name, profile.applications[0].label) == ("9999", "base (test)", "ONE")
    assert profile.applications[0].oda == "sda"


def test_what_holds_for_each_application_is_laid_under_what_one_of_them_says(tmp_path: Path) -> None:
    child = {
        "extends": "base", "application": {"oda": "none", "priority": 7, "more": {"DF7F": "01"}},
        "applications": [
            {"aid": "A000000333010101", "priority": 2, "more": {"DF7E": "02"}}, {"aid": "A000000333010102"},
        ],
    }  # fmt: skip
    first, second = loaded(tmp_path, child=child).applications
    assert (first.oda, first.priority, first.more) == ("none", 2, {"DF7F": "01", "DF7E": "02"})
    assert (second.oda, second.priority, second.more) == ("none", 7, {"DF7F": "01"})


def test_a_list_takes_the_place_of_the_list_below_and_a_mapping_does_not(tmp_path: Path) -> None:
    below = {"extends": "base", "application": {"cvm_list": {"amount_x": 5, "rules": [{"method": "signature"}]}}}
    child = {"extends": "below", "application": {"cvm_list": {"amount_y": 6, "rules": [{"method": "no CVM"}]}}}
    [one] = loaded(tmp_path, below=below, child=child).applications
    assert one.cvm_list.model_dump() == {  # type: ignore[union-attr]
        "amount_x": 5, "amount_y": 6, "rules": ({"method": "no CVM", "condition": "always", "failing": "stop"},)
    }  # fmt: skip


def test_bytes_take_the_place_of_words_and_words_that_of_bytes(tmp_path: Path) -> None:
    words = {"extends": "base", "application": {"cvm_list": {"rules": [{"method": "signature"}]}}}
    plain = {"extends": "words", "application": {"cvm_list": "00000000000000001F00"}}
    assert loaded(tmp_path, words=words, plain=plain).applications[0].cvm_list == "00000000000000001F00"
    again = {"extends": "plain", "application": {"cvm_list": {"rules": []}}}
    assert not isinstance(loaded(tmp_path, words=words, plain=plain, again=again).applications[0].cvm_list, str)


def test_a_chain_goes_as_far_as_it_goes(tmp_path: Path) -> None:
    files = {f"c{n}": {"extends": f"c{n - 1}" if n else "base", "pin": f"{n:04}"} for n in range(6)}
    assert loaded(tmp_path, **files).pin == "0005"


def test_a_path_is_one_from_the_file_that_extends(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    written(tmp_path, "base", BASE)
    path = written(tmp_path / "inner", "child", {"extends": "../base.yaml", "pin": "4321"})
    assert CardFiles(CARDS).profile(path).pin == "4321"


def test_a_card_of_anybodys_own_may_extend_one_of_the_house(tmp_path: Path) -> None:
    path = written(tmp_path, "mine", {"extends": "cda", "name": "mine (test)"})
    assert load_card_profile(path).applications[0].oda == "cda"


def test_laying_over_leaves_both_as_they_were() -> None:
    below, own = {"a": {"b": 1}, "c": [1]}, {"a": {"d": 2}, "c": [2]}
    assert over(below, own) == {"a": {"b": 1, "d": 2}, "c": [2]}
    assert (below, own) == ({"a": {"b": 1}, "c": [1]}, {"a": {"d": 2}, "c": [2]})


# ── what is wrong, and where ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"child": {"extends": "base", "pn": "1"}}, r"child.yaml: pn: unknown key (did you mean psn or pin?)"),
        (
            {"child": {"extends": "base", "application": {"cdol3": "00"}}},
            "child.yaml: application: cdol3: unknown key (did you mean cdol2 or cdol1?)",
        ),
        (
            {"child": {"extends": "base", "application": {"cvm_list": {"rules": [{"metod": "signature"}]}}}},
            "child.yaml: application: cvm_list.CvmWords.rules.0.",
        ),
        (
            {"child": {"extends": "base", "applications": [{"aid": "A000000333010101", "labl": "X"}]}},
            "child.yaml: applications.0.labl: unknown key (did you mean label?)",
        ),
        ({"child": {"extends": "base", "application": "cda"}}, "child.yaml: application: write `key: value` lines"),
        ({"child": {"extends": "base", "applications": "one"}}, "child.yaml: applications: Input should be a"),
        ({"child": {"extends": "base", "applications": ["one"]}}, "child.yaml: applications.0: Input should be a"),
        ({"child": {"extends": "base", "applications": []}}, "child.yaml: Value error, a card with a chip has app"),
        (
            {"child": {"extends": "base", "applications": [{"aid": "A000000333010101"}] * 2}},
            "two applications have one AID",
        ),
        ({"child": {"extends": ["base"]}}, "child.yaml: extends: write a card's name, or the path of its file"),
        ({"child": {"extends": ""}}, "child.yaml: extends: write a card's name"),
        ({"child": {"extends": "bsae"}}, "child.yaml: extends: there is no file"),
        ({"child": {"extends": "bsae"}}, "did you mean base.yaml?"),
        ({"child": {"extends": "child"}}, "extends: it comes back to itself: child.yaml -> child.yaml"),
        (
            {"one": {"extends": "two"}, "two": {"extends": "three"}, "three": {"extends": "one"}},
            "three.yaml: extends: it comes back to itself: three.yaml -> one.yaml -> two.yaml -> three.yaml",
        ),
        (
            {"middle": {"extends": "base", "pni": "1"}, "child": {"extends": "middle"}},
            "middle.yaml: pni: unknown key (did you mean psn or pin?)",  # the file that says it
        ),
        ({"child": {"pin": "1234"}}, "child.yaml: name: Field required"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_file_and_place(tmp_path: Path, files: dict[str, Any], said: str) -> None:
    assert said in refused(tmp_path, **files)


def test_a_cycle_names_each_file_of_it_once(tmp_path: Path) -> None:
    said = refused(tmp_path, one={"extends": "two"}, two={"extends": "three"}, three={"extends": "two"})
    assert said.endswith("extends: it comes back to itself: three.yaml -> two.yaml -> three.yaml")


def test_a_key_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "base", BASE)
    path.write_text(path.read_text("utf-8") + 'pin: "1234"\npin: "4321"\n', "utf-8")
    with pytest.raises(ConfigurationError, match="the key 'pin' is given twice"):
        load_card_profile(path)


# ── changes afterwards ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_change_reaches_every_application_over_what_it_says_itself() -> None:
    profile = load_card_profile(CARDS / "multi-app.yaml")
    changed = profile.changed({"psn": "", "application": {"priority": 9, "pdol": ""}})
    assert changed.psn == ""
    assert [(one.priority, one.pdol) for one in changed.applications] == [(9, "")] * 3
    assert [one.label for one in changed.applications] == [one.label for one in profile.applications]
    assert profile.applications[0].priority == 3


@pytest.mark.parametrize("change", [{"pni": "1"}, {"application": {"colour": "1"}}, {"psn": "x"}])
def test_a_change_that_is_none_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        load_card_profile(CARDS / "credit-chip.yaml").changed(change)


# ── the schema ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", card_names())
def test_every_card_of_the_house_keeps_to_the_schema(name: str) -> None:
    jsonschema_rs.validate(card_schema(), yaml.safe_load((CARDS / f"{name}.yaml").read_text("utf-8")))


@pytest.mark.parametrize(
    ("file", "right"),
    [
        (BASE, True),
        ({"extends": "base"}, True),
        ({"extends": "base", "application": {"oda": "cda"}}, True),
        ({"extends": "base", "application": {"odo": "cda"}}, False),
        ({"extends": "base", "application": {"oda": "cdo"}}, False),
        ({"extends": "base", "applications": [{"label": "no name"}]}, False),
        ({"extends": "base", "colour": "red"}, False),
        ({"pin": "1234"}, False),  # nothing below it, and not whole
        ({"extends": 1}, False),
    ],
    ids=str,
)
def test_the_schema_takes_what_the_loader_takes(file: dict[str, Any], right: bool) -> None:
    schema = json.loads(schema_text("card"))
    assert jsonschema_rs.is_valid(schema, file) == right
