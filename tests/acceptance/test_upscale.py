"""Pictures made larger from their card: once, by whoever presses, on their own credits."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from db.queue.finding import jobs_of_member
from db.queue.job import State
from tests.support.acceptance.bots import (
    DAILY,
    bot_beside,
)
from tests.support.acceptance.engines import GATE
from tests.support.acceptance.menus import press_more
from tests.support.acceptance.pictures import settled
from tests.support.acceptance.upscaling import drawn, upscaled
from tests.support.bot.catalogues import WITH_UPSCALER

EPHEMERAL = 64


async def test_press_makes_one_picture_larger_as_a_job_of_its_own(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben)
        assert ben.buttons(card)[:2] == ["U1", "U2"]
        large = await (await ben.press(card, "U2")).message()
        await sandbox.until(lambda: len(ben.pictures(large["id"])) == 1)
        await settled(sandbox, bot, ben)
        (job,) = await upscaled(bot, ben)
        parent = (await bot.services.db.read(jobs_of_member, int(ben.id)))[1]
        assert (job.state, job.charged, job.source_job_id, job.request["of_picture"]) == (State.DONE, 1, parent.id, 2)
        assert job.request["words"] == "a red heart"
        assert "a red heart (upscaled)" in ben.text(large["id"])
        assert "32×32 px" in ben.text(large["id"])
        assert (await bot.statement(ben)).available == DAILY - 3
        assert len(ben.pictures(card)) == 2
        assert ben.buttons(large["id"])[:3] == ["Vary (Subtle)", "Vary (Strong)", "Vary (Region)"]
        info = await (await press_more(ben, large["id"], "Info")).answer()
        assert f"upscaled from `{parent.id}`" in ben.text(info["id"])
        assert f"Picture 2 of job {parent.id}" in ben.text(info["id"])


async def test_single_picture_has_one_button_that_says_what_it_does(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER):
        ben = sandbox.member("ben")
        assert ben.buttons(await drawn(sandbox, ben, count=1))[0] == "Upscale"


async def test_without_an_upscaler_that_fits_there_is_no_button(sandbox: Sandbox, tmp_path: Path) -> None:
    ben = sandbox.member("ben")
    async with bot_beside(sandbox, tmp_path / "none"):
        assert "U1" not in ben.buttons(await drawn(sandbox, ben))
    async with bot_beside(sandbox, tmp_path / "small", catalogue=WITH_UPSCALER, upscaled_max_mp=1):
        assert ben.buttons(await drawn(sandbox, ben))[0] == "U1"  # 512 × 512 px
        assert "U1" not in ben.buttons(await drawn(sandbox, ben, model="large"))  # 2048 × 2048 px


async def test_same_picture_again_is_the_one_that_was_made_and_free_for_everybody(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await drawn(sandbox, ben)
        large = await (await ben.press(card, "U1")).message()
        await sandbox.until(lambda: len(ben.pictures(large["id"])) == 1)
        for who in (ben, cleo):
            shown = await (await who.press(card, "U1")).answer()
            assert shown["flags"] & EPHEMERAL
            assert len(who.pictures(shown["id"])) == 1
        assert len(await upscaled(bot, ben)) == 1
        assert await upscaled(bot, cleo) == []
        assert (await bot.statement(ben)).available == DAILY - 3
        assert (await bot.statement(cleo)).available == DAILY
        other = await (await ben.press(card, "U2")).message()  # another picture of the same card is another job
        await sandbox.until(lambda: len(ben.pictures(other["id"])) == 1)
        assert len(await upscaled(bot, ben)) == 2


async def test_press_while_it_is_being_made_costs_nothing(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        ben = sandbox.member("ben")
        (tmp_path / "open").touch()
        card = await drawn(sandbox, ben, "a larger gate")
        (tmp_path / "open").unlink()
        large = await (await ben.press(card, "U1")).message()
        await sandbox.until(lambda: "tile 2 of 4" in ben.text(large["id"]))
        refusal = await (await ben.press(card, "U1")).answer()
        assert refusal["flags"] & EPHEMERAL
        assert "being upscaled already" in ben.text(refusal["id"])
        (tmp_path / "open").touch()
        await sandbox.until(lambda: len(ben.pictures(large["id"])) == 1)
        assert len(await upscaled(bot, ben)) == 1


async def test_somebody_else_is_asked_first_and_pays(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await drawn(sandbox, ben)
        question = await (await cleo.press(card, "U1")).answer()
        assert question["flags"] & EPHEMERAL
        assert "Upscale it for you?** This uses 1 of your" in cleo.text(question["id"])
        await cleo.press(question["id"], "Continue")
        await sandbox.until(lambda: [len(ben.pictures(one["id"])) for one in ben.messages()] == [2, 1])
        (job,) = await upscaled(bot, cleo)
        assert not job.private
        assert (await bot.statement(cleo)).available == DAILY - 1
        assert (await bot.statement(ben)).available == DAILY - 2


async def test_two_who_say_yes_one_after_the_other_pay_once(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
        card = await drawn(sandbox, ben)
        questions = [(who, (await (await who.press(card, "U1")).answer())["id"]) for who in (ada, cleo)]
        await ada.press(questions[0][1], "Continue")
        await sandbox.until(lambda: [len(ben.pictures(one["id"])) for one in ben.messages()] == [2, 1])
        await cleo.press(questions[1][1], "Continue")
        await sandbox.until(lambda: any("upscaled meanwhile" in cleo.text(one["id"]) for one in cleo.messages()))
        assert [len(await upscaled(bot, who)) for who in (ada, cleo)] == [1, 0]
        assert (await bot.statement(cleo)).available == DAILY


async def test_larger_picture_outlives_the_one_it_was_made_from(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben)
        large = await (await ben.press(card, "U1")).message()
        await sandbox.until(lambda: len(ben.pictures(large["id"])) == 1)
        await settled(sandbox, bot, ben)
        await press_more(ben, card, "Delete")
        await sandbox.until(lambda: card not in [one["id"] for one in ben.messages()])
        info = await (await press_more(ben, large["id"], "Info")).answer()
        assert "upscaled from" in ben.text(info["id"])
        history = await (await ben.slash("history")).answer()
        shown = await (await ben.press(history["id"], "1")).answer()
        assert len(ben.pictures(shown["id"])) == 1


async def test_licence_of_an_upscaler_is_asked_about_once(sandbox: Sandbox, tmp_path: Path) -> None:
    terms = {"must_accept": True, "licence": "OpenRAIL-M"}
    bound = replace(WITH_UPSCALER, upscalers=(WITH_UPSCALER.upscalers[0].model_copy(update=terms),))
    async with bot_beside(sandbox, tmp_path, catalogue=bound) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben)
        await ben.press(card, "U1")
        await sandbox.until(lambda: any("OpenRAIL-M" in ben.text(one["id"]) for one in ben.messages()))
        assert await upscaled(bot, ben) == []
        asked = next(one["id"] for one in ben.messages() if "OpenRAIL-M" in ben.text(one["id"]))
        await ben.press(asked, "Accept")
        await sandbox.until(lambda: [len(ben.pictures(one["id"])) for one in ben.messages()] == [2, 1])
        large = await (await ben.press(card, "U2")).message()
        await sandbox.until(lambda: len(ben.pictures(large["id"])) == 1)
        assert len(await upscaled(bot, ben)) == 2


async def test_models_lists_upscalers(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER):
        ben = sandbox.member("ben")
        shown = await (await ben.slash("models")).answer()
        assert "`enlarges` · A model that enlarges · upscales 4× · 1 credit for every 4 megapixels" in ben.text(
            shown["id"]
        )
