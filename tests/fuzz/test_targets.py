"""The fuzz targets, driven by Hypothesis, and by atheris where there is one: nothing is found but what is planted."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.fuzz import GUIDED, guided, keep, unguided
from tests.fuzz.harness import Plant, Target, corpus, failure, found_after, mutant, smallest
from tests.fuzz.requests import STEP
from tests.fuzz.sequences import LONGEST
from tests.fuzz.targets import NAMES, inputs, target_of

EXAMPLES = {"codec": 400, "tlv": 400, "frame": 200, "server": 60}
QUICK = [(name, plant) for name in NAMES for plant in target_of(name).plants if plant.quick]
needs_atheris = pytest.mark.skipif(not GUIDED, reason="there is no atheris for this Python")


@pytest.fixture(params=NAMES)
def target(request: pytest.FixtureRequest) -> Target:
    return target_of(request.param)


def test_nothing_is_wrong_with_the_corpus(target: Target) -> None:
    for data in corpus(target):
        target.run(data)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_found_by_chance(name: str) -> None:
    target = target_of(name)

    @settings(max_examples=EXAMPLES[name], deadline=None, suppress_health_check=list(HealthCheck))
    @given(inputs(target))
    def nothing_is_wrong(data: bytes) -> None:
        target.run(data)

    nothing_is_wrong()


@pytest.mark.parametrize(("name", "plant"), QUICK, ids=[f"{name}: {plant.name}" for name, plant in QUICK])
def test_a_planted_bug_is_found(name: str, plant: Plant) -> None:
    assert found_after(target_of(name), plant, corpus(target_of(name))) is not None


def test_each_target_has_planted_bugs_of_its_own(target: Target) -> None:
    assert len({plant.name for plant in target.plants}) == len(target.plants) >= 3


def test_a_mutant_is_not_too_long_and_comes_again_with_the_same_dice(target: Target) -> None:
    for data in corpus(target)[:10]:
        one, other = (mutant(target, data, random.Random(7)) for _ in range(2))
        assert one == other
        assert len(one) <= target.longest


@given(st.integers(0, 2**32))
def test_mutants_of_a_sequence_are_whole_steps(seed: int) -> None:
    target = target_of("server")
    data = target.mutate(b"\x00" + bytes(3 * STEP), random.Random(seed))
    assert len(data) % STEP == 1
    assert len(data) <= LONGEST


def test_a_failing_input_is_made_as_small_as_it_fails() -> None:
    target = target_of("frame")
    plant = next(plant for plant in target.plants if "no length" in plant.name)
    data = bytes(8) + bytes.fromhex("000b6000060000603100311003") * 3 + b"\x00\x00" + b"\xff" * 5
    with plant.planted():
        assert failure(target, data)
        assert smallest(target, data) == b"\x00" * 10


@needs_atheris
def test_atheris_finds_a_planted_bug_and_the_input_is_given_back(tmp_path: Path) -> None:
    target = target_of("frame")
    plant = target.plants[0]
    result = guided("frame", 60, tmp_path / "run", plant=plant.name, options=(f"-runs={plant.within}", "-seed=1"))
    assert len(result.crashes) == 1
    with plant.planted():
        assert failure(target, result.crashes[0])
    assert not failure(target, result.crashes[0])


@needs_atheris
def test_atheris_counts_branches_and_its_corpus_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.harness.CORPUS", tmp_path / "kept")
    result = guided("tlv", 60, tmp_path / "run", options=("-runs=500", "-seed=1"))
    assert not result.crashes
    assert result.executions >= 500
    assert result.edges > 100
    assert keep("tlv", tmp_path / "run") == len((tmp_path / "kept" / "tlv.txt").read_text().split()) > 20


def test_without_atheris_the_same_targets_run(monkeypatch: pytest.MonkeyPatch) -> None:
    assert unguided("tlv", 0.2).executions > 20
    target = target_of("tlv")
    with target.plants[0].planted():
        broken = unguided("tlv", 60)
        assert failure(target, broken.crashes[0])
