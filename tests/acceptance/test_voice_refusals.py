"""What cannot be turned into text: said kindly, before anything is fetched where that is possible, and free."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from bot.features.voice.job_card import OTHER_LANGUAGE
from bot.features.voice.transcribe import ClipOrderRequest
from bot.sandbox.server import Sandbox
from bot.sandbox.state.attachments import Upload
from bot.shared.files.downloads import NotFetched, RemoteFile
from bot.shared.orders.quote import quote
from db.queue.finding import job_of_interaction
from tests.support.acceptance.bots import DAILY, bot_beside
from tests.support.acceptance.voice import available, clip, jobs_of, refusal, said, sound
from tests.support.bot.contexts import make_context


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the addresses that the bot fetches."""
    from bot.shared.files.downloads import Downloads

    addresses: list[str] = []
    real = Downloads.fetch

    async def fetch(self: Downloads, url: str, limit_bytes: int) -> bytes:
        addresses.append(url)
        return await real(self, url, limit_bytes)

    monkeypatch.setattr(Downloads, "fetch", fetch)
    return addresses


async def test_clip_that_is_too_long_is_refused_before_it_is_fetched(
    sandbox: Sandbox, tmp_path: Path, fetched: list[str]
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        message = await said(sandbox, ben, "blah", 7200.0)
        await ben.context_menu("Transcribe", message_id=message)
        assert "longer than 30 min" in await refusal(sandbox, ben)
        assert fetched == []
        assert await jobs_of(bot, ben) == []


async def test_clip_that_costs_more_than_is_left_is_refused_before_it_is_fetched(
    sandbox: Sandbox, tmp_path: Path, fetched: list[str]
) -> None:
    async with bot_beside(sandbox, tmp_path, daily_credits=3, relaxed="") as bot:
        ben = sandbox.member("ben")
        await ben.context_menu("Transcribe", message_id=await said(sandbox, ben, "blah", 91.0))
        assert "costs 4 credits, and you have 3" in await refusal(sandbox, ben)
        assert fetched == []
        assert await available(bot, ben) == 3


async def test_file_that_is_too_large_is_refused_before_it_is_fetched(
    sandbox: Sandbox, tmp_path: Path, fetched: list[str]
) -> None:
    async with bot_beside(sandbox, tmp_path, clip_max_mb=1):
        ben = sandbox.member("ben")
        message = await ben.voice(bytes(2 << 20), 5.0)
        await ben.context_menu("Transcribe", message_id=message["id"])
        assert "larger than 1 MiB" in await refusal(sandbox, ben)
        assert fetched == []


async def test_picture_is_refused_before_it_is_fetched(sandbox: Sandbox, tmp_path: Path, fetched: list[str]) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        picture = Upload(filename="cat.png", content=b"png", content_type="image/png")
        await ben.slash("transcribe", file=picture)
        assert "no voice message, audio or video" in await refusal(sandbox, ben)
        assert fetched == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"this is a text", "can't read that kind of file"),
        (b"", "empty"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "can't read that kind of file"),
        (sound(3.0).content[:30], "sound"),
    ],
    ids=["text", "empty", "playlist", "truncated"],
)
async def test_file_that_is_no_sound_gets_a_kind_answer(
    sandbox: Sandbox, tmp_path: Path, content: bytes, says: str
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        file = Upload(filename="talk.wav", content=content, content_type="audio/wav")
        await ben.slash("transcribe", file=file)
        assert says in await refusal(sandbox, ben)
        assert await available(bot, ben) == DAILY
        assert await bot.services.files.list("uploads") == []


async def test_language_that_nobody_speaks_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        await ben.slash("transcribe", file=sound(1.0), language="Klingon")
        assert "don't know that `language`" in await refusal(sandbox, ben)


async def test_sound_that_is_no_longer_kept_cannot_be_heard_again(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, clips_kept_h=0) as bot:
        ben = sandbox.member("ben")
        message = await said(sandbox, ben, "Once.")
        card = await (await ben.context_menu("Transcribe", message_id=message)).message()
        await sandbox.until(lambda: "Once" in ben.text(card["id"]))
        assert await bot.services.files.list("uploads") == []
        await ben.select(card["id"], OTHER_LANGUAGE, "fr")
        assert "no longer have" in await refusal(sandbox, ben)
        assert await available(bot, ben) == DAILY - 1


async def test_menu_that_comes_twice_is_one_job(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        message = await said(sandbox, ben, "Only once.")
        card = await (await ben.context_menu("Transcribe", message_id=message)).message()
        sandbox.gateway.replay(2)
        await sandbox.until(lambda: "Only once" in ben.text(card["id"]))
        await ben.slash("queue")
        assert len(await jobs_of(bot, ben)) == 1
        assert await available(bot, ben) == DAILY - 1


@pytest.fixture
async def canary() -> AsyncIterator[tuple[str, list[str]]]:
    """Return the address of a server that is not the platform's, and what was asked of it."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(body=clip("you should not hear this"))

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://localhost:{port}", asked  # by another name than the platform's
    await runner.cleanup()


async def test_address_of_anybody_else_is_never_fetched(
    sandbox: Sandbox, tmp_path: Path, canary: tuple[str, list[str]]
) -> None:
    url, asked = canary
    async with bot_beside(sandbox, tmp_path) as bot:
        foreign = RemoteFile(
            url=f"{url}/clip.ogg", name="clip.ogg", size_bytes=9, content_type="audio/ogg", duration_s=2.0
        )
        evil = [foreign, replace(foreign, url="file:///etc/passwd"), replace(foreign, url=f"{url}@127.0.0.1/clip.ogg")]
        for attached in evil:
            with pytest.raises(NotFetched):
                await quote(bot.services, ClipOrderRequest(attached=attached), make_context())
        assert asked == []
        assert await bot.services.db.read(job_of_interaction, 77) is None
