"""What only home servers can use is offered there, and in no other server."""

from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.errors import HumanError
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import ANNEX, LOBBY, STUDIO
from bot.shared.discord import retry
from bot.shared.discord.home_commands import FINGERPRINT
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.home import CREDITS, credits_offered, show_former_commands
from tests.support.acceptance.private import run_privately

ROUTE = "/applications/{application_id}/guilds/{guild_id}/commands"
GRANT: dict[str, Any] = {"amount": 5, "reason": "welcome"}
NOT_AT_HOME = "only operators of my home servers"


def registrations(sandbox: Sandbox, method: str) -> int:
    """Return how often commands of servers were asked for (GET) or registered (PUT)."""
    return sum(one.method == method and one.route == ROUTE for one in sandbox.requests)


def command_id(sandbox: Sandbox, guild_id: str) -> str:
    """Return by which id a server knows the command."""
    (command,) = sandbox.container.commands.registered(guild_id)
    return str(command["id"])


async def granted(bot: RunningBot, operator: HumanClient, member: HumanClient) -> None:
    """Grant credits, and see that they came."""
    before = (await bot.statement(member)).available
    await run_privately(operator, f"{CREDITS} grant", member=member.id, **GRANT)
    assert (await bot.statement(member)).available == before + GRANT["amount"]


async def test_credits_are_offered_in_home_servers_and_in_no_other(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, home_guilds=STUDIO) as bot:
        ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
        await credits_offered(sandbox, ada)
        assert "atelier" in ada.commands(ANNEX)
        assert CREDITS not in ada.commands(ANNEX)
        assert CREDITS not in ben.commands(STUDIO)  # who is no operator
        assert CREDITS not in ada.commands("dm")
        with pytest.raises(HumanError, match="no command"):
            await ada.slash(f"{CREDITS} grant", channel=LOBBY, member=cleo.id, **GRANT)
        with pytest.raises(HumanError, match="has no credits"):
            await ada.slash("atelier credits grant", channel=LOBBY, member=cleo.id, **GRANT)
        await granted(bot, ada, ben)


async def test_each_home_server_has_a_mention_of_its_own(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, home_guilds=f"{STUDIO},{ANNEX}") as bot:
        ada = sandbox.member("ada")
        for guild_id in (STUDIO, ANNEX):
            await credits_offered(sandbox, ada, guild_id)
        mention = bot.client.tree.mention  # type: ignore[attr-defined]
        ids = {guild_id: command_id(sandbox, guild_id) for guild_id in (STUDIO, ANNEX)}
        assert len(set(ids.values())) == 2
        await sandbox.until(lambda: len(bot.client.tree.ids) == 3)  # type: ignore[attr-defined]
        for guild_id, known in ids.items():
            assert mention(f"{CREDITS} grant", int(guild_id)) == f"</{CREDITS} grant:{known}>"
        assert mention(f"{CREDITS} grant") == ""


async def test_restart_registers_nothing_again(sandbox: Sandbox, tmp_path: Path) -> None:
    ada, ben = sandbox.member("ada"), sandbox.member("ben")
    async with bot_beside(sandbox, tmp_path):
        await sandbox.until(lambda: any(file.read_text() for file in tmp_path.glob(FINGERPRINT.format(STUDIO))))
    asked = registrations(sandbox, "GET")
    async with bot_beside(sandbox, tmp_path) as bot:
        await sandbox.until(lambda: registrations(sandbox, "GET") > asked)
        await granted(bot, ada, ben)
    assert registrations(sandbox, "PUT") == 1


async def test_only_server_is_at_home_until_the_bot_joins_another(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, home_guilds="") as bot:
        ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
        await sandbox.until(lambda: "atelier" in ada.commands())
        assert registrations(sandbox, "PUT") == 0  # of two servers, none is
        sandbox.world_editor.remove_bot(ANNEX)
        await credits_offered(sandbox, ada)
        await granted(bot, ada, ben)
        sandbox.world_editor.add_bot(ANNEX)
        await sandbox.until(lambda: CREDITS not in ada.commands(STUDIO))
        assert CREDITS not in ada.commands(ANNEX)
        sandbox.world_editor.remove_bot(STUDIO)
        await credits_offered(sandbox, ada, ANNEX)
        await run_privately(ada, f"{CREDITS} grant", channel=LOBBY, member=cleo.id, **GRANT)
        assert (await bot.statement(cleo)).available == DAILY + 5


async def test_named_home_server_has_the_commands_again_when_the_bot_comes_back(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path, home_guilds=STUDIO) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await credits_offered(sandbox, ada)
        sandbox.world_editor.remove_bot(STUDIO)
        sandbox.container.commands.overwrite(STUDIO, [])  # whether Discord forgets them, it does not say
        await sandbox.until(lambda: bot.client.get_guild(int(STUDIO)) is None)
        sandbox.world_editor.add_bot(STUDIO)
        await credits_offered(sandbox, ada)
        await granted(bot, ada, ben)


async def test_server_that_is_no_longer_at_home_loses_the_commands(sandbox: Sandbox, tmp_path: Path) -> None:
    ada = sandbox.member("ada")
    async with bot_beside(sandbox, tmp_path, home_guilds=STUDIO):
        await credits_offered(sandbox, ada, STUDIO)
    async with bot_beside(sandbox, tmp_path, home_guilds=ANNEX):
        await credits_offered(sandbox, ada, ANNEX)
        await sandbox.until(lambda: CREDITS not in ada.commands(STUDIO))
    async with bot_beside(sandbox, tmp_path, home_guilds=f"{STUDIO},{ANNEX}"):
        await credits_offered(sandbox, ada, STUDIO)
        assert CREDITS in ada.commands(ANNEX)


async def test_registering_that_fails_is_tried_again(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "RECONNECT_S", (0.01,))
    sandbox.faults.error(f"PUT {ROUTE}", status=503, times=2)
    async with bot_beside(sandbox, tmp_path):
        await credits_offered(sandbox, sandbox.member("ada"))
    assert registrations(sandbox, "PUT") == 3


async def test_former_commands_name_the_new_ones_where_those_are(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, home_guilds=STUDIO) as bot:
        ada, cleo = sandbox.member("ada"), sandbox.member("cleo")
        await credits_offered(sandbox, ada)
        await sandbox.until(lambda: int(STUDIO) in bot.client.tree.ids)  # type: ignore[attr-defined]
        show_former_commands(sandbox, bot)
        said = await run_privately(ada, "atelier credits grant", member=cleo.id, **GRANT)
        assert f"</{CREDITS} grant:{command_id(sandbox, STUDIO)}>" in said
        assert NOT_AT_HOME in await run_privately(
            ada, "atelier credits set", channel=LOBBY, member=cleo.id, amount=500, reason="x"
        )
        assert (await bot.statement(cleo)).available == DAILY
