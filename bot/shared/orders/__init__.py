"""Orders: from what somebody asks for to a job that is priced, paid for and in the queue, or to a question about it.

    context ── quote ──► a job, or a quote that is kept as a pending order ── confirm ──► a job, or the next quote

Knows: the store, prices, tiers, what operators decided. Does not know: Discord, nor any feature: how a request of one
kind is built, and what has to be fetched for it, each feature says in a class of its own (`order_request`).
"""
