"""What is true: members, their credits, the jobs and the files. Imports nothing of ours but `common`.

Knows: tables and migrations (SQLite or PostgreSQL), a double-entry ledger of credits, the job store with its
leases and its fair order, wake-ups between processes, and files under keys. Does not know: what a picture is,
what Discord is, what a price is made of, or which device computes.

Everything here speaks in ids, integers, bytes and frozen records; no row, session or SQL leaves the room.
Start reading at `db.jobs`; the order in which locks are taken is stated in `db.engine`.
"""
