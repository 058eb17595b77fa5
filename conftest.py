"""pytest starts here: the wiring of runs, and the steps that every feature may use."""

pytest_plugins = [
    "holdfast.cases",
    "holdfast.allure_steps",
    "holdfast.plugin",
    "steps.card",
    "steps.terminal",
    "steps.host",
    "steps.receipt",
]
