"""What was drawn in an age-restricted channel is seen in such channels only, by whatever way it comes."""

from pathlib import Path

import pytest

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import AFTER_DARK, GENERAL
from tests.support.acceptance.bots import RunningBot, bot_beside
from tests.support.acceptance.delivery import TOKEN_S, half_done, until_delivered
from tests.support.acceptance.engines import GATE
from tests.support.acceptance.training import photos

HIDDEN = "from an age-restricted channel"


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that lets jobs with 'gate' in their prompt go on."""
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    return tmp_path / "open"


async def shown(who: HumanClient, channel: str) -> str:
    """Bring the newest result back there; return the message."""
    history = await (await who.slash("history", channel=channel)).answer()
    return str((await (await who.press(history["id"], "1")).answer())["id"])


async def arrived(sandbox: Sandbox, bot: RunningBot, who: HumanClient, channel: str) -> str:
    """Wait until the newest result was brought; return the newest message of a channel."""
    await until_delivered(bot, who)
    await sandbox.until(lambda: bool(who.messages(channel)))
    return str(who.messages(channel)[-1]["id"])


async def test_history_shows_it_in_age_restricted_channels_only(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", channel=AFTER_DARK, prompt="a red heart")).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
        await until_delivered(bot, ben)
        for place in (GENERAL, await ben.dm()):
            message = await shown(ben, place)
            assert ben.pictures(message) == []
            assert HIDDEN in ben.text(message)
            assert "no longer have" not in ben.text(message)
        assert len(ben.pictures(await shown(ben, AFTER_DARK))) == 4


async def test_history_shows_what_was_drawn_elsewhere_everywhere(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a red heart", count=1)).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 1)
        await until_delivered(bot, ben)
        for place in (AFTER_DARK, GENERAL, await ben.dm()):
            assert len(ben.pictures(await shown(ben, place))) == 1


async def test_direct_message_says_where_it_is_and_shows_nothing(sandbox: Sandbox, tmp_path: Path, gate: Path) -> None:
    async with bot_beside(sandbox, tmp_path / "data") as bot:
        ben = sandbox.member("ben")
        await half_done(sandbox, ben, channel=AFTER_DARK)
        sandbox.world_editor.delete_channel(AFTER_DARK)
        gate.touch()
        message = await arrived(sandbox, bot, ben, await ben.dm())
        assert ben.pictures(message) == []
        assert HIDDEN in ben.text(message)


@pytest.mark.parametrize("gone", [False, True], ids=["the card is edited", "a new message"])
async def test_channel_that_is_no_longer_restricted_shows_nothing(
    sandbox: Sandbox, tmp_path: Path, gate: Path, gone: bool
) -> None:
    async with bot_beside(sandbox, tmp_path / "data") as bot:
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        card = await half_done(sandbox, ben, channel=AFTER_DARK)
        sandbox.clock.advance(TOKEN_S + 60)
        channel = bot.client.get_channel(int(AFTER_DARK))
        channel.nsfw = False  # type: ignore[union-attr]  # as the gateway would tell
        if gone:
            await ada.do("delete", message_id=card)
        gate.touch()
        message = await arrived(sandbox, bot, ben, AFTER_DARK)
        assert ben.pictures(message) == []
        assert HIDDEN in ben.text(message)


async def test_subject_of_an_age_restricted_channel_is_pictured_there_only(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        asked = await ben.slash("train", channel=AFTER_DARK, name="Blob", kind="mascot", private=False)
        card = await (await asked.submit(**{"3_to_10_photos": photos(4)})).answer()
        await (await ben.press(card["id"], "I agree – start")).message()
        await sandbox.until(lambda: any("Training finished" in ben.text(one["id"]) for one in ben.messages(AFTER_DARK)))
        for place, pictured in ((AFTER_DARK, 1), (GENERAL, 0)):
            overview = await (await ben.slash("subjects", channel=place)).answer()
            opened = await (await ben.slash("subjects", channel=place, name="Blob")).answer()
            assert [len(one["attachments"]) for one in (overview, opened)] == [pictured, pictured]
