"""What lies between the photos and the 'go': begun or thrown away, the one or the other."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.features.train.photo_sets import PhotosGone, TrainingBegun, discard
from bot.sandbox.server import Sandbox
from bot.shared.orders.accept import accept
from bot.shared.orders.confirm import confirm
from bot.shared.orders.order_request import RequestContext
from bot.shared.orders.pending import open_order
from bot.shared.services import Services
from db.queue.finding import jobs_of_member
from db.queue.job import Job, Pace
from db.queue.pending import PendingOrder
from tests.support.acceptance.bots import bot_beside
from tests.support.acceptance.engines import GATE
from tests.support.acceptance.training import photos, preflight, sees
from tests.support.bot.contexts import make_context


@pytest.fixture(autouse=True)
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that lets trainings go on after their half."""
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    return tmp_path / "open"


async def draft_ids(services: Services) -> set[str]:
    return {key.split("/")[1] for key in await services.files.list("uploads")}


async def only_order(services: Services, user_id: int) -> PendingOrder:
    (draft_id,) = await draft_ids(services)
    return await open_order(services, draft_id, user_id)


def context_of(order: PendingOrder) -> RequestContext:
    """Return where its 'go' would come from."""
    return make_context(interaction_id=order.interaction_id + 1, user_id=order.user_id, private=True)


async def test_form_that_is_sent_after_go_leaves_the_training_its_photos(
    sandbox: Sandbox, tmp_path: Path, gate: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await preflight(ben, photos(4), name="Garden gate")
        form = await ben.press(card, "Change photos")
        await ben.press(card, "I agree – start")
        await sandbox.until(lambda: sees(ben, "stopping now costs"))
        kept = await bot.services.files.list("uploads")
        assert len(kept) == 4
        await form.submit(**{"3_to_10_photos": photos(3)})
        await sandbox.until(lambda: sees(ben, "This training has already started"))
        assert await bot.services.files.list("uploads") == kept
        gate.touch()
        await sandbox.until(lambda: "Training finished" in ben.text(card))


async def test_form_whose_draft_was_replaced_makes_no_other(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await preflight(ben, photos(4))
        forms = [await ben.press(card, "Change photos") for _ in range(2)]
        await forms[0].submit(**{"3_to_10_photos": photos(3)})
        await sandbox.until(lambda: len(ben.pictures(card)) == 3)
        ids = await draft_ids(bot.services)
        await forms[1].submit(**{"3_to_10_photos": photos(4)})
        await sandbox.until(lambda: sees(ben, "no longer have"))
        assert await draft_ids(bot.services) == ids


async def test_draft_that_was_left_cannot_begin(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await preflight(ben, photos(4))
        order = await only_order(bot.services, int(ben.id))
        await discard(bot.services, order)
        with pytest.raises(PhotosGone):
            await confirm(bot.services, order, context_of(order), pace=Pace.FAST)
        assert await bot.services.db.read(jobs_of_member, int(ben.id)) == []


async def test_draft_that_is_left_while_it_begins_keeps_its_photos(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepting, go_on = asyncio.Event(), asyncio.Event()

    async def slow(*args: Any, **options: Any) -> Job:
        accepting.set()
        await go_on.wait()
        return await accept(*args, **options)

    monkeypatch.setattr("bot.shared.orders.quote.accept", slow)
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, services = sandbox.member("ben"), bot.services
        await preflight(ben, photos(4), name="Garden gate")
        order = await only_order(services, int(ben.id))
        beginning = asyncio.create_task(confirm(services, order, context_of(order), pace=Pace.FAST))
        await accepting.wait()
        leaving = asyncio.create_task(discard(services, order))
        await asyncio.wait([leaving], timeout=0.2)  # it waits for the other
        go_on.set()
        job = await beginning
        assert isinstance(job, Job)
        with pytest.raises(TrainingBegun):
            await leaving
        assert await services.files.list("uploads") == job.request["photos"]
