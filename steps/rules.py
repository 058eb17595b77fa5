"""Behaviour rules from a file, for a host that misbehaves in ways that no sentence has."""

from __future__ import annotations

from pathlib import Path

from pytest_bdd import given, parsers

from rigs.yamlfile import load_mapping
from steps.story import Story


@given(parsers.parse("the host keeps to the rules of {file}"))
def keeps_to(story: Story, file: str) -> None:
    """The path is as seen from where the command runs. docs/behaviour-rules.md"""
    story.bench.host.misbehave_by(load_mapping(Path(file)).get("rules", []))
