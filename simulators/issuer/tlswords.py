"""Why a TLS line did not come about, in words: from the first bytes that came, and from what OpenSSL made of them.

Nothing here is worked out while all goes well. Layout of the ClientHello: RFC 8446, 4.1.2 and 5.1.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping

HANDSHAKE, RECORD_BYTES, HELLO_BYTES = 0x16, 5, 38
SUPPORTED_VERSIONS = 0x002B
LONGEST_PLAIN, TPDU_ID = 2048, 0x60
VERSIONS = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}
OURS = {ssl.TLSVersion.TLSv1_2: "TLS 1.2", ssl.TLSVersion.TLSv1_3: "TLS 1.3"}
REASONS = {  # OpenSSL's names, of 1.1 and 3
    "NO_SHARED_CIPHER": "the terminal offers no cipher that this port takes",
    "NO_SUITABLE_SIGNATURE_ALGORITHM": "the terminal knows no signature that our certificate makes",
    "NO_SUITABLE_KEY_SHARE": "the terminal offers no key exchange that this port takes",
    "NO_SUITABLE_GROUPS": "the terminal offers no key exchange that this port takes",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "no client certificate, and this port demands one",
    "HTTP_REQUEST": "not TLS: it looks like HTTP",
    "HTTPS_PROXY_REQUEST": "not TLS: it looks like HTTP",
}
ALERTS = {
    "UNKNOWN_CA": "the terminal does not trust our certificate",
    "BAD_CERTIFICATE": "the terminal does not take our certificate",
    "CERTIFICATE_EXPIRED": "the terminal finds our certificate expired: compare the clocks",
    "CERTIFICATE_REVOKED": "the terminal finds our certificate revoked",
    "CERTIFICATE_UNKNOWN": "the terminal does not take our certificate",
    "UNSUPPORTED_CERTIFICATE": "the terminal does not take this kind of certificate",
    "PROTOCOL_VERSION": "the terminal does not take the TLS version that was chosen",
    "INSUFFICIENT_SECURITY": "the terminal wants stronger ciphers",
    "HANDSHAKE_FAILURE": "the terminal found no parameters in common",
}


def refusal(error: ssl.SSLError, seen: bytes, lowest: ssl.TLSVersion) -> str:
    """What went wrong with a handshake of which `seen` are the first bytes."""
    other = not_tls(seen)
    if other:
        return other
    reason = error.reason or ""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the client certificate does not stand: {error.verify_message}"
    if reason in ("UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW", "UNKNOWN_PROTOCOL"):
        offered, ours = highest_offered(seen), OURS.get(lowest, "TLS 1.2")
        return f"the terminal offers {offered or 'an older version'} at most, and this port takes {ours} at least"
    _, is_alert, alert = reason.partition("_ALERT_")
    if is_alert:
        told = ALERTS.get(alert, "the terminal broke the handshake off")
        return f"{told} (alert {alert.replace('_', ' ').lower()})"
    return REASONS.get(reason) or f"the handshake failed: {reason.replace('_', ' ').lower() or 'no reason given'}"


def not_tls(seen: bytes) -> str:
    """What the first bytes look like when they are no TLS; empty when they are, or when none came."""
    if not seen or seen[0] == HANDSHAKE:
        return ""
    shown = " ".join(f"0x{byte:02X}" for byte in seen[:2])
    if len(seen) >= 3 and seen[2] == TPDU_ID and int.from_bytes(seen[:2], "big") <= LONGEST_PLAIN:
        return f"not TLS: it looks like a plain message (length {shown})"
    if seen[:4] in (b"GET ", b"POST", b"HEAD", b"PUT "):
        return "not TLS: it looks like HTTP"
    return f"not TLS: it begins with {shown}"


def broken_off(seen: bytes, answered: bool) -> str:
    """The terminal hung up before the handshake was over."""
    if not seen:
        return "the terminal hung up without a word"
    other = not_tls(seen)
    if other:
        return other
    if not answered:
        return f"the terminal hung up within its first TLS message, {len(seen)} bytes of it came"
    return "the terminal hung up when it had our certificate: does it trust it, and for this host name?"


def too_long(seen: bytes, seconds: float) -> str:
    """The time for the handshake is up."""
    what = not_tls(seen) or (f"{len(seen)} bytes of a handshake came" if seen else "nothing came")
    return f"{what} within {seconds:g} s of the connect"


def highest_offered(seen: bytes) -> str:
    """The highest version that a ClientHello offers; empty when it cannot be read."""
    hello = seen[RECORD_BYTES:]
    if len(hello) < HELLO_BYTES:
        return ""
    versions = [int.from_bytes(hello[4:6], "big"), *_supported(hello)]
    known = [version for version in versions if version in VERSIONS]
    return VERSIONS[max(known)] if known else ""


def _supported(hello: bytes) -> Iterable[int]:
    """Those of the extension for it, as far as the hello goes."""
    at = HELLO_BYTES
    for size in (1, 2, 1):  # session, cipher suites, compression methods
        at += size + int.from_bytes(hello[at : at + size], "big")
    at += 2
    while at + 4 <= len(hello):
        kind, length = int.from_bytes(hello[at : at + 2], "big"), int.from_bytes(hello[at + 2 : at + 4], "big")
        if kind == SUPPORTED_VERSIONS:
            listed = hello[at + 5 : at + 4 + length]
            return [int.from_bytes(listed[i : i + 2], "big") for i in range(0, len(listed) - 1, 2)]
        at += 4 + length
    return []


def subject(certificate: Mapping[str, object]) -> str:
    """Whose certificate it is: `CN=…, O=…`."""
    names = certificate.get("subject", ())
    assert isinstance(names, tuple)
    short = {"commonName": "CN", "organizationName": "O", "organizationalUnitName": "OU", "countryName": "C"}
    return ", ".join(f"{short.get(key, key)}={value}" for part in names for key, value in part)
