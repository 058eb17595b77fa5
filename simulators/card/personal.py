"""A card's data, personalised: what its files hold and which keys it has, signed by the test CA.

facts/pcsc-emv 4.2; EMV Book 3, Annex A. What `Damage` says is wrong is wrong in the bytes: a terminal finds it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from protocols.emv.keys import CardKeys, MasterKeys
from protocols.emv.rsa import RsaPrivate
from protocols.emv.versions import NAMED
from simulators.card.application import ApplicationProfile
from simulators.card.authority import Authority, house_authority
from simulators.card.damage import UNHARMED, Damage
from simulators.card.directory import PersonalFile, application_fci, environment
from simulators.card.layout import RecordKey, locator, records, signed_content, spoilt
from simulators.card.profile import CardProfile
from simulators.card.signing import Request, Signed, signed
from simulators.card.stripe import track_1, track_2
from simulators.card.values import LOG_ENTRY, stored_values, values_of


@dataclass(frozen=True, slots=True)
class PersonalApplication:
    """One application. `records` are whole, template 70 included; `data` is what GET DATA gives, by tag, and never what
    the card counts itself (9F13, 9F17, 9F36)."""

    profile: ApplicationProfile
    aid: bytes
    fci: bytes
    aip: bytes
    afl: bytes
    records: Mapping[RecordKey, bytes] = field(repr=False)
    data: Mapping[str, bytes]
    card_key: RsaPrivate | None = field(default=None, repr=False)
    pin_key: RsaPrivate | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Personalised:
    """A whole card. One without a chip has an empty ATR and no applications."""

    atr: bytes
    pse: PersonalFile | None
    applications: tuple[PersonalApplication, ...]
    track1: str = field(repr=False)
    track2: str = field(repr=False)
    keys: CardKeys = field(repr=False)


def personalise(
    profile: CardProfile, pan: str, authority: Authority | None = None, damage: Damage = UNHARMED
) -> Personalised:
    """All data of a card. The same card twice is the same bytes. `authority` is this machine's where none is given.

    Raises ConfigurationError for data that no record holds.
    """
    masters = MasterKeys(*map(bytes.fromhex, (profile.test_master_key, profile.test_mac_key, profile.test_enc_key)))
    keys = NAMED[profile.cryptogram_version].card_keys(masters, pan, profile.psn)
    tracks = track_1(profile, pan), track_2(profile, pan)
    if not profile.chip:
        return Personalised(b"", None, (), *tracks, keys)
    made = [_application(profile, one, pan, authority, damage) for one in profile.applications]
    listed = [values for one, (_, values) in zip(profile.applications, made, strict=True) if one.in_directory]
    language = profile.language.encode("ascii")
    pse = environment(listed, language, profile.entries_a_record, damage) if profile.pse else None
    return Personalised(bytes.fromhex(profile.atr), pse, tuple(one for one, _ in made), *tracks, keys)


def _application(
    profile: CardProfile, one: ApplicationProfile, pan: str, authority: Authority | None, damage: Damage
) -> tuple[PersonalApplication, Mapping[str, bytes]]:
    """The application, and its values as they have become."""
    if not damage.concerns(one.aid):
        damage = UNHARMED
    more = _bytes({**one.more, **damage.add})
    issued = _as_issued({**values_of(profile, one, pan), **more}, damage)
    certified = _certified(profile, one, pan, issued, more, authority, damage)
    values = _since_then(_as_issued({**issued, **certified.values}, damage), damage)
    found = records(values, more, damage)
    issuer_data = [*([("9F4D", LOG_ENTRY)] if one.log else []), *_bytes(one.issuer_data).items()]
    application = PersonalApplication(
        one, bytes.fromhex(one.aid), application_fci(values, issuer_data, damage), values.get("82", b""),
        locator(found, damage), spoilt(found, damage), _since_then(_as_issued(stored_values(one), damage), damage),
        certified.card_key, certified.pin_key,
    )  # fmt: skip
    return application, values


def _certified(
    profile: CardProfile, one: ApplicationProfile, pan: str, values: Mapping[str, bytes], more: Mapping[str, bytes],
    authority: Authority | None, damage: Damage,
) -> Signed:  # fmt: skip
    """Certificates and static signature over the records that are signed, and the AIP. EMV Book 3, 10.3"""
    if one.oda == "none" and one.pin_key == "none":
        return Signed({})
    static = signed_content(records(values, more, damage)) + (values.get("82", b"") if values.get("9F4A") else b"")
    return signed(Request(profile, one, pan, static, damage), authority or house_authority())


def _as_issued(values: Mapping[str, bytes], damage: Damage) -> dict[str, bytes]:
    """With the issuer's mistakes; done twice they are the same."""
    other = {**_bytes(damage.replace), **dict.fromkeys(damage.empty, b"")}
    return {tag: other.get(tag, value) for tag, value in values.items() if tag not in damage.drop}


def _since_then(values: Mapping[str, bytes], damage: Damage) -> dict[str, bytes]:
    """With what happened after everything was signed."""
    changed = _bytes(damage.change)
    kept = {tag: changed.get(tag, value) for tag, value in values.items() if tag not in damage.lose}
    return {tag: _flipped(value) if tag in damage.flip else value for tag, value in kept.items()}


def _flipped(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 0x01]) if value else value


def _bytes(hexes: Mapping[str, str]) -> dict[str, bytes]:
    return {tag: bytes.fromhex(value) for tag, value in hexes.items()}
