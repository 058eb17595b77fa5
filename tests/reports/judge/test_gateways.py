"""The way to the host: what gateways saw, and what follows for the terminal."""

from __future__ import annotations

import pytest

from tests.reports.judge.builder import HOLD, TIMEOUT_MS, TRACE, Tale
from tests.reports.judge.findings import failed, passed, undecided

OTHER = "000078"
REFUSALS = [
    ("certificate.authority-checked", "a certificate of an unknown authority"),
    ("certificate.name-checked", "a certificate of another name"),
    ("certificate.dates-checked", "an expired certificate"),
    ("tls.version-checked", "TLS 1.1 at most"),
]
LEFT = "the terminal left during it"


class Way(Tale):
    """A tale with gateways in it."""

    def gateway(self, status: str, gateway: str = "primary", *, name: str = "", **more: object) -> Way:
        self.tell("rig", "gateway", called=name, gateway=gateway, status=status, **more)
        return self

    def comes(self, gateway: str = "primary", tls: str = "", connection: int = 1) -> Way:
        return self.gateway("connected", gateway, tls=tls, connection=connection, name=f"{gateway} connected")

    def passes(
        self, mti: str = "0100", trace: str = TRACE, gateway: str = "primary", connection: int = 1, name: str = "passed"
    ) -> Way:
        return self.gateway("passed", gateway, name=name, mti=mti, trace=trace, connection=connection)

    def asks(self, gateway: str = "primary", trace: str = TRACE, name: str = "passed") -> Way:
        """A request passes and reaches the host."""
        self.passes(trace=trace, gateway=gateway, name=name).request(trace=trace, name="request")
        return self

    def begin(self) -> Way:
        self.order()
        return self


# ── who the host is ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "shown"), REFUSALS)
def test_nothing_is_sent_to_a_host_that_cannot_show_who_it_is(name: str, shown: str) -> None:
    bad = lambda: Way().gateway("shows", what=shown, name="shows").begin()  # noqa: E731
    passed(bad().gateway("no handshake", connection=1, reason="ALERT").criterion(name))
    passed(bad().comes(tls="TLSv1.3").criterion(name))  # who looks at the certificate after the handshake may do so
    taken = bad().comes(tls="TLSv1.3").passes()
    assert "0100 was sent" in failed(taken.criterion(name), taken["shows"], taken["passed"])
    undecided(bad().criterion(name))
    undecided(Way().begin().comes().passes().criterion(name))


@pytest.mark.parametrize(("name", "shown"), REFUSALS)
def test_what_passed_before_or_elsewhere_is_no_matter(name: str, shown: str) -> None:
    tale = Way().begin().passes().gateway("shows", what=shown).gateway("no handshake", connection=2, reason="ALERT")
    passed(tale.passes(gateway="second", connection=3).criterion(name))


def test_a_look_that_was_put_right_is_no_look() -> None:
    tale = Way().gateway("shows", what="an expired certificate").gateway("shows", what="a good certificate").begin()
    undecided(tale.comes(tls="TLSv1.3").passes().criterion("certificate.dates-checked"))


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_an_encrypted_line(version: str) -> None:
    passed(Way().begin().comes(tls=version).asks().criterion("line.encrypted"))


@pytest.mark.parametrize("version", ["", "TLSv1.1", "TLSv1"])
def test_a_line_that_is_not_encrypted_as_it_must_be(version: str) -> None:
    tale = Way().begin().comes(tls=version).asks()
    failed(tale.criterion("line.encrypted"), tale["primary connected"], tale["passed"])


def test_whether_a_line_is_encrypted_is_not_known_when_nobody_saw_it_made() -> None:
    undecided(Way().begin().asks().criterion("line.encrypted"))
    undecided(Way().begin().criterion("line.encrypted"))
    undecided(Way().comes(tls="TLSv1.3").passes().criterion("line.encrypted"))


def test_lines_of_two_gateways_are_told_apart() -> None:
    tale = Way().begin().comes(tls="").comes("second", tls="TLSv1.3").asks("second")
    passed(tale.criterion("line.encrypted"))


