"""Jobs, from their acceptance to their delivery, and the orders that wait for an answer before they become one.

    submit ──► queued ──claim──► running ──settle──► done | failed | cancelled
                 │  ▲                │
              cancel └─give_back, reap┘

Knows: the life of a job, leases, fair order among servers and members, positions in the queue, and what is asked before
a job exists. Does not know: what a request holds (but which subjects and which speaker it names), what a price is made
of, or which device computes.

Start at `db.queue.job_store`: what moves a job and wakes whoever waits for that. What only looks or writes down is in
plain functions: `db.queue.finding`, `db.queue.delivery`, `db.queue.retention`, `db.queue.pending`, `db.queue.figures`.
"""
