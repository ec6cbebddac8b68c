"""Pictures made larger from their card: once, by whoever presses, on their own credits, and never what is private."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.features.upscale.buttons import upscale_row
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import AFTER_DARK, GENERAL
from bot.shared.cards.layout import layout
from db.credits.audit import audit
from db.credits.statement import read_statement
from db.queue.finding import jobs_of_member
from db.queue.job import Job, State
from inference.catalogue import DEFAULT_FILE
from inference.requests import Kind
from tests.support.acceptance.bots import (
    ALLOWANCE,
    DAILY,
    REAL_ENGINES,
    RECOVERY_S,
    RunningBot,
    bot_beside,
    bot_process,
    open_job_store,
    until_all_delivered,
)
from tests.support.acceptance.engines import GATE, SLOTS
from tests.support.acceptance.pictures import settled
from tests.support.bot.catalogues import WITH_UPSCALER
from tests.support.engines.upscaling import write_compact

EPHEMERAL = 64


async def drawn(sandbox: Sandbox, who: HumanClient, prompt: str = "a red heart", **options: Any) -> str:
    """Have two pictures drawn and return the id of their card."""
    card = await (await who.slash("imagine", prompt=prompt, **{"count": 2} | options)).message()
    await sandbox.until(lambda: "Re-roll" in who.buttons(card["id"]))
    return str(card["id"])


async def upscaled(bot: RunningBot, who: HumanClient) -> list[Job]:
    """Return the pictures that somebody had upscaled, newest first."""
    return [job for job in await bot.services.db.read(jobs_of_member, int(who.id)) if job.kind == Kind.UPSCALE]


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
        assert ben.buttons(large["id"]) == ["Info", "Delete"]
        info = await (await ben.press(large["id"], "Info")).answer()
        assert f"upscaled from `{parent.id}`" in ben.text(info["id"])
        assert f"Picture 2 of job {parent.id}" in ben.text(info["id"])


async def test_single_picture_has_one_button_that_says_what_it_does(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER):
        ben = sandbox.member("ben")
        assert ben.buttons(await drawn(sandbox, ben, count=1))[0] == "Upscale"


async def test_without_an_upscaler_that_fits_there_is_no_button(sandbox: Sandbox, tmp_path: Path) -> None:
    ben = sandbox.member("ben")
    async with bot_beside(sandbox, tmp_path / "none"):
        assert ben.buttons(await drawn(sandbox, ben))[0] == "Re-roll"
    async with bot_beside(sandbox, tmp_path / "small", catalogue=WITH_UPSCALER, upscaled_max_mp=1):
        assert ben.buttons(await drawn(sandbox, ben))[0] == "U1"  # 512 × 512 px
        assert ben.buttons(await drawn(sandbox, ben, model="large"))[0] == "Re-roll"  # 2048 × 2048 px


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


async def test_private_picture_is_its_owners_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        card = await (await ben.slash("imagine", prompt="a red heart", count=1, private=True)).answer()
        await sandbox.until(lambda: "Re-roll" in ben.buttons(card["id"]))
        (parent,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        found = await (await ada.slash("atelier find", job=parent.id)).answer()  # an operator may look at it …
        shown = await (await ada.press(found["id"], "Show")).answer()
        assert len(ada.pictures(shown["id"])) == 1
        refusal = await (await ada.press(shown["id"], "Upscale")).answer()  # … but not have it made larger
        assert "Only the person who asked" in ada.text(refusal["id"])
        assert await upscaled(bot, ada) == []
        large = await (await ben.press(card["id"], "Upscale")).answer()
        assert large["flags"] & EPHEMERAL
        await sandbox.until(lambda: len(ben.pictures(large["id"])) == 1)
        assert (await upscaled(bot, ben))[0].private


async def test_picture_that_was_deleted_is_not_upscaled(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben)
        parent = (await bot.services.db.read(jobs_of_member, int(ben.id)))[0]
        await bot.services.files.delete_tree(f"jobs/{parent.id}")
        refusal = await (await ben.press(card, "U1")).answer()
        assert "no longer have that picture" in ben.text(refusal["id"])
        assert await upscaled(bot, ben) == []
        assert (await bot.statement(ben)).available == DAILY - 2


async def test_picture_that_is_deleted_while_its_job_waits_costs_nothing(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = sandbox.member("ben")
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER):
        card = await drawn(sandbox, ben)
    monkeypatch.setenv(SLOTS, "0")
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        large = await (await ben.press(card, "U1")).answer()
        await sandbox.until(lambda: "In the queue" in ben.text(large["id"]))
        await ben.press(card, "Delete")
        await sandbox.until(lambda: card not in [one["id"] for one in ben.messages()])
    monkeypatch.setenv(SLOTS, "4")
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        await sandbox.until(lambda: "was deleted before its turn" in ben.text(large["id"]))
        (job,) = await upscaled(bot, ben)
        assert (job.state, job.charged) == (State.FAILED, 0)
        assert (await bot.statement(ben)).available == DAILY - 2


async def test_larger_picture_outlives_the_one_it_was_made_from(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben)
        large = await (await ben.press(card, "U1")).message()
        await sandbox.until(lambda: len(ben.pictures(large["id"])) == 1)
        await settled(sandbox, bot, ben)
        await ben.press(card, "Delete")
        await sandbox.until(lambda: card not in [one["id"] for one in ben.messages()])
        info = await (await ben.press(large["id"], "Info")).answer()
        assert "upscaled from" in ben.text(info["id"])
        history = await (await ben.slash("history")).answer()
        shown = await (await ben.press(history["id"], "Show")).answer()
        assert len(ben.pictures(shown["id"])) == 1


async def test_without_credits_it_is_refused_or_offered_for_free(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben)
        await bot.leave(ben, 0)
        await ben.press(card, "U1")
        await sandbox.until(lambda: any("Run it for free" in ben.text(one["id"]) for one in ben.messages()))
        assert await upscaled(bot, ben) == []
    async with bot_beside(sandbox, tmp_path / "paid", catalogue=WITH_UPSCALER, relaxed="image") as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben)
        await bot.leave(ben, 0)
        await ben.press(card, "U1")
        await sandbox.until(lambda: any("this costs 1 credit" in ben.text(one["id"]) for one in ben.messages()))
        assert await upscaled(bot, ben) == []


async def test_banned_member_and_blocked_word_are_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
        card = await drawn(sandbox, ben, "a ghastly heart")
        await (await ada.slash("atelier words add", word="ghastly")).answer()
        refusal = await (await ben.press(card, "U1")).message()
        await sandbox.until(lambda: any("is blocked here" in ben.text(one["id"]) for one in ben.messages()))
        await (await ada.slash("atelier ban", member=cleo.id, reason="spam")).answer()
        refusal = await (await cleo.press(card, "U1")).answer()
        assert "banned" in cleo.text(refusal["id"])
        assert await upscaled(bot, ben) == await upscaled(bot, cleo) == []


async def test_picture_of_an_age_restricted_channel_is_upscaled_in_such_a_channel_only(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", channel=AFTER_DARK, prompt="a red heart", count=1)).message()
        await sandbox.until(lambda: "Upscale" in ben.buttons(card["id"]))
        await settled(sandbox, bot, ben)
        history = await (await ben.slash("history", channel=GENERAL)).answer()
        hidden = await (await ben.press(history["id"], "Show")).answer()
        assert "Upscale" not in ben.buttons(hidden["id"])
        (parent,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        general = bot.client.get_partial_messageable(int(GENERAL))
        forged = await general.send(view=layout(*upscale_row(parent.id, [1], of=1)))
        refusal = await (await ben.press(str(forged.id), "Upscale")).answer()
        assert "upscale it in such a channel" in ben.text(refusal["id"])
        assert await upscaled(bot, ben) == []
        large = await (await ben.press(card["id"], "Upscale")).message()
        await sandbox.until(lambda: len(ben.pictures(large["id"])) == 1)
        assert (await upscaled(bot, ben))[0].age_restricted


async def test_button_of_before_the_upscaler_was_taken_away_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    ben = sandbox.member("ben")
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER):
        card = await drawn(sandbox, ben)
    async with bot_beside(sandbox, tmp_path) as bot:
        refusal = await (await ben.press(card, "U1")).answer()
        assert refusal["flags"] & EPHEMERAL
        assert "no upscaler for a picture of this size" in ben.text(refusal["id"])
        general = bot.client.get_partial_messageable(int(GENERAL))
        parent = (await bot.services.db.read(jobs_of_member, int(ben.id)))[0]
        forged = await general.send(view=layout(*upscale_row(parent.id, [9], of=9)))  # it never had so many
        refusal = await (await ben.press(str(forged.id), "U9")).answer()
        assert "no longer have that picture" in ben.text(refusal["id"])


async def test_largest_side_of_a_tier_counts_for_what_comes_of_it(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "tiers.toml").write_text('[[tier]]\nname = "all"\ndaily_credits = 50\nlargest_px = 600\n')
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER, tiers=tmp_path / "tiers.toml") as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben, model="large", aspect="512x512")  # 2048 px
        await ben.press(card, "U1")
        await sandbox.until(
            lambda: any("sides up to 600 px, not 2048" in ben.text(one["id"]) for one in ben.messages())
        )
        assert await upscaled(bot, ben) == []


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


def catalogue_file(folder: Path) -> Path:
    """Write the shipped catalogue with an upscaler in it, whose weights are in the same folder or nowhere."""
    terms = f'title = "Up"\nlicence = "MIT"\nsource = "{folder}/up.safetensors"\nscale = 4\n'
    (file := folder / "models.toml").write_text(
        DEFAULT_FILE.read_text("utf-8") + f'\n[[upscaler]]\nname = "up"\n{terms}', encoding="utf-8"
    )
    return file


@pytest.mark.long
async def test_whole_road_with_real_engines_and_weights(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The built-in model's 128 px, shown as 512, become 2048 in two rounds; the file says where they come from."""
    write_compact(tmp_path / "up.safetensors", width=16, depth=2, scale=4)
    monkeypatch.setenv("CATALOGUE", str(catalogue_file(tmp_path)))
    ben = sandbox.member("ben")
    async with bot_process(sandbox, tmp_path, engines=REAL_ENGINES), open_job_store(tmp_path) as jobs:
        await sandbox.until(lambda: sandbox.bot_online, timeout_s=60)
        card = await (await ben.slash("imagine", prompt="a red heart", count=1)).message()
        await sandbox.until(lambda: "Upscale" in ben.buttons(card["id"]), timeout_s=120)
        large = await (await ben.press(card["id"], "Upscale")).message()
        await sandbox.until(lambda: len(ben.pictures(large["id"])) == 1, timeout_s=120)
        await until_all_delivered(jobs)
        job, parent = await jobs.db.read(jobs_of_member, int(ben.id))
        assert (job.state, job.charged, job.source_job_id) == (State.DONE, 1, parent.id)
        assert "2048×2048 px" in ben.text(large["id"])
    with Image.open(tmp_path / "files" / "jobs" / job.id / "upscaled.png") as image:
        assert image.size == (2048, 2048)
        assert image.info["parameters"].startswith("a red heart\nSteps: ")
        assert f"Source job: {parent.id}, Source picture: 1" in image.info["postprocessing"]


