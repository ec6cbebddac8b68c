"""Credits of members, for tests in which all have the same allowance."""

from db.credits import grants
from db.credits.allowance import Allowance
from db.credits.statement import Statement, read_statement
from db.engine import Database
from db.moderation.audit_log import AuditEntry


class LedgerHarness:
    """Moves credits and reads statements; `allowance` is everybody's, where a test does not say another."""

    def __init__(self, db: Database, allowance: Allowance) -> None:
        self.db = db
        self.allowance = allowance

    async def statement(self, user_id: int, *, allowance: Allowance | None = None, limit: int = 20) -> Statement:
        """Return what a member has, after what is due."""
        return await read_statement(self.db, user_id, allowance or self.allowance, limit=limit)

    async def grant(self, user_id: int, amount: int, ref: str, entry: AuditEntry) -> bool:
        """Give a member credits."""
        return await self.db.write(grants.grant, user_id, amount, ref, entry, allowance=self.allowance)

    async def set_available(self, user_id: int, amount: int, ref: str, entry: AuditEntry) -> int:
        """Leave a member with so many credits."""
        return await self.db.write(grants.set_available, user_id, amount, ref, entry, allowance=self.allowance)

    async def give(
        self, from_user: int, to_user: int, amount: int, ref: str, *, allowance: Allowance | None = None
    ) -> bool:
        """Move credits from one member to another."""
        mine = allowance or self.allowance
        return await self.db.write(grants.give, from_user, to_user, amount, ref, allowance=mine)
