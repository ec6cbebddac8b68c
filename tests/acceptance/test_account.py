"""/queue, /cancel, /history, /quota, /models: private, and right."""

from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from db.queue.finding import jobs_of_member
from tests.support.acceptance.bots import DAILY, bot_beside
from tests.support.acceptance.engines import SLOTS

EPHEMERAL = 64


@pytest.fixture
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every job stay in the queue."""
    monkeypatch.setenv(SLOTS, "0")


@pytest.mark.usefixtures("nothing_runs")
async def test_queue_shows_my_jobs_with_their_places_and_cancels_them(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        for who, prompt in ((cleo, "a blue cat"), (ben, "a red heart"), (ben, "a green car")):
            await (await who.slash("imagine", prompt=prompt)).answer()
        queue = await (await ben.slash("queue")).answer()
        assert queue["flags"] & EPHEMERAL
        assert "a red heart" in ben.text(queue["id"])
        assert "2 ahead" in ben.text(queue["id"])
        assert "a blue cat" not in ben.text(queue["id"])
        await ben.press(queue["id"], "Cancel")  # the first, and oldest
        await sandbox.until(lambda: any("Cancelled" in ben.text(one["id"]) for one in ben.messages()))
        assert [
            job.request["prompt"] for job in await bot.services.db.read(jobs_of_member, int(ben.id), states=["queued"])
        ] == ["a green car"]


async def test_queue_of_somebody_who_waits_for_nothing_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        queue = await (await ben.slash("queue")).answer()
        assert "Your queue is empty" in ben.text(queue["id"])


@pytest.mark.usefixtures("nothing_runs")
async def test_cancel_without_a_name_takes_the_newest_back(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await (await ben.slash("imagine", prompt="a red heart")).answer()
        await (await ben.slash("imagine", prompt="a green car")).answer()
        said = await (await ben.slash("cancel")).answer()
        assert "a green car" in ben.text(said["id"])
        assert "4 credits refunded" in ben.text(said["id"])
        assert (await bot.statement(ben)).available == DAILY - 4


@pytest.mark.usefixtures("nothing_runs")
async def test_cancel_offers_my_own_jobs_and_takes_the_chosen_one(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        await (await cleo.slash("imagine", prompt="a blue cat")).answer()
        await (await ben.slash("imagine", prompt="a red heart")).answer()
        await (await ben.slash("imagine", prompt="a green car")).answer()
        choices = await ben.autocomplete("cancel", "job", job="heart")
        assert [one["name"] for one in choices] == ["a red heart · queued"]
        said = await (await ben.slash("cancel", job=choices[0]["value"])).answer()
        assert "a red heart" in ben.text(said["id"])


@pytest.mark.usefixtures("nothing_runs")
async def test_cancel_of_somebody_elses_job_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        await (await ben.slash("imagine", prompt="a red heart")).answer()
        job = (await bot.services.db.read(jobs_of_member, int(ben.id)))[0]
        said = await (await cleo.slash("cancel", job=job.id)).answer()
        assert "Only the person who asked" in cleo.text(said["id"])
        assert (await bot.statement(ben)).held == 4


async def test_cancel_of_nothing_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        said = await (await ben.slash("cancel")).answer()
        assert "no jobs in the queue" in ben.text(said["id"])


async def test_history_shows_what_was_made_and_brings_it_back(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        card = await (await ben.slash("imagine", prompt="a red heart")).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
        history = await (await ben.slash("history")).answer()
        assert "a red heart" in ben.text(history["id"])
        again = await (await ben.press(history["id"], "1")).answer()
        assert len(ben.pictures(again["id"])) == 4
        assert again["flags"] & EPHEMERAL
        assert len(ada.messages()) == 1


async def test_quota_shows_what_is_left(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a red heart")).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
        quota = await (await ben.slash("quota mine")).answer()
        assert f"{DAILY - 4} credits left" in ben.text(quota["id"])
        assert "4 spent today" in ben.text(quota["id"])
        assert quota["flags"] & EPHEMERAL


async def test_models_shows_them_with_their_licences(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        models = await (await ben.slash("models")).answer()
        assert "[OpenRAIL-M](<https://example.org/licence>)" in ben.text(models["id"])
