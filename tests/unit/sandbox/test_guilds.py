"""Servers of their own: commands that one of them has, and a bot that comes and goes."""

from typing import Any

import aiohttp
import pytest

from bot.sandbox.errors import HumanError
from bot.sandbox.gateway.intents import Intent
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import ANNEX, APPLICATION, BOT, LOBBY, STUDIO

COMMAND = {"name": "credits", "description": "Credits", "contexts": [1], "integration_types": [1]}


async def put(api: aiohttp.ClientSession, guild_id: str, status: int = 200) -> Any:
    """Register the command in a guild."""
    path = f"applications/{APPLICATION}/guilds/{guild_id}/commands"
    async with api.put(path, json=[COMMAND]) as response:
        assert response.status == status
        return await response.json()


async def test_command_of_a_guild_is_offered_there_alone(box: Sandbox, api: aiohttp.ClientSession) -> None:
    ada = box.member("ada")
    (command,) = await put(api, ANNEX)
    assert (command["guild_id"], command["contexts"]) == (ANNEX, None)  # those are asked of global commands only
    assert ada.commands(ANNEX) == ["credits"]
    assert ada.commands(STUDIO) == ada.commands("dm") == []
    shown = await ada.slash("credits", channel=LOBBY)
    assert box.container.interactions.get(shown.id).data["guild_id"] == ANNEX
    with pytest.raises(HumanError, match="no command"):
        await ada.slash("credits")


async def test_bot_that_was_removed_from_a_guild_has_nothing_there_until_it_is_back(
    box: Sandbox, api: aiohttp.ClientSession, http: aiohttp.ClientSession
) -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    box.gateway.dispatch = lambda event, data, *rest, **more: told.append((event, data))  # type: ignore[method-assign]
    ada = box.member("ada")
    await put(api, ANNEX)
    change = {"do": "bot", "guild_id": ANNEX, "member": False}
    async with http.post("/sandbox/world", json=change) as response:
        assert response.status == 200
    assert told == [("GUILD_DELETE", {"id": ANNEX})]
    assert ada.commands(ANNEX) == []
    assert (await put(api, ANNEX, 403))["code"] == 50001
    async with api.get("users/@me/guilds") as response:
        assert [one["id"] for one in await response.json()] == [STUDIO]
    async with http.post("/sandbox/world", json=change) as response:
        assert response.status == 404  # it is not in it
    async with http.post("/sandbox/world", json=change | {"member": True}) as response:
        assert response.status == 200
    event, data = told[-1]
    assert (event, data["id"], [one["user"]["id"] for one in data["members"]]) == ("GUILD_CREATE", ANNEX, [BOT])
    assert "unavailable" not in data
    await put(api, ANNEX)
    assert ada.commands(ANNEX) == ["credits"]


async def test_bot_is_told_of_the_guilds_that_it_is_in_and_of_no_other(
    box: Sandbox, http: aiohttp.ClientSession
) -> None:
    box.world_editor.remove_bot(ANNEX)
    async with http.ws_connect(box.gateway.url) as socket:
        await socket.receive_json()  # HELLO
        await socket.send_json({"op": 2, "d": {"token": box.token, "intents": int(Intent.GUILDS)}})
        ready = await socket.receive_json()
        assert [one["id"] for one in ready["d"]["guilds"]] == [STUDIO]
        assert (await socket.receive_json())["d"]["id"] == STUDIO
        box.world_editor.add_role(ANNEX, "Heroes")
        box.world_editor.add_role(STUDIO, "Heroes")
        told = await socket.receive_json()
        assert (told["t"], told["d"]["guild_id"]) == ("GUILD_ROLE_CREATE", STUDIO)
