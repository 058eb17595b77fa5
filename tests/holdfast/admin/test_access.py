"""Who may ask the admin API: tokens, Host and Origin headers, kinds and sizes of bodies; and that nothing leaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from holdfast.admin.access import admin_token
from holdfast.issuer_command import Served
from protocols.faults import ConfigurationError
from tests.support.admin_api import Api, served, token_file
from tests.support.commands import holdfast

TOKEN = "d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f"
PROBLEM = {"error", "advice", "near"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with served(admin_token_file=token_file(tmp_path_factory.mktemp("token"), TOKEN)) as one:
        yield one


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer ü"},
    ],
)
@pytest.mark.parametrize("path", ["/status", "/openapi.json", "/events", "/nothing"])
def test_without_the_token_nothing_is_told(guarded: Served, headers: dict[str, str], path: str) -> None:
    answer = Api(guarded.admin).ask("GET", path, **headers)
    assert (answer.status, set(answer.json), answer.headers["www-authenticate"]) == (401, PROBLEM, "Bearer")
    assert TOKEN not in answer.body.decode()


def test_with_the_token_all_is_open(guarded: Served) -> None:
    assert Api(guarded.admin, TOKEN).get("/status")["evidence"] == "simulated"
    assert Api(guarded.admin).ask("GET", "/status", Authorization=f"bearer {TOKEN}").status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil", "[::2]", ""]
)
def test_another_host_header_is_refused_on_loopback(api: Api, host: str) -> None:
    answer = api.ask("GET", "/status", Host=host)
    assert (answer.status, set(answer.json)) == (403, PROBLEM)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9", "127.0.0.1:1", "[::1]:8584", "127.0.0.2"])
def test_names_of_this_machine_are_taken(api: Api, host: str) -> None:
    assert api.ask("GET", "/status", Host=host).status == 200


def test_a_page_of_another_site_is_refused(api: Api) -> None:
    assert api.ask("DELETE", "/rules", Origin="https://evil.example").status == 403
    assert api.ask("DELETE", "/rules", Origin="null").status == 403
    assert api.ask("DELETE", "/rules", Origin="http://localhost:3000").status == 204


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_of_another_kind_is_refused(api: Api, kind: str) -> None:
    answer = api.ask("PUT", "/business-date", {"days": 1}, Content_Type=kind)
    assert (answer.status, set(answer.json)) == (415, PROBLEM)


def test_a_body_that_is_too_large_or_unreadable_is_refused(api: Api) -> None:
    assert api.ask("POST", "/rules", b" " * 70_000).status == 413
    for body in (b"{", b"\xff\xfe", b'{"days": NaN}', b"[" * 5000, b'"\\ud800"', b'{"\\ud800": 1}'):
        answer = api.ask("PUT", "/business-date", body)
        assert (answer.status in (400, 422), set(answer.json)) == (True, PROBLEM), body


def test_a_secret_in_the_wrong_place_is_not_told_again(api: Api) -> None:
    key = "0123456789ABCDEFFEDCBA9876543210"
    for body in ({key: 1}, {"days": key}, {"terminal": key}, {"6250947000000014": "6250947000000014"}):
        for path in ("/terminals", "/rules", "/accounts"):
            assert api.ask("POST", path, body).status == 422


def test_other_paths_and_methods_have_the_same_shape(api: Api) -> None:
    for method, path, status in (("GET", "/nothing", 404), ("DELETE", "/journal", 405), ("GET", "/docs", 404)):
        answer = api.ask(method, path)
        assert (answer.status, set(answer.json)) == (status, PROBLEM)


# ── where the token comes from ────────────────────────────────────────────────────────────────────────────────────


def test_a_token_comes_from_file_or_environment_and_has_a_length(tmp_path: Path) -> None:
    assert admin_token(None, {}) == ""
    assert admin_token(None, {"HOLDFAST_ADMIN_TOKEN": TOKEN}) == TOKEN
    assert admin_token(token_file(tmp_path, TOKEN), {"HOLDFAST_ADMIN_TOKEN": "x" * 40}) == TOKEN
    for wrong in ("short", "", "two\nlines" * 4):
        with pytest.raises(ConfigurationError):
            admin_token(token_file(tmp_path, wrong), {})
    with pytest.raises(ConfigurationError):
        admin_token(None, {"HOLDFAST_ADMIN_TOKEN": "short"})
    with pytest.raises(ConfigurationError):
        admin_token(tmp_path / "none", {})


def test_beyond_loopback_without_a_token_is_bad_usage(tmp_path: Path) -> None:
    done = holdfast("issuer", "--port", "0", "--admin", "0.0.0.0:0")
    assert (done.returncode, "without a token" in done.stderr) == (4, True)
    with served(admin=("0.0.0.0", 0), admin_token_file=token_file(tmp_path, TOKEN)) as one:
        api = Api(("127.0.0.1", one.admin[1]), TOKEN)
        assert api.ask("GET", "/status", Host="lab-host.example").status == 200
        assert Api(api.address).ask("GET", "/status").status == 401
