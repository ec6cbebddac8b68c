"""Pictures that are not changed: private, gone, forbidden, not for this place, or their model cannot; at no cost."""

from dataclasses import replace
from pathlib import Path

from bot.features.vary.buttons import vary_buttons
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import AFTER_DARK, GENERAL
from bot.shared.cards.job_kind import ButtonKeys
from bot.shared.cards.layout import layout
from bot.shared.cards.picture_offers import rows_of
from db.queue.finding import jobs_of_member
from db.queue.job import Job
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.menus import press_more
from tests.support.acceptance.pictures import settled
from tests.support.acceptance.training import trained
from tests.support.acceptance.upscaling import drawn
from tests.support.acceptance.varying import newest, varied
from tests.support.bot.catalogues import CATALOGUE, WITH_CHECKER

EPHEMERAL = 64


async def parent_of(bot: RunningBot, who: HumanClient) -> Job:
    """Return the first job that somebody asked for."""
    return (await bot.services.db.read(jobs_of_member, int(who.id)))[-1]


async def forged(bot: RunningBot, job: Job, *numbers: int, of: int = 1) -> str:
    """Post the buttons below a job's pictures into the first channel, as on a card that was pressed from there."""
    rows = rows_of(vary_buttons(job, ButtonKeys(job.id), numbers, of=of))
    message = await bot.client.get_partial_messageable(int(GENERAL)).send(view=layout(*rows))
    return str(message.id)


async def test_private_picture_is_its_owners_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        card = await (await ben.slash("imagine", prompt="a red heart", count=1, private=True)).answer()
        await sandbox.until(lambda: "Re-roll" in ben.buttons(card["id"]))
        found = await (await ada.slash("atelier find", job=(await parent_of(bot, ben)).id)).answer()
        shown = await (await ada.press(found["id"], "Show")).answer()  # an operator may look at it …
        for label in ("Vary (Subtle)", "Zoom out 2×"):
            refusal = await (await ada.press(shown["id"], label)).answer()  # … but not have it changed
            assert "Only the person who asked" in ada.text(refusal["id"])
        assert await varied(bot, ada) == []
        child = await (await ben.press(card["id"], "Vary (Subtle)")).answer()
        assert child["flags"] & EPHEMERAL
        await sandbox.until(lambda: len(ben.pictures(child["id"])) == 4)
        ((job, _),) = await varied(bot, ben)
        assert job.private


async def test_picture_that_is_gone_or_never_was_is_not_varied(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben)
        parent = await parent_of(bot, ben)
        refusal = await (await ben.press(await forged(bot, parent, 8, 9, of=9), "V9")).answer()
        assert "no longer have that picture, so I can't vary it" in ben.text(refusal["id"])
        form = await ben.press(card, "Change a picture")
        await form.modal()
        await bot.services.files.delete_tree(f"jobs/{parent.id}")
        refusal = await (await ben.press(card, "V1")).answer()
        assert "no longer have that picture" in ben.text(refusal["id"])
        await (await form.submit(Picture=["1"], Change=["left"])).done()
        await sandbox.until(lambda: "no longer have that picture" in ben.text(newest(ben)))
        assert await varied(bot, ben) == []
        assert (await bot.statement(ben)).available == DAILY - 2


