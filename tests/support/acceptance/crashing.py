"""`python -m tests.support.acceptance.crashing`: the real `atelier` that kills itself (SIGKILL) at one moment.

ATELIER_TEST_CRASH names it: 'settle:before' dies in place of settling, 'settle:after' right after the transaction.
"""

import os
import signal
import sys
from typing import Any

from bot.__main__ import main
from db.queue.job_store import JobStore

CRASH = "ATELIER_TEST_CRASH"


def arm(moment: str) -> None:
    """Make a method of the job store deadly."""
    name, _, when = moment.partition(":")
    real = getattr(JobStore, name)

    async def deadly(self: JobStore, *args: Any, **options: Any) -> Any:
        result = await real(self, *args, **options) if when == "after" else None
        if name == "claim" and not result:
            return result  # nothing was claimed yet
        os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(JobStore, name, deadly)


if __name__ == "__main__":
    if moment := os.environ.get(CRASH):
        arm(moment)
    sys.exit(main())
