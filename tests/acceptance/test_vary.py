"""Pictures changed from their card: by whoever presses, on their own credits; each child knows its parent."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.features.mydata.personal_data import delete_everything
from bot.features.vary.changes import CANVASES
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.shared.results import picture_names
from db.file_keys import UPLOADS, job_file
from db.queue.finding import jobs_of_member
from inference.requests import InitPicture, PictureOrigin
from inference.vocabulary import Vocabulary
from tests.support.acceptance.bots import DAILY, bot_beside
from tests.support.acceptance.engines import GATE
from tests.support.acceptance.menus import menu_of, press_more, rows_of
from tests.support.acceptance.pictures import settled
from tests.support.acceptance.upscaling import drawn
from tests.support.acceptance.varying import newest, varied
from tests.support.bot.catalogues import CATALOGUE, WITH_UPSCALER

EPHEMERAL = 64


async def finished(sandbox: Sandbox, who: HumanClient, card: str) -> None:
    """Wait for the four pictures of a card."""
    await sandbox.until(lambda: len(who.pictures(card)) == 4)


async def continued(sandbox: Sandbox, who: HumanClient) -> str:
    """Say yes to the price, and return the card with the four pictures."""
    await who.press(newest(who), "Continue")
    await sandbox.until(lambda: len(who.pictures(newest(who))) == 4)
    return newest(who)


async def test_one_of_several_is_varied_and_the_child_knows_its_parent(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben, "a red heart --seed 7 --no text", count=4)
        assert rows_of(ben, card) == [["U1", "U2", "U3", "U4", "Re-roll"], ["V1", "V2", "V3", "V4", "More"]]
        menu = await menu_of(ben, card)
        assert rows_of(ben, menu) == [["Change a picture", "Remix", "Favourite"], ["Edit prompt", "Info", "Delete"]]
        await settled(sandbox, bot, ben)
        (parent,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        child = (await (await ben.press(card, "V2")).message())["id"]
        await finished(sandbox, ben, child)
        await settled(sandbox, bot, ben)
        ((job, request),) = await varied(bot, ben)
        assert request.origin == PictureOrigin(job_id=parent.id, picture=2, change="Vary (Strong)")
        assert request.init == InitPicture(key=f"uploads/{job.interaction_id}/picture", strength=0.85)
        assert (request.words, request.negative, request.count) == ("a red heart", "text", 4)
        assert request.seed != 7
        source = await bot.services.files.get(job_file(parent.id, picture_names(parent)[1]))
        assert await bot.services.files.get(request.init.key) == source
        where = f"https://discord.com/channels/{parent.guild_id}/{parent.channel_id}/{card}"
        assert f"Vary (Strong) of [picture 2]({where})" in ben.text(child)
        assert "--seed" not in ben.text(child)
        info = await (await press_more(ben, child, "Info")).answer()
        assert f"Vary (Strong) of picture 2 of `{parent.id}`" in ben.text(info["id"])
        assert (job.charged, (await bot.statement(ben)).available) == (4, DAILY - 8)
        again = (await (await ben.press(child, "Re-roll")).message())["id"]  # from the same picture, with another seed
        await finished(sandbox, ben, again)
        await press_more(ben, child, "Delete")
        await sandbox.until(lambda: child not in [one["id"] for one in ben.messages()])
        assert not await bot.services.files.exists(request.init.key)
        (_, rolled), _ = await varied(bot, ben)
        assert rolled.init is not None
        assert await bot.services.files.get(rolled.init.key) == source


async def test_everything_below_a_single_picture_draws_around_it(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben, count=1, aspect="512x640")
        assert rows_of(ben, card) == [
            ["Vary (Subtle)", "Vary (Strong)", "Vary (Region)", "Re-roll"],
            ["Zoom out 1.5×", "Zoom out 2×", "Make square", "Remix", "More"],
        ]
        menu = await menu_of(ben, card)
        for change in CANVASES:
            where = menu if change.button_label in ben.buttons(menu) else card
            child = await (await ben.press(where, change.button_label)).message()
            assert not child["flags"] & EPHEMERAL
            await finished(sandbox, ben, child["id"])
        found = {request.origin.change: request for _, request in await varied(bot, ben) if request.origin}
        sizes = {label: (one.width_px, one.height_px) for label, one in found.items()}
        assert sizes == {
            "Zoom out 1.5×": (128, 160),
            "Zoom out 2×": (128, 160),
            "Pan left": (192, 160),
            "Pan right": (192, 160),
            "Pan up": (128, 192),
            "Pan down": (128, 192),
            "Make square": (160, 160),
        }
        margins = {label: one.init.margins_px for label, one in found.items() if one.init}
        assert margins["Zoom out 2×"] == (32, 40, 32, 40)
        assert (margins["Pan left"], margins["Pan down"]) == ((64, 0, 0, 0), (0, 0, 0, 32))
        assert {one.init.strength for one in found.values() if one.init} == {1.0}


async def test_form_changes_one_of_several(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await drawn(sandbox, ben)
        form = await ben.press(card, "Change a picture")
        child = await (await form.submit(Picture=["2"], Change=["zoom-2"])).message()
        await finished(sandbox, ben, child["id"])
        ((_, request),) = await varied(bot, ben)
        assert request.origin is not None
        assert (request.origin.picture, request.origin.change) == (2, "Zoom out 2×")
        await (await (await cleo.press(card, "Change a picture")).submit(Picture=["1"], Change=["subtle"])).done()
        await sandbox.until(lambda: "Draw it for you?" in cleo.text(newest(cleo)))
        await cleo.press(newest(cleo), "Continue")
        await sandbox.until(lambda: [len(ben.pictures(one["id"])) for one in ben.messages()] == [2, 4, 4])
        ((job, request),) = await varied(bot, cleo)
        assert request.init is not None
        assert (job.private, request.init.strength) == (False, 0.5)


async def test_pressed_twice_it_is_drawn_once_and_again_when_it_is_there(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        (tmp_path / "open").touch()
        card = await drawn(sandbox, ben, "a gate")
        (tmp_path / "open").unlink()
        child = (await (await ben.press(card, "V1")).message())["id"]
        await sandbox.until(lambda: "▰" in ben.text(child))
        refusal = await (await ben.press(card, "V1")).answer()
        assert refusal["flags"] & EPHEMERAL
        assert "being drawn already" in ben.text(refusal["id"])
        other = (await (await ben.press(card, "V2")).message())["id"]  # another picture is another job
        (tmp_path / "open").touch()
        await sandbox.until(lambda: len(ben.pictures(child)) == len(ben.pictures(other)) == 4)
        third = (await (await ben.press(card, "V1")).message())["id"]
        await finished(sandbox, ben, third)
        await settled(sandbox, bot, ben)
        assert len({request.seed for _, request in await varied(bot, ben)}) == 3
        assert (await bot.statement(ben)).available == DAILY - 2 - 12


async def test_somebody_else_is_asked_first_and_pays_also_after_a_restart(sandbox: Sandbox, tmp_path: Path) -> None:
    ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
    async with bot_beside(sandbox, tmp_path) as bot:
        card = await drawn(sandbox, ben)
        question = await (await cleo.press(card, "V1")).answer()
        assert question["flags"] & EPHEMERAL
        assert "Draw it for you?** This uses 4 of your" in cleo.text(question["id"])
        assert await varied(bot, cleo) == []
    async with bot_beside(sandbox, tmp_path) as bot:
        await cleo.press(question["id"], "Continue")
        await sandbox.until(lambda: [len(ben.pictures(one["id"])) for one in ben.messages()] == [2, 4])
        ((job, _),) = await varied(bot, cleo)
        assert not job.private
        await settled(sandbox, bot, cleo)
        assert (await bot.statement(cleo)).available == DAILY - 4
        assert (await bot.statement(ben)).available == DAILY - 2
        child = (await (await ben.press(card, "V2")).message())["id"]  # a card of before the restart
        await finished(sandbox, ben, child)


async def test_upscaled_picture_is_varied_by_what_it_was_drawn_from(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_UPSCALER) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben, "a red heart --cfg 3", count=1)
        assert rows_of(ben, card) == [
            ["Upscale", "Vary (Subtle)", "Vary (Strong)", "Vary (Region)", "Re-roll"],
            ["Zoom out 1.5×", "Zoom out 2×", "Remix", "Favourite", "More"],
        ]
        large = (await (await ben.press(card, "Upscale")).message())["id"]
        await sandbox.until(lambda: "Vary (Subtle)" in ben.buttons(large))
        assert rows_of(ben, large) == [
            ["Vary (Subtle)", "Vary (Strong)", "Vary (Region)", "Zoom out 1.5×", "Zoom out 2×"],
            ["Left", "Right", "Up", "Down", "More"],
        ]
        await press_more(ben, card, "Delete")
        await sandbox.until(lambda: card not in [one["id"] for one in ben.messages()])
        child = (await (await ben.press(large, "Vary (Subtle)")).message())["id"]
        await finished(sandbox, ben, child)
        ((job, request),) = await varied(bot, ben)
        (upscaled,) = [one for one in await bot.services.db.read(jobs_of_member, int(ben.id)) if one.kind == "upscale"]
        assert (request.prompt, request.guidance, request.width_px) == ("a red heart", 3.0, 128)
        assert request.init is not None
        source = await bot.services.files.get(job_file(str(job.source_job_id), picture_names(upscaled)[0]))
        assert await bot.services.files.get(request.init.key) == source


async def test_small_model_is_told_no_words_for_what_it_draws_around_a_picture(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    small = replace(CATALOGUE, vocabularies={"tiny": Vocabulary(frozenset({"heart"}))})
    async with bot_beside(sandbox, tmp_path, catalogue=small) as bot:
        ben = sandbox.member("ben")
        child = (await (await ben.press(await drawn(sandbox, ben, count=1), "Zoom out 2×")).message())["id"]
        await finished(sandbox, ben, child)
        ((_, request),) = await varied(bot, ben)
        assert request.init is not None
        assert (request.prompt, request.words, request.init.strength) == ("", "a red heart", 0.5)
        assert "a red heart" in ben.text(child)
        await finished(sandbox, ben, (await (await ben.press(child, "V3")).message())["id"])
        (_, request), _ = await varied(bot, ben)
        assert (request.prompt, request.typed) == ("a red heart", "")


async def test_children_survive_the_deletion_of_a_member_between_them(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
        card = await drawn(sandbox, ben)
        for who in (cleo, ada):  # Cleo's from Ben's, Ada's from Cleo's
            await (await who.press(card, "V1")).answer()
            card = await continued(sandbox, who)
        await settled(sandbox, bot, ada)
        ((theirs, _),), ((own, request),) = await varied(bot, cleo), await varied(bot, ada)
        assert own.source_job_id == theirs.id
        await delete_everything(bot.services, int(cleo.id))
        assert await varied(bot, cleo) == []
        assert request.init is not None
        assert await bot.services.files.list(UPLOADS) == [request.init.key]
        await finished(sandbox, ada, (await (await ada.press(card, "V4")).message())["id"])
        info = await (await press_more(ada, card, "Info")).answer()
        assert f"Vary (Strong) of picture 1 of `{theirs.id}`" in ada.text(info["id"])
