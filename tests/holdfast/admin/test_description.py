"""The admin API keeps to its own description: schemathesis asks every operation, over loopback, of a real host."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.admin_api import KEYS, Api, served, token_file
from tests.support.commands import ROOT
from tests.support.secret_search import find_key, find_pans

TOKEN = "00112233445566778899aabbccddeeff"
CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
DEADLINE_S = 180.0


def test_every_operation_keeps_to_its_description_and_tells_no_secret(tmp_path: Path) -> None:
    told = tmp_path / "told.har"
    with served(admin_token_file=token_file(tmp_path, TOKEN)) as one:
        done = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run",
             f"http://127.0.0.1:{one.admin[1]}/openapi.json", "--report=har", f"--report-har-path={told}"],
            cwd=tmp_path, env={**os.environ, "HOLDFAST_ADMIN_TOKEN": TOKEN}, capture_output=True, text=True,
            timeout=DEADLINE_S, check=False,
        )  # fmt: skip
        assert Api(one.admin, TOKEN).get("/status")["evidence"] == "simulated"
    assert done.returncode == 0, done.stdout + done.stderr
    operations = sum(len(methods) for methods in _committed()["paths"].values())
    assert f"Selected: {operations}/{operations}\n  Tested: {operations}\n" in done.stdout
    answers = [entry["response"] for entry in json.loads(told.read_text("utf-8"))["log"]["entries"]]
    assert len(answers) > 300
    for answer in answers:
        text = answer["content"].get("text", "").encode()
        body = base64.b64decode(text) if answer["content"].get("encoding") == "base64" else text
        assert (find_pans(body), [find_key(body, key) for key in (*KEYS, TOKEN)]) == (set(), [set()] * 3), body
        assert answer["status"] < 500, body


def test_the_description_in_the_manual_is_the_one_that_is_served(api: Api) -> None:
    """Else run `python docs/make.py`."""
    assert api.get("/openapi.json") == _committed()


def test_the_description_needs_no_network(api: Api) -> None:
    """No page of the server loads anything: there is none."""
    assert [api.ask("GET", path).status for path in ("/docs", "/redoc", "/docs/oauth2-redirect")] == [404] * 3


def _committed() -> dict[str, dict[str, dict[str, object]]]:
    loaded: dict[str, dict[str, dict[str, object]]] = json.loads(
        (ROOT / "docs" / "schemas" / "issuer-admin.openapi.json").read_text("utf-8")
    )
    return loaded
