"""Everything that is kept of one member: to be handed over, or taken out.

Taken out means: no row names the member any more. Credits are the exception that a ledger needs: what the member got
and spent is added up and booked to `LEFT`, one account for everybody who left, so that all entries still add up to
zero and nothing points back to a person or a job. What the member had left goes back to the mint. How far their
allowance was accounted for is remembered until the month is over (`db.former_members`). A ban stays: without a name it
would be no ban.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from db import clock
from db.acts import about, forget_member, target_from
from db.batches import batches
from db.engine import Database, rows
from db.errors import StoreError
from db.former_members import digest_of, forget, remember
from db.job import FINAL
from db.ledger import MINT
from db.sqlite import note_erasure
from db.tables import (
    acceptances,
    accounts,
    acts,
    channels,
    consents,
    decisions,
    entries,
    former_members,
    jobs,
    lines,
    member_flows,
    member_guilds,
    members,
    pending_orders,
    seats,
    subject_shares,
    subjects,
    transfers,
)
from db.upsert import insert_or_ignore

LEFT = -1  # everybody who left, as an account
SECRET = frozenset({"interaction_token", "lease_owner"})  # of the platform and of the machines, not of the member
LEFT_OUT = SECRET | {"speaker_id"}  # jobs are found by it; their request says it

Rows = list[dict[str, Any]]


class StillLive(StoreError):
    """A job of the member has not ended, so not everything can be deleted."""

    message = "Some of your jobs are still being stopped. Please try again in a moment."


class Belongings:
    """Hand over or take out what is kept of a member."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def of(self, user_id: int) -> dict[str, Rows]:
        """Return all rows that are about a member, by table, without secrets."""
        own_subjects = sa.select(subjects.c.id).where(subjects.c.owner_id == user_id)
        shared = sa.or_(
            subject_shares.c.subject_id.in_(own_subjects),
            sa.and_(subject_shares.c.scope == "member", subject_shares.c.target_id == user_id),
        )
        t, e = transfers.c, entries.c
        credits = sa.select(t.at, t.kind, e.account, e.amount, t.reason, t.job_id).join(entries, e.transfer_id == t.id)
        was_theirs = (acts.c.by_user == user_id).label("by_you")
        queries: Mapping[str, sa.Select[Any]] = {
            "member": sa.select(members).where(members.c.user_id == user_id),
            "guilds": sa.select(member_guilds).where(member_guilds.c.user_id == user_id),
            "account": sa.select(accounts).where(accounts.c.user_id == user_id),
            "credits": credits.where(entries.c.user_id == user_id).order_by(transfers.c.id),
            "jobs": sa.select(jobs).where(jobs.c.user_id == user_id).order_by(jobs.c.id),
            "subjects": sa.select(subjects).where(subjects.c.owner_id == user_id).order_by(subjects.c.id),
            "shares": sa.select(subject_shares).where(shared),
            "consents": sa.select(consents).where(consents.c.user_id == user_id),
            "questions": sa.select(pending_orders).where(pending_orders.c.user_id == user_id),
            "licences": sa.select(acceptances).where(acceptances.c.user_id == user_id),
            "acts": sa.select(*(column for column in acts.c if column is not acts.c.by_user), was_theirs)
            .where(sa.or_(acts.c.by_user == user_id, about(user_id)))
            .order_by(acts.c.id),
            "allowance": sa.select(former_members).where(
                former_members.c.digest == digest_of(self.db.hash_key, user_id)
            ),
            "bans": sa.select(decisions.c.guild_id, decisions.c.value, decisions.c.at).where(*_bans(user_id)),
        }
        return await self.db.read(_all_of, queries)

    async def take_out(self, user_id: int, *, jobs_are_gone: bool = False) -> dict[str, int]:
        """Remove or make anonymous every row that names a member; return how many rows went, by table.

        jobs_are_gone: the caller has removed the member's jobs with their files, as far as it knew of them.

        Raises StillLive while a job of theirs waits or runs, or is there although it is said to be gone: its files
        would be lost sight of. Then nothing changed.
        """
        return await self.db.write(_take_out, self.db.hash_key, user_id, jobs_are_gone)

    async def scrub(self) -> bool:
        """Leave no trace in the files of the rows that were taken out since the last time; say whether any were.

        Whoever writes waits meanwhile, so this is done seldom, and not at each deletion.
        """
        return await self.db.scrub()

    async def forget_former(self) -> int:
        """Forget the members who left in a month that is over; return how many those were."""
        return await self.db.write(forget)

    async def is_banned(self, user_id: int) -> bool:
        """Tell whether a ban of them stays."""
        return bool(await self.db.read(rows, sa.select(decisions.c.key).where(*_bans(user_id))))


def _all_of(connection: sa.Connection, queries: Mapping[str, sa.Select[Any]]) -> dict[str, Rows]:
    return {name: [_plain(row) for row in connection.execute(query).mappings()] for name, query in queries.items()}


def _take_out(connection: sa.Connection, hash_key: bytes, user_id: int, jobs_are_gone: bool) -> dict[str, int]:
    mine = accounts.c.user_id == user_id
    account = connection.execute(sa.select(accounts).where(mine).with_for_update()).one_or_none()
    connection.execute(sa.select(lines.c.kind).order_by(lines.c.kind).with_for_update())
    query = sa.select(jobs.c.id).where(jobs.c.user_id == user_id).limit(1)
    if not jobs_are_gone:
        query = query.where(jobs.c.state.not_in([state.value for state in FINAL]))
    if connection.execute(query).first():
        raise StillLive
    if account is not None:
        remember(connection, hash_key, account)
    gone = {"credits": _settle_books(connection, user_id, account)}
    for table, condition in _own_rows(user_id):
        gone[table.name] = gone.get(table.name, 0) + _removed(connection, table.delete().where(condition))
    _forget_names(connection, user_id)
    note_erasure(connection)
    return gone


