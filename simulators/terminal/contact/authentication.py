"""Offline data authentication: which way, and whether the card's data prove to be its issuer's.

EMV Book 3, 10.3; Book 2, 5 and 6. What fails is told in the TVR and never ends the transaction: the action codes of
issuer and acquirer say what comes of it.
"""

from __future__ import annotations

from protocols.emv import Apdu, Tlv, TlvError, parse_dol
from protocols.emv.certificates import (
    HEADER,
    TRAILER,
    AuthenticationFailed,
    CaPublicKey,
    Reason,
    recover_card,
    recover_issuer,
)
from protocols.emv.oda import check_dynamic, check_static, static_data
from protocols.emv.rsa import RsaPublic
from protocols.emv.verification import Aip, Capabilities, Tsi, Tvr
from simulators.terminal.contact.channel import CardUnusable, Channel
from simulators.terminal.contact.state import ChipTransaction, Oda, objects_of

CHOICE = (
    (Oda.CDA, Aip.CDA, Capabilities.CDA),
    (Oda.DDA, Aip.DDA, Capabilities.DDA),
    (Oda.SDA, Aip.SDA, Capabilities.SDA),
)
"""The first that card and terminal both can. EMV Book 3, 10.3"""
FAILED = {Oda.SDA: Tvr.SDA_FAILED, Oda.DDA: Tvr.DDA_FAILED, Oda.CDA: Tvr.CDA_FAILED}
OF_ISSUER = ("8F", "90", "9F32")
NEEDED = {
    Oda.SDA: (*OF_ISSUER, "93"),  # EMV Book 3, 7.2, table 29
    Oda.DDA: (*OF_ISSUER, "9F46", "9F47"),  # table 30
    Oda.CDA: (*OF_ISSUER, "9F46", "9F47"),
}
ISSUER_CERTIFICATE, CARD_CERTIFICATE = (36, 13), (42, 19)
"""Bytes of a certificate that are not the key's, and where the key's length stands. EMV Book 2, 5.3 and 6.4, tables"""
FORMAT_1, FORMAT_2, SIGNED_DYNAMIC = "80", "77", "9F4B"
RID = 5


def authenticate(transaction: ChipTransaction, channel: Channel, defects: frozenset[str] = frozenset()) -> None:
    """EMV Book 3, 10.3. Raises CardUnusable when the card refuses INTERNAL AUTHENTICATE.

    CDA is prepared here: the card's key is recovered, and the signature comes with GENERATE AC.
    """
    transaction.oda = method_of(transaction)
    if transaction.oda is Oda.NONE:
        transaction.tvr |= Tvr.ODA_NOT_PERFORMED
        return
    if transaction.oda is Oda.SDA:
        transaction.tvr |= Tvr.SDA_SELECTED
    failed = _failure(transaction, channel, defects)
    if failed and "oda-failure-ignored" not in defects:
        transaction.tvr |= failed
    if failed or transaction.oda is not Oda.CDA:  # of CDA that goes well it is set with the signature: Book 4, 6.3.2
        transaction.tsi |= Tsi.ODA_PERFORMED  # also of one that failed


def method_of(transaction: ChipTransaction) -> Oda:
    """EMV Book 3, 10.3."""
    able = transaction.configuration.capabilities
    return next((oda for oda, card, terminal in CHOICE if card in transaction.aip and terminal in able), Oda.NONE)


def _failure(transaction: ChipTransaction, channel: Channel, defects: frozenset[str]) -> Tvr:
    """The bits of what went wrong; none when the card has proved itself."""
    failed = FAILED[transaction.oda]
    if any(not transaction.card.get(tag) for tag in NEEDED[transaction.oda]):
        return failed | Tvr.DATA_MISSING  # EMV Book 3, 7.5, table 33
    try:
        _STEPS[transaction.oda](transaction, channel, defects)
    except AuthenticationFailed:
        return failed | Tvr.DATA_MISSING if _lacks_remainder(transaction, defects) else failed
    return Tvr(0)


# ── the three ways ────────────────────────────────────────────────────────────────────────────────────────────────


def _static(transaction: ChipTransaction, channel: Channel, defects: frozenset[str]) -> None:
    """SDA. EMV Book 2, 5.4."""
    key = recover_issuer_key(transaction, defects)
    code = check_static(key, transaction.card["93"], _signed_data(transaction))
    transaction.card["9F45"] = code


def _dynamic(transaction: ChipTransaction, channel: Channel, defects: frozenset[str]) -> None:
    """DDA. EMV Book 2, 6.5."""
    key = recover_card_key(transaction, defects)
    data = _ddol_data(transaction)
    signed = _signature(channel, data)
    transaction.card[SIGNED_DYNAMIC] = signed
    transaction.card["9F4C"] = check_dynamic(key, signed, data)


def _combined(transaction: ChipTransaction, channel: Channel, defects: frozenset[str]) -> None:
    """CDA, as far as it goes before GENERATE AC. EMV Book 2, 6.6."""
    recover_card_key(transaction, defects)


