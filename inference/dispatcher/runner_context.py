"""What every job's runner works with."""

from dataclasses import dataclass, field

from db.files import FileStore
from db.queue.job_store import JobStore
from inference.checks import CheckRules
from inference.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerContext:
    """The stores and the pool, this dispatcher's name, and what operators decided about pictures."""

    owner: str  # of leases
    jobs: JobStore
    files: FileStore
    pool: Pool
    check_rules: CheckRules = field(default_factory=CheckRules)  # what becomes of flagged pictures
