"""Pictures that are not made larger: what is private, deleted, unpaid, forbidden or not for this place; at no cost."""

from pathlib import Path

import pytest

from bot.features.upscale.buttons import upscale_buttons
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import AFTER_DARK, GENERAL
from bot.shared.cards.job_kind import ButtonKeys
from bot.shared.cards.layout import layout
from bot.shared.cards.picture_offers import rows_of
from db.queue.finding import jobs_of_member
from db.queue.job import State
from tests.support.acceptance.bots import (
    DAILY,
    bot_beside,
)
from tests.support.acceptance.engines import SLOTS
from tests.support.acceptance.menus import press_more
from tests.support.acceptance.pictures import settled
from tests.support.acceptance.upscaling import drawn, upscaled
from tests.support.bot.catalogues import WITH_UPSCALER

EPHEMERAL = 64


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
        await press_more(ben, card, "Delete")
        await sandbox.until(lambda: card not in [one["id"] for one in ben.messages()])
    monkeypatch.setenv(SLOTS, "4")
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        await sandbox.until(lambda: "was deleted before its turn" in ben.text(large["id"]))
        (job,) = await upscaled(bot, ben)
        assert (job.state, job.charged) == (State.FAILED, 0)
        assert (await bot.statement(ben)).available == DAILY - 2


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
        hidden = await (await ben.press(history["id"], "1")).answer()
        assert "Upscale" not in ben.buttons(hidden["id"])
        (parent,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        general = bot.client.get_partial_messageable(int(GENERAL))
        forged = await general.send(view=layout(*rows_of(upscale_buttons(parent, ButtonKeys(parent.id), [1], of=1))))
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
        never = rows_of(upscale_buttons(parent, ButtonKeys(parent.id), [9], of=9))  # it never had so many
        forged = await general.send(view=layout(*never))
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
