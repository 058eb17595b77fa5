"""TLS as the terminal speaks it: the host shows who it is, and a terminal that is not satisfied sends nothing.

Verification is OpenSSL's, by Python's `ssl`: the chain up to an authority that the terminal was given, the dates, and
the name by RFC 6125 and RFC 2818. cases.md 218, 265; versions below 1.2 are over since RFC 8996.
"""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from protocols.faults import ConfigurationError

ANY_BY, NAME_BY, DATES_BY, OLD_BY = (
    "any-certificate-taken",
    "other-name-taken",
    "expired-certificate-taken",
    "old-tls-spoken",
)
_DATES_UNCHECKED = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, for which `ssl` has no name
_WEAK = "DEFAULT:@SECLEVEL=0"  # SHA-1, which TLS 1.1 signs with, is off at any higher level

# results of X509_verify_cert, openssl/x509_vfy.h
_NOT_YET, _EXPIRED = 9, 10
_OTHER_NAME = (62, 64)  # host name, IP address
_NOBODY = (2, 18, 19, 20, 21)
_TOO_OLD = ("TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW")
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
LOWEST = "TLS 1.2"


class Refused(Exception):
    """The handshake did not come to its end: why, in words. Nothing was sent that anybody could act on."""


@dataclass(frozen=True, slots=True)
class ClientTls:
    """Whom the terminal trusts (PEM file), by which name it knows the host, and, where the host wants to know the
    terminal too, its own certificate and key (PEM files)."""

    authorities: Path
    server_name: str
    certificate: Path | None = None
    key: Path | None = None

    def context(self, defects: Collection[str] = ()) -> ssl.SSLContext:
        """Raises ConfigurationError for a file that cannot be used."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and name
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_verify_locations(self.authorities)
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                f"the terminal's certificates cannot be used: {getattr(error, 'reason', None) or error.strerror}",
                advice=f"PEM files are wanted: see {self.authorities.name}", component="terminal",
            ) from None  # fmt: skip
        _spoil(context, defects)
        return context


def _spoil(context: ssl.SSLContext, defects: Collection[str]) -> None:
    """Seeded defects."""
    if ANY_BY in defects:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if NAME_BY in defects:
        context.check_hostname = False
    if DATES_BY in defects:
        context.verify_flags |= _DATES_UNCHECKED
    if OLD_BY in defects:
        context.set_ciphers(_WEAK)
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            context.minimum_version = ssl.TLSVersion.TLSv1


def encrypted(plain: socket.socket, tls: ClientTls, context: ssl.SSLContext) -> ssl.SSLSocket:
    """The line after its handshake, within the time-out that it has. Raises Refused; the line is closed then."""
    line = context.wrap_socket(plain, server_hostname=tls.server_name, do_handshake_on_connect=False)
    try:
        line.do_handshake()
    except OSError as error:
        reason = _reason(error, line, tls)
        with suppress(OSError):
            line.close()
        raise Refused(reason) from error
    return line


def _reason(error: OSError, line: ssl.SSLSocket, tls: ClientTls) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_certificate(error, _shown(line), tls)
    if isinstance(error, TimeoutError):
        return "the handshake was not over in time"
    reason = getattr(error, "reason", None) or ""
    if reason in _TOO_OLD:
        return f"the host speaks no {LOWEST} or newer"
    if reason in _NO_TLS:
        return "what answers speaks no TLS"
    if isinstance(error, (ssl.SSLEOFError, ConnectionError)):
        return "the line broke during the handshake"
    return f"the handshake failed: {reason or type(error).__name__}"


def _of_certificate(error: ssl.SSLCertVerificationError, shown: x509.Certificate | None, tls: ClientTls) -> str:
    code = error.verify_code
    if code == _EXPIRED:
        return "the host's certificate has expired" if shown is None else (
            f"the host's certificate expired on {shown.not_valid_after_utc:%Y-%m-%d}"
        )  # fmt: skip
    if code == _NOT_YET:
        return "the host's certificate does not hold yet"
    if code in _OTHER_NAME:
        names = f": {', '.join(_names(shown))}" if shown is not None else ""
        return f"the host's certificate is for another name than {tls.server_name}{names}"
    if code in _NOBODY:
        return "the host's certificate is signed by nobody whom the terminal trusts"
    return f"the host's certificate is refused: {error.verify_message}"


def _shown(line: ssl.SSLSocket) -> x509.Certificate | None:
    """The certificate that was refused, as far as this Python tells: for the words alone."""
    try:
        if hasattr(line, "get_verified_chain"):  # from Python 3.13 on
            return x509.load_der_x509_certificate(line.get_verified_chain()[0])
        chain = line._sslobj.get_verified_chain()  # type: ignore[attr-defined]
        return x509.load_pem_x509_certificate(chain[0].public_bytes().encode())
    except (AttributeError, IndexError, TypeError, ValueError, ssl.SSLError):
        return None


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ["none"]
    return names.get_values_for_type(x509.DNSName)
