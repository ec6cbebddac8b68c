"""What operators decide: bans, blocked words, channels, pauses; the licences that members accept; and the audit log.

Knows: decisions for a server, and the log in which each is written in the transaction that makes it. Does not know:
who may decide, what a word looks like when it is compared, jobs, credits, or what else is kept of a member.
"""
