"""What every job's runner works with."""

from dataclasses import dataclass

from db.files import FileStore
from db.queue.job_store import JobStore
from inference.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerContext:
    """The stores and the pool, and this dispatcher's name."""

    owner: str  # of leases
    jobs: JobStore
    files: FileStore
    pool: Pool
