"""The figures in Prometheus' format. Gauges, read afresh at each scrape: nothing is counted in this process."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from db.queue.figures import Figures
from inference.messages import WorkerLoad


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
