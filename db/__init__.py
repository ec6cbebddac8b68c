"""What is true: members, their credits, the jobs and the files. Imports nothing of ours but `common`.

Knows: tables and migrations (SQLite or PostgreSQL), transactions in threads, wake-ups between processes, files under
keys; and in its rooms, each of which stands on the next: `queue` (jobs, leases, fair order), `people` (members,
subjects, personal data), `credits` (a double-entry ledger), `moderation` (what operators decide). Does not know: what a
picture is, what Discord is, what a price is made of, or which device computes.

What is done with rows is a plain function `f(connection, …)`; whoever calls it says `await db.write(f, …)` or
`await db.read(f, …)`. All speak in ids, integers, bytes and frozen records; no row, session or SQL leaves the room.
Start reading at `db.queue`; the order in which locks are taken is stated in `db.engine`.
"""
