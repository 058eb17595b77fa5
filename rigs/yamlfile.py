"""YAML files read strictly: a duplicate key, an unknown key or a wrong value is an error that names its place."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from protocols.faults import ConfigurationError

ModelT = TypeVar("ModelT", bound=BaseModel)
_MERGE = "tag:yaml.org,2002:merge"


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice; plain YAML silently keeps the last."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == _MERGE:
            raise yaml.constructor.ConstructorError(None, None, "a key must be a plain word", key_node.start_mark)
        key = loader.construct_object(key_node, deep=True)  # type: ignore[no-untyped-call]
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is given twice", key_node.start_mark)
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_mapping(path: Path) -> dict[str, Any]:
    """The file as a mapping. Raises ConfigurationError that names file, line and column."""
    try:
        loaded = yaml.load(path.read_text("utf-8"), _StrictLoader)  # noqa: S506  the loader is a SafeLoader
    except FileNotFoundError:
        near = difflib.get_close_matches(path.name, [p.name for p in path.parent.glob("*.yaml")], n=3)
        raise ConfigurationError(f"there is no file {path}", advice=_did_you_mean(near)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error.__class__.__name__}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigurationError(f"{path}{place}: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a control character, 2024-13-45, [[[[...
        raise ConfigurationError(f"{path} is no YAML: {_first_line(error)}") from None
    if not isinstance(loaded, dict):
        raise ConfigurationError(f"{path} holds no mapping", advice="write `key: value` lines")
    return loaded


def load_strict(path: Path, model: type[ModelT]) -> ModelT:
    """The file as a model. Raises ConfigurationError with one line a fault, each with its place and near miss."""
    return validated(load_mapping(path), model, str(path))


def validated(data: Mapping[str, Any], model: type[ModelT], where: str) -> ModelT:
    """Data as a model. Raises ConfigurationError as `load_strict` does; `where` is what they are called in it."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults = "; ".join(_fault(model, dict(fault)) for fault in error.errors())
        raise ConfigurationError(f"{where}: {faults}") from None


def _fault(model: type[BaseModel], fault: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(fault["loc"][-1]), _known_keys(model), n=2)
        hint = _did_you_mean(near)
        return f"{place}: unknown key" + (f" ({hint})" if hint else "")
    return f"{place}: {fault['msg']}" if place else fault["msg"]


def _known_keys(model: type[BaseModel]) -> list[str]:
    """Every key of the model and of the models within it."""
    keys: set[str] = set()
    schema = model.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        keys.update(part.get("properties", {}))
    return sorted(keys)


def _first_line(error: Exception) -> str:
    return f"{error}".partition("\n")[0]


def _did_you_mean(near: list[str]) -> str:
    return f"did you mean {' or '.join(near)}?" if near else ""
