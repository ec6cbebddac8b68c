"""A subject that is shared with a member, a role or a server: who can use it, and that taking it back ends that."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import FRIENDS, STUDIO
from db.queue.finding import jobs_of_member
from db.queue.job import State
from tests.support.acceptance.bots import DAILY, bot_beside
from tests.support.acceptance.engines import GATE
from tests.support.acceptance.menus import press_more
from tests.support.acceptance.training import available, sees, trained

MEMBERS, ROLES = "Share with a member, or stop sharing …", "Share with a role, or stop sharing …"
SERVER, BACK = "Share with this server", "Stop sharing with all"
GONE = "no longer shared with you"
UNKNOWN = "no subject with that name"

Act = Callable[
    [HumanClient, str, HumanClient], Awaitable[object]
]  # of the owner, on the subject's card, about somebody
WAYS: dict[str, tuple[Act, Act]] = {  # how to share it, how to take it back
    "member": (
        lambda owner, card, friend: owner.select(card, MEMBERS, friend.id),
        lambda owner, card, friend: owner.select(card, MEMBERS, friend.id),
    ),
    "role": (
        lambda owner, card, _: owner.select(card, ROLES, FRIENDS),
        lambda owner, card, _: owner.select(card, ROLES, FRIENDS),
    ),
    "server": (lambda owner, card, _: owner.press(card, SERVER), lambda owner, card, _: owner.press(card, BACK)),
}


async def opened(sandbox: Sandbox, owner: HumanClient, friend: HumanClient) -> str:
    """Teach a subject and open its card; the friend has a role, the operator Ada has not."""
    sandbox.world_editor.set_roles(STUDIO, friend.id, [FRIENDS])
    await trained(sandbox, owner)
    overview = await (await owner.slash("subjects")).answer()
    return str((await (await owner.press(overview["id"], "Open")).answer())["id"])


async def shared(sandbox: Sandbox, way: str, owner: HumanClient, card: str, friend: HumanClient) -> None:
    await WAYS[way][0](owner, card, friend)
    await sandbox.until(lambda: "Shared with nobody" not in owner.text(card))


async def taken_back(sandbox: Sandbox, way: str, owner: HumanClient, card: str, friend: HumanClient) -> None:
    await WAYS[way][1](owner, card, friend)
    await sandbox.until(lambda: "Shared with nobody" in owner.text(card))


async def offered(member: HumanClient, channel: str | None = None) -> list[str]:
    """Return what is offered while a subject is typed."""
    return [choice["name"] for choice in await member.autocomplete("imagine", "subject", subject="b", channel=channel)]


def times_told(member: HumanClient, words: str) -> int:
    return sum(words in member.text(message["id"]) for message in member.messages())


async def refused(sandbox: Sandbox, member: HumanClient, channel: str | None = None) -> None:
    """See that the member cannot draw the subject there, and is not offered it."""
    assert await offered(member, channel) == []
    shown = await member.slash("imagine", prompt="Blob", subject="Blob", count=1, channel=channel)
    await sandbox.until(lambda: any(UNKNOWN in member.text(one["id"]) for one in member.messages(channel)))
    assert await shown.done() != "failed"


@pytest.mark.parametrize("way", WAYS)
async def test_subject_serves_those_it_is_shared_with_until_it_is_taken_back(
    sandbox: Sandbox, tmp_path: Path, way: str
) -> None:
    async with bot_beside(sandbox, tmp_path, asks_above=2) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await opened(sandbox, ben, cleo)
        await refused(sandbox, cleo)
        await shared(sandbox, way, ben, card, cleo)
        assert await offered(cleo) == ["Blob"]
        overview = await (await cleo.slash("subjects")).answer()
        assert f"from <@{ben.id}>" in cleo.text(overview["id"])
        assert cleo.buttons(overview["id"]) == []
        drawn = await (await cleo.slash("imagine", prompt="Blob", subject="Blob", count=1)).message()
        await sandbox.until(lambda: len(cleo.pictures(drawn["id"])) == 1)
        await (await cleo.slash("imagine", prompt="Blob", subject="Blob", count=3)).done()
        await sandbox.until(lambda: sees(cleo, "This uses 3 of your"))
        asked = next(one["id"] for one in cleo.messages() if "This uses 3 of your" in cleo.text(one["id"]))
        await taken_back(sandbox, way, ben, card, cleo)
        await cleo.press(drawn["id"], "Re-roll")
        await sandbox.until(lambda: times_told(cleo, GONE) == 1)
        await cleo.press(asked, "Continue")
        await sandbox.until(lambda: times_told(cleo, GONE) == 2)
        await refused(sandbox, cleo)
        assert await available(bot, cleo) == DAILY - 1


@pytest.mark.parametrize("way", WAYS)
async def test_subject_serves_nobody_else(sandbox: Sandbox, tmp_path: Path, way: str) -> None:
    """A server's share ends at its border; a member's share, with the member; a role's, with the role."""
    async with bot_beside(sandbox, tmp_path):
        ben, cleo, ada = sandbox.member("ben"), sandbox.member("cleo"), sandbox.member("ada")
        card = await opened(sandbox, ben, cleo)
        await shared(sandbox, way, ben, card, cleo)
        if way == "server":
            await refused(sandbox, cleo, "lobby")
            await refused(sandbox, cleo, await cleo.dm())
        else:
            await refused(sandbox, ada)


