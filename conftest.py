"""pytest starts here: the wiring of runs, and the steps that every feature may use."""

from steps import MODULES

pytest_plugins = ["holdfast.cases", "holdfast.allure_steps", "holdfast.plugin", *MODULES]
