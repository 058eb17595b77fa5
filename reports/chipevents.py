"""What events of a card, of people at the terminal and of its set-up say in a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Fields = Mapping[str, Any]


def _pin_entry(fields: Fields) -> str:
    """What people did at the pad; older pads tell no more than that they were left."""
    if "end" not in fields:
        return "cancelled" if fields["cancelled"] else f"{fields['digits']} digits"
    digits = f", {fields['digits']} digits" if fields.get("digits") else ""
    return f"{fields.get('form', '')} PIN {fields['end']}{digits}".strip()


def _configuration(fields: Fields) -> str:
    """How the rig has set the terminal up; what is the terminal's own is left out."""
    told = {key: value for key, value in fields.items() if value not in (None, "", [])}
    return ", ".join(f"{key.replace('_', ' ')} {_listed(value)}" for key, value in told.items())


def _listed(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return " ".join(_listed(item) for item in value)
    return str(value)


def _personalised(fields: Fields) -> str:
    """What a card twin is, by its own word."""
    named = [f"{a['label']} ({a['oda']})" for a in fields["applications"]]
    wrong = f"; on purpose: {', '.join(fields['data_wrong'])}" if fields["data_wrong"] else ""
    return f"{fields['card']} itself has {', '.join(named) or 'no application'}{wrong}"


CHIP_SAYS: dict[tuple[str, str], Callable[[Fields], str]] = {
    ("card", "personalised"): _personalised,
    ("card", "selected"): lambda f: f"{f['card']} itself selects {f['aid'] or 'nothing'}, {f['sw']}",
    ("card", "cryptogram"): lambda f: (
        f"{f['card']} itself, {f['round']}: asked for {f['asked']}, gives {f['type']}, counter {f['atc']}"
    ),
    ("card", "pin"): lambda f: (
        f"{f['card']} itself finds the {f['form']} PIN {f['result']}, {f['tries_left']} tries left"
    ),
    ("card", "issuer authentication"): lambda f: f"{f['card']} itself finds the issuer's proof {f['result']}",
    ("card", "script"): lambda f: f"{f['card']} itself, {f['command']}: {f['sw']}, MAC {f['mac']}",
    ("card", "signed"): lambda f: f"{f['card']} itself signs {'rightly' if f['right'] else 'wrongly'} ({f['what']})",
    ("card", "misbehaved"): lambda f: f"{f['card']} itself, on purpose at its {f['at']}: {f['does']}",
    ("card", "swiped"): lambda f: f"{f['card']} is swiped, service code {f['service_code'] or 'not read'}",
    ("operator", "pin"): _pin_entry,
    ("operator", "application"): lambda f: f"chose {f['label']}" if f["label"] else "chose none",
    ("operator", "key entry"): lambda f: f"{f['digits']} digits typed",
    ("terminal", "chip"): lambda f: f"{f['round']} cryptogram: TVR {f['tvr']}, TSI {f['tsi']}, CVM {f['cvm_results']}",
    ("rig", "configuration"): _configuration,
    ("rig", "parameter"): lambda f: f"{f['name']}: {f['value']}",
}
