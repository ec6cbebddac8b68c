"""Loops that run as long as the program, by name.

`tests/unit/test_background.py` finds them in the source, and `tests/integration/test_loops.py` takes the database away
from each.
"""

LOOPS = {
    "dispatcher-claim",
    "dispatcher-wake",
    "dispatcher-listen",
    "dispatcher-heartbeat",
    "dispatcher-reap",
    "follow-cards",
    "keep-{worker_id}",
    "purge-clips",
    "register-commands",
    "register-home-commands",
    "retention",
    "sandbox-saving",
    "scrub-database",
    "sweep-undelivered",
    "wake-receive",
    "wake-send",
    "watch-catalogue",
}
