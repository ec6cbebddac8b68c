"""Whose job is next, and how much is served before one.

Knows: kinds of jobs, servers, members, paces, credits of work. Does not know: jobs beyond how many wait, or leases.
`fairness` decides (pure), `flows` keeps what was decided in three small tables, under the lock of `kind_queue`.
"""
