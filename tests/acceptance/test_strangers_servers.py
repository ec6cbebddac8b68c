"""Direct messages belong to no server: what an operator of somebody else's decides does not count there."""

from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import ANNEX, LOBBY
from tests.support.acceptance.bots import bot_beside
from tests.support.acceptance.private import run_privately
from tests.support.acceptance.voice import clip, jobs_of

BANNED = "banned you from using me here"


async def test_ban_in_one_of_several_servers_does_not_count_in_direct_messages(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path, home_guilds="") as bot:
        ada, cleo = sandbox.member("ada"), sandbox.member("cleo")
        await run_privately(ada, "atelier ban", channel=LOBBY, member=cleo.id, reason="spite")
        await run_privately(ada, "atelier words add", channel=LOBBY, word="heart")
        direct = await cleo.dm()
        await (await cleo.slash("imagine", channel=direct, prompt="a red heart", count=1)).message()
        await cleo.voice(clip("Hello."), 3.0, channel=direct)
        await sandbox.until(lambda: any("> Hello." in cleo.text(one["id"]) for one in cleo.messages(direct)))
        assert sorted(job.kind for job in await jobs_of(bot, cleo)) == ["image", "transcribe"]


@pytest.mark.parametrize("said", [False, True], ids=["asked", "said"])
async def test_ban_in_the_only_server_counts_in_direct_messages(sandbox: Sandbox, tmp_path: Path, said: bool) -> None:
    del sandbox.container.world.guilds[ANNEX]
    async with bot_beside(sandbox, tmp_path, home_guilds="") as bot:
        ada, cleo = sandbox.member("ada"), sandbox.member("cleo")
        await run_privately(ada, "atelier ban", member=cleo.id, reason="spam")
        direct = await cleo.dm()
        if said:
            await cleo.voice(clip("Hello."), 3.0, channel=direct)
        else:
            await cleo.slash("imagine", channel=direct, prompt="a red heart")
        await sandbox.until(lambda: any(BANNED in cleo.text(one["id"]) for one in cleo.messages(direct)))
        assert await jobs_of(bot, cleo) == []
