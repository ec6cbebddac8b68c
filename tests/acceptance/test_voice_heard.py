"""Voice that nobody typed a command for: direct messages, and channels where an operator wants text."""

import asyncio
from pathlib import Path

import pytest

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from bot.sandbox.state.seed import GENERAL
from db.queue.job import FINAL
from tests.support.acceptance.bots import DAILY, bot_beside
from tests.support.acceptance.engines import GATE
from tests.support.acceptance.voice import available, clip, jobs_of, refusal, said, sound


async def heard_all(sandbox: Sandbox, anybody: HumanClient) -> None:
    """Wait until the bot has done with every message that was said before this."""
    await (await anybody.slash("queue")).answer()  # events come in order, so all of them have reached it
    hearing = "discord.py: on_message"  # discord.py names its tasks so
    await sandbox.until(lambda: all(task.get_name() != hearing for task in asyncio.all_tasks()))


async def test_direct_message_just_works(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        dm = await ben.dm()
        message = await said(sandbox, ben, "Good morning.", channel=dm)
        await sandbox.until(lambda: "Good morning" in ben.text(ben.messages(dm)[-1]["id"]))
        (_, card) = ben.messages(dm)
        assert card["message_reference"]["message_id"] == message
        assert sandbox.notified == []
        assert await available(bot, ben) == DAILY - 1


async def test_direct_message_with_a_file_is_heard_and_one_without_is_greeted(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        dm = await ben.dm()
        await ben.say("hello", channel=dm)
        await sandbox.until(lambda: len(ben.messages(dm)) == 2)
        assert "/imagine" in ben.text(ben.messages(dm)[1]["id"])
        await ben.say("", channel=dm, files=[sound(2.0, "From a file.")])
        await sandbox.until(lambda: "From a file" in ben.text(ben.messages(dm)[-1]["id"]))
        assert len(ben.messages(dm)) == 4
        assert len(await jobs_of(bot, ben)) == 1


async def test_direct_message_that_cannot_be_heard_is_answered(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        dm = await ben.dm()
        await ben.say(
            "", channel=dm, files=[Upload(filename="song.mp3", content=b"no song", content_type="audio/mpeg")]
        )
        await sandbox.until(lambda: len(ben.messages(dm)) == 2)
        assert "can't read that kind of file" in ben.text(ben.messages(dm)[1]["id"])
        assert await bot.services.files.list("uploads") == []


async def test_direct_message_that_comes_twice_is_one_job_and_one_card(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        dm = await ben.dm()
        await said(sandbox, ben, "Only once.", channel=dm)
        sandbox.gateway.replay(3)
        await sandbox.until(lambda: "Only once" in ben.text(ben.messages(dm)[-1]["id"]))
        sandbox.gateway.replay(3)
        await said(sandbox, ben, "The end.", channel=dm)
        await sandbox.until(lambda: "The end" in ben.text(ben.messages(dm)[-1]["id"]))
        assert len(ben.messages(dm)) == 4
        assert len(await jobs_of(bot, ben)) == 2
        assert await available(bot, ben) == DAILY - 2


async def test_direct_message_shows_how_far_it_is(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    async with bot_beside(sandbox, tmp_path / "data"):
        ben = sandbox.member("ben")
        dm = await ben.dm()
        await said(sandbox, ben, "We wait before the gate.", channel=dm)
        await sandbox.until(lambda: len(ben.messages(dm)) == 2 and "parts done" in ben.text(ben.messages(dm)[1]["id"]))
        assert ben.buttons(ben.messages(dm)[1]["id"]) == ["Cancel", "Info"]
        (tmp_path / "open").touch()
        await sandbox.until(lambda: "We wait before the gate." in ben.text(ben.messages(dm)[1]["id"]))
        assert len(ben.messages(dm)) == 2


async def test_channel_that_is_turned_on_becomes_text_until_it_is_turned_off(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, auto_transcription=True) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await said(sandbox, ben, "Before.")
        await heard_all(sandbox, ada)
        answer = await (await ada.slash("transcribe-channel", state="on")).answer()
        assert "transcribed automatically" in ada.text(answer["id"])
        await said(sandbox, ben, "While it is on.")
        await sandbox.until(lambda: "While it is on" in ben.text(ben.messages()[-1]["id"]))
        await (await ada.slash("transcribe-channel", state="off")).answer()
        await said(sandbox, ben, "After.")
        await heard_all(sandbox, ada)
        assert [job.request["speaker_id"] for job in await jobs_of(bot, ben)] == [int(ben.id)]
        assert await available(bot, ben) == DAILY - 1
        assert sandbox.notified == []


async def test_channel_leaves_text_files_and_those_who_opted_out_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, auto_transcription=True) as bot:
        ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
        await (await ada.slash("transcribe-channel", state="on")).answer()
        await (await ben.slash("voice optout")).answer()
        message = await said(sandbox, ben, "Not for you.")
        await cleo.say("a song", files=[sound(1.0)])
        await said(sandbox, cleo, "This is.")
        await sandbox.until(lambda: "This is." in cleo.text(cleo.messages()[-1]["id"]))
        assert await jobs_of(bot, ben) == []
        assert len(await jobs_of(bot, cleo)) == 1
        await cleo.context_menu("Transcribe", message_id=message)
        assert "does not want" in await refusal(sandbox, cleo)
        own = await (await ben.context_menu("Transcribe", message_id=message)).message()
        await sandbox.until(lambda: "Not for you" in ben.text(own["id"]))
        await (await ben.slash("voice optin")).answer()
        card = await (await cleo.context_menu("Transcribe", message_id=message)).message()
        await sandbox.until(lambda: "Not for you" in cleo.text(card["id"]))


async def test_channel_says_nothing_about_what_nobody_asked_for(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, auto_transcription=True) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await (await ada.slash("transcribe-channel", state="on")).answer()
        await sandbox.until(lambda: len(ben.messages()) == 1)  # the channel is told that it becomes text
        await ben.voice(b"OggS silence", 5.0)
        await ben.voice(clip("far too long"), 7200.0)
        await said(sandbox, ben, "Something.")
        await sandbox.until(lambda: "Something" in ben.text(ben.messages()[-1]["id"]))
        await sandbox.until(lambda: len(ben.messages()) == 5)
        changed = bot.services.db.wake.listen("changed")
        while not all(job.state in FINAL for job in await jobs_of(bot, ben)):  # the silence may end last
            await changed.wait(0.1)
        assert await available(bot, ben) == DAILY - 1


async def test_channel_where_the_bot_may_not_write_sends_nobody_anything(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, auto_transcription=True) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await (await ada.slash("transcribe-channel", state="on")).answer()
        sandbox.world_editor.deny(GENERAL, 1 << 11)  # Send Messages
        await said(sandbox, ben, "Into the void.")
        listener = bot.services.db.wake.listen("changed")
        for _ in range(100):
            jobs = await jobs_of(bot, ben)
            if jobs and jobs[0].delivered_how:
                break
            await listener.wait(0.1)
        assert jobs[0].delivered_how == "kept"
        assert ben.messages(await ben.dm()) == []


async def test_channel_is_the_operators_to_turn_on_and_only_where_the_bot_hears(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path):
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await sandbox.until(lambda: "transcribe" in ada.commands())
        assert "transcribe-channel" not in ada.commands()
    async with bot_beside(sandbox, tmp_path, auto_transcription=True):
        await sandbox.until(lambda: "transcribe-channel" in ada.commands())
        assert "transcribe-channel" not in ben.commands()
