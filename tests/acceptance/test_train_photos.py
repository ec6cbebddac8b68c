"""Photos before a training: what is fetched, when, and how much of it at once."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.features.train import training
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.shared.discord.limits import PHOTOS, RateLimit, RateLimits
from bot.shared.files.downloads import AT_ONCE, Downloads, NotFetched
from bot.shared.files.photos import PhotoDecoder
from db.queue.pending import PHOTO_SETS_MAX
from tests.support.acceptance.bots import bot_beside
from tests.support.acceptance.engines import SLOTS
from tests.support.acceptance.training import photos, preflight, sees
from tests.support.acceptance.voice import sound
from tests.support.clock import NOON_ZONE
from tests.support.files.photos import bomb, encoded, picture

OFTEN = RateLimits(
    [RateLimit("photos", 1000, 60, (PHOTOS, "/train", "form Train a subject", "menu Transcribe", "draft:go"))]
)


class Fetched:
    """What the bot fetches: noted, and counted while it is being fetched or decoded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, fails: Callable[[str], bool] = lambda url: False) -> None:
        self.urls: list[str] = []
        self.most_photos = self.most = 0
        self._photos = self._clips = 0
        real, inspect = Downloads.fetch, PhotoDecoder.inspect

        async def fetch(downloads: Downloads, url: str, limit_bytes: int) -> bytes:
            self.urls.append(url)
            await asyncio.sleep(0)  # others may begin meanwhile
            self.most = max(self.most, AT_ONCE - downloads.room._value)
            if fails(url):
                raise NotFetched
            return await real(downloads, url, limit_bytes)

        def counted(decoder: PhotoDecoder, file: bytes) -> object:
            self._photos += 1
            self.most_photos = max(self.most_photos, self._photos)
            try:
                return inspect(decoder, file)
            finally:
                self._photos -= 1

        monkeypatch.setattr(Downloads, "fetch", fetch)
        monkeypatch.setattr(PhotoDecoder, "inspect", counted)


async def sent(member: HumanClient, count: int = 4) -> None:
    """Send photos by the form, whatever comes of it."""
    asked = await member.slash("train", name=f"Blob {count}", kind="mascot")
    await (await asked.submit(**{"3_to_10_photos": photos(count)})).done()


@pytest.mark.parametrize(
    ("tier", "refusal"),
    [
        ("daily_credits = 1", "you have 1 left"),
        ("daily_credits = 100\ntraining_slots = 0", "Your role can't use `/train` here"),
    ],
)
async def test_no_photo_is_fetched_for_who_may_not_or_cannot_train(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tier: str, refusal: str
) -> None:
    file = tmp_path / "tiers.toml"
    file.write_text(f"timezone = '{NOON_ZONE}'\n[[tier]]\nname = 'everybody'\n{tier}\n", encoding="utf-8")
    fetched = Fetched(monkeypatch)
    async with bot_beside(sandbox, tmp_path, tiers=file):
        ben = sandbox.member("ben")
        await sent(ben)
        await sandbox.until(lambda: sees(ben, refusal))
        assert fetched.urls == []


async def test_no_photo_is_fetched_for_who_was_banned_after_the_form_was_shown(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = Fetched(monkeypatch)
    async with bot_beside(sandbox, tmp_path):
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        asked = await ben.slash("train", name="Blob", kind="mascot")
        await asked.modal()
        await (await ada.slash("atelier ban", member=ben.id, reason="spam")).answer()  # then it is in force
        await asked.submit(**{"3_to_10_photos": photos(4)})
        await sandbox.until(lambda: sees(ben, "banned you from using me here"))
        assert fetched.urls == []


async def test_no_photo_is_fetched_while_all_slots_are_taken(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLOTS, "0")  # every job stays in line
    async with bot_beside(sandbox, tmp_path, max_running=1, daily_credits=1000):
        ben = sandbox.member("ben")
        card = await preflight(ben, photos(4))
        await ben.press(card, "I agree – start")
        await sandbox.until(lambda: sees(ben, "In the queue"))
        fetched = Fetched(monkeypatch)
        await sent(ben)
        await sandbox.until(lambda: sees(ben, "already have 1 of these in the queue"))
        assert fetched.urls == []


async def test_photo_that_cannot_be_fetched_or_read_leaves_the_others(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Fetched(monkeypatch, fails=lambda url: "1.png" in url)
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        many = photos(7)
        many[2] = replace(many[2], content=bomb(60_000, 2))
        many[3] = replace(many[3], content=bomb(7_070, 7_070))
        many[4] = replace(many[4], content=encoded(picture())[:200])
        card = await preflight(ben, many)
        lines = [line for line in ben.text(card).splitlines() if line[:1].isdigit()]
        assert [line.split(" ", 2)[1] for line in lines] == ["✅", "✖️", "✖️", "✖️", "✖️", "✅", "✅"]
        for line, words in zip(
            lines[1:5], ("be downloaded from Discord", "long and narrow", "too large", "be read"), strict=True
        ):
            assert words in line
        assert "I agree – start" in ben.buttons(card)


async def test_two_files_are_in_memory_at_once_and_one_of_them_a_photo(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = Fetched(monkeypatch)
    async with bot_beside(sandbox, tmp_path, limits=OFTEN) as bot:
        members = [sandbox.member(name) for name in ("ada", "ben", "cleo")]
        said = [await one.say("listen", files=[replace(sound(1.0), filename="said.wav")]) for one in members]
        asked = [await one.slash("train", name="Blob", kind="mascot") for one in members for _ in range(2)]
        shown = await asyncio.gather(
            *(form.submit(**{"3_to_10_photos": photos(4)}) for form in asked),
            *(one.context_menu("Transcribe", message_id=text["id"]) for one, text in zip(members, said, strict=True)),
        )
        await asyncio.gather(*(one.done() for one in shown))
        await sandbox.until(lambda: all(sees(one, "1. ✅") for one in members))
        await sandbox.until(lambda: len(fetched.urls) == 6 * 4 + 3)
        assert (fetched.most_photos, fetched.most) == (1, AT_ONCE)
        await sandbox.until(lambda: bot.services.photos._decoder.process.pid is None)  # nobody needs it any more


async def test_photos_of_a_member_are_kept_for_few_cards_and_the_oldest_go(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bot_beside(sandbox, tmp_path, limits=OFTEN) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        cards = [await preflight(ben, photos(3)) for _ in range(PHOTO_SETS_MAX + 2)]
        assert len(await bot.services.files.list("uploads")) == 3 * PHOTO_SETS_MAX
        await ben.press(cards[0], "I agree – start")
        await sandbox.until(lambda: sees(ben, "no longer have"))
        monkeypatch.setattr(training, "ALL_PHOTO_SETS_MAX", PHOTO_SETS_MAX)
        fetched = Fetched(monkeypatch)
        await sent(cleo)
        await sandbox.until(lambda: sees(cleo, "holding photos for too many people"))
        assert fetched.urls == []
