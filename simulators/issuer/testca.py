"""A certificate authority for a test bench: server and client certificates, right ones and spoiled ones.

Its name says TEST, and nothing but a bench should ever trust it. Keys are files that only their owner reads.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from protocols.faults import ConfigurationError

ORGANISATION = "Holdfast TEST, no trust outside a test bench"
AUTHORITY, OTHER_AUTHORITY = "Holdfast TEST CA", "Holdfast other TEST CA"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
WRONG_HOST = "wrong-host.invalid"
DAYS = 825
RSA_BITS = 2048
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    def write(self, directory: Path, name: str) -> tuple[Path, Path]:
        """`name.pem` and `name.key`, the latter with mode 0600."""
        pem, key = directory / f"{name}.pem", directory / f"{name}.key"
        pem.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        secret = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        key.unlink(missing_ok=True)
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secret)
        return pem, key


class Authority:
    """Issues certificates. `days` is how long they and its own last, from an hour ago: clocks differ."""

    def __init__(self, name: str = AUTHORITY, days: int = DAYS, *, rsa_keys: bool = False) -> None:
        self._key: Callable[[], Key] = _rsa_key if rsa_keys else _ec_key
        self._since = datetime.now(UTC) - timedelta(hours=1)
        self._until = self._since + timedelta(days=days)
        key = self._key()
        made = _builder(_name(name), _name(name), key, self._since, self._until)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        made = made.add_extension(_usage(key, ca=True), critical=True)
        self.identity = Identity(made.sign(key, hashes.SHA256()), key)

    def server(self, hosts: Sequence[str] = LOOPBACK, **when: timedelta) -> Identity:
        """For a host of these names and addresses."""
        return self._issue(hosts[0], ExtendedKeyUsageOID.SERVER_AUTH, hosts, **when)

    def client(self, name: str, **when: timedelta) -> Identity:
        """For a terminal of this name."""
        return self._issue(name, ExtendedKeyUsageOID.CLIENT_AUTH, (), **when)

    def self_signed(self, like: Identity) -> Identity:
        """The same certificate with a key of its own, issued by itself."""
        key, old = self._key(), like.certificate
        made = _builder(old.subject, old.subject, key, self._since, self._until)
        for extension in old.extensions:
            if isinstance(extension.value, x509.SubjectAlternativeName | x509.ExtendedKeyUsage):
                made = made.add_extension(extension.value, extension.critical)
        return Identity(made.sign(key, hashes.SHA256()), key)

    def _issue(
        self, name: str, purpose: x509.ObjectIdentifier, hosts: Sequence[str], *, since: timedelta = timedelta(),
        until: timedelta | None = None,
    ) -> Identity:  # fmt: skip
        """`since` and `until` count from the CA's own first moment."""
        key, issuer = self._key(), self.identity
        first, last = self._since + since, self._until if until is None else self._since + until
        made = _builder(_name(name), issuer.certificate.subject, key, first, last)
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(_usage(key, ca=False), critical=True)
        made = made.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        made = made.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
        )
        if hosts:
            made = made.add_extension(x509.SubjectAlternativeName([_general(host) for host in hosts]), critical=False)
        return Identity(made.sign(issuer.key, hashes.SHA256()), key)


LONG_AGO = {"since": timedelta(days=-30), "until": timedelta(days=-1)}
NOT_YET = {"since": timedelta(days=30), "until": timedelta(days=60)}
SPOILED: Mapping[str, Callable[[Authority, Sequence[str]], Identity]] = {
    "expired": lambda ca, hosts: ca.server(hosts, **LONG_AGO),
    "not-yet-valid": lambda ca, hosts: ca.server(hosts, **NOT_YET),
    "wrong-host": lambda ca, hosts: ca.server((WRONG_HOST,)),
    "other-ca": lambda ca, hosts: Authority(OTHER_AUTHORITY).server(hosts),
    "self-signed": lambda ca, hosts: ca.self_signed(ca.server(hosts)),
}
"""Server certificates that a terminal must not take."""
SPOILED_CLIENTS: Mapping[str, Callable[[Authority, str], Identity]] = {
    "expired": lambda ca, name: ca.client(name, **LONG_AGO),
    "not-yet-valid": lambda ca, name: ca.client(name, **NOT_YET),
    "other-ca": lambda ca, name: Authority(OTHER_AUTHORITY).client(name),
    "self-signed": lambda ca, name: ca.self_signed(ca.client(name)),
}
"""Client certificates that the host must not take."""


def make(
    directory: Path, hosts: Sequence[str] = (), clients: Sequence[str] = ("terminal",), days: int = DAYS, *,
    spoiled: bool = False, rsa_keys: bool = False,
) -> dict[str, Identity]:  # fmt: skip
    """Write `ca`, `server` and `client-NAME`, each `.pem` and `.key`; spoiled ones as `server-expired` and so on.

    Raises ConfigurationError when there is a CA in the directory already.
    """
    if (directory / "ca.pem").exists():
        raise ConfigurationError(f"{directory} holds a test CA already", advice="name another folder, or remove it")
    directory.mkdir(parents=True, exist_ok=True)
    names = (*LOOPBACK, *hosts)
    ca = Authority(days=days, rsa_keys=rsa_keys)
    made = {"ca": ca.identity, "server": ca.server(names)}
    made |= {f"client-{name}": ca.client(name) for name in clients}
    if spoiled:
        made |= {f"server-{what}": issue(ca, names) for what, issue in SPOILED.items()}
        for name in clients[:1]:
            made |= {f"client-{name}-{what}": issue(ca, name) for what, issue in SPOILED_CLIENTS.items()}
    for name, identity in made.items():
        identity.write(directory, name)
    return made


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Key, first: datetime, last: datetime
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(first).not_valid_after(last)
    return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(key: Key, *, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, content_commitment=False,
        key_encipherment=not ca and isinstance(key, rsa.RSAPrivateKey),
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _ec_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def _rsa_key() -> Key:
    return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
