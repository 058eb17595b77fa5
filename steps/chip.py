"""The chip and the terminal's kernel: what one asked of the other, and what it was told. EMV Book 3."""

from __future__ import annotations

from pytest_bdd import parsers, then

from steps.story import Story
from steps.words import APART, MESSAGES, words_of

NEVER = "nothing at all"
"""Of a card that no cryptogram was asked of."""


# ── the application ───────────────────────────────────────────────────────────────────────────────────────────────────


@then(parsers.parse("the cardholder was shown {labels}"))
def shown(story: Story, labels: str) -> None:
    story.expect("selection.offered", labels=labels.split(APART))


@then(parsers.parse("the cardholder was asked to agree to {label}"))
def confirmed(story: Story, label: str) -> None:
    story.expect("selection.offered", labels=[label], confirm=True)


@then("nobody was asked to choose")
def not_asked(story: Story) -> None:
    story.expect("selection.offered", labels=[])


@then(parsers.parse("the cardholder's choice was {label}, and it was used"))
def chosen(story: Story, label: str) -> None:
    story.expect("selection.chosen", label=label)


@then(parsers.parse("the application used was {label}"))
def used(story: Story, label: str) -> None:
    story.expect("chip.application", label=label)


# ── what the terminal tells the card of it ────────────────────────────────────────────────────────────────────────────


@then(parsers.re(r"the chip is told of (?P<words>.+)"))
def told(story: Story, words: str) -> None:
    """Of these and of nothing else, when its first cryptogram is asked for."""
    if words == NEVER:
        story.expect("chip.first", asked="none")
    else:
        story.expect("chip.tvr", exactly=words_of(words), round="first")


@then(parsers.re(r"in the end the chip is told of (?P<words>.+)"))
def told_in_the_end(story: Story, words: str) -> None:
    if words == NEVER:
        story.expect("chip.second", asked="none")
    else:
        story.expect("chip.tvr", exactly=words_of(words), round="second")


@then(parsers.re(r"the chip is told, among others, of (?P<words>.+)"))
def told_among_others(story: Story, words: str) -> None:
    story.expect("chip.tvr", **{"with": words_of(words)}, round="first")


@then(parsers.re(r"in the end the chip is told, among others, of (?P<words>.+)"))
def told_among_others_in_the_end(story: Story, words: str) -> None:
    story.expect("chip.tvr", **{"with": words_of(words)}, round="second")


@then(parsers.re(r"the chip is not told of (?P<words>.+)"))
def not_told(story: Story, words: str) -> None:
    story.expect("chip.tvr", without=words_of(words), round="first")


# ── authentication and verification ───────────────────────────────────────────────────────────────────────────────────


@then(parsers.re(r"the card was authenticated by (?P<method>SDA|DDA|CDA)"))
def authenticated(story: Story, method: str) -> None:
    story.expect("chip.authentication", method=method, result="right")


@then(parsers.re(r"the authentication of the card by (?P<method>SDA|DDA|CDA) failed"))
def not_authentic(story: Story, method: str) -> None:
    story.expect("chip.authentication", method=method, result="failed")


@then("the card was not authenticated")
def unauthenticated(story: Story) -> None:
    story.expect("chip.authentication", method="none")


@then(parsers.re(r"the cardholder was verified by (?P<method>.+), with the result (?P<result>\w+)"))
def verified(story: Story, method: str, result: str) -> None:
    story.expect("chip.cvm", method=method, result=result)


@then("the cardholder was not verified at all")
def unverified(story: Story) -> None:
    story.expect("chip.cvm", value="3F0000")  # EMV Book 4, 6.3.4.5


@then("no verification that the card wants could be done")
def none_could_be_done(story: Story) -> None:
    story.expect("chip.cvm", value="3F0001")  # EMV Book 4, 6.3.4.5


