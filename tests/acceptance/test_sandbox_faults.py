"""Bad days: what an unmodified discord.py client meets when the sandbox is told to fail."""

import asyncio
import io

import aiohttp
import discord
import pytest

from bot.sandbox.errors import HumanError
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import GENERAL, STUDIO
from tests.acceptance.conftest import StartDemo
from tests.support.acceptance.demo import Demo, general

SEND = "POST /channels/{channel_id}/messages"


async def test_rate_limit_is_waited_out(sandbox: Sandbox, demo: Demo) -> None:
    sandbox.faults.rate_limit(SEND, times=2, retry_after_s=0.01)
    sandbox.faults.rate_limit("PATCH *", retry_after_s=0.01, everywhere=True)
    message = await general(demo).send("x")
    await message.edit(content="y")
    assert [r.status for r in sandbox.requests if r.route.startswith("/channels")] == [429, 429, 200, 429, 200]


async def test_posted_then_504_shows_one_message_thanks_to_the_nonce(
    sandbox: Sandbox, demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_waiting(monkeypatch)
    sandbox.faults.error(SEND, status=504, when="after")
    await general(demo).send("x", nonce="job-1")
    assert len(sandbox.member("ada").messages()) == 1
    assert [r.status for r in sandbox.requests if r.route.startswith("/channels")] == [504, 200]


async def test_error_before_the_effect_is_retried(
    sandbox: Sandbox, demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_waiting(monkeypatch)
    sandbox.faults.error(SEND, status=502)
    await general(demo).send("x")
    assert len(sandbox.member("ada").messages()) == 1


async def test_lost_reply_happened_nevertheless(sandbox: Sandbox, demo: Demo) -> None:
    sandbox.faults.lose_reply(SEND)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await general(demo).send("x")
    assert len(sandbox.member("ada").messages()) == 1


async def test_held_request_goes_on_when_released(sandbox: Sandbox, demo: Demo) -> None:
    sandbox.faults.hold(SEND)
    sending = asyncio.create_task(general(demo).send("x"))
    await sandbox.until(lambda: not sandbox.faults.armed)
    assert sandbox.member("ada").messages() == []
    sandbox.faults.release()
    await sending
    assert len(sandbox.member("ada").messages()) == 1


async def test_dropped_gateway_is_resumed_and_missed_events_are_replayed(sandbox: Sandbox, demo: Demo) -> None:
    await sandbox.gateway.disconnect()
    await sandbox.member("ben").say("while you were away")
    await sandbox.until(lambda: demo.heard)
    assert demo.heard[0].content == "while you were away"
    assert (sandbox.gateway.identifies, sandbox.gateway.resumes) == (1, 1)


async def test_reconnect_is_obeyed_by_resuming(sandbox: Sandbox, demo: Demo) -> None:
    sandbox.gateway.request_reconnect()
    await sandbox.until(lambda: "resumed" in demo.seen)
    assert sandbox.gateway.identifies == 1


async def test_resumable_invalid_session_is_resumed(sandbox: Sandbox, demo: Demo) -> None:
    sandbox.gateway.invalidate_sessions(resumable=True)
    await sandbox.until(lambda: "resumed" in demo.seen)
    assert sandbox.gateway.identifies == 1


async def test_invalid_session_needs_a_new_identify(sandbox: Sandbox, demo: Demo) -> None:
    sandbox.gateway.invalidate_sessions()
    await sandbox.until(lambda: demo.seen.count("ready") == 2)
    assert sandbox.gateway.identifies == 2


async def test_replayed_event_is_a_duplicate(sandbox: Sandbox, demo: Demo) -> None:
    await sandbox.member("ben").say("once")
    sandbox.gateway.replay()
    await sandbox.until(lambda: len(demo.heard) == 2)
    assert demo.heard[0].id == demo.heard[1].id


async def test_heartbeats_are_acknowledged_unless_told_otherwise(sandbox: Sandbox, start_demo: StartDemo) -> None:
    sandbox.gateway.heartbeat_s = 0.05
    async with start_demo(heartbeat_timeout=0.2) as demo:
        sandbox.faults.zombie = True
        await sandbox.until(lambda: sandbox.gateway.resumes + sandbox.gateway.identifies > 1)
        sandbox.faults.zombie = False
        await sandbox.until(lambda: "resumed" in demo.seen)


async def test_unanswered_command_fails_after_three_seconds(sandbox: Sandbox, demo: Demo) -> None:
    shown = await sandbox.member("ada").slash("silent")
    sandbox.clock.advance(2.5)
    assert shown.state == "pending"
    sandbox.clock.advance(0.6)
    assert (shown.state, shown.error) == ("failed", "The application did not respond")


async def test_lost_interaction_fails(sandbox: Sandbox, demo: Demo) -> None:
    sandbox.faults.lost_interactions = 1
    shown = await sandbox.member("ada").slash("whisper")
    sandbox.clock.advance(3.1)
    assert shown.state == "failed"
    assert (await (await sandbox.member("ada").slash("whisper")).answer())["content"] == "first"


async def test_interaction_delivered_late_is_unknown(
    sandbox: Sandbox, demo: Demo, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.held_interactions = 1
    shown = await sandbox.member("ada").slash("whisper")
    sandbox.clock.advance(3.1)
    sandbox.faults.release()
    await sandbox.until(lambda: any(r.route.startswith("/interactions") for r in sandbox.requests))
    assert shown.state == "failed"
    assert [r.status for r in sandbox.requests if r.route.startswith("/interactions")] == [404]


async def test_token_is_too_old_after_fifteen_minutes(sandbox: Sandbox, start_demo: StartDemo) -> None:
    async with start_demo() as demo:
        kept: list[discord.Interaction[Demo]] = []

        @demo.tree.command(description="Keeps its interaction")
        async def keep(interaction: discord.Interaction[Demo]) -> None:
            await interaction.response.send_message("kept")
            kept.append(interaction)

        await demo.tree.sync()
        await (await sandbox.member("ada").slash("keep")).answer()
        await sandbox.until(lambda: kept)
        sandbox.clock.advance(14 * 60)
        await kept[0].edit_original_response(content="still good")
        sandbox.clock.advance(2 * 60)
        with pytest.raises(discord.HTTPException) as refused:
            await kept[0].followup.send("too late")
    assert (refused.value.status, refused.value.code) == (401, 50027)
    with pytest.raises(discord.InteractionResponded):
        await kept[0].response.send_message("again")


async def test_files_and_their_addresses(sandbox: Sandbox, demo: Demo) -> None:
    message = await general(demo).send(file=discord.File(io.BytesIO(b"abc"), "a.bin"))
    assert await message.attachments[0].read() == b"abc"
    sandbox.clock.advance(25 * 3600)
    with pytest.raises(discord.NotFound):
        await message.attachments[0].read()
    fresh = await message.channel.fetch_message(message.id)
    assert await fresh.attachments[0].read() == b"abc"
    sandbox.container.attachments.expire_urls()
    with pytest.raises(discord.NotFound):
        await fresh.attachments[0].read()


async def test_file_over_the_limit_is_refused(sandbox: Sandbox, demo: Demo) -> None:
    sandbox.world_editor.set_upload_limit(STUDIO, 100)
    with pytest.raises(discord.HTTPException) as refused:
        await general(demo).send(file=discord.File(io.BytesIO(b"x" * 101), "a.bin"))
    assert (refused.value.status, refused.value.code) == (413, 40005)


async def test_channel_without_permission_and_deleted_channel(sandbox: Sandbox, demo: Demo) -> None:
    channel = general(demo)
    sandbox.world_editor.deny(GENERAL, 1 << 11)
    with pytest.raises(discord.Forbidden) as forbidden:
        await channel.send("x")
    assert forbidden.value.code == 50013
    sandbox.world_editor.delete_channel(GENERAL)
    with pytest.raises(discord.NotFound) as gone:
        await channel.send("x")
    assert gone.value.code == 10003


async def test_unprivileged_bot_may_not_ask_for_message_content(sandbox: Sandbox, start_demo: StartDemo) -> None:
    sandbox.world.message_content = False
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with start_demo():
            pass


async def test_wrong_token_cannot_log_in(sandbox: Sandbox) -> None:
    bot = Demo(intents=discord.Intents.default())
    with pytest.raises(discord.LoginFailure):
        await bot.login("wrong")
    await bot.close()


async def test_member_of_another_guild_cannot_write_here(sandbox: Sandbox) -> None:
    with pytest.raises(HumanError, match="unknown_channel"):
        await sandbox.member("ben").do("say", channel_id="140000000000000011", content="x")


def skip_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let discord.py retry at once instead of after a second."""
    sleep = asyncio.sleep
    monkeypatch.setattr("discord.http.asyncio.sleep", lambda delay_s, *rest: sleep(0))
