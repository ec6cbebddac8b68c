"""What the operator's page shows, as plain data. Pure."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from db.queue.figures import Figures
from db.queue.job import Job
from inference.messages import WorkerLoad


def summary(figures: Figures, loads: Mapping[str, WorkerLoad]) -> dict[str, Any]:
    """Return all figures as JSON-ready data, without anything that a member said."""
    return {
        "at": figures.at.isoformat(),
        "queue": [
            {"kind": kind, "jobs": count, "credits": figures.waiting_credits[kind]}
            for kind, count in sorted(figures.waiting.items())
        ],
        "running_jobs": sum(figures.running_jobs.values()),
        "running": [_running(job, figures) for job in figures.running],
        "workers": [
            {"worker": worker_id, "free": dict(load.free), "models": list(load.models), "memory": load.memory_bytes}
            for worker_id, load in sorted(loads.items())
        ],
        "waits": [{"kind": kind} | asdict(waits) for kind, waits in sorted(figures.waits.items())],
        "forecasts": [{"kind": kind} | asdict(one) for kind, one in sorted(figures.forecasts.items())],
        "ended": dict(sorted(figures.ended.items())),
        "spent_today": figures.spent_today,
        "failed": [_failed(job) for job in figures.failed],
    }


def _running(job: Job, figures: Figures) -> dict[str, Any]:
    started = job.started_at or figures.at
    return {
        "job": job.id,
        "kind": job.kind,
        "model": job.model,
        "done": job.progress_done,
        "total": job.progress_total,
        "since_s": round((figures.at - started).total_seconds()),
    }


def _failed(job: Job) -> dict[str, Any]:
    ended = job.ended_at.isoformat() if job.ended_at else None
    return {"job": job.id, "kind": job.kind, "model": job.model, "error": job.error_code, "at": ended}
