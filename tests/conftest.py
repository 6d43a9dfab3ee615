"""What holds for every test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A busy machine is no failure, and a failure found once must be found again: no deadlines, fixed examples.
settings.register_profile(
    "umapi", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("umapi")

pytest_plugins = ["pytester"]
