"""The test CA: its keys are made once, by one process, for this user alone; what it gives everybody is sound.

EMV Book 2, 5.1 to 5.3, 11.2.2; facts/pcsc-emv 4.4.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from itertools import product
from pathlib import Path

import pytest

from protocols.emv.certificates import AuthenticationFailed, recover_issuer
from protocols.emv.rsa import RsaPrivate
from protocols.faults import RigFault
from simulators.card import authority
from simulators.card.authority import CA_KEYS, FOLDER, REVOKED, RID, Authority, house_authority, kept_keys
from tests.simulators.kit import DEADLINE_S, PAN, ROOT

SMALL = (("card", 1024, 3, 0), ("card", 1024, 65537, 1))
TODAY = "260615"


def only_file(folder: Path) -> Path:
    [path] = folder.glob("*.json")
    return path


# ── kept ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_keys_are_made_once_and_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "build" / "test-ca"
    first = kept_keys(folder, SMALL)
    written = only_file(folder).stat().st_mtime_ns
    assert kept_keys(folder, SMALL) == first
    assert only_file(folder).stat().st_mtime_ns == written
    assert [(key.size * 8, key.exponent) for key in first.values()] == [(1024, 3), (1024, 65537)]


def test_keys_lie_open_to_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "test-ca"
    before = os.umask(0)
    try:
        kept_keys(folder, SMALL)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_another_table_of_keys_is_another_file(tmp_path: Path) -> None:
    """So that keys of an older Holdfast are never taken for those of a newer one."""
    kept_keys(tmp_path, SMALL)
    kept_keys(tmp_path, SMALL[:1])
    assert len(list(tmp_path.glob("*.json"))) == 2


def test_no_half_file_is_left_where_making_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(authority.os, "fsync", full)
        with pytest.raises(RigFault, match=r"cannot be kept in .*: No space left on device"):
            kept_keys(tmp_path, SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
    assert len(kept_keys(tmp_path, SMALL)) == 2


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "[[1, 2, 3], [4, 5, 6]]", '[["AB", "CD"], ["1", "2", "3"]]', '[["G", "5", "3"]]', "[1, 2]"]
)
def test_a_file_that_is_none_is_named_and_nothing_of_it_told(tmp_path: Path, text: str) -> None:
    kept_keys(tmp_path, SMALL)
    path = only_file(tmp_path)
    path.write_text(text, "ascii")
    with pytest.raises(RigFault, match=r"holds no keys of the test CA \(remove it: new ones are made\)") as caught:
        kept_keys(tmp_path, SMALL)
    assert str(path) in str(caught.value)
    assert caught.value.__cause__ is None


def test_keys_of_another_length_are_not_taken(tmp_path: Path) -> None:
    kept_keys(tmp_path / "other", (("card", 1152, 3, 0), SMALL[1]))
    kept_keys(tmp_path, SMALL)
    path = only_file(tmp_path)
    path.write_bytes(only_file(tmp_path / "other").read_bytes())
    with pytest.raises(RigFault, match="holds other keys than the test CA's"):
        kept_keys(tmp_path, SMALL)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RigFault, match=r"cannot be kept in .*/file/test-ca"):
        kept_keys(tmp_path / "file" / "test-ca", SMALL)


def test_threads_that_ask_at_once_get_the_same_keys(tmp_path: Path) -> None:
    together, found = threading.Barrier(4, timeout=DEADLINE_S), []

    def ask() -> None:
        together.wait()
        found.append(kept_keys(tmp_path, SMALL))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    assert len(found) == 4
    assert all(one == found[0] for one in found)


def test_processes_that_ask_at_once_get_the_same_keys(tmp_path: Path) -> None:
    script = (
        "import sys, hashlib\nfrom pathlib import Path\nfrom simulators.card.authority import kept_keys\n"
        "sys.stdin.readline()\n"
        f"keys = kept_keys(Path(sys.argv[1]), {SMALL!r})\n"
        "print(hashlib.sha256(repr([k.public.modulus for k in keys.values()]).encode()).hexdigest())\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(3)
    ]  # fmt: skip
    told = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        told.append(process.communicate(timeout=DEADLINE_S)[0].strip())
    assert len(told[0]) == 64
    assert set(told) == {told[0]}


def test_the_house_has_its_keys_where_builds_lie_and_makes_them_once_a_process() -> None:
    assert FOLDER == ROOT / "build" / "test-ca"
    assert house_authority() is house_authority()
    assert "build/" in (ROOT / ".gitignore").read_text("utf-8").split()


# ── what it gives ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def house() -> Authority:
    return house_authority()


def test_its_keys_are_of_the_sizes_that_schemes_use(house: Authority) -> None:
    keys = {key.index: (key.key.size * 8, key.key.exponent) for key in house.ca_keys()}
    assert keys == {0xF0: (1984, 3), 0xF1: (1408, 65537), 0xF2: (1408, 3), 0xF3: (1408, 3), 0xF4: (1408, 3)}
    assert {key.rid for key in house.ca_keys()} == {RID} == {bytes.fromhex("A000000333")}


def test_no_two_of_its_keys_are_one(house: Authority) -> None:
    keys = kept_keys()
    assert len({key.public.modulus for key in keys.values()}) == len(keys)


def test_one_key_has_expired_and_one_has_anothers_digest(house: Authority) -> None:
    assert [f"{key.index:02X}" for key in house.ca_keys() if key.expires < TODAY] == ["F2"]
    assert [f"{key.index:02X}" for key in house.ca_keys() if not key.digest_right] == ["F4"]


@pytest.mark.parametrize(("index", "number"), list(product(CA_KEYS, (0, 1))))
def test_an_issuer_under_each_key_recovers_with_it_and_with_no_other(house: Authority, index: int, number: int) -> None:
    issuer = house.issuer(index, 1408, 3, PAN[:8], expires="1230", number=number)
    recovered = recover_issuer(house.ca_key(index), issuer.certificate, PAN, TODAY)
    assert recovered.key == issuer.key.public
    for other in CA_KEYS:
        if other != index:
            with pytest.raises(AuthenticationFailed):
                recover_issuer(house.ca_key(other), issuer.certificate, PAN, TODAY)


def test_an_issuer_of_another_ca_names_a_key_that_did_not_sign_it(house: Authority) -> None:
    issuer = house.issuer(0xF0, 1408, 3, PAN[:8], expires="1230", by_another_ca=True)
    assert issuer.certificate["8F"] == b"\xf0"
    with pytest.raises(AuthenticationFailed):
        recover_issuer(house.ca_key(0xF0), issuer.certificate, PAN, TODAY)


def test_an_issuer_is_certified_once(house: Authority) -> None:
    assert house.issuer(0xF0, 1408, 3, PAN[:8], expires="1230") is house.issuer(0xF0, 1408, 3, PAN[:8], expires="1230")
    assert house.issuer(0xF0, 1408, 3, PAN[:8], expires="1231") != house.issuer(0xF0, 1408, 3, PAN[:8], expires="1230")


@pytest.mark.parametrize("index", [REVOKED, 0xF0])
def test_the_list_of_revocations_names_every_issuer_under_its_key_and_nobody_else(house: Authority, index: int) -> None:
    revoked = house.revoked() if index == REVOKED else house.revoked(index)
    serials = set()
    for bits, exponent, number in product((1408, 1152), (3, 65537), (0, 1)):
        issuer = house.issuer(index, bits, exponent, PAN[:8], expires="1230", number=number)
        serials.add(recover_issuer(house.ca_key(index), issuer.certificate, PAN, TODAY).serial)
    assert {one.serial for one in revoked} == serials
    assert len(serials) == 8  # each certificate has one of its own: EMV Book 2, 5.1
    assert {(one.rid, one.index) for one in revoked} == {(RID, index)}
    elsewhere = house.issuer(0xF1, 1408, 3, PAN[:8], expires="1230")
    assert recover_issuer(house.ca_key(0xF1), elsewhere.certificate, PAN, TODAY).serial not in serials


def test_cards_share_a_few_keys(house: Authority) -> None:
    keys = [house.card_key(1024, 3, number) for number in range(8)]
    assert len({key.public.modulus for key in keys}) == 4
    assert keys[:4] == keys[4:]


def test_nothing_of_a_private_key_is_in_any_text(house: Authority) -> None:
    issuer = house.issuer(0xF0, 1408, 3, PAN[:8], expires="1230")
    keys: list[RsaPrivate] = [issuer.key, house.card_key(1024, 3, 0)]
    for shown in (repr(house), repr(issuer), *map(repr, keys)):
        for key in keys:
            for number in (key.p, key.q):
                assert str(number) not in shown
                assert f"{number:x}" not in shown.lower()