def _settle_books(connection: sa.Connection, user_id: int, account: sa.Row[Any] | None) -> int:
    """Add a member's entries up, and book the sums to LEFT; return how many entries went."""
    if account is None:
        return 0
    e, other = entries.c, entries.alias().c
    mine = sa.select(e.transfer_id).where(e.user_id == user_id).distinct()
    with_others = sa.exists().where(other.transfer_id == e.transfer_id, other.user_id.not_in([user_id, MINT]))
    gifts = list(connection.scalars(mine.where(with_others)))
    own = list(connection.scalars(mine.where(~with_others)))
    sums: Counter[str] = Counter()
    gone = 0
    for batch in batches(own):
        gone += _take_off(connection, batch, sums)
    for batch in batches(gifts):
        gone += _rename_gifts(connection, user_id, batch)
    _book(connection, sums, account)
    return gone


def _take_off(connection: sa.Connection, own: list[int], sums: Counter[str]) -> int:
    """Remove transfers that only their member and the mint are named in, and count what they moved."""
    these = entries.c.transfer_id.in_(own)
    query = sa.select(entries.c.account, sa.func.sum(entries.c.amount)).where(these).group_by(entries.c.account)
    sums.update({account: int(total) for account, total in connection.execute(query)})
    gone = _removed(connection, entries.delete().where(these))
    connection.execute(transfers.delete().where(transfers.c.id.in_(own)))
    return gone


def _rename_gifts(connection: sa.Connection, user_id: int, gifts: list[int]) -> int:
    """Let LEFT stand for the member in gifts to and from others; between two who left, none is needed."""
    e = entries.c
    both = list(connection.scalars(sa.select(e.transfer_id).where(e.transfer_id.in_(gifts), e.user_id == LEFT)))
    connection.execute(entries.delete().where(e.transfer_id.in_(both)))
    connection.execute(transfers.delete().where(transfers.c.id.in_(both)))
    named = entries.update().where(e.transfer_id.in_(gifts), e.user_id == user_id)
    connection.execute(named.values(user_id=LEFT))
    connection.execute(transfers.update().where(transfers.c.id.in_(gifts)).values(ref=None, reason=""))
    return len(gifts)


def _book(connection: sa.Connection, sums: Mapping[str, int], account: sa.Row[Any]) -> None:
    """Write the sums as one transfer, with what was left going back to the mint."""
    booked = dict(sums)
    booked["available"] = booked.get("available", 0) - account.available
    booked["mint"] = booked.get("mint", 0) + account.available
    lines_ = [(MINT if name == "mint" else LEFT, name, amount) for name, amount in booked.items() if amount]
    if not lines_:
        return
    insert = transfers.insert().values(kind="left", at=clock.now(connection)).returning(transfers.c.id)
    transfer = connection.execute(insert).scalar_one()
    connection.execute(
        entries.insert(),
        [{"transfer_id": transfer, "user_id": user, "account": name, "amount": sum_} for user, name, sum_ in lines_],
    )
    connection.execute(insert_or_ignore(connection, accounts).values(user_id=LEFT, accrued_day=0))
    spent = accounts.c.spent + account.spent
    connection.execute(accounts.update().where(accounts.c.user_id == LEFT).values(spent=spent))


def _own_rows(user_id: int) -> list[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """Return the tables that have rows of a member, and which rows those are; what is pointed at comes last."""
    with_me = sa.and_(subject_shares.c.scope == "member", subject_shares.c.target_id == user_id)
    return [
        (jobs, jobs.c.user_id == user_id),
        (subject_shares, with_me),
        (subjects, subjects.c.owner_id == user_id),  # with its shares and consents
        (consents, consents.c.user_id == user_id),
        (pending_orders, pending_orders.c.user_id == user_id),
        (acceptances, acceptances.c.user_id == user_id),
        (seats, seats.c.user_id == user_id),
        (member_flows, member_flows.c.user_id == user_id),
        (member_guilds, member_guilds.c.user_id == user_id),
        (members, members.c.user_id == user_id),
        (accounts, accounts.c.user_id == user_id),
    ]


def _forget_names(connection: sa.Connection, user_id: int) -> None:
    """Take a member's name off what stays: acts, decisions and jobs of others."""
    forget_member(connection, user_id)
    for update in (
        decisions.update().where(decisions.c.by_user == user_id).values(by_user=0),
        channels.update().where(channels.c.decided_by == user_id).values(decided_by=0),
        transfers.update().where(transfers.c.by_user == user_id).values(by_user=None),
        jobs.update().where(jobs.c.cancelled_by == user_id).values(cancelled_by=None),
    ):
        connection.execute(update)


def _bans(user_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return decisions.c.kind == "ban", decisions.c.key == str(user_id)


def _removed(connection: sa.Connection, statement: sa.Delete) -> int:
    return connection.execute(statement).rowcount


def _plain(row: sa.RowMapping) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in row.items():
        if name == "target_kind":  # an act's: what it is about is handed over as operators read it
            plain["target"] = str(target_from(row) or "")
        elif name not in LEFT_OUT and not ("target_kind" in row and name.startswith("target_")):
            plain[name] = value
    return plain