@then(parsers.re(r"the PIN was asked (?P<times>once|twice|three times), (?P<form>online|plain|enciphered)"))
def pin_asked(story: Story, times: str, form: str) -> None:
    story.expect("pin.asked", times=TIMES[times], form=form)


TIMES = {"once": 1, "twice": 2, "three times": 3}


@then("nobody was asked for a PIN")
def pin_not_asked(story: Story) -> None:
    story.expect("pin.asked", times=0)


@then(parsers.re(r"nobody was asked for a (?P<form>plain|enciphered) PIN"))
def pin_of_card_not_asked(story: Story, form: str) -> None:
    """One that the card itself looks at."""
    story.expect("pin.asked", times=0, form=form)


@then(parsers.re(r"the card found the PIN (?P<results>(right|wrong|blocked|unreadable)(, then \w+)*)"))
def pin_results(story: Story, results: str) -> None:
    story.expect("pin.results", results=results.split(", then "))


@then("the PIN is sent enciphered, and only so")
def pin_enciphered(story: Story) -> None:
    story.expect("pin.enciphered")


@then("no PIN is sent")
def pin_not_sent(story: Story) -> None:
    story.expect("pin.not-sent")


# ── cryptograms ───────────────────────────────────────────────────────────────────────────────────────────────────────

CRYPTOGRAM = "(?P<asked>AAC|ARQC|TC)"


@then(parsers.re(rf"the chip is first asked for an? {CRYPTOGRAM}"))
def first_asked(story: Story, asked: str) -> None:
    story.expect("chip.first", asked=asked)


@then(parsers.re(rf"the chip is first asked for an? {CRYPTOGRAM}, and gives an? (?P<given>AAC|ARQC|TC)"))
def first_given(story: Story, asked: str, given: str) -> None:
    story.expect("chip.first", asked=asked, given=given)


@then(parsers.re(rf"the chip is at last asked for an? {CRYPTOGRAM}"))
def last_asked(story: Story, asked: str) -> None:
    story.expect("chip.second", asked=asked)


@then(parsers.re(rf"the chip is at last asked for an? {CRYPTOGRAM}, and gives an? (?P<given>AAC|TC)"))
def last_given(story: Story, asked: str, given: str) -> None:
    story.expect("chip.second", asked=asked, given=given)


@then("the chip is asked for no cryptogram")
def none_asked(story: Story) -> None:
    story.expect("chip.first", asked="none")


@then(parsers.re(r"the issuer proved itself to the chip by (?P<how>command|cryptogram)"))
def issuer_proved(story: Story, how: str) -> None:
    story.expect("chip.issuer-authentication", how=how, result="right")


@then(parsers.re(r"the issuer did not prove itself to the chip by (?P<how>command|cryptogram)"))
def issuer_not_proved(story: Story, how: str) -> None:
    story.expect("chip.issuer-authentication", how=how, result="wrong")


@then("nothing of the issuer was there to be proved")
def nothing_to_prove(story: Story) -> None:
    story.expect("chip.issuer-authentication", how="none")


# ── scripts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@then(parsers.re(r"(?P<before>\d) script commands? reached? the chip before its last word and (?P<after>\d) after it"))
def scripts_reached(story: Story, before: str, after: str) -> None:
    story.expect("chip.scripts", before=int(before), after=int(after))


@then(
    parsers.re(r"the scripts are told to the host as (?P<results>(done|failed|not run)(, then (done|failed|not run))*)")
)
def scripts_told(story: Story, results: str) -> None:
    story.expect("chip.scripts", results=results.split(", then "))


@then("the chip's counter has risen, and no unpredictable number came twice")
def never_twice(story: Story) -> None:
    story.expect("chip.never-twice")


# ── what went to the host ─────────────────────────────────────────────────────────────────────────────────────────────


@then(parsers.re(rf"the host is sent (?P<what>{'|'.join(MESSAGES)})"))
def messages(story: Story, what: str) -> None:
    story.expect("host.messages", messages=MESSAGES[what])
