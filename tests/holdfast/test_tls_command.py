"""`holdfast tls make`: what it writes, who may read it, and what it says to bad names."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from tests.support.commands import holdfast


def test_a_test_ca_is_made_by_one_command_and_its_keys_are_their_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "ca"
    done = holdfast("tls", "make", folder, "--host", "pos.example", "--client", "one", "--client", "two", "--rsa")
    assert (done.returncode, done.stderr) == (0, "")
    names = {"ca", "server", "client-one", "client-two"}
    assert {file.name for file in folder.iterdir()} == {f"{n}.{end}" for n in names for end in ("pem", "key")}
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.glob("*.key")} == {0o600}
    shown = ["openssl", "x509", "-in", folder / "server.pem", "-noout", "-subject", "-issuer", "-ext", "subjectAltName"]
    told = subprocess.run(shown, capture_output=True, text=True, check=True).stdout
    for part in ("TEST CA", "DNS:localhost", "IP Address:127.0.0.1", "IP Address:0:0:0:0:0:0:0:1", "DNS:pos.example"):
        assert part in told
    assert "client-two.pem" in done.stdout

    again = holdfast("tls", "make", folder)
    assert again.returncode == 4
    assert "holds a test CA already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "told"), [(("--client", "../x"), "'../x' is no name of a client"), (("--host", "a b"), "of a host")]
)
def test_a_name_that_cannot_be_one_is_bad_usage(tmp_path: Path, arguments: tuple[str, str], told: str) -> None:
    done = holdfast("tls", "make", tmp_path, *arguments)
    assert done.returncode == 4
    assert told in done.stderr
    assert not list(tmp_path.iterdir())
