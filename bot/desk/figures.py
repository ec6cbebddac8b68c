"""The figures as the operator's page shows them, and as Prometheus reads them: nothing is counted in this process."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from db.queue.figures import Figures
from db.queue.job import Job
from inference.catalogue import all_names
from inference.live_catalogue import LiveCatalogue
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


def catalogue_state(live: LiveCatalogue | None) -> dict[str, Any] | None:
    """Return which catalogue counts, and what is wrong with its file."""
    if live is None:
        return None
    models, at = len(all_names(live.catalogue)), live.read_at.isoformat()
    return {"file": str(live.file or ""), "models": models, "at": at, "problem": live.problem}


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


def metrics_text(figures: Figures, loads: Mapping[str, WorkerLoad]) -> bytes:
    """Return all figures in Prometheus' text format."""
    registry = CollectorRegistry()

    def gauge(name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"atelier_{name}", about, labels, registry=registry)

    waiting = gauge("jobs_waiting", "Jobs in the queue", "kind")
    credits = gauge("credits_waiting", "Credits of work in the queue", "kind")
    for kind, count in figures.waiting.items():
        waiting.labels(kind).set(count)
        credits.labels(kind).set(figures.waiting_credits[kind])
    running = gauge("jobs_running", "Jobs that run", "kind")
    for kind, count in figures.running_jobs.items():
        running.labels(kind).set(count)
    ended = gauge("jobs_ended_last_hour", "Jobs that ended within the last hour", "state")
    for state, count in figures.ended.items():
        ended.labels(state).set(count)
    waits = gauge("wait_seconds", "Waiting time of jobs that started within the last hour", "kind", "quantile")
    for kind, wait in figures.waits.items():
        waits.labels(kind, "0.5").set(wait.p50_s)
        waits.labels(kind, "0.95").set(wait.p95_s)
    off = gauge("forecast_error_seconds", "Difference between forecast and real end, last day", "kind", "quantile")
    late = gauge("forecast_late_seconds", "How much later than forecast jobs ended, on average, last day", "kind")
    for kind, forecasts in figures.forecasts.items():
        off.labels(kind, "0.5").set(forecasts.p50_s)
        off.labels(kind, "0.95").set(forecasts.p95_s)
        late.labels(kind).set(forecasts.late_s)
    gauge("credits_spent_today", "Credits spent since midnight UTC").set(figures.spent_today)
    gauge("workers", "Living workers of this process").set(len(loads))
    memory = gauge("worker_memory_bytes", "Memory that models and adapters take on a worker's device", "worker")
    slots = gauge("worker_slots_free", "Jobs that a worker could take now", "worker", "kind")
    for worker_id, load in loads.items():
        memory.labels(worker_id).set(load.memory_bytes)
        for kind, free in load.free.items():
            slots.labels(worker_id, kind).set(free)
    return generate_latest(registry)
