"""Gateways and TLS as the terminal sees them: real handshakes, each refusal with its reason, and no byte twice."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from protocols.faults import ConfigurationError
from protocols.orders import Result
from protocols.transactions import Transaction
from rigs.network.virtual import UNRESOLVED
from simulators.issuer import NoAnswer, Rule
from simulators.issuer.testca import Authority
from simulators.issuer.tls import ServerTls
from simulators.network import GOOD, LOOKS, Certificates, NetworkGateway
from simulators.terminal import ClientTls, Gateway
from simulators.terminal.gateways import NotConnected, Tried, connect_first
from simulators.terminal.tls import ANY_BY, DATES_BY, NAME_BY, OLD_BY
from tests.simulators.kit import DEADLINE_S, Events
from tests.simulators.terminal.conftest import Open
from tests.simulators.terminal.shop import Shop

T = Transaction
NAME = "host.holdfast.test"


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


class Wired:
    """A shop whose terminal comes by gateways."""

    def __init__(self, shop: Shop, certificates: Certificates, stack: ExitStack) -> None:
        self.shop = shop
        self._certificates = certificates
        self.primary, self.second = (NetworkGateway(n, shop.address, shop.events) for n in ("primary", "second"))
        for gateway in (self.primary, self.second):
            stack.callback(gateway.close)
            self.show(gateway, GOOD)
        tls = ClientTls(certificates.authorities, NAME)
        self.ways = tuple(Gateway(g.address, tls, g.name) for g in (self.primary, self.second))
        shop.parameters(gateways=self.ways)

    def show(self, gateway: NetworkGateway, look: str) -> None:
        gateway.show(look, self._certificates.context(look, NAME))

    def told(self) -> list[tuple[str, str]]:
        """What the terminal said of gateways."""
        return [(str(e["gateway"]), str(e["status"])) for e in self.shop.events.of("gateway") if "what" not in e
                and e["status"] in ("connected", "failed") and "connection" not in e]  # fmt: skip

    def passed(self, gateway: str) -> list[str]:
        return [str(e["mti"]) for e in self.shop.events.of("gateway", status="passed", gateway=gateway)]


@pytest.fixture
def wire(open_shop: Open, certificates: Certificates) -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda *defects, **changes: Wired(open_shop(*defects, **changes), certificates, stack)


@pytest.fixture
def wired(wire: Open) -> Wired:
    return wire()  # type: ignore[return-value]


# ── who the host is ───────────────────────────────────────────────────────────────────────────────────────────────────


def reason(gateway: Gateway, *defects: str) -> str:
    """Why it could not be connected to, as it is told."""
    tried: list[Tried] = []
    with pytest.raises(NotConnected) as raised:
        connect_first([gateway], 1.0, tried.append, defects)[0].close()
    assert [t.connected for t in tried] == [False]
    assert tried[0].reason == str(raised.value)
    return tried[0].reason


REASONS = {
    "an expired certificate": r"the host's certificate expired on \d{4}-\d\d-\d\d",
    "a certificate of another name":
        rf"the host's certificate is for another name than {NAME}: wrong-host.invalid",
    "a certificate of an unknown authority": "the host's certificate is signed by nobody whom the terminal trusts",
    "TLS 1.1 at most": "the host speaks no TLS 1.2 or newer",
}  # fmt: skip


def test_there_is_a_reason_for_each_look_that_is_not_good() -> None:
    assert {GOOD, *REASONS} == set(LOOKS)


@pytest.mark.parametrize("look", REASONS)
def test_a_host_that_cannot_show_who_it_is_is_refused_in_words(wired: Wired, look: str) -> None:
    wired.show(wired.primary, look)
    assert re.fullmatch(REASONS[look], reason(wired.ways[0]))


def test_a_good_host_is_taken_under_the_newest_version(wired: Wired) -> None:
    tried: list[Tried] = []
    line, over = connect_first(wired.ways, 1.0, tried.append)
    line.close()
    assert over is wired.ways[0]
    assert tried == [Tried(over, True, "TLSv1.3")]


LAX = {
    ANY_BY: "a certificate of an unknown authority", NAME_BY: "a certificate of another name",
    DATES_BY: "an expired certificate", OLD_BY: "TLS 1.1 at most",
}  # fmt: skip


@pytest.mark.parametrize("defect", LAX)
@pytest.mark.parametrize("look", REASONS)
def test_a_seeded_defect_takes_what_it_should_not_and_nothing_else(wired: Wired, defect: str, look: str) -> None:
    wired.show(wired.primary, look)
    taken = look == LAX[defect] or (defect == ANY_BY and look != "TLS 1.1 at most")
    if not taken:
        assert reason(wired.ways[0], defect)
        return
    line, _ = connect_first(wired.ways[:1], 1.0, lambda tried: None, {defect})
    line.close()


def test_a_host_that_wants_to_know_the_terminal_is_shown_its_certificate(tmp_path: Path, shop: Shop) -> None:
    authority = Authority()
    ca, _ = authority.identity.write(tmp_path, "authority")
    mine = ClientTls(ca, NAME, *authority.client("terminal").write(tmp_path, "terminal"))
    server = ServerTls(*authority.server((NAME,)).write(tmp_path, "host"), client_ca=ca)
    gateway = NetworkGateway("primary", shop.address, shop.events)
    try:
        gateway.show("mutual TLS", server.context())
        shop.parameters(gateways=(Gateway(gateway.address, mine),))
        assert shop.preauth().approved
    finally:
        gateway.close()


@pytest.mark.parametrize("content", [None, "no PEM"])
def test_certificates_that_cannot_be_used_are_a_fault_of_the_configuration(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "authorities.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match="certificates cannot be used"):
        ClientTls(path, NAME).context()


# ── other ways in which there is no line ──────────────────────────────────────────────────────────────────────────────


def test_a_name_that_nobody_knows() -> None:
    assert reason(Gateway((UNRESOLVED, 1))) == "its name is known to nobody"
    assert reason(Gateway(("x" * 64, 1))) == "its name is known to nobody"


def test_a_refused_connection(certificates: Certificates) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()
    assert reason(Gateway(nobody)) == "it refuses connections"


def test_who_takes_the_connection_and_says_nothing_costs_the_connect_time_out(wired: Wired) -> None:
    wired.primary.fall_silent()
    with pytest.raises(NotConnected, match="the handshake was not over in time"):
        connect_first(wired.ways[:1], 0.05, lambda tried: None)


@pytest.mark.parametrize(
    ("says", "words"),
    [(b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks no TLS"), (b"", "the line broke during the handshake")],
)
def test_what_answers_is_no_tls(certificates: Certificates, says: bytes, words: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def act() -> None:
            taken, _ = listener.accept()
            with taken, suppress(OSError):  # the terminal may have left
                taken.recv(4096)
                taken.sendall(says)
                taken.shutdown(socket.SHUT_WR)
                taken.recv(4096)

        thread = threading.Thread(target=act)
        thread.start()
        assert words in reason(Gateway(listener.getsockname(), ClientTls(certificates.authorities, NAME)))
        thread.join(DEADLINE_S)


def test_where_none_can_be_had_each_is_told_with_its_reason(wired: Wired) -> None:
    wired.show(wired.primary, "a certificate of an unknown authority")
    wired.second.down()
    tried: list[Tried] = []
    with pytest.raises(NotConnected, match=r"primary: the host's certificate is signed .*; second: it refuses"):
        connect_first(wired.ways, 1.0, tried.append)
    assert [t.gateway.name for t in tried] == ["primary", "second"]


# ── orders over gateways ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_hold_and_its_completion_over_tls(wired: Wired) -> None:
    hold = wired.shop.preauth()
    assert wired.shop.complete(hold).approved
    assert wired.passed("primary") == ["0800", "0100", "0200"]
    assert wired.told() == [("primary", "connected")]


@pytest.mark.parametrize("look", REASONS)
def test_with_a_bad_host_alone_nothing_leaves_and_nothing_is_reversed(wired: Wired, look: str) -> None:
    assert wired.shop.terminal.sign_on().approved
    wired.shop.parameters(gateways=wired.ways[:1])
    wired.show(wired.primary, look)
    assert wired.shop.preauth().result is Result.NO_REPLY
    wired.shop.terminal.to_idle()
    assert wired.passed("primary") == ["0800"]
    assert not wired.shop.reversals()
    assert wired.shop.held() == (0, 0)
    assert wired.shop.terminal._journal.armed() is None


def test_the_second_takes_over_and_at_rest_the_first_is_tried_again(wired: Wired) -> None:
    wired.primary.down()
    hold = wired.shop.preauth()
    assert hold.approved
    assert wired.told() == [("primary", "failed"), ("second", "connected")]
    wired.primary.up()
    wired.shop.terminal.to_idle()
    assert wired.shop.complete(hold).approved
    assert wired.told()[2:] == [("primary", "connected")]
    assert (wired.passed("second"), wired.passed("primary")) == (["0800", "0100"], ["0200"])


def test_a_line_over_the_first_gateway_is_kept_at_rest(wired: Wired) -> None:
    assert wired.shop.preauth().approved
    wired.shop.terminal.to_idle()
    assert wired.shop.preauth().approved
    assert wired.told() == [("primary", "connected")]


def test_a_line_over_a_gateway_that_is_no_longer_configured_is_given_up(wired: Wired) -> None:
    assert wired.shop.preauth().approved
    wired.shop.parameters(gateways=wired.ways[1:])
    assert wired.shop.preauth().approved
    assert wired.told() == [("primary", "connected"), ("second", "connected")]
    wired.shop.parameters(gateways=())
    assert wired.shop.preauth().approved
    assert wired.told()[2:] == [("primary", "connected")]  # the host itself


def lose_first(wired: Wired) -> None:
    """The first gateway breaks with a hold under way, which the host has decided."""
    assert wired.shop.terminal.sign_on().approved
    wired.shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    wired.primary.break_after("0100")


def test_what_left_over_a_gateway_that_broke_is_reversed_over_the_other_and_not_sent_again(wired: Wired) -> None:
    lose_first(wired)
    assert wired.shop.preauth().result is Result.NO_REPLY
    wired.shop.terminal.to_idle()
    assert wired.passed("primary") == ["0800", "0100"]
    assert wired.passed("second") == ["0400"]
    assert wired.shop.held() == (0, 0)


def test_request_sent_again(wire: Open) -> None:
    wired: Wired = wire("request-sent-again")  # type: ignore[assignment]
    lose_first(wired)
    wired.shop.preauth()
    assert wired.passed("second")[0] == "0100"


def test_second_gateway_not_tried(wire: Open) -> None:
    wired: Wired = wire("second-gateway-not-tried")  # type: ignore[assignment]
    wired.primary.down()
    assert wired.shop.preauth().result is Result.NO_REPLY
    assert wired.told() == [("primary", "failed")]


def test_a_line_that_was_hung_up_while_idle_is_made_anew_before_sending(wired: Wired, events: Events) -> None:
    assert wired.shop.preauth().approved
    wired.show(wired.primary, GOOD)  # which hangs up
    assert wired.shop.preauth().approved
    assert wired.told() == [("primary", "connected")] * 2
