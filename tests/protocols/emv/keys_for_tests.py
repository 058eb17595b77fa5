"""Keys for the tests of this package; RSA test keys are made anew in each process, a few sizes, once each."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from protocols.emv.rsa import RsaPrivate


@cache
def private(bits: int, exponent: int = 3) -> RsaPrivate:
    """A test key of this size."""
    numbers = generate_private_key(exponent, bits).private_numbers()
    return RsaPrivate.of_primes(numbers.p, numbers.q, exponent)


def odd_parity(key: bytes) -> bytes:
    """A key as others write it: each byte with an odd number of bits set. DES does not look at them."""
    return bytes(byte ^ (byte.bit_count() + 1) % 2 for byte in key)
