"""JSON Schemas are those of the models: an editor marks what the loader refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from protocols.faults import ConfigurationError
from rigs.schemas import SCHEMAS, schema_text
from tests.rigs.kit import VIRTUAL_BENCH


@pytest.mark.parametrize("name", SCHEMAS)
def test_no_schema_lets_an_unknown_key_pass(name: str) -> None:
    schema = json.loads(schema_text(name))
    parts = [part for part in (schema, *schema.get("$defs", {}).values()) if part["type"] == "object"]
    assert [part["title"] for part in parts if part["additionalProperties"] is not False] == []


def rig_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(schema_text("rig"))
    return schema


def test_the_keys_of_the_virtual_bench_are_in_the_schema_of_rigs() -> None:
    schema = rig_schema()
    rig = yaml.safe_load(VIRTUAL_BENCH.read_text("utf-8"))
    assert set(rig) <= set(schema["properties"])
    assert set(schema["required"]) <= set(rig)
    assert set(rig["reader"]) <= set(schema["$defs"]["VirtualReader"]["properties"])


def test_the_schema_wants_a_reader_to_be_named_somehow() -> None:
    reader = rig_schema()["$defs"]["PcscReaderOnBench"]
    assert reader["anyOf"] == [{"required": ["serial"]}, {"required": ["usb"]}, {"required": ["name"]}]
    assert reader["required"] == ["kind"]
    assert all(reader["properties"][key]["description"] for key in ("serial", "usb", "name"))


def test_another_kind_of_file_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"no file is called a 'crad' file \(did you mean card\?\)"):
        schema_text("crad")
    with pytest.raises(ConfigurationError, match="there are market, rig, card"):
        schema_text("xyzzy")
