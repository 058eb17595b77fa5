"""CA keys from a file: what a terminal is told of card schemes. EMV Book 2, 5.3, 11.2.2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from protocols.faults import ConfigurationError
from rigs import build
from rigs.terminals.keyfile import CaKeyFile, all_revoked, keys_of, load_key_file
from simulators.card.authority import CA_KEYS, house_authority
from simulators.terminal.contact import Revoked
from tests.rigs.kit import plan_of

RID = bytes.fromhex("A000000333")


def plain() -> dict[str, Any]:
    return keys_of(house_authority()).model_dump(mode="json")


def written(folder: Path, content: dict[str, Any]) -> Path:
    path = folder / "keys.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_the_test_cas_keys_go_through_a_file_unchanged_and_the_wrong_one_is_refused(tmp_path: Path) -> None:
    authority = house_authority()
    store = load_key_file(written(tmp_path, plain())).store()
    assert {index for _, index in store.keys} == set(CA_KEYS) - {0xF4}
    assert all(store.keys[RID, index] == authority.ca_key(index) for _, index in store.keys)
    assert [str(refused) for refused in store.refused] == ["CA key F4 of A000000333 is refused: its check sum is wrong"]
    assert store.revoked == {Revoked(one.rid, one.index, one.serial) for one in authority.revoked()}


def test_all_revoked_are_those_of_every_key() -> None:
    assert {one.index for one in all_revoked(house_authority())} == set(CA_KEYS)


def test_a_terminal_takes_keys_of_its_own_schemes_alone() -> None:
    assert not CaKeyFile.model_validate(plain()).store({bytes.fromhex("A000000003")}).keys


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"modulos": "AB"}, "modulus"),
        ({"index": "F"}, "keys.0.index"),
        ({"rid": "A0000003"}, "keys.0.rid"),
        ({"digest": "00"}, "keys.0.digest"),
        ({"expires": "2030-12-31"}, "keys.0.expires"),
    ],
)
def test_what_is_no_key_is_named_with_its_place(tmp_path: Path, change: dict[str, str], named: str) -> None:
    content = plain()
    content["keys"][0] |= change
    with pytest.raises(ConfigurationError, match=named):
        load_key_file(written(tmp_path, content))


def test_a_rig_may_give_its_terminal_other_keys(tmp_path: Path) -> None:
    content = plain()
    content["keys"] = content["keys"][1:2]
    content["revoked"] = []
    path = written(tmp_path, content)
    ring = build.key_ring(plan_of(tmp_path, terminal={"ca_keys": str(path)}))
    assert {index for _, index in ring.delivered.keys} == {0xF1}
    assert not ring.delivered.revoked
    assert len({one.index for one in ring.named("revoked").revoked}) == len(CA_KEYS)
    assert {index for _, index in build.key_ring(plan_of(tmp_path)).delivered.keys} == {0xF0, 0xF1, 0xF2, 0xF3}
