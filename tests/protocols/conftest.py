"""Property tests of the protocols: the same examples each time, and no deadline, since machines differ in speed."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "protocols", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("protocols")
