"""What all tests share: how hard Hypothesis tries, and that a failure can be replayed.

`quick` belongs to `make test`, `thorough` to `make test-all` (HYPOTHESIS_PROFILE). No profile has a deadline: the
machine may be busy, and no test here asserts a time. A failing example is printed as a line that replays it.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick", max_examples=50, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
