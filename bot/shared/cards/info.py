"""Everything there is to know about a job, for its owner."""

from bot.shared.cards.job_kind import JobKind
from bot.shared.text.formatting import credits, exactly, moment, paid
from db.queue.job import Job
from inference.requests import Kind

TEXT_MAX = 2000  # characters of a message


def info_text(kind: JobKind, job: Job) -> str:
    """Say everything about a job in one message: its parameters as other tools write them, then how it went."""
    facts = [f"job `{job.id}`", f"requested {moment(job.queued_at)}", str(job.state)]
    if job.started_at and job.ended_at:
        facts.append(f"took {exactly((job.ended_at - job.started_at).total_seconds())}")
    spent = f"{credits(job.charged)} spent" if job.final else f"{credits(job.price)} reserved"
    facts.append(spent if job.price else paid(job, 0))
    if job.source_job_id:
        facts.append(f"{'re-roll of' if job.kind == Kind.IMAGE else 'transcribed again from'} `{job.source_job_id}`")
    return f"{kind.parameters(job)}\n-# {' · '.join(facts)}"[:TEXT_MAX]
