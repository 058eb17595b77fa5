"""JSON Schemas of the files that people write, for their editors: made of the models, so that neither falls behind."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from typing import Any

from protocols.faults import ConfigurationError
from protocols.market import Market
from rigs.cards.cardfile import card_schema
from rigs.cards.faulty import FaultFile
from rigs.model import DutRecord, RigModel
from rigs.rulefile import RuleFile
from simulators.reader import ReaderProfile

SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "market": Market.model_json_schema,
    "rig": RigModel.model_json_schema,
    "card": card_schema,
    "card-faults": FaultFile.model_json_schema,
    "dut": DutRecord.model_json_schema,
    "rules": RuleFile.model_json_schema,
    "reader-profile": ReaderProfile.model_json_schema,
}


def schema_text(name: str) -> str:
    """The schema of one kind of file. Raises ConfigurationError that names the near miss."""
    if name not in SCHEMAS:
        near = difflib.get_close_matches(name, SCHEMAS, n=1)
        raise ConfigurationError(
            f"no file is called a {name!r} file",
            advice=f"did you mean {near[0]}?" if near else f"there are {', '.join(SCHEMAS)}",
        )
    return json.dumps(SCHEMAS[name](), indent=1, ensure_ascii=False) + "\n"
