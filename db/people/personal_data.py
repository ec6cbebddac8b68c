"""Personal data: all rows that are about one member, to be handed to them. `db.people.erasure` takes them out."""

from typing import Any

import sqlalchemy as sa

from db.credits.former_members import is_of
from db.moderation.audit_log import is_about
from db.moderation.decisions import is_ban_of
from db.moderation.targets import target_from
from db.people.shares import is_share_with
from db.tables import (
    acceptances,
    accounts,
    acts,
    consents,
    decisions,
    entries,
    favourites,
    former_members,
    jobs,
    member_guilds,
    members,
    pending_orders,
    subject_shares,
    subjects,
    transfers,
)

SECRET = frozenset({"interaction_token", "lease_owner"})  # of the platform and of the machines, not of the member
LEFT_OUT = SECRET | {"speaker_id"}  # jobs are found by it; their request says it

Rows = list[dict[str, Any]]


def personal_data_of(connection: sa.Connection, user_id: int) -> dict[str, Rows]:
    """Return all rows that are about a member, by table, without secrets."""
    queries = _own(user_id) | _about(connection, user_id)
    return {name: [_plain(row) for row in connection.execute(query).mappings()] for name, query in queries.items()}


def _own(user_id: int) -> dict[str, sa.Select[Any]]:
    """Return the queries for rows that are a member's own, and for what is shared by or with them."""
    t, e = transfers.c, entries.c
    own_subjects = sa.select(subjects.c.id).where(subjects.c.owner_id == user_id)
    shared = sa.or_(subject_shares.c.subject_id.in_(own_subjects), is_share_with(user_id))
    credits = sa.select(t.at, t.kind, e.account, e.amount, t.reason, t.job_id).join(entries, e.transfer_id == t.id)
    return {
        "member": sa.select(members).where(members.c.user_id == user_id),
        "guilds": sa.select(member_guilds).where(member_guilds.c.user_id == user_id),
        "account": sa.select(accounts).where(accounts.c.user_id == user_id),
        "credits": credits.where(entries.c.user_id == user_id).order_by(transfers.c.id),
        "jobs": sa.select(jobs).where(jobs.c.user_id == user_id).order_by(jobs.c.id),
        "subjects": sa.select(subjects).where(subjects.c.owner_id == user_id).order_by(subjects.c.id),
        "shares": sa.select(subject_shares).where(shared),
        "consents": sa.select(consents).where(consents.c.user_id == user_id),
        "questions": sa.select(pending_orders).where(pending_orders.c.user_id == user_id),
        "favourites": sa.select(favourites).where(favourites.c.user_id == user_id),
        "licences": sa.select(acceptances).where(acceptances.c.user_id == user_id),
    }


def _about(connection: sa.Connection, user_id: int) -> dict[str, sa.Select[Any]]:
    """Return the queries for rows of others, or of nobody, that are about a member."""
    was_theirs = (acts.c.by_user == user_id).label("by_you")
    columns = (column for column in acts.c if column is not acts.c.by_user)
    theirs = sa.or_(acts.c.by_user == user_id, is_about(user_id))
    return {
        "acts": sa.select(*columns, was_theirs).where(theirs).order_by(acts.c.id),
        "allowance": sa.select(former_members).where(is_of(connection, user_id)),
        "bans": sa.select(decisions.c.guild_id, decisions.c.value, decisions.c.at).where(is_ban_of(user_id)),
    }


def _plain(row: sa.RowMapping) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in row.items():
        if name == "target_kind":  # of an entry in the audit log: what it is about, as operators read it
            plain["target"] = str(target_from(row) or "")
        elif name not in LEFT_OUT and not ("target_kind" in row and name.startswith("target_")):
            plain[name] = value
    return plain
