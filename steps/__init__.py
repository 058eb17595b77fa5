"""Given, When, Then: a module a noun. A step is a sentence; what it does stands in `Story` and `Merchant`."""

MODULES = (
    "steps.card",
    "steps.reader",
    "steps.terminal",
    "steps.entry",
    "steps.chip",
    "steps.setting",
    "steps.sale",
    "steps.host",
    "steps.rules",
    "steps.answer",
    "steps.reversal",
    "steps.stored",
    "steps.link",
    "steps.network",
    "steps.issuer",
    "steps.ledger",
    "steps.receipt",
    "steps.settlement",
    "steps.management",
    "steps.other_terminal",
)
"""Where the sentences of Gherkin are: whoever runs scenarios loads them all."""
