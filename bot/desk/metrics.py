"""The same figures in Prometheus' format. Gauges, read afresh at each scrape: nothing is counted in this process."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from db.figures import Figures
from inference.messages import Load


def metrics_text(figures: Figures, loads: Mapping[str, Load]) -> bytes:
    """Return the exposition of all figures."""
    registry = CollectorRegistry()

    def gauge(name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"atelier_{name}", about, labels, registry=registry)

    waiting = gauge("jobs_waiting", "Jobs in line", "kind")
    credits = gauge("credits_waiting", "Credits of work in line", "kind")
    for kind, count in figures.waiting.items():
        waiting.labels(kind).set(count)
        credits.labels(kind).set(figures.waiting_credits[kind])
    running = gauge("jobs_running", "Jobs being computed", "kind")
    for job in figures.running:
        running.labels(job.kind).inc()
    ended = gauge("jobs_ended_last_hour", "Jobs that ended within the last hour", "state")
    for state, count in figures.ended.items():
        ended.labels(state).set(count)
    waits = gauge("wait_seconds", "Wait of what started within the last hour", "kind", "quantile")
    for kind, wait in figures.waits.items():
        waits.labels(kind, "0.5").set(wait.p50_s)
        waits.labels(kind, "0.95").set(wait.p95_s)
    gauge("credits_spent_today", "Credits spent since midnight UTC").set(figures.spent_today)
    gauge("workers", "Living workers of this process").set(len(loads))
    slots = gauge("worker_slots_free", "Jobs that a worker could take now", "worker", "kind")
    for worker_id, load in loads.items():
        for kind, free in load.free.items():
            slots.labels(worker_id, kind).set(free)
    return generate_latest(registry)
