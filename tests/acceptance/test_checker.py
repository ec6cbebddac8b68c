"""Flagged pictures: shown, covered or withheld by the kind of place, whichever way they come, and then for free."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from discord import ui

from bot.features.mydata.personal_data import export_parts
from bot.features.operator.withheld import LookButton
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import AFTER_DARK, GENERAL, STUDIO
from bot.shared.cards.layout import layout
from db.credits.audit import audit
from db.credits.statement import read_statement
from db.moderation.audit_log import latest_entries
from db.queue.finding import jobs_of_member
from db.queue.job import Job, State
from tests.support.acceptance.bots import (
    ALLOWANCE,
    DAILY,
    RECOVERY_S,
    RunningBot,
    bot_beside,
    bot_process,
    open_job_store,
    until_all_delivered,
)
from tests.support.acceptance.delivery import TOKEN_S, until_delivered
from tests.support.acceptance.engines import GATE
from tests.support.acceptance.messages import covered
from tests.support.acceptance.pictures import settled
from tests.support.bot.catalogues import WITH_CHECKER

EPHEMERAL = 64
ACTIONS = {"nothing": (2, [False, False], 2), "spoiler": (2, [True, False], 2), "withhold": (1, [False], 1)}
SETTINGS = {
    "channel": "flagged_in_channels",
    "age": "flagged_in_age_restricted",
    "direct": "flagged_in_direct_messages",
}
KEPT_BACK = "keeping back 1 of these 2 pictures: my picture checker flagged it. You weren't charged for it."


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that lets jobs with 'gate' in their prompt go on."""
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    return tmp_path / "open"


async def place_of(who: HumanClient, place: str) -> str:
    return {"channel": GENERAL, "age": AFTER_DARK, "direct": await who.dm()}[place]


async def drawn(sandbox: Sandbox, bot: RunningBot, who: HumanClient, prompt: str = "a flag@1", **options: Any) -> str:
    """Have two pictures drawn, of which the first is flagged, and return the id of their card."""
    card = await (await who.slash("imagine", prompt=prompt, **{"count": 2} | options)).answer()
    await settled(sandbox, bot, who)
    return str(card["id"])


async def latest(bot: RunningBot, who: HumanClient) -> Job:
    return (await bot.services.db.read(jobs_of_member, int(who.id)))[0]


async def shown_again(who: HumanClient, channel: str) -> str:
    """Have /history show the newest result there; return the message."""
    history = await (await who.slash("history", channel=channel)).answer()
    return str((await (await who.press(history["id"], "1")).answer())["id"])


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("place", SETTINGS)
async def test_each_place_does_what_its_setting_says(sandbox: Sandbox, tmp_path: Path, place: str, action: str) -> None:
    pictures, spoilers, charged = ACTIONS[action]
    others = dict.fromkeys(SETTINGS.values(), "nothing" if action == "withhold" else "withhold")
    settings: dict[str, Any] = others | {SETTINGS[place]: action}
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_CHECKER, **settings) as bot:
        ben = sandbox.member("ben")
        channel = await place_of(ben, place)
        card = await drawn(sandbox, bot, ben, channel=channel)
        for message in (card, await shown_again(ben, channel)):
            assert len(ben.pictures(message)) == pictures
            assert covered(ben.message(message)) == spoilers
            assert (KEPT_BACK in ben.text(message)) == (action == "withhold")
            assert "no longer have" not in ben.text(message)
        job = await latest(bot, ben)
        assert (job.state, job.charged, job.withheld) == (State.DONE, charged, 2 - pictures)
        statement = await bot.statement(ben)
        assert (statement.available, statement.held) == (DAILY - charged, 0)
        assert await bot.services.db.read(audit) == []


async def test_job_of_which_everything_is_withheld_costs_nothing_and_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_CHECKER) as bot:
        ben = sandbox.member("ben")
        for private in (False, True):
            card = await drawn(sandbox, bot, ben, "flag@1 flag@2", private=private)
            assert ben.pictures(card) == []
            assert "keeping back these 2 pictures: my picture checker flagged them" in ben.text(card)
            assert "no longer have" not in ben.text(card)
            assert not any(label.startswith("U") for label in ben.buttons(card))
        assert (await bot.statement(ben)).available == DAILY
        assert await bot.services.db.read(audit) == []