# ── over which gateway ────────────────────────────────────────────────────────────────────────────────────────────────


def test_which_gateway_carried_the_request() -> None:
    name = "gateway.carried"
    passed(Way().begin().asks("second").criterion(name, gateway="second"))
    tale = Way().begin().asks("primary")
    assert "over the primary" in failed(tale.criterion(name, gateway="second"), tale["request"], tale["passed"])
    both = Way().begin().passes(gateway="primary").asks("second")
    failed(both.criterion(name, gateway="second"))
    failed(Way().begin().criterion(name, gateway="second"))
    undecided(Way().asks("second").criterion(name, gateway="second"))


def test_a_handshake_that_the_terminal_left_may_be_the_benchs_doing() -> None:
    tale = Way().begin().gateway("no handshake", connection=1, reason=LEFT).asks("second")
    undecided(tale.criterion("gateway.carried", gateway="primary"))
    passed(tale.criterion("gateway.carried", gateway="second"))


def test_another_request_over_another_gateway_is_no_matter() -> None:
    tale = Way().begin().passes(trace=OTHER, gateway="primary").asks("second")
    passed(tale.criterion("gateway.carried", gateway="second"))


@pytest.mark.parametrize("state", ["down", "silent", "broke"])
def test_when_the_first_gateway_is_away_the_second_is_tried(state: str) -> None:
    name = "gateway.taken-over"
    away = lambda: Way().gateway(state, name="away").begin()  # noqa: E731
    passed(away().comes("second").criterion(name))
    passed(away().asks("second").criterion(name))
    passed(away().gateway("no handshake", "second", connection=1, reason=LEFT).criterion(name))
    tale = away()
    failed(tale.criterion(name), tale["away"], tale["terminal order"])


def test_when_the_first_gateway_is_refused_the_second_is_tried() -> None:
    refused = Way().begin().gateway("no handshake", connection=1, reason="ALERT")
    failed(refused.criterion("gateway.taken-over"))
    passed(refused.comes("second").criterion("gateway.taken-over"))


def test_where_the_first_gateway_did_not_fail_nothing_is_taken_over() -> None:
    name = "gateway.taken-over"
    undecided(Way().begin().asks("primary").criterion(name))
    undecided(Way().gateway("down").gateway("up").begin().asks("second").criterion(name))
    undecided(Way().gateway("down").comes("second").criterion(name))


def broken() -> Way:
    return Way().begin().asks(name="lost").gateway("broke", name="broke")


def test_what_had_left_is_not_sent_again() -> None:
    name = "gateway.request-once"
    passed(broken().criterion(name))
    passed(broken().passes("0400", gateway="second").criterion(name))
    passed(broken().passes(trace=OTHER, gateway="second").criterion(name))
    tale = broken().passes(gateway="second", name="again")
    assert "over the second" in failed(tale.criterion(name), tale["lost"], tale["again"])
    undecided(Way().begin().asks().passes(gateway="second").criterion(name))
    undecided(Way().gateway("broke").criterion(name))


def test_the_reversal_goes_over_the_gateway_that_is_left() -> None:
    name = "gateway.reversal-carried"

    def undone(gateway: str) -> Way:
        broken_ = broken()
        broken_.passes("0400", gateway=gateway).reversal(HOLD, name="reversal")
        return broken_

    passed(undone("second").criterion(name, gateway="second"))
    failed(undone("primary").criterion(name, gateway="second"))
    undecided(broken().criterion(name, gateway="second"))
    undecided(Way().begin().asks().criterion(name, gateway="second"))


def test_a_whole_case_of_it_is_judged_with_the_reversal_duty() -> None:
    tale = broken()
    tale.checks().decision("00").outcome("no reply", after=TIMEOUT_MS)
    tale.passes("0400", gateway="second").reversed()
    tale.state("idle")
    tale.expect("gateway.request-once").expect("gateway.reversal-carried", gateway="second").close()
    assert {j.id: j.verdict.value for j in tale.judge().criteria if j.source == "scenario"} == {
        "gateway.request-once": "PASS", "gateway.reversal-carried": "PASS",
    }  # fmt: skip
