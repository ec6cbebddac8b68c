"""`python -m tests.support.acceptance.crashing`: the real `atelier` that kills itself (SIGKILL) at one moment.

ATELIER_TEST_CRASH names it: 'settle:before' dies in place of settling, 'settle:after' right after the transaction.
"""

import os
import signal
import sys
from typing import Any

from bot.__main__ import main
from db.engine import Database
from db.queue.job_store import JobStore

CRASH = "ATELIER_TEST_CRASH"


def arm(moment: str) -> None:
    """Make a method of the job store deadly, or the write of a function of the store."""
    name, _, when = moment.partition(":")
    owner, method = (JobStore, name) if hasattr(JobStore, name) else (Database, "write")
    real = getattr(owner, method)

    async def deadly(self: Any, *args: Any, **options: Any) -> Any:
        if method == "write" and args[0].__name__ != name:
            return await real(self, *args, **options)
        result = await real(self, *args, **options) if when == "after" else None
        if name == "claim" and not result:
            return result  # nothing was claimed yet
        os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, method, deadly)


if __name__ == "__main__":
    if moment := os.environ.get(CRASH):
        arm(moment)
    sys.exit(main())
