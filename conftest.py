"""pytest starts here: the wiring of runs, and the steps that every feature may use."""

pytest_plugins = [
    "holdfast.plugin",
    "steps.card",
    "steps.terminal",
    "steps.host",
    "steps.receipt",
]
