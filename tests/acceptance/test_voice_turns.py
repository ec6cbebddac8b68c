"""Clips of one member are fetched one after the other, and only as many as may wait in line."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from bot.shared.discord.limits import RateLimit, RateLimits
from bot.shared.files.downloads import Downloads
from tests.support.acceptance.bots import bot_beside
from tests.support.acceptance.engines import SLOTS
from tests.support.acceptance.voice import jobs_of, sound

CLIPS, MAY_WAIT = 60, 3
OFTEN = RateLimits([RateLimit("requests", 1000, 60, ("menu Transcribe",))])


class Fetched:
    """What the bot fetches: noted when it begins, held up until the gate is open."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.urls: list[str] = []
        self.gate = asyncio.Event()
        real = Downloads.fetch

        async def fetch(downloads: Downloads, url: str, limit_bytes: int) -> bytes:
            self.urls.append(url)
            await self.gate.wait()
            return await real(downloads, url, limit_bytes)

        monkeypatch.setattr(Downloads, "fetch", fetch)

    def of(self, who: str) -> int:
        """Return how many clips of a member were begun."""
        return sum(f"{who}.wav" in url for url in self.urls)


async def test_sixty_clips_of_one_member_hold_nobody_up_and_are_not_all_fetched(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLOTS, "0")  # every job stays in line
    fetched = Fetched(monkeypatch)
    async with bot_beside(sandbox, tmp_path, limits=OFTEN, max_queued=MAY_WAIT) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        for who, number in ((ben, CLIPS), (cleo, 1)):
            said = await who.say("listen", files=[replace(sound(1.0), filename=f"{who.user.username}.wav")])
            for _ in range(number):
                await (await who.context_menu("Transcribe", message_id=said["id"])).done()
        await sandbox.until(lambda: fetched.of("cleo") == 1)
        assert fetched.of("ben") == 1
        fetched.gate.set()
        await sandbox.until(lambda: sum("of these in the queue" in ben.text(one["id"]) for one in ben.messages()) == 57)
        assert fetched.of("ben") == MAY_WAIT
        assert len(await jobs_of(bot, ben)) == MAY_WAIT
        assert len(await jobs_of(bot, cleo)) == 1
        assert len(await bot.services.files.list("uploads")) == MAY_WAIT + 1


async def test_clip_that_waits_for_its_turn_is_not_fetched_for_who_is_banned_meanwhile(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLOTS, "0")  # every job stays in the queue
    fetched = Fetched(monkeypatch)
    async with bot_beside(sandbox, tmp_path, limits=OFTEN, max_queued=MAY_WAIT) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        said = await ben.say("listen", files=[replace(sound(1.0), filename="ben.wav")])
        for _ in range(2):
            await (await ben.context_menu("Transcribe", message_id=said["id"])).done()
        await sandbox.until(lambda: fetched.of("ben") == 1)
        await (await ada.slash("atelier ban", member=ben.id, reason="spam")).answer()  # then it is in force
        fetched.gate.set()
        await sandbox.until(lambda: any("banned you" in ben.text(one["id"]) for one in ben.messages()))
        assert fetched.of("ben") == 1
        assert len(await jobs_of(bot, ben)) <= 1
