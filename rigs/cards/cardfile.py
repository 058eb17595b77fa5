"""Card files: what one says, laid over what the file that it `extends` says. Each with those below it is a whole card.

Mappings are laid over each other key by key, at any depth; everything else takes the place of what was there. What
stands under `application` holds for each of `applications` that does not say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from protocols.faults import ConfigurationError
from rigs.yamlfile import load_mapping, validated
from simulators.card import CardProfile
from simulators.card.application import ApplicationProfile

EXTENDS, COMMON, EACH = "extends", "application", "applications"
ANY_AID = "A000000333010101"
"""Stands in where a common part is looked at by itself: it names no application."""


class CardFiles:
    """Reads card files, each one once. `named` finds a card of the house by its name."""

    def __init__(self, house: Path) -> None:
        self._house = house
        self._found: dict[Path, tuple[dict[str, Any], CardProfile]] = {}

    def profile(self, path: Path) -> CardProfile:
        """Raises ConfigurationError that names the file, the place in it and the near miss."""
        return self._read(path, ())[1]

    def _read(self, path: Path, above: tuple[Path, ...]) -> tuple[dict[str, Any], CardProfile]:
        at = path.resolve()
        if at in above:
            round_ = " -> ".join(one.name for one in (*above[above.index(at) :], at))
            raise ConfigurationError(f"{path}: extends: it comes back to itself: {round_}")
        if at not in self._found:
            own = load_mapping(path)
            below = self._below(path, own, (*above, at))
            whole = over(below, own)
            self._found[at] = whole, _checked(whole, own, str(path))
        return self._found[at]

    def _below(self, path: Path, own: dict[str, Any], above: tuple[Path, ...]) -> dict[str, Any]:
        if EXTENDS not in own:
            return {}
        wanted = own.pop(EXTENDS)
        if not isinstance(wanted, str) or not wanted:
            raise ConfigurationError(f"{path}: extends: write a card's name, or the path of its file from here")
        is_path = wanted.endswith((".yaml", ".yml"))
        try:
            return self._read(path.parent / wanted if is_path else self._house / f"{wanted}.yaml", above)[0]
        except ConfigurationError as error:
            if str(path) in error.message or not error.message.startswith("there is no file"):
                raise
            raise ConfigurationError(f"{path}: extends: {error.message}", advice=error.advice) from None


def over(below: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """One mapping laid over another."""
    both = {
        key: over(below[key], value) for key, value in own.items()
        if isinstance(value, Mapping) and isinstance(below.get(key), Mapping)
    }  # fmt: skip
    return {**below, **own, **both}


def _checked(whole: Mapping[str, Any], own: Mapping[str, Any], where: str) -> CardProfile:
    """The card. What is wrong under `application` is told of there, not of each application."""
    common = whole.get(COMMON, {})
    if COMMON in whole:
        if not isinstance(common, Mapping):
            raise ConfigurationError(f"{where}: {COMMON}: write `key: value` lines below it")
        validated({"aid": ANY_AID, **common}, ApplicationProfile, f"{where}: {COMMON}")
    return validated(dict(_resolved(whole, common)), CardProfile, where)


def _resolved(whole: Mapping[str, Any], common: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in whole.items():
        if key == EACH and isinstance(value, list):
            yield key, [over(common, one) if isinstance(one, Mapping) else one for one in value]
        elif key != COMMON:
            yield key, value


def card_schema() -> dict[str, Any]:
    """JSON Schema of a card file: that of a profile, with what a file may say besides.

    A file that extends another one says no more than what is different.
    """
    schema = CardProfile.model_json_schema()
    parts = schema["$defs"]
    common = {key: value for key, value in parts["ApplicationProfile"].items() if key != "required"}
    parts["CommonPart"] = common | {
        "title": "CommonPart", "description": "What holds for each application that does not say otherwise.",
    }  # fmt: skip
    parts["ApplicationProfile"]["required"] = ["aid"]
    schema["properties"] |= {
        EXTENDS: {"type": "string", "minLength": 1, "description": "a card's name, or the path of its file from here"},
        COMMON: {"$ref": "#/$defs/CommonPart"},
    }
    schema["if"] = {"not": {"required": [EXTENDS]}}
    schema["then"] = {"required": schema.pop("required")}
    return schema
