"""Drawn again in other words: from the same picture, mask and canvas, by whoever may see what it was drawn from."""

from dataclasses import replace
from pathlib import Path

from bot.features.imagine.base import SAME_SIZE
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from db.queue.finding import jobs_of_member
from db.queue.job import Job
from inference.requests import ImageRequest, from_json
from inference.vocabulary import Vocabulary
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.menus import press_more
from tests.support.acceptance.pictures import settled
from tests.support.acceptance.upscaling import drawn
from tests.support.acceptance.varying import newest, varied
from tests.support.bot.catalogues import CATALOGUE, WITH_UPSCALER

NOISE = "noise"  # the fake engine draws it with 96 × 96 px


async def latest(bot: RunningBot, who: HumanClient) -> tuple[Job, ImageRequest]:
    """Return what somebody asked for last."""
    job = (await bot.services.db.read(jobs_of_member, int(who.id)))[0]
    request = from_json(job.request)
    assert isinstance(request, ImageRequest)
    return job, request


async def finished(sandbox: Sandbox, who: HumanClient, card: str, count: int = 4) -> str:
    """Wait for the pictures of a card, and return its id."""
    await sandbox.until(lambda: len(who.pictures(card)) == count and "More" in who.buttons(card))
    return card


async def region_of(sandbox: Sandbox, who: HumanClient, card: str) -> str:
    """Have a cell of a single picture drawn anew, and return the child's card."""
    grid = (await (await who.press(card, "Vary (Region)")).answer())["id"]
    form = await who.press(grid, "Choose cells")
    child = await (await form.submit(Cells=["1"], What_should_be_there="a yellow star")).message()
    return await finished(sandbox, who, child["id"])


async def test_words_change_and_the_seed_is_kept_or_new_also_after_a_restart(sandbox: Sandbox, tmp_path: Path) -> None:
    ben = sandbox.member("ben")
    async with bot_beside(sandbox, tmp_path) as bot:
        card = await drawn(sandbox, ben, "a red heart --seed 7 --no text")
        (parent, _) = await latest(bot, ben)
    async with bot_beside(sandbox, tmp_path) as bot:
        form = await ben.press(card, "Remix")
        prompt, parameters, _ = [one["component"] for one in (await form.modal())["components"]]
        assert (prompt["value"], parameters["value"]) == ("a red heart", "--no text --count 2")
        child = (await (await form.submit(Prompt="a blue heart")).message())["id"]
        await finished(sandbox, ben, child, 2)
        job, request = await latest(bot, ben)
        assert (request.words, request.negative, request.seed, request.count) == ("a blue heart", "text", 7, 2)
        assert job.source_job_id == parent.id
        where = f"https://discord.com/channels/{parent.guild_id}/{parent.channel_id}/{card}"
        assert f"remix of [this]({where})" in ben.text(child)
        info = await (await press_more(ben, child, "Info")).answer()
        assert f"remix of `{parent.id}`" in ben.text(info["id"])
        form = await ben.press(card, "Remix")
        child = (await (await form.submit(Parameters="--count 1", Seed=["new"])).message())["id"]
        await finished(sandbox, ben, child, 1)
        job, request = await latest(bot, ben)
        assert (request.words, request.negative, request.count) == ("a red heart", "", 1)
        assert request.seed != 7
        await settled(sandbox, bot, ben)
        assert (await bot.statement(ben)).available == DAILY - 5


