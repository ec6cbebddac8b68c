"""Credits that somebody gives: an operator's grants, and gifts among members. Each has a name, and counts once."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from db.conflicts import Conflict, is_duplicate
from db.credits.accounts import lock_account, open_account
from db.credits.allowance import Allowance
from db.credits.ledger import BalanceChanges, balances, move
from db.errors import GiftTooLarge, NotEnoughCredits, TakesTooMuch
from db.moderation.audit_log import AuditEntry, log_entry
from db.tables import transfers


def grant(
    connection: sa.Connection, user_id: int, amount: int, ref: str, entry: AuditEntry, *, allowance: Allowance
) -> bool:
    """Give a member credits, or take available ones back with a negative amount.

    Args:
        connection: the transaction.
        user_id: the member.
        amount: how many.
        ref: unique name of this grant; the same again changes nothing.
        entry: who decided it, and why; it is logged.
        allowance: the member's; what is due comes first.

    Returns:
        Whether it was new.

    Raises:
        TakesTooMuch: more is taken than is available.
    """
    now = open_account(connection, user_id, allowance)
    if _is_known(connection, ref):
        return False
    if amount:
        about = {"reason": entry.reason, "ref": ref, "by_user": entry.by_user}
        try:
            _move_named(connection, {user_id: {"available": amount}}, now, "grant", **about)
        except NotEnoughCredits as error:
            raise TakesTooMuch(available=error.available, price=error.price, renews_at=error.renews_at) from None
    log_entry(connection, entry, now)
    return True


def set_available(
    connection: sa.Connection, user_id: int, amount: int, ref: str, entry: AuditEntry, *, allowance: Allowance
) -> int:
    """Grant or take whatever leaves a member with exactly `amount` available credits; return the difference.

    Args:
        connection: the transaction.
        user_id: the member.
        amount: how many they are left with.
        ref: unique name of this grant; the same again changes nothing, and the difference is 0.
        entry: who decided it, and why; it is logged.
        allowance: the member's; what is due comes first.

    Raises:
        ValueError: the amount is below zero.
    """
    if amount < 0:
        raise ValueError("nobody can have less than nothing")
    open_account(connection, user_id, allowance)
    row = balances(connection, user_id)
    change = amount - (0 if row is None else row.available)
    return change if grant(connection, user_id, change, ref, entry, allowance=allowance) else 0


def give(
    connection: sa.Connection, from_user: int, to_user: int, amount: int, ref: str, *, allowance: Allowance
) -> bool:
    """Move a member's own credits to another.

    Args:
        connection: the transaction.
        from_user: the giver.
        to_user: who gets them.
        amount: how many.
        ref: unique name of this gift; the same again changes nothing.
        allowance: the giver's; what is due comes first.

    Returns:
        Whether it was new.

    Raises:
        GiftTooLarge: the giver has fewer.
        ValueError: it is no gift.
    """
    if amount < 1 or from_user == to_user:
        raise ValueError("a gift goes from one member to another")
    for user_id in sorted((from_user, to_user)):  # one order for all, so that two givers never wait in a circle
        if user_id == from_user:
            now = open_account(connection, user_id, allowance)
        else:
            _, now = lock_account(connection, user_id)
    if _is_known(connection, ref):
        return False
    changes = {from_user: {"available": -amount}, to_user: {"available": amount}}
    try:
        _move_named(connection, changes, now, "gift", ref=ref, by_user=from_user)
    except NotEnoughCredits as error:
        raise GiftTooLarge(available=error.available, price=error.price, renews_at=error.renews_at) from None
    return True


def _move_named(connection: sa.Connection, changes: BalanceChanges, now: dt.datetime, kind: str, **about: Any) -> None:
    """Do what `move` does with a `ref` that was not known; whoever uses it for others is held up by no lock of ours."""
    try:
        move(connection, changes, now, kind, **about)
    except IntegrityError as error:
        if is_duplicate(error):
            raise Conflict from None
        raise


def _is_known(connection: sa.Connection, ref: str) -> bool:
    return connection.scalar(sa.select(transfers.c.id).where(transfers.c.ref == ref)) is not None