_STEPS = {Oda.SDA: _static, Oda.DDA: _dynamic, Oda.CDA: _combined}


def _ddol_data(transaction: ChipTransaction) -> bytes:
    """EMV Book 2, 6.5.1: the card's DDOL or the terminal's; one without the unpredictable number proves nothing."""
    assert transaction.rule is not None
    ddol = transaction.card.get("9F49") or transaction.rule.ddol
    try:
        asked = [tag for tag, _ in parse_dol(ddol)]
    except TlvError:
        asked = []
    if "9F37" not in asked:
        raise AuthenticationFailed("dynamic data object list", Reason.CHALLENGE)
    return transaction.fill(ddol)


def _signature(channel: Channel, data: bytes) -> bytes:
    """EMV Book 3, 6.5.9: the signature, bare or as a data object. An answer that is none ends the transaction."""
    answer = channel.need(Apdu(0x00, 0x88, 0x00, 0x00, data, 256))
    objects = objects_of(answer.data)
    template = objects[0] if len(objects) == 1 else Tlv("", b"")
    signed = template.value if template.tag == FORMAT_1 else b""
    if template.tag == FORMAT_2:
        signed = next((node.value for node in template.children if node.tag == SIGNED_DYNAMIC), b"")
    if not signed:
        raise CardUnusable("the card answered INTERNAL AUTHENTICATE without a signature", fallback=True)  # 6.5.9.4
    return signed


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def recover_issuer_key(transaction: ChipTransaction, defects: frozenset[str] = frozenset()) -> RsaPublic:
    """The issuer's public key, kept once it is there. EMV Book 2, 5.2 and 5.3. Raises AuthenticationFailed.

    TVR and TSI are left alone: an enciphered PIN needs the key, too.
    """
    if transaction.issuer_key is None:
        ca = _ca_key(transaction, defects)
        transaction.terminal["9F22"] = bytes([ca.index])
        key, serial = recover_issuer(ca, transaction.card, transaction.pan, f"{transaction.today:%y%m%d}")
        revoked = transaction.configuration.keys.is_revoked(ca.rid, ca.index, serial)
        if revoked and "revoked-certificate-taken" not in defects:  # 5.3, step 10
            raise AuthenticationFailed("issuer public key certificate", Reason.REVOKED)
        transaction.issuer_key = key
    return transaction.issuer_key


def recover_card_key(transaction: ChipTransaction, defects: frozenset[str] = frozenset()) -> RsaPublic:
    """The card's own public key, its static data proved with it. EMV Book 2, 6.4. Raises AuthenticationFailed."""
    if transaction.card_key is None:
        issuer = recover_issuer_key(transaction, defects)
        today = f"{transaction.today:%y%m%d}"
        transaction.card_key = recover_card(issuer, transaction.card, transaction.pan, _signed_data(transaction), today)
    return transaction.card_key


def _ca_key(transaction: ChipTransaction, defects: frozenset[str]) -> CaPublicKey:
    """The scheme's key that the card names. EMV Book 2, 5.2 and 6.2: without it authentication has failed."""
    rid, index = transaction.terminal["9F06"][:RID], transaction.card.get("8F", b"")
    ca = transaction.configuration.keys.find(rid, index[0], transaction.today, defects) if len(index) == 1 else None
    if ca is None:
        raise AuthenticationFailed(f"CA key {index.hex().upper()} of {rid.hex().upper()}", Reason.CA_KEY)
    return ca


def _signed_data(transaction: ChipTransaction) -> bytes:
    """EMV Book 3, 10.3: what the locator marks, and what 9F4A names."""
    card = transaction.card
    return static_data(transaction.signed_records, card.get("9F4A"), card["82"])


def _lacks_remainder(transaction: ChipTransaction, defects: frozenset[str]) -> bool:
    """Whether a certificate says of its key that there is more of it, and the card does not give the rest.

    EMV Book 3, 7.5, table 33. The hash covers the rest, too, so that it fails first.
    """
    card = transaction.card
    try:
        if "92" not in card and _is_cut(_ca_key(transaction, defects).key, card["90"], ISSUER_CERTIFICATE):
            return True
        issuer = transaction.issuer_key
        return bool(
            issuer and transaction.oda is not Oda.SDA and "9F48" not in card
            and _is_cut(issuer, card["9F46"], CARD_CERTIFICATE)
        )  # fmt: skip
    except (AuthenticationFailed, ValueError):
        return False


def _is_cut(signer: RsaPublic, certificate: bytes, form: tuple[int, int]) -> bool:
    """Whether the key is longer than what of it fits the certificate. EMV Book 2, 5.3, step 12; 6.4, step 10"""
    overhead, length_at = form
    recovered = signer.recover(certificate)
    size = int.from_bytes(recovered[length_at : length_at + 1])
    return recovered[0] == HEADER and recovered[-1] == TRAILER and size > signer.size - overhead
