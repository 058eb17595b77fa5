"""How the terminal is set for cards: what it may do, what it has, and which keys it holds."""

from __future__ import annotations

from pytest_bdd import given, parsers, when

from protocols.emv.verification import Capabilities, Tvr
from steps.story import Story

# ── applications and people ───────────────────────────────────────────────────────────────────────────────────────────


@given("the terminal asks the cardholder for the application")
def choice(story: Story) -> None:
    story.bench.terminal.set_parameter("cardholder choice", "on")


@given("the terminal cannot ask the cardholder for the application")
def no_choice(story: Story) -> None:
    story.bench.terminal.set_parameter("cardholder choice", "off")


@given("the terminal lets the cardholder go on without a PIN")
def bypass(story: Story) -> None:
    story.bench.terminal.set_parameter("PIN bypass", "on")


@given("the terminal does not go on without a PIN")
def no_bypass(story: Story) -> None:
    story.bench.terminal.set_parameter("PIN bypass", "off")


@given("the terminal's PIN pad does not work")
def no_pad(story: Story) -> None:
    story.bench.terminal.set_parameter("PIN pad", "off")


@given(parsers.parse("the terminal can do {words} alone"))
def capabilities(story: Story, words: str) -> None:
    story.bench.terminal.set_parameter("capabilities", Capabilities.of_words(words).pack().hex().upper())


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

KEYS = {
    "has no keys of card schemes": "none",
    "has expired keys of card schemes": "expired",
    "has keys of card schemes that are not what their digests say": "wrong digest",
    "has been told that the card's issuer certificate is revoked": "revoked",
}


@given(parsers.re(rf"the terminal (?P<what>{'|'.join(KEYS)})"))
@when(parsers.re(rf"the terminal (?P<what>{'|'.join(KEYS)})"))
def keys(story: Story, what: str) -> None:
    story.bench.terminal.set_parameter("CA keys", KEYS[what])


# ── risk ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(parsers.parse("the terminal's floor limit is {amount}"))
def floor_limit(story: Story, amount: str) -> None:
    story.bench.terminal.set_parameter("floor limit", str(story.amount(amount).minor))


@given("the terminal draws each transaction to go online")
def drawn(story: Story) -> None:
    story.bench.terminal.set_parameter("random selection", "100")


@given("the card is on the terminal's exception file")
def exception_file(story: Story) -> None:
    story.bench.terminal.set_parameter("exception file", "on")


@given("the terminal may approve by itself")
def offline_approval(story: Story) -> None:
    story.bench.terminal.set_parameter("offline approval", "on")


@given("the terminal stands in another country")
def abroad(story: Story) -> None:
    story.bench.terminal.set_parameter("terminal country", "0840")


@given(parsers.re(r"the acquirer wants a decline for (?P<words>.+)"))
def denial(story: Story, words: str) -> None:
    story.bench.terminal.set_parameter("TAC denial", Tvr.of_words(words).pack().hex().upper())


@given("the acquirer wants no declines by the terminal")
def no_denial(story: Story) -> None:
    story.bench.terminal.set_parameter("TAC denial", Tvr(0).pack().hex())


@given("the acquirer wants approvals when the host cannot be reached")
def default_approval(story: Story) -> None:
    story.bench.terminal.set_parameter("TAC default", Tvr(0).pack().hex())


# ── entry ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given("the terminal takes typed card numbers for a hold")
def takes_typed(story: Story) -> None:
    story.bench.terminal.set_parameter("key entry", "on")


@given("the terminal takes no typed card numbers")
def takes_no_typed(story: Story) -> None:
    story.bench.terminal.set_parameter("key entry", "off")


@given("the terminal never falls back to the stripe")
def no_fallback(story: Story) -> None:
    story.bench.terminal.set_parameter("fallback", "off")


@given(parsers.re(r"the terminal tries a chip (?P<times>\d) times?"))
def attempts(story: Story, times: str) -> None:
    story.bench.terminal.set_parameter("chip attempts", times)


@given(parsers.re(r"the terminal tries a chip (?P<times>\d) times? before it falls back to the stripe"))
def attempts_and_fallback(story: Story, times: str) -> None:
    story.bench.terminal.set_parameter("fallback", "on")
    story.bench.terminal.set_parameter("chip attempts", times)