STAGES = ["submit:after", "claim:after", "settle:before", "settle:after", "mark_delivered:before"]
QUICK = "settle:before"  # the one that is tried in every run


@pytest.mark.parametrize(
    "stage", [pytest.param(stage, marks=() if stage == QUICK else pytest.mark.long) for stage in STAGES]
)
async def test_job_survives_a_kill_of_the_bot(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    monkeypatch.setenv("CATALOGUE", str(catalogue_file(tmp_path)))
    ben = sandbox.member("ben")
    async with bot_process(sandbox, tmp_path) as first:
        await sandbox.until(lambda: sandbox.bot_online, timeout_s=60)
        card = await drawn(sandbox, ben)
        async with open_job_store(tmp_path) as jobs:
            await until_all_delivered(jobs)  # what is noted of it is not to meet the crash
        first.terminate()
        await asyncio.wait_for(first.wait(), 60)
    async with bot_process(sandbox, tmp_path, crash=stage) as doomed:
        await sandbox.until(lambda: sandbox.bot_online, timeout_s=60)
        await ben.press(card, "U2")
        await asyncio.wait_for(doomed.wait(), 60)
    async with bot_process(sandbox, tmp_path), open_job_store(tmp_path) as jobs:
        await sandbox.until(
            lambda: [len(ben.pictures(one["id"])) for one in ben.messages()] == [2, 1], timeout_s=RECOVERY_S
        )
        await until_all_delivered(jobs)
        job, _ = await jobs.db.read(jobs_of_member, int(ben.id))
        assert (job.kind, job.state, job.charged) == (Kind.UPSCALE, State.DONE, 1)
        statement = await read_statement(jobs.db, int(ben.id), ALLOWANCE)
        assert (statement.available, statement.held) == (DAILY - 3, 0)
        assert [entry.kind for entry in statement.entries].count("charge") == 2
        assert await jobs.db.read(audit) == []
