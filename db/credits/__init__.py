"""Credits: a double-entry ledger, allowances that accrue, budgets of servers, and what members are told of them.

Knows: accounts and transfers, what an allowance owes by a wall clock, and how a member's books are closed when they
leave. Does not know: what costs how much, tiers and roles, or what a job is beyond its id, which holds credits.

Start at `db.credits.ledger`. Its functions are steps of the caller's transaction, but `read_statement`, which makes its
own.
"""
