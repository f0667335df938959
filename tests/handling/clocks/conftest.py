"""How hard the properties are tried: 50 examples in every run, 2,000 in the drills (`HYPOTHESIS_PROFILE=drill`).

No time limit for one example: a busy machine is no fault of the clocks.
"""

import os

from hypothesis import HealthCheck, settings

PATIENT = [HealthCheck.too_slow]

settings.register_profile("test", max_examples=50, deadline=None, suppress_health_check=PATIENT)
settings.register_profile("drill", max_examples=2000, deadline=None, suppress_health_check=PATIENT)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))
