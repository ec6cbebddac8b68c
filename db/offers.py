"""Offers: what a member asked for, kept while they are asked back ('that costs 12: go?'). Nothing is held for one.

An offer remembers the interaction that it came from, and so does the job that it becomes: saying yes twice, or in
two processes at once, makes one job.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import Database
from db.errors import UnknownOffer
from db.ids import new_id
from db.tables import offers
from db.upsert import insert_or_update

KEPT = dt.timedelta(days=2)  # an unanswered question is forgotten
KEPT_MAX = 20  # of one member; the oldest ones go


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A question that was not answered yet."""

    id: str  # 26 characters
    user_id: int  # who was asked
    interaction_id: int  # of the job that it may become
    content: dict[str, Any]  # as the caller put it
    at: dt.datetime


class Offers:
    """Keep questions until they are answered."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def keep(self, user_id: int, interaction_id: int, content: dict[str, Any]) -> Offer:
        """Keep an offer, and forget those that were not answered. The same interaction again is the same offer."""

        async def work(connection: AsyncConnection) -> Offer:
            now = await self.db.now(connection)
            await connection.execute(offers.delete().where(offers.c.at < now - KEPT))
            values = {"id": new_id(now), "user_id": user_id, "interaction_id": interaction_id, "at": now}
            upsert = insert_or_update(
                connection,
                offers,
                values | {"content": content},
                key=["interaction_id"],
                update={"content": content},
            )
            kept = Offer(**(await connection.execute(upsert.returning(offers))).one()._mapping)
            mine = offers.c.user_id == user_id
            newest = sa.select(offers.c.id).where(mine).order_by(offers.c.at.desc(), offers.c.id.desc()).limit(KEPT_MAX)
            await connection.execute(offers.delete().where(mine, offers.c.id.not_in(newest)))
            return kept

        return await self.db.write(work)

    async def get(self, offer_id: str) -> Offer:
        """Return an offer. Raises UnknownOffer."""
        async with self.db.read() as connection:
            row = (await connection.execute(sa.select(offers).where(offers.c.id == offer_id))).one_or_none()
        if row is None:
            raise UnknownOffer
        return Offer(**row._mapping)

    async def drop(self, offer_id: str) -> None:
        """Forget an offer; one that is gone already stays gone."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(offers.delete().where(offers.c.id == offer_id))

        await self.db.write(work)
