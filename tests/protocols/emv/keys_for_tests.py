"""RSA test keys for the tests of this package: made anew in each process, a few sizes, once each."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from protocols.emv.rsa import RsaPrivate


@cache
def private(bits: int, exponent: int = 3) -> RsaPrivate:
    """A test key of this size."""
    numbers = generate_private_key(exponent, bits).private_numbers()
    return RsaPrivate.of_primes(numbers.p, numbers.q, exponent)
