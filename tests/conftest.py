"""For all tests: one thread for numerics. Tiny models gain nothing from more, and waiting threads spin."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is first imported, here and in children
