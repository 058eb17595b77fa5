"""Rig, market and card files are read strictly, and what is wrong is named with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from protocols.faults import ConfigurationError
from protocols.market import Market
from rigs.model import DutRecord, RigModel
from rigs.yamlfile import load_mapping, load_strict
from simulators.card import CardProfile


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    colour: str = ""


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    id: str
    amount: int = 0
    part: Part = Part()


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "thing.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def complaint(path: Path, model: type[BaseModel] = Thing) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load_strict(path, model)
    return str(raised.value)


def test_a_good_file_is_read(tmp_path: Path) -> None:
    thing = load_strict(written(tmp_path, "id: 'a'\namount: 3\npart: {colour: 红}\n"), Thing)
    assert (thing.id, thing.amount, thing.part.colour) == ("a", 3, "红")


def test_a_key_given_twice_is_an_error_at_its_second_place(tmp_path: Path) -> None:
    told = complaint(written(tmp_path, "id: a\namount: 1\nid: b\n"))
    assert "thing.yaml, line 3, column 1: the key 'id' is given twice" in told


def test_a_key_given_twice_within_a_part_is_an_error(tmp_path: Path) -> None:
    assert "'colour' is given twice" in complaint(written(tmp_path, "id: a\npart:\n  colour: x\n  colour: y\n"))


@pytest.mark.parametrize(
    ("text", "place"),
    [("id: a\namont: 3\n", "amont: unknown key (did you mean amount?)"),
     ("id: a\npart: {color: x}\n", "part.color: unknown key (did you mean colour?)"),
     ("id: a\nzzzzzz: 3\n", "zzzzzz: unknown key")],
)  # fmt: skip
def test_an_unknown_key_names_its_place_and_the_near_miss(tmp_path: Path, text: str, place: str) -> None:
    assert complaint(written(tmp_path, text)).endswith(place)


def test_every_fault_of_a_file_is_named_at_once(tmp_path: Path) -> None:
    told = complaint(written(tmp_path, "amount: x\npart: {colour: 3}\n"))
    assert all(place in told for place in ("id: Field required", "amount: ", "part.colour: "))


@pytest.mark.parametrize("text", ["id: no", "id: 0123", "id: 12:30", "id: 2026-06-15", "id: ~", "id: 1.0", "id:"])
def test_a_word_that_yaml_takes_for_something_else_is_no_text(tmp_path: Path, text: str) -> None:
    assert "id: Input should be a valid string" in complaint(written(tmp_path, text))


@pytest.mark.parametrize("text", ["amount: yes", "amount: '3'", "amount: 3.5"])
def test_a_number_is_written_as_a_number(tmp_path: Path, text: str) -> None:
    assert "amount: Input should be a valid integer" in complaint(written(tmp_path, f"id: a\n{text}"))


def test_a_missing_file_names_the_near_miss(tmp_path: Path) -> None:
    written(tmp_path, "id: a")
    assert "did you mean thing.yaml?" in complaint(tmp_path / "thign.yaml")


def test_a_missing_file_in_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "there is no file" in complaint(tmp_path / "nowhere" / "thing.yaml")


@pytest.mark.parametrize("text", ["- a\n- b\n", "", "just words", "3"])
def test_a_file_without_a_mapping_is_an_error(tmp_path: Path, text: str) -> None:
    assert "holds no mapping (write `key: value` lines)" in complaint(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "told"),
    [("id: a\n  x: [1\n", "line 2, column 4: mapping values are not allowed here"),
     ("id: [1, 2\n", "line 2, column 1"),
     ("? [a, b]\n: c\n", "line 1, column 3: a key must be a plain word"),
     ("? {a: b}\n: c\n", "line 1, column 3: a key must be a plain word"),
     ("a: &x {b: c}\nd:\n  <<: *x\n", "line 3, column 3: a key must be a plain word"),
     ("id: !!python/object/apply:os.getcwd []\n", "line 1, column 5: could not determine a constructor"),
     ("id: *x\n", "line 1, column 5: found undefined alias"),
     ("id: 2026-13-45\n", "is no YAML: month must be in 1..12"),
     ("id: a\x01b\n", "is no YAML: unacceptable character"),
     ("id: " + "[" * 5000, "is no YAML"),
     (b"id: \xff\xfe\n", "cannot be read: UnicodeDecodeError")],
    ids=["indent", "open list", "list as key", "mapping as key", "merge", "python object", "alias", "date", "control",
         "deep", "encoding"],
)  # fmt: skip
def test_what_is_no_yaml_is_told_with_its_place(tmp_path: Path, text: str | bytes, told: str) -> None:
    assert told in complaint(written(tmp_path, text))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: IsADirectoryError"):
        load_mapping(tmp_path)


@pytest.mark.parametrize("model", [RigModel, DutRecord, Market, CardProfile])
def test_a_json_schema_of_each_file_can_be_made(model: type[BaseModel]) -> None:
    schema: dict[str, Any] = json.loads(json.dumps(model.model_json_schema()))
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) <= set(schema["properties"])