@pytest.mark.parametrize("setting", ["withhold", "spoiler"])
async def test_picture_that_could_not_be_checked_is_never_shown_as_any_other(
    sandbox: Sandbox, tmp_path: Path, setting: str
) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_CHECKER, flagged_unknown=setting) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, bot, ben, "unchecked", count=1)
        withheld = setting == "withhold"
        assert covered(ben.message(card)) == ([] if withheld else [True])
        assert ("keeping back this picture: my picture checker could not look at it" in ben.text(card)) == withheld
        assert (await bot.statement(ben)).available == DAILY - (not withheld)
        adult = await drawn(sandbox, bot, ben, "unchecked", count=1, channel=AFTER_DARK)  # all are shown there
        assert covered(ben.message(adult)) == [False]


async def test_result_that_comes_late_is_withheld_as_well(sandbox: Sandbox, tmp_path: Path, gate: Path) -> None:
    async with bot_beside(sandbox, tmp_path / "data", catalogue=WITH_CHECKER) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a gate flag@1", count=2)).answer()
        await sandbox.until(lambda: "step" in ben.text(card["id"]))
        sandbox.clock.advance(TOKEN_S + 60)
        gate.touch()
        await until_delivered(bot, ben)
        assert len(ben.pictures(card["id"])) == 1
        assert KEPT_BACK in ben.text(card["id"])


async def test_direct_message_for_a_channel_that_is_gone_follows_its_own_setting(
    sandbox: Sandbox, tmp_path: Path, gate: Path
) -> None:
    """Drawn and paid for in a channel where all are shown, it comes to a place where flagged ones are not."""
    settings: dict[str, Any] = {"flagged_in_channels": "nothing"}
    async with bot_beside(sandbox, tmp_path / "data", catalogue=WITH_CHECKER, **settings) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a gate flag@1", count=2)).answer()
        await sandbox.until(lambda: "step" in ben.text(card["id"]))
        sandbox.world_editor.delete_channel(GENERAL)
        gate.touch()
        await until_delivered(bot, ben)
        message = ben.messages(await ben.dm())[-1]["id"]
        assert len(ben.pictures(message)) == 1
        assert "flagged by my picture checker, so I can't show them here" in ben.text(message)
        assert (await latest(bot, ben)).charged == 2


async def test_history_elsewhere_follows_that_places_setting(sandbox: Sandbox, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"flagged_in_direct_messages": "spoiler"}
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_CHECKER, **settings) as bot:
        ben = sandbox.member("ben")
        dm = await ben.dm()
        assert covered(ben.message(await drawn(sandbox, bot, ben, channel=dm))) == [True, False]
        elsewhere = await shown_again(ben, GENERAL)
        assert covered(ben.message(elsewhere)) == [False]
        assert "flagged by my picture checker" in ben.text(elsewhere)
        assert covered(ben.message(await shown_again(ben, AFTER_DARK))) == [False, False]
        assert (await latest(bot, ben)).charged == 2


@pytest.mark.parametrize(("action", "previews"), [("nothing", 1), ("spoiler", 0), ("withhold", 0)])
async def test_previews_are_shown_only_where_flagged_pictures_are(
    sandbox: Sandbox, tmp_path: Path, gate: Path, action: str, previews: int
) -> None:
    async with bot_beside(sandbox, tmp_path / "data", catalogue=WITH_CHECKER, flagged_in_channels=action) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a gate")).answer()
        await sandbox.until(lambda: "step" in ben.text(card["id"]))
        changed = bot.services.db.wake.listen("changed")
        while not (await latest(bot, ben)).preview:
            await changed.wait(0.5)
        if previews:
            await sandbox.until(lambda: len(ben.pictures(card["id"])) == 1)
        await asyncio.sleep(0.3)  # several edits further
        assert len(ben.pictures(card["id"])) == previews
        gate.touch()
        await settled(sandbox, bot, ben)
        assert len(ben.pictures(card["id"])) == 4


async def test_withheld_picture_is_not_upscaled_and_others_keep_their_numbers(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_CHECKER) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, bot, ben, "a flag@1", count=3)
        assert ben.buttons(card)[:2] == ["U2", "U3"]
        second = await (await ben.press(card, "U2")).answer()
        await settled(sandbox, bot, ben)
        assert ben.pictures(second["id"]) == []  # the fake flags the result by the same words
        job = await latest(bot, ben)
        assert (job.request["of_picture"], job.charged, job.withheld) == (2, 0, 1)
        assert (await bot.statement(ben)).available == DAILY - 2


async def test_upscaled_picture_keeps_the_flags_of_its_source(sandbox: Sandbox, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"flagged_in_channels": "spoiler"}
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_CHECKER, **settings) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, bot, ben, "a flag@2")
        large = await (await ben.press(card, "U2")).answer()
        await settled(sandbox, bot, ben)
        assert covered(ben.message(large["id"])) == [True]
        assert (await latest(bot, ben)).request["flags"] == ["nsfw"]
        elsewhere = await shown_again(ben, await ben.dm())  # where flagged pictures are withheld
        assert ben.pictures(elsewhere) == []