async def test_picture_of_an_age_restricted_channel_is_varied_in_such_a_channel_only(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", channel=AFTER_DARK, prompt="a red heart", count=1)).message()
        await sandbox.until(lambda: "Re-roll" in ben.buttons(card["id"]))
        await settled(sandbox, bot, ben)
        parent = await parent_of(bot, ben)
        refusal = await (await ben.press(await forged(bot, parent, 1), "Vary (Strong)")).answer()
        assert "vary it in such a channel" in ben.text(refusal["id"])
        refusal = await (await ben.press(await forged(bot, parent, 1, of=2), "Change a picture")).answer()
        assert "vary it in such a channel" in ben.text(refusal["id"])
        assert await varied(bot, ben) == []
        child = (await (await ben.press(card["id"], "Vary (Strong)")).message())["id"]
        await sandbox.until(lambda: len(ben.pictures(child)) == 4)
        ((job, _),) = await varied(bot, ben)
        assert job.age_restricted
        await settled(sandbox, bot, ben)
        history = await (await ben.slash("history", channel=GENERAL)).answer()
        shown = (await (await ben.press(history["id"], "1")).answer())["id"]  # the child, without its pictures
        await ben.press(shown, "Re-roll")
        await sandbox.until(lambda: "draw from it in such a channel" in ben.text(newest(ben)))
        await (await (await ben.press(shown, "Edit prompt")).submit(Prompt="a blue heart")).done()
        await sandbox.until(
            lambda: "draw from it in such a channel" in ben.text(newest(ben)) and "blue" in ben.text(newest(ben))
        )
        assert len(await varied(bot, ben)) == 1


async def test_withheld_picture_is_not_varied_and_others_keep_their_numbers(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_CHECKER) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a flag@1", count=3)).message()
        await sandbox.until(lambda: "Re-roll" in ben.buttons(card["id"]))
        assert [one for one in ben.buttons(card["id"]) if one.startswith("V")] == ["V2", "V3"]
        refusal = await (await ben.press(await forged(bot, await parent_of(bot, ben), 1), "Vary (Strong)")).answer()
        assert "flagged that picture, so I can't vary it here" in ben.text(refusal["id"])
        assert await varied(bot, ben) == []


async def test_blocked_word_ban_and_empty_account_are_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, relaxed="") as bot:
        ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
        ghastly, card = await drawn(sandbox, ben, "a ghastly heart"), await drawn(sandbox, ben)
        await (await ada.slash("atelier words add", word="ghastly")).answer()
        await ben.press(ghastly, "V1")
        await sandbox.until(lambda: any("is blocked here" in ben.text(one["id"]) for one in ben.messages()))
        await (await ada.slash("atelier ban", member=cleo.id, reason="spam")).answer()
        await cleo.press(card, "V1")
        await sandbox.until(lambda: any("banned" in cleo.text(one["id"]) for one in cleo.messages()))
        await bot.leave(ben, 3)
        await ben.press(card, "V1")
        await sandbox.until(lambda: any("this costs 4 credits" in ben.text(one["id"]) for one in ben.messages()))
        assert await varied(bot, ben) == await varied(bot, cleo) == []
        assert await bot.services.files.list("uploads") == []
        assert (await bot.statement(ben)).available == 3


async def test_canvas_is_bounded_by_the_models_largest_side(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben, count=1, aspect="768x768")
        refusal = await (await press_more(ben, card, "Left")).answer()
        assert refusal["flags"] & EPHEMERAL
        assert "sides up to 768 px, so there is no room to pan" in ben.text(refusal["id"])
        assert await varied(bot, ben) == []
        assert (await bot.statement(ben)).available == DAILY - 3


async def test_model_that_cannot_begin_from_pictures_has_no_such_buttons_and_old_ones_say_so(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    ben = sandbox.member("ben")
    async with bot_beside(sandbox, tmp_path) as bot:
        card = await drawn(sandbox, ben, count=1)
    plain = CATALOGUE.images[0].model_copy(update={"family": "any-pipeline"})
    async with bot_beside(sandbox, tmp_path, catalogue=replace(CATALOGUE, images=(plain,))) as bot:
        refusal = await (await ben.press(card, "Vary (Subtle)")).answer()
        assert refusal["flags"] & EPHEMERAL
        assert "can't begin from a picture" in ben.text(refusal["id"])
        other = await drawn(sandbox, ben, count=1)
        assert "Vary (Subtle)" not in ben.buttons(other)
        assert await varied(bot, ben) == []


async def test_picture_of_a_subject_that_is_not_shared_is_varied_by_its_owner_alone(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        await trained(sandbox, ben)
        card = await drawn(sandbox, ben, "Blob on grass", subject="Blob")
        refusal = await (await cleo.press(card, "V1")).answer()
        assert "a subject in it that isn't shared with you" in cleo.text(refusal["id"])
        child = (await (await ben.press(card, "V1")).message())["id"]
        await sandbox.until(lambda: len(ben.pictures(child)) == 4)
        ((_, request),) = await varied(bot, ben)
        assert len(request.subjects) == 1
        assert await varied(bot, cleo) == []
