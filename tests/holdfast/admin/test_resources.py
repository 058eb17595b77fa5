"""Each resource of the admin API against a real host over loopback."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from typing import Any

import pytest

from holdfast.issuer_command import Served
from simulators.issuer.inquiry import MOST
from tests.simulators.issuer.client import RawClient
from tests.simulators.kit import MERCHANT, PAN, TERMINAL
from tests.support.admin_api import Api
from tests.support.commands import wait_until

CNY_5 = {"minor": 500, "currency": "CNY"}


def cny(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "CNY"}


# ── status ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_status_counts_what_went_by(api: Api, issuer: Served, terminal: RawClient) -> None:
    terminal.ask(terminal.preauth())
    terminal.ask(terminal.preauth(f4="099999999999"))
    wait_until(lambda: api.get("/status")["answered"] == 3, 10, "all is counted")
    status = api.get("/status")
    assert (status["requests"], status["refused"], status["holds_open"], status["connections"]) == (3, 1, 1, 1)
    assert (status["market"], status["evidence"], status["rules"]) == ("unionpay-cn", "simulated", 0)
    assert status["listening"] == "{}:{}".format(*issuer.listening)
    assert status["database"].startswith("SQLite")


# ── accounts ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_accounts_are_shown_with_masked_numbers_page_by_page(api: Api) -> None:
    first = api.get("/accounts?limit=1")
    second = api.get(f"/accounts?limit=1&after={first['after']}")
    assert [page["accounts"][0]["card"] for page in (first, second)] == ["credit", "debit"]
    assert first["accounts"][0]["pan"] == "625094******0014"
    assert first["accounts"][0]["available"] == cny(10_000_000)
    rest = api.get("/accounts?after=debit")["accounts"]
    assert [(one["card"], one["pan"]) for one in rest] == [
        ("pan-13", "625094***0019"), ("pan-19", "625094*********0019"),
    ]  # fmt: skip
    assert api.get("/accounts?after=pan-19") == {"accounts": [], "after": None}


def test_a_card_that_was_issued_here_is_good_for_a_hold(api: Api, terminal: RawClient) -> None:
    wrong = {"card": "credit-2", "available": cny(50_00), "pan": "6250947000009990"}  # its check digit
    assert api.ask("POST", "/accounts", wrong).status == 422
    made = api.ask("POST", "/accounts", {"card": "credit-2", "available": cny(150_00)})
    assert (made.status, made.json["pan"], made.json["status"]) == (201, "625094******0022", "open")
    held = terminal.ask(terminal.swiped(f35="6250947000000022D30122010000000000000"))
    assert held[39] == "00"
    assert api.get("/accounts/credit-2")["available"] == cny(50_00)


def test_a_card_has_as_many_digits_as_its_profile_says(api: Api) -> None:
    made = api.ask("POST", "/accounts", {"card": "short", "profile": "pan-13", "available": CNY_5})
    assert (made.status, made.json["pan"]) == (201, "625094***0027")
    wrong = {"card": "other", "profile": "pan-13", "available": CNY_5, "pan": "6250947000000022"}
    answer = api.ask("POST", "/accounts", wrong)
    assert (answer.status, answer.json["advice"]) == (
        422, "it has 13 digits, begins with 62509470 and ends with its check digit",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"card": "credit"}, 409, "on file already"),
        ({"pan": PAN}, 409, "another card has this number"),
        ({"pan": "6224242900000113"}, 422, "test range"),
        ({"profile": "credti"}, 404, "no card profile"),
        ({"available": {"minor": 1, "currency": "EUR"}}, 409, "in CNY, not EUR"),
        ({"available": {"minor": 1.5, "currency": "CNY"}}, 422, "available.minor"),
        ({"available": {"minor": -1, "currency": "CNY"}}, 422, "available.minor"),
        ({"card": PAN}, 422, "body.card"),
        ({"pin": "123456"}, 422, "body.pin"),
    ],
)
def test_a_card_that_cannot_be_issued_says_why(api: Api, change: dict[str, Any], status: int, words: str) -> None:
    answer = api.ask("POST", "/accounts", {"card": "another", "available": CNY_5, **change})
    assert (answer.status, set(answer.json)) == (status, {"error", "advice", "near"})
    assert words in answer.json["error"]
    assert [one["card"] for one in api.get("/accounts")["accounts"]] == ["credit", "debit", "pan-13", "pan-19"]


def test_a_near_miss_is_named_and_a_card_number_in_a_path_is_not_told_again(api: Api) -> None:
    missed = api.ask("GET", "/accounts/credti")
    assert (missed.status, missed.json["near"]) == (404, "credit")
    assert "did you mean 'credit'?" in missed.json["advice"]
    number = api.ask("GET", f"/accounts/{PAN}")
    assert (number.status, PAN in number.body.decode()) == (404, False)


def test_a_lost_card_is_refused_until_it_is_open_again(api: Api, terminal: RawClient) -> None:
    assert api.ask("PUT", "/accounts/credit/status", {"status": "lost"}).json["status"] == "lost"
    assert terminal.ask(terminal.preauth())[39] == "41"
    api.ask("PUT", "/accounts/credit/status", {"status": "open"})
    assert terminal.ask(terminal.preauth())[39] == "00"
    assert api.ask("PUT", "/accounts/nobody/status", {"status": "open"}).status == 404
    assert api.ask("PUT", "/accounts/credit/status", {"status": "gone"}).status == 422


# ── holds ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_holds_are_found_by_card_state_and_approval(api: Api, terminal: RawClient) -> None:
    one, two = (terminal.ask(terminal.preauth())[38] for _ in range(2))
    assert [hold["approval"] for hold in api.get("/holds")["holds"]] == [one, two]
    assert [hold["approval"] for hold in api.get(f"/holds?card=credit&state=open&approval={two}")["holds"]] == [two]
    assert api.get("/holds?card=debit")["holds"] == []
    assert api.get("/holds?state=completed")["holds"] == []
    first = api.get("/holds?limit=1")
    assert [hold["approval"] for hold in api.get(f"/holds?after={first['after']}")["holds"]] == [two]


def test_a_hold_is_lowered_raised_and_extended(api: Api, terminal: RawClient) -> None:
    approval = terminal.ask(terminal.preauth())[38]
    hold = api.get(f"/holds/credit:{approval}")
    lowered = api.ask("PATCH", f"/holds/{hold['id']}", {"amount": cny(60_00), "days": 5})
    assert (lowered.status, lowered.json["held"]) == (200, cny(60_00))
    assert date.fromisoformat(lowered.json["last_day"]) - date.fromisoformat(hold["last_day"]) == timedelta(5)
    raised = api.ask("PATCH", f"/holds/credit:{approval}", {"amount": cny(130_00)})
    assert raised.json["amount"] == cny(130_00)
    assert api.get("/accounts/credit")["held"] == cny(130_00)


def test_an_adjustment_that_the_rules_refuse_changes_nothing(api: Api, terminal: RawClient) -> None:
    approval = terminal.ask(terminal.preauth())[38]
    path = f"/holds/credit:{approval}"
    before = api.get(path)
    for change, status in (
        ({"amount": cny(900_000_000_00)}, 409), ({"amount": cny(0)}, 409), ({"days": 0}, 422), ({}, 422),
        ({"amount": {"minor": 5, "currency": "EUR"}}, 409), ({"days": 3, "more": 1}, 422),
    ):  # fmt: skip
        answer = api.ask("PATCH", path, change)
        assert (answer.status, set(answer.json)) == (status, {"error", "advice", "near"}), change
    assert api.get(path) == before
    assert api.ask("PATCH", "/holds/999", {"days": 1}).status == 404
    missed = api.ask("PATCH", f"/holds/credit:{int(approval) + 8:06d}", {"days": 1})
    assert (missed.status, missed.json["near"]) == (404, approval)


# ── terminals ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_terminal_that_was_signed_off_must_sign_on_again(api: Api, terminal: RawClient) -> None:
    assert [s["signed_on"] for s in api.get("/sessions")["sessions"]] == [True]
    assert api.ask("DELETE", f"/sessions/{TERMINAL}").status == 204
    assert [s["signed_on"] for s in api.get("/sessions")["sessions"]] == [False]
    assert terminal.ask(terminal.preauth())[39] == "77"
    terminal.sign_on()
    assert terminal.ask(terminal.preauth())[39] == "00"
    missed = api.ask("DELETE", "/sessions/50080002")
    assert (missed.status, missed.json["near"]) == (404, TERMINAL)


def test_an_enrolled_terminal_signs_on_and_its_key_is_never_shown(api: Api, issuer: Served) -> None:
    key = "0123456789ABCDEF" * 2
    new = {"terminal": "50080002", "merchant": MERCHANT, "test_master_key": key}
    made = api.ask("POST", "/terminals", new)
    assert (made.status, made.json["check_value"], made.json["signed_on"]) == (201, "D5D44FF7", False)
    client = RawClient(issuer.listening)
    assert client.sign_on(terminal="50080002", master_key=bytes.fromhex(key))[39] == "00"
    client.close()
    assert api.ask("POST", "/terminals", new).status == 409
    short = api.ask("POST", "/terminals", {**new, "terminal": "50080003", "test_master_key": "0123"})
    assert short.status == 422
    assert not any(key.encode() in told for told in api.told)


# ── rules ─────────────────────────────────────────────────────────────────────────────────────────────────────────

BROKE = {"name": "broke", "when": {"transaction": "pre-authorisation"}, "do": "code 51", "until": {"times": 1}}
SLOW = {"name": "late", "when": {"fields": {"F4": {"above": 5}}}, "do": ["code 61"]}


def test_rules_act_in_their_order_count_and_are_taken_back(api: Api, terminal: RawClient) -> None:
    made = api.ask("POST", "/rules", {"rules": [BROKE, SLOW]})
    assert (made.status, [rule["name"] for rule in made.json["rules"]]) == (201, ["broke", "late"])
    codes = [terminal.ask(terminal.preauth())[39] for _ in range(2)]
    rules = api.get("/rules")["rules"]
    assert codes == ["51", "61"]
    assert [(rule["matched"], rule["fired"], rule["over"]) for rule in rules] == [(1, 1, True), (2, 1, False)]
    assert rules[1]["when"]["fields"]["F4"]["above"] == 5
    assert api.ask("DELETE", f"/rules/{rules[1]['id']}").status == 204
    assert terminal.ask(terminal.preauth())[39] == "00"
    assert api.ask("DELETE", f"/rules/{rules[1]['id']}").status == 404
    api.ask("DELETE", "/rules")
    assert api.get("/rules")["rules"] == []


def test_one_wrong_rule_adds_none(api: Api) -> None:
    wrong = {"name": "x", "do": "no anwser"}
    answer = api.ask("POST", "/rules", {"rules": [BROKE, wrong]})
    assert (answer.status, "did you mean no answer?" in answer.json["error"]) == (422, True)
    api.ask("POST", "/rules", {"rules": [BROKE]})
    assert api.ask("POST", "/rules", {"rules": [SLOW, BROKE]}).status == 409
    assert [rule["name"] for rule in api.get("/rules")["rules"]] == ["broke"]


def test_a_rule_that_refuses_connects_ends_when_it_is_taken_back(api: Api, issuer: Served) -> None:
    made = api.ask("POST", "/rules", {"rules": [{"name": "shut", "do": "refuse connects"}]})
    with pytest.raises(OSError, match="refused"):
        RawClient(issuer.listening)
    api.ask("DELETE", f"/rules/{made.json['rules'][0]['id']}")
    client = RawClient(issuer.listening)
    assert client.sign_on()[39] == "00"
    client.close()


def test_a_card_number_in_a_rule_is_masked_when_it_is_listed(api: Api, terminal: RawClient) -> None:
    rule = {"name": f"for {PAN}", "when": {"fields": {"F2": {"equals": PAN}}}, "do": ["code 05", f"set F44 {PAN}"]}
    api.ask("POST", "/rules", {"rules": [rule]})
    assert terminal.ask(terminal.preauth())[39] == "05"
    shown = api.get("/rules")["rules"][0]
    assert shown["fired"] == 1
    assert "•" in shown["name"] + shown["when"]["fields"]["F2"]["equals"] + shown["do"][1]


# ── business date ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_holds_expire_when_the_date_is_moved(api: Api, terminal: RawClient) -> None:
    approval = terminal.ask(terminal.preauth())[38]
    hold, today = api.get(f"/holds/credit:{approval}"), date.fromisoformat(api.get("/business-date")["date"])
    beyond = date.fromisoformat(hold["last_day"]) + timedelta(1)
    assert api.ask("PUT", "/business-date", {"date": hold["last_day"]}).json == {"date": hold["last_day"]}
    assert api.get(f"/holds/{hold['id']}")["state"] == "open"
    assert api.ask("PUT", "/business-date", {"days": 1}).json == {"date": beyond.isoformat()}
    assert api.get(f"/holds/{hold['id']}")["state"] == "expired"
    assert api.ask("PUT", "/business-date", {"date": today.isoformat()}).json == {"date": today.isoformat()}
    for wrong, status in (
        ({"date": "2023-02-30"}, 422), ({"date": "1999-12-31"}, 409), ({"date": "2100-01-01"}, 409), ({}, 422),
        ({"days": 99999}, 422), ({"days": 1, "date": "2026-12-31"}, 422), ({"days": "1"}, 422),
    ):  # fmt: skip
        assert api.ask("PUT", "/business-date", wrong).status == status, wrong
    assert api.get("/business-date") == {"date": today.isoformat()}


# ── journal ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_journal_is_searched_by_each_key_and_page_by_page(api: Api, terminal: RawClient) -> None:
    asked = [terminal.preauth() for _ in range(3)]
    given = [terminal.ask(request) for request in asked]
    refused = terminal.ask(terminal.preauth(f4="099999999999"))
    day = api.get("/business-date")["date"]
    for query, count in (
        (f"trace={asked[1][11]}", 1), (f"rrn={given[2][37]}", 1), ("card=credit", 4), ("card=debit", 0),
        (f"terminal={TERMINAL}", 4), ("terminal=50080002", 0), (f"code={refused[39]}", 1), (f"day={day}", 4),
        ("day=2001-01-01", 0), ("kind=pre-authorisation", 4), ("kind=sale", 0), (f"code=00&trace={asked[0][11]}", 1),
    ):  # fmt: skip
        assert len(api.get(f"/journal?{query}")["entries"]) == count, query
    first = api.get("/journal?limit=3")
    rest = api.get(f"/journal?limit=3&after={first['after']}")
    assert [entry["id"] for page in (first, rest) for entry in page["entries"]] == [1, 2, 3, 4]
    assert rest["after"] is None
    assert rest["entries"][0]["state"] == "refused"
    assert api.ask("GET", f"/journal?limit={MOST + 1}").status == 422
    assert api.ask("GET", "/journal?kind=preauth").status == 422
    assert api.ask("GET", "/journal?trace=1").status == 422


def test_the_whole_journal_is_exported_over_several_pages(api: Api, terminal: RawClient) -> None:
    count = MOST + 3
    for _ in range(count):
        terminal.send(terminal.frame(terminal.preauth(f4="000000000001")))
    for _ in range(count):
        terminal.reply()
    lines = api.ask("GET", "/journal/export").body.decode().splitlines()
    rows = list(csv.DictReader(io.StringIO(api.ask("GET", "/journal/export?format=csv").body.decode())))
    assert [json.loads(line)["id"] for line in lines] == [int(row["id"]) for row in rows] == list(range(1, count + 1))
    assert (rows[0]["asked"], rows[0]["currency"], rows[0]["kind"]) == ("1", "CNY", "pre-authorisation")


def test_nothing_offers_to_destroy_evidence(api: Api) -> None:
    described = api.get("/openapi.json")["paths"]
    removable = [path for path, methods in described.items() if "delete" in methods]
    assert removable == ["/sessions/{terminal}", "/rules", "/rules/{rule}"]
    for path in ("/journal", "/holds", "/holds/1", "/accounts", "/accounts/credit"):
        assert api.ask("DELETE", path).status == 405
