"""Open questions: after an upgrade from 0.1, when they are too old, and when what they were about has changed."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from discord import ui

from bot.features.mydata.retention import SweepCounts, sweep
from bot.features.train import preflight as preflight_card
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import GENERAL
from bot.shared.cards import quote as quote_card
from bot.shared.cards.layout import layout
from db.engine import Database
from db.ids import new_id
from db.migrations.run import configuration
from db.queue.finding import jobs_of_member
from db.queue.pending import orders_of_member
from db.tables.queue import pending_orders
from inference.catalogue import Catalogue
from inference.requests import to_json
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.training import photos, preflight, sees
from tests.support.bot.catalogues import HEARS, TINY
from tests.support.bot.jobs import REQUEST

NOW = dt.datetime.now(dt.UTC)
HOUR_S = 3600.0
DEARER = Catalogue(images=(TINY.model_copy(update={"credits": 2}),), speech=(HEARS,))


async def asked(sandbox: Sandbox, who: HumanClient) -> str:
    """Return the message that asks somebody about the price of four pictures."""
    await who.slash("imagine", prompt="a red heart")
    await sandbox.until(lambda: sees(who, "This uses 4 of your"))
    return next(str(one["id"]) for one in who.messages() if "This uses 4 of your" in who.text(one["id"]))


async def charged_nothing(bot: RunningBot, who: HumanClient) -> bool:
    made = await bot.services.db.read(jobs_of_member, int(who.id))
    return made == [] and (await bot.statement(who)).available == DAILY


async def posted(bot: RunningBot, *buttons: ui.Item[Any]) -> str:
    """Post a message with buttons, as a version of before did."""
    channel = bot.client.get_partial_messageable(int(GENERAL))
    return str((await channel.send(view=layout(ui.ActionRow[Any](*buttons)))).id)


async def filled(data_dir: Path, order_id: str, user_id: int) -> None:
    """Make a database of 0.1 in which somebody was asked about the price of four pictures."""
    async with Database.from_url(f"sqlite:///{data_dir / 'atelier.db'}") as database:
        await database.write(fill, order_id, user_id)


def fill(connection: sa.Connection, order_id: str, user_id: int) -> None:
    command.upgrade(configuration(connection), "0005")
    content = {"request": to_json(REQUEST), "source_job_id": None, "price": 4, "private": False}
    values = {"id": order_id, "user_id": user_id, "content": json.dumps(content), "at": NOW.timestamp()}
    insert = sa.text("INSERT INTO offers VALUES (:id, :user_id, 500, :content, :at)")
    connection.execute(insert, values)


async def test_question_of_before_the_upgrade_is_answered_after_it(sandbox: Sandbox, tmp_path: Path) -> None:
    ben, order_id = sandbox.member("ben"), new_id(NOW)
    await filled(tmp_path, order_id, int(ben.id))
    async with bot_beside(sandbox, tmp_path, asks_above=3) as bot:
        card = await posted(bot, quote_card.ContinueButton(order_id), quote_card.DeclineButton(order_id))
        for pressed in [await ben.press(card, "Continue") for _ in range(2)]:
            await pressed.done()
        await sandbox.until(lambda: any(len(ben.pictures(one["id"])) == 4 for one in ben.messages()))
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        assert (job.interaction_id, job.price) == (500, 4)


async def test_photos_of_before_the_upgrade_are_asked_for_again(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, draft_id = sandbox.member("ben"), new_id(NOW)
        await bot.services.files.put(f"uploads/{draft_id}/draft.json", b"{}")
        card = await posted(bot, preflight_card.AgreeButton(draft_id), preflight_card.ChangePhotosButton(draft_id))
        await ben.press(card, "I agree – start")
        await sandbox.until(lambda: sees(ben, "send them again with `/train`"))
        assert await charged_nothing(bot, ben)
        assert await sweep(bot.services, NOW + dt.timedelta(hours=2)) == SweepCounts(photos=1)
        assert await bot.services.files.list("uploads") == []


async def test_price_that_has_risen_since_is_not_paid(sandbox: Sandbox, tmp_path: Path) -> None:
    ben = sandbox.member("ben")
    async with bot_beside(sandbox, tmp_path, asks_above=3):
        card = await asked(sandbox, ben)
    async with bot_beside(sandbox, tmp_path, asks_above=3, catalogue=DEARER) as bot:
        await ben.press(card, "Continue")
        await sandbox.until(lambda: sees(ben, "The price has changed since"))
        assert await charged_nothing(bot, ben)


async def test_question_that_is_too_old_is_closed(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, asks_above=3) as bot:
        ben = sandbox.member("ben")
        card = await asked(sandbox, ben)
        bot.services.db.advance(49 * HOUR_S)
        await ben.press(card, "Continue")
        await sandbox.until(lambda: sees(ben, "already answered or has expired"))
        assert await bot.services.db.read(jobs_of_member, int(ben.id)) == []
        assert await sweep(bot.services, NOW) == SweepCounts(questions=1)
        assert await bot.services.db.read(orders_of_member, int(ben.id)) == []


async def test_photos_that_nobody_agreed_to_go_after_an_hour(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await preflight(ben, photos(4))
        assert (
            await sweep(bot.services, NOW + dt.timedelta(hours=2)) == SweepCounts()
        )  # the database's clock says that it waits
        bot.services.db.advance(HOUR_S + 60)
        await ben.press(card, "I agree – start")
        await sandbox.until(lambda: sees(ben, "no longer have"))
        assert await charged_nothing(bot, ben)
        assert await sweep(bot.services, NOW) == SweepCounts(questions=1)
        assert await bot.services.files.list("uploads") == []


async def test_question_that_another_version_kept_is_closed(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, asks_above=3) as bot:
        ben = sandbox.member("ben")
        card = await asked(sandbox, ben)
        with bot.services.db.begin() as connection:
            connection.execute(pending_orders.update().values(version=99))
        await ben.press(card, "Continue")
        await sandbox.until(lambda: sees(ben, "already answered or has expired"))
        assert await charged_nothing(bot, ben)


async def test_question_is_answered_by_the_one_who_was_asked(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, asks_above=3) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        await asked(sandbox, ben)
        (order,) = await bot.services.db.read(orders_of_member, int(ben.id))
        card = await posted(bot, quote_card.ContinueButton(order.id))
        await cleo.press(card, "Continue")
        await sandbox.until(lambda: sees(cleo, "Only the person who asked"))
        assert await bot.services.db.read(orders_of_member, int(ben.id)) == [order]
        assert await charged_nothing(bot, cleo)
