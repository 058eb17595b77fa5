"""What lies between terminal and host: gateways, encryption, certificates."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from protocols.transactions import TRANSACTIONS as LAYOUTS
from protocols.transactions import Transaction
from steps.story import Story
from steps.terminal import TRANSACTIONS

GATEWAY = r"(?P<gateway>primary|second)"
REFUSED = {
    "an expired certificate": "certificate.dates-checked",
    "a certificate of another name": "certificate.name-checked",
    "a certificate of an unknown authority": "certificate.authority-checked",
    "TLS 1.1 at most": "tls.version-checked",
}
"""What a gateway shows, and the criterion that holds the terminal to it. cases.md 218"""


@given("the line to the host is encrypted")
def encrypted(story: Story) -> None:
    story.bench.network.encrypt()
    story.line_changes()


@given("there is a second gateway")
def second(story: Story) -> None:
    story.bench.network.add_second()
    story.line_changes()


@given("there is no second gateway")
def no_second(story: Story) -> None:
    story.bench.network.remove_second()
    story.line_changes()


@given(parsers.re(rf"the {GATEWAY} gateway shows (?P<what>{'|'.join(REFUSED)})"))
def shows(story: Story, gateway: str, what: str) -> None:
    story.bench.network.show(gateway, what)


@given(parsers.re(rf"the {GATEWAY} gateway is down"))
@when(parsers.re(rf"the {GATEWAY} gateway goes down"))
def down(story: Story, gateway: str) -> None:
    story.bench.network.take_down(gateway)


@when(parsers.re(rf"the {GATEWAY} gateway works again"))
def up(story: Story, gateway: str) -> None:
    story.bench.network.bring_up(gateway)


@given(parsers.re(rf"the {GATEWAY} gateway takes connections and says nothing"))
def silent(story: Story, gateway: str) -> None:
    story.bench.network.silence(gateway)


@given(parsers.re(rf"the name of the {GATEWAY} gateway is known to nobody"))
def unresolved(story: Story, gateway: str) -> None:
    story.bench.network.forget_name(gateway)
    story.line_changes()


@given(parsers.re(rf"the {GATEWAY} gateway breaks when the (?P<what>{TRANSACTIONS}) has passed"))
def breaks(story: Story, gateway: str, what: str) -> None:
    """The answer is lost with it: the host is told not to give one, so that nobody has to guess whether it came."""
    story.bench.host.misbehave(what, "no answer")
    story.bench.network.break_after(gateway, LAYOUTS[Transaction(what)].mti)


@then("the line to the host was encrypted")
def was_encrypted(story: Story) -> None:
    story.expect("line.encrypted")


@then(parsers.re(rf"nothing is sent to a host that shows (?P<what>{'|'.join(REFUSED)})"))
def refused(story: Story, what: str) -> None:
    story.expect(REFUSED[what])


@then(parsers.re(rf"the request went over the {GATEWAY} gateway"))
def carried(story: Story, gateway: str) -> None:
    story.expect("gateway.carried", gateway=gateway)


@then("the terminal came to the second gateway")
def taken_over(story: Story) -> None:
    story.expect("gateway.taken-over")


@then("what had left is not sent again")
def sent_once(story: Story) -> None:
    story.expect("gateway.request-once")


@then(parsers.re(rf"the (?P<transaction>{TRANSACTIONS}) is reversed once, over the {GATEWAY} gateway"))
def reversed_once(story: Story, transaction: str, gateway: str) -> None:
    story.expect("reversal.count", transaction=transaction, times=1)
    story.expect("gateway.reversal-carried", gateway=gateway)
