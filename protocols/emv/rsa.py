"""RSA as EMV uses it: plain numbers, no padding of PKCS. EMV Book 2, Annex B2.1.

The keys are test keys, and the arithmetic is Python's own `pow`: nothing here withstands who measures its time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

EXPONENTS = (3, 65537)
"""EMV Book 2, Annex B2.1"""


@dataclass(frozen=True, slots=True)
class RsaPublic:
    """Modulus without leading zeros, and exponent."""

    modulus: bytes
    exponent: int

    @property
    def size(self) -> int:
        """Bytes of the modulus."""
        return len(self.modulus)

    @property
    def exponent_bytes(self) -> bytes:
        """The exponent in as few bytes as hold it: 03 or 010001."""
        return self.exponent.to_bytes((self.exponent.bit_length() + 7) // 8 or 1, "big")

    def recover(self, data: bytes) -> bytes:
        """What was signed, or what only the private key deciphers. Raises ValueError for data of another length than
        the modulus, and for a modulus of zero."""
        if len(data) != self.size:
            raise ValueError(f"{len(data)} bytes under a modulus of {self.size}")
        modulus = int.from_bytes(self.modulus, "big")
        return pow(int.from_bytes(data, "big"), self.exponent, modulus).to_bytes(self.size, "big")


@dataclass(frozen=True, slots=True)
class RsaPrivate:
    """A test key, by its primes."""

    p: int = field(repr=False)
    q: int = field(repr=False)
    exponent: int
    _parts: tuple[int, int, int] = field(repr=False, compare=False)

    @classmethod
    def of_primes(cls, p: int, q: int, exponent: int) -> RsaPrivate:
        """Raises ValueError when the exponent has no inverse: p - 1 or q - 1 is one of its multiples."""
        return cls(p, q, exponent, (pow(exponent, -1, p - 1), pow(exponent, -1, q - 1), pow(q, -1, p)))

    @property
    def size(self) -> int:
        """Bytes of the modulus."""
        return ((self.p * self.q).bit_length() + 7) // 8

    @property
    def public(self) -> RsaPublic:
        """The key for everybody."""
        return RsaPublic((self.p * self.q).to_bytes(self.size, "big"), self.exponent)

    def sign(self, data: bytes) -> bytes:
        """What `RsaPublic.recover` turns back into the data; also deciphers. Raises ValueError for data of another
        length than the modulus."""
        if len(data) != self.size:
            raise ValueError(f"{len(data)} bytes under a modulus of {self.size}")
        number, (d_p, d_q, q_inverse) = int.from_bytes(data, "big"), self._parts
        of_p, of_q = pow(number, d_p, self.p), pow(number, d_q, self.q)
        return (of_q + (of_p - of_q) * q_inverse % self.p * self.q).to_bytes(self.size, "big")
