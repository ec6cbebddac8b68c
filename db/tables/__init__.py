"""The tables, as SQLAlchemy Core. `db/migrations` makes them; a test holds the two together.

    columns ◄── credits     accounts, former_members, transfers, entries, guild_uses
            ◄── queue       lines, guild_flows, member_flows, seats, pending_orders
            ◄── jobs        jobs, job_subjects, favourites
            ◄── people      members, member_guilds, subjects, subject_shares, consents
            ◄── moderation  channels, decisions, acts, act_mentions, acceptances

Tables keep the names that they were made with: `lines` has a row for each `KindQueue`, `seats` for each `MemberLoad`,
`acts` for each `AuditEntry`.

Ids of the platform are 64-bit integers. A job asked for in a direct message has guild 0 here (`db.ids.NO_GUILD`), None
outside.
"""

from db.tables.columns import metadata
from db.tables.credits import accounts, entries, former_members, guild_uses, transfers
from db.tables.jobs import favourites, is_queued, is_running, job_subjects, jobs
from db.tables.moderation import acceptances, act_mentions, acts, channels, decisions
from db.tables.people import consents, member_guilds, members, subject_shares, subjects
from db.tables.queue import guild_flows, lines, member_flows, pending_orders, seats

__all__ = [
    "acceptances",
    "accounts",
    "act_mentions",
    "acts",
    "channels",
    "consents",
    "decisions",
    "entries",
    "favourites",
    "former_members",
    "guild_flows",
    "guild_uses",
    "is_queued",
    "is_running",
    "job_subjects",
    "jobs",
    "lines",
    "member_flows",
    "member_guilds",
    "members",
    "metadata",
    "pending_orders",
    "seats",
    "subject_shares",
    "subjects",
    "transfers",
]