async def test_subject_shared_with_a_role_is_lost_with_the_role(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await opened(sandbox, ben, cleo)
        await shared(sandbox, "role", ben, card, cleo)
        drawn = await (await cleo.slash("imagine", prompt="Blob", subject="Blob", count=1)).message()
        await sandbox.until(lambda: len(cleo.pictures(drawn["id"])) == 1)
        sandbox.world_editor.set_roles(STUDIO, cleo.id, [])
        await cleo.press(drawn["id"], "Re-roll")
        await sandbox.until(lambda: sees(cleo, GONE))
        await refused(sandbox, cleo)


@pytest.mark.parametrize("way", WAYS)
async def test_picture_under_way_stops_when_its_subject_is_taken_back(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setenv(GATE, str(tmp_path / "never"))
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await opened(sandbox, ben, cleo)
        await shared(sandbox, way, ben, card, cleo)
        held = await (await cleo.slash("imagine", prompt="Blob at the gate", subject="Blob", count=1)).message()
        own = await (await ben.slash("imagine", prompt="Blob at the gate", subject="Blob", count=1)).message()
        await sandbox.until(lambda: "50%" in cleo.text(held["id"]) and "50%" in ben.text(own["id"]))
        await taken_back(sandbox, way, ben, card, cleo)
        await sandbox.until(lambda: "Cancelled" in cleo.text(held["id"]))
        assert await available(bot, cleo) == DAILY
        newest = (await bot.services.db.read(jobs_of_member, int(ben.id)))[0]
        assert (newest.state, newest.cancel_requested) == (State.RUNNING, False)


async def test_others_draw_a_subject_from_its_card_only_while_it_is_shared_with_them(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await opened(sandbox, ben, cleo)
        drawn = await (await ben.slash("imagine", prompt="Blob", subject="Blob", count=1)).message()
        await sandbox.until(lambda: "Re-roll" in cleo.buttons(drawn["id"]))
        info = await (await press_more(cleo, drawn["id"], "Info")).answer()
        await cleo.press(info["id"], "Draw it for me")
        await sandbox.until(lambda: times_told(cleo, "isn't shared with you") == 1)
        await shared(sandbox, "member", ben, card, cleo)
        await cleo.press(info["id"], "Draw it for me")
        await sandbox.until(lambda: sees(cleo, "Draw it for you?"))
        asked = next(one["id"] for one in cleo.messages() if "Draw it for you?" in cleo.text(one["id"]))
        await taken_back(sandbox, "member", ben, card, cleo)
        await cleo.press(asked, "Continue")
        await sandbox.until(lambda: times_told(cleo, GONE) == 1)
        assert await available(bot, cleo) == DAILY
        await shared(sandbox, "member", ben, card, cleo)
        await cleo.press(asked, "Continue")
        await sandbox.until(lambda: sum(len(cleo.pictures(one["id"])) == 1 for one in cleo.messages()) == 2)
        assert await available(bot, cleo) == DAILY - 1