async def test_child_of_a_region_keeps_its_picture_and_mask_for_its_owner_and_for_others(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        child = await region_of(sandbox, ben, await drawn(sandbox, ben, NOISE, count=1))
        ((_, region),) = await varied(bot, ben)
        assert region.init is not None
        kept = [await bot.services.files.get(key) for key in region.brought]
        for who, button in ((ben, "Edit prompt"), (ben, "Remix"), (cleo, "Remix")):
            form = (
                await press_more(who, child, button)
                if button not in who.buttons(child)
                else await who.press(child, button)
            )
            made = await (await form.submit(Prompt="a blue star")).message()
            await finished(sandbox, who, made["id"])
            job, request = await latest(bot, who)
            assert (request.words, request.origin, job.private) == ("a blue star", region.origin, False)
            assert request.init is not None
            assert replace(request.init, key="", mask="") == replace(region.init, key="", mask="")
            assert [await bot.services.files.get(key) for key in request.brought] == kept
            assert (request.seed == region.seed) is (button == "Remix")
            assert "Vary (Region) of [picture 1]" in who.text(made["id"])
        form = await ben.press(child, "Remix")
        await (await form.submit(Parameters="--ar 3:2", Prompt="a green star")).done()
        await sandbox.until(lambda: SAME_SIZE in ben.text(newest(ben)))
        assert "a green star --ar 3:2" in ben.text(newest(ben))
        again = await ben.press(newest(ben), "Edit prompt")  # what was typed, and still from the same picture
        made = await (await again.submit(Prompt="a green star")).message()
        await finished(sandbox, ben, made["id"])
        _, request = await latest(bot, ben)
        assert request.origin == region.origin
        await settled(sandbox, bot, cleo)
        assert (await bot.statement(cleo)).available == DAILY - 4


async def test_canvas_of_a_small_model_stays_and_has_words_only_if_they_changed(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    small = replace(CATALOGUE, vocabularies={"tiny": Vocabulary(frozenset({"heart", "star"}))})
    async with bot_beside(sandbox, tmp_path, catalogue=small) as bot:
        ben = sandbox.member("ben")
        child = await (await ben.press(await drawn(sandbox, ben, count=1, aspect="512x640"), "Make square")).message()
        await finished(sandbox, ben, child["id"])
        ((_, squared),) = await varied(bot, ben)
        for words, prompt in (("a red heart", ""), ("a star", "a star")):
            form = await press_more(ben, child["id"], "Edit prompt")
            made = await (await form.submit(Prompt=words)).message()
            await finished(sandbox, ben, made["id"])
            _, request = await latest(bot, ben)
            assert request.init is not None
            assert squared.init is not None
            assert (request.prompt, request.words) == (prompt, words)
            assert (request.width_px, request.height_px) == (squared.width_px, squared.height_px)
            assert request.init.margins_px == squared.init.margins_px


async def test_upscaled_picture_is_remixed_from_its_own_seed_while_what_it_was_drawn_from_is_kept(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben, "a red heart --seed 7")
        large = (await (await ben.press(card, "U2")).message())["id"]
        await finished(sandbox, ben, large, 1)
        form = await press_more(ben, large, "Remix")
        made = await (await form.submit(Prompt="a blue heart")).message()
        await finished(sandbox, ben, made["id"], 2)
        _, request = await latest(bot, ben)
        assert (request.words, request.seed) == ("a blue heart", 8)


async def test_others_reroll_what_was_drawn_from_a_picture_while_they_can_see_that(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path, relaxed="") as bot:
        ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
        card = await drawn(sandbox, ben, "a ghastly heart")
        child = await finished(sandbox, ben, (await (await ben.press(card, "V1")).message())["id"])
        question = await (await cleo.press(child, "Re-roll")).answer()
        await cleo.press(question["id"], "Continue")
        await sandbox.until(lambda: [len(ben.pictures(one["id"])) for one in ben.messages()] == [2, 4, 4])
        ((_, request),) = await varied(bot, cleo)
        ((_, first),) = await varied(bot, ben)
        assert request.origin == first.origin
        await settled(sandbox, bot, cleo)
        assert (await bot.statement(cleo)).available == DAILY - 4
        await (await ada.slash("atelier words add", word="ghastly")).answer()
        await cleo.press(child, "Re-roll")
        await sandbox.until(lambda: "is blocked here" in cleo.text(newest(cleo)))
        await (await ada.slash("atelier words remove", word="ghastly")).answer()
        await bot.leave(cleo, 3)
        await cleo.press(child, "Re-roll")
        await sandbox.until(lambda: "this costs 4 credits" in cleo.text(newest(cleo)))
        await press_more(ben, card, "Delete")
        await sandbox.until(lambda: card not in [one["id"] for one in ben.messages()])
        for press in ("Re-roll", "Remix"):
            await (cleo.press(child, press) if press in cleo.buttons(child) else press_more(cleo, child, press))
            await sandbox.until(lambda: "only their owner can draw from it" in cleo.text(newest(cleo)))
            await cleo.do("dismiss", message_id=newest(cleo))
        assert len(await varied(bot, cleo)) == 1
        assert (await bot.statement(cleo)).available == 3
        await finished(sandbox, ben, (await (await ben.press(child, "Re-roll")).message())["id"])
