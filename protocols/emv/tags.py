"""The tags that a PBOC contact transaction meets. EMV Book 3, Annex A; facts/unionpay-pos 2.2; facts/pcsc-emv 4.2.

Names of tags that are PBOC's own, such as 9F52 and 9F62, are likely.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Format(Enum):
    """How a value reads, and from which side a DOL cuts or fills it (EMV Book 3, 5.4)."""

    N = "digits, standing right"
    CN = "digits, standing left, filled with F"
    B = "binary"
    AN = "text"


@dataclass(frozen=True, slots=True)
class Tag:
    """`hidden` values are never shown; a PAN shows its first six and last four digits in raw bytes.

    Certificates of a card hold its PAN under keys that everybody has, and hashes over it give its digits to who tries
    them all: they are hidden as the PAN is.
    """

    name: str
    format: Format = Format.B
    hidden: bool = False


N, CN, B, AN = Format.N, Format.CN, Format.B, Format.AN
TAGS: dict[str, Tag] = {
    "42": Tag("issuer identification number", N),
    "4F": Tag("application identifier"),
    "50": Tag("application label", AN),
    "56": Tag("track 1 equivalent", hidden=True),
    "57": Tag("track 2 equivalent", hidden=True),
    "5A": Tag("PAN", CN, hidden=True),
    "5F20": Tag("cardholder name", AN, hidden=True),
    "5F24": Tag("application expiry", N, hidden=True),
    "5F25": Tag("application effective date", N),
    "5F28": Tag("issuer country", N),
    "5F2A": Tag("transaction currency", N),
    "5F2D": Tag("language preference", AN),
    "5F30": Tag("service code", N),
    "5F34": Tag("PAN sequence number", N),
    "5F36": Tag("transaction currency exponent", N),
    "5F50": Tag("issuer URL", AN),
    "5F53": Tag("international account number"),
    "5F54": Tag("bank identifier code"),
    "5F55": Tag("issuer country, two letters", AN),
    "5F56": Tag("issuer country, three letters", AN),
    "61": Tag("application template"),
    "6F": Tag("FCI template"),
    "70": Tag("record template"),
    "71": Tag("issuer script 1"),
    "72": Tag("issuer script 2"),
    "73": Tag("directory discretionary template"),
    "77": Tag("response template, format 2"),
    "80": Tag("response template, format 1"),
    "81": Tag("amount, authorised, binary"),
    "82": Tag("application interchange profile"),
    "83": Tag("command template"),
    "84": Tag("dedicated file name"),
    "86": Tag("issuer script command"),
    "87": Tag("application priority"),
    "88": Tag("directory SFI"),
    "89": Tag("authorisation code", AN),
    "8A": Tag("authorisation response code", AN),
    "8C": Tag("CDOL1"),
    "8D": Tag("CDOL2"),
    "8E": Tag("CVM list"),
    "8F": Tag("CA public key index"),
    "90": Tag("issuer public key certificate"),
    "91": Tag("issuer authentication data"),
    "92": Tag("issuer public key remainder"),
    "93": Tag("signed static application data", hidden=True),
    "94": Tag("application file locator"),
    "95": Tag("terminal verification results"),
    "97": Tag("TDOL"),
    "98": Tag("TC hash"),
    "99": Tag("transaction PIN data", hidden=True),
    "9A": Tag("transaction date", N),
    "9B": Tag("transaction status information"),
    "9C": Tag("transaction type", N),
    "9D": Tag("directory file name"),
    "9F01": Tag("acquirer identifier", N),
    "9F02": Tag("amount, authorised", N),
    "9F03": Tag("amount, other", N),
    "9F04": Tag("amount, other, binary"),
    "9F05": Tag("application discretionary data"),
    "9F06": Tag("AID, terminal"),
    "9F07": Tag("application usage control"),
    "9F08": Tag("application version, card"),
    "9F09": Tag("application version, terminal"),
    "9F0B": Tag("cardholder name, extended", AN, hidden=True),
    "9F0C": Tag("issuer identification number, extended", N),
    "9F0D": Tag("issuer action code, default"),
    "9F0E": Tag("issuer action code, denial"),
    "9F0F": Tag("issuer action code, online"),
    "9F10": Tag("issuer application data"),
    "9F11": Tag("issuer code table", N),
    "9F12": Tag("preferred name", AN),
    "9F13": Tag("last online ATC"),
    "9F14": Tag("lower consecutive offline limit"),
    "9F15": Tag("merchant category code", N),
    "9F16": Tag("merchant identifier", AN),
    "9F17": Tag("PIN try counter"),
    "9F18": Tag("issuer script identifier"),
    "9F1A": Tag("terminal country", N),
    "9F1B": Tag("terminal floor limit"),
    "9F1C": Tag("terminal identification", AN),
    "9F1D": Tag("terminal risk management data"),
    "9F1E": Tag("interface device serial", AN),
    "9F1F": Tag("track 1 discretionary data", AN, hidden=True),
    "9F20": Tag("track 2 discretionary data", CN, hidden=True),
    "9F21": Tag("transaction time", N),
    "9F22": Tag("CA public key index, terminal"),
    "9F23": Tag("upper consecutive offline limit"),
    "9F26": Tag("application cryptogram"),
    "9F27": Tag("cryptogram information"),
    "9F2D": Tag("ICC PIN encipherment public key certificate", hidden=True),
    "9F2E": Tag("ICC PIN encipherment public key exponent"),
    "9F2F": Tag("ICC PIN encipherment public key remainder", hidden=True),
    "9F32": Tag("issuer public key exponent"),
    "9F33": Tag("terminal capabilities"),
    "9F34": Tag("CVM results"),
    "9F35": Tag("terminal type", N),
    "9F36": Tag("application transaction counter"),
    "9F37": Tag("unpredictable number"),
    "9F38": Tag("PDOL"),
    "9F39": Tag("POS entry mode", N),
    "9F3A": Tag("amount, reference currency"),
    "9F3B": Tag("application reference currency", N),
    "9F3C": Tag("transaction reference currency", N),
    "9F3D": Tag("transaction reference currency exponent", N),
    "9F40": Tag("additional terminal capabilities"),
    "9F41": Tag("transaction sequence counter", N),
    "9F42": Tag("application currency", N),
    "9F43": Tag("application reference currency exponent", N),
    "9F44": Tag("application currency exponent", N),
    "9F45": Tag("data authentication code"),
    "9F46": Tag("ICC public key certificate", hidden=True),
    "9F47": Tag("ICC public key exponent"),
    "9F48": Tag("ICC public key remainder", hidden=True),
    "9F49": Tag("DDOL"),
    "9F4A": Tag("static data tag list"),
    "9F4B": Tag("signed dynamic application data"),
    "9F4C": Tag("ICC dynamic number"),
    "9F4D": Tag("log entry"),
    "9F4E": Tag("merchant name", AN),
    "9F4F": Tag("log format"),
    "9F52": Tag("application default action"),
    "9F61": Tag("cardholder identity number", AN, hidden=True),
    "9F62": Tag("cardholder identity type", AN),
    "9F63": Tag("product identification"),
    "9F69": Tag("card authentication related data"),
    "9F6B": Tag("track 2 data", CN, hidden=True),
    "9F74": Tag("electronic cash issuer authorisation code", AN),
    "9F77": Tag("electronic cash balance limit", N),
    "9F78": Tag("electronic cash single transaction limit", N),
    "9F79": Tag("electronic cash balance", N),
    "9F7A": Tag("electronic cash terminal support"),
    "A5": Tag("FCI proprietary template"),
    "BF0C": Tag("FCI issuer data"),
    "DF31": Tag("issuer script results"),
    "DF69": Tag("SM algorithm support"),
}
