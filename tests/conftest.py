"""For all tests: one thread for numerics, and no deadline for hypothesis.

Tiny models gain nothing from more threads, and waiting ones spin. A test says what is computed, never how fast.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is first imported, here and in children

from hypothesis import HealthCheck, settings

settings.register_profile("atelier", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("atelier")
