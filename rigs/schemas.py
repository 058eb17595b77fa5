"""JSON Schemas of the files that people write, for their editors: made of the models, so that neither falls behind."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping

from pydantic import BaseModel

from protocols.faults import ConfigurationError
from protocols.market import Market
from rigs.model import DutRecord, RigModel
from rigs.rulefile import RuleFile
from simulators.card import CardProfile
from simulators.reader import ReaderProfile

SCHEMAS: Mapping[str, type[BaseModel]] = {
    "market": Market,
    "rig": RigModel,
    "card": CardProfile,
    "dut": DutRecord,
    "rules": RuleFile,
    "reader-profile": ReaderProfile,
}


def schema_text(name: str) -> str:
    """The schema of one kind of file. Raises ConfigurationError that names the near miss."""
    if name not in SCHEMAS:
        near = difflib.get_close_matches(name, SCHEMAS, n=1)
        raise ConfigurationError(
            f"no file is called a {name!r} file",
            advice=f"did you mean {near[0]}?" if near else f"there are {', '.join(SCHEMAS)}",
        )
    return json.dumps(SCHEMAS[name].model_json_schema(), indent=1, ensure_ascii=False) + "\n"