async def test_operator_looks_at_withheld_pictures_and_that_is_logged(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_CHECKER) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await drawn(sandbox, bot, ben)
        await drawn(sandbox, bot, ben, channel=await ben.dm())
        listed = await (await ada.slash("atelier withheld")).answer()
        assert listed["flags"] & EPHEMERAL
        assert ada.text(listed["id"]).count("nsfw 0.90") == 2
        assert "a direct message" in ada.text(listed["id"])  # its server is the home server
        looked = await (await ada.press(listed["id"], "Look")).answer()
        assert looked["flags"] & EPHEMERAL
        assert covered(ada.message(looked["id"])) == [True]
        found = await (await ada.slash("atelier find", member=ben.id)).answer()
        assert "Look" in ada.buttons(found["id"])
        entries = await bot.services.db.read(latest_entries, int(STUDIO), 5)
        looks = [one.entry for one in entries if one.entry.what == "look at withheld pictures"]
        assert [(one.by_user, one.target is not None) for one in looks] == [(int(ada.id), True)]
        general = bot.client.get_partial_messageable(int(GENERAL))
        forged = await general.send(view=layout(ui.ActionRow(LookButton((await latest(bot, ben)).id))))
        refusal = await (await ben.press(str(forged.id), "Look")).answer()  # his own, but he is no operator
        assert ben.pictures(refusal["id"]) == []
        assert len(await bot.services.db.read(latest_entries, int(STUDIO), 5)) == len(entries)


async def test_withheld_picture_is_not_in_its_members_export(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=WITH_CHECKER) as bot:
        ben = sandbox.member("ben")
        await drawn(sandbox, bot, ben)
        job = await latest(bot, ben)
        (kept,) = [name for name, meta in job.outcome["files"].items() if not meta.get("withheld")]
        ((_, archive),) = [part async for part in export_parts(bot.services, int(ben.id), 1 << 24)]
        assert f"jobs/{job.id}/{kept}".encode() in archive
        assert f"jobs/{job.id}/1.png".encode() not in archive
        assert archive.count(b"\x89PNG") == 1


async def test_pictures_that_are_not_checked_yet_are_in_no_export(sandbox: Sandbox, tmp_path: Path, gate: Path) -> None:
    async with bot_beside(sandbox, tmp_path / "data", catalogue=WITH_CHECKER) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a gate")).answer()
        changed = bot.services.db.wake.listen("changed")
        while not (await latest(bot, ben)).preview:
            await changed.wait(0.5)
        ((_, archive),) = [part async for part in export_parts(bot.services, int(ben.id), 1 << 24)]
        assert b"preview.webp" not in archive
        gate.touch()
        await settled(sandbox, bot, ben)
        ((_, archive),) = [part async for part in export_parts(bot.services, int(ben.id), 1 << 24)]
        assert archive.count(b"\x89PNG") == len(ben.pictures(card["id"])) == 4


STAGES = ["claim:after", "settle:before", "settle:after", "mark_delivered:before"]
QUICK = "settle:after"  # the one that is tried in every run


@pytest.mark.parametrize(
    "stage", [pytest.param(stage, marks=() if stage == QUICK else pytest.mark.long) for stage in STAGES]
)
async def test_kill_of_the_bot_shows_nothing_withheld_and_refunds_once(
    sandbox: Sandbox, tmp_path: Path, stage: str
) -> None:
    ben = sandbox.member("ben")
    async with bot_process(sandbox, tmp_path, crash=stage) as doomed:
        await sandbox.until(lambda: sandbox.bot_online)
        card = await (await ben.slash("imagine", prompt="a flag@1", count=2)).message()  # it dies before it says more
        await asyncio.wait_for(doomed.wait(), 60)
    async with bot_process(sandbox, tmp_path), open_job_store(tmp_path) as jobs:
        await sandbox.until(lambda: KEPT_BACK in ben.text(card["id"]), timeout_s=RECOVERY_S)
        await until_all_delivered(jobs)
        assert len(ben.pictures(card["id"])) == 1
        (job,) = await jobs.db.read(jobs_of_member, int(ben.id))
        assert (job.state, job.charged, job.withheld) == (State.DONE, 1, 1)
        statement = await read_statement(jobs.db, int(ben.id), ALLOWANCE)
        assert (statement.available, statement.held) == (DAILY - 1, 0)
        assert [entry.kind for entry in statement.entries].count("charge") == 1
        assert await jobs.db.read(audit) == []
