"""Bad days on the platform: nothing is lost, shown twice or paid twice."""

import asyncio
import io
import logging
from pathlib import Path

import pytest
import yarl
from discord import gateway

from bot.platform import quieten
from bot.sandbox.server import Sandbox
from bot.shared.discord import retry
from common import logs
from db.queue.finding import jobs_of_member
from db.queue.job import State
from tests.support.acceptance.bots import DAILY, bot_beside
from tests.support.acceptance.delivery import TOKEN_S, half_done, until_delivered
from tests.support.acceptance.engines import GATE

LOADING = 1 << 7
CALLBACK = "POST /interactions/*"
EDIT = "PATCH /webhooks/*"
POST = "POST /channels/{channel_id}/messages"


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every pause take no time: discord.py's before it tries again, and ours."""
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda *_: sleep(0))


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that lets jobs with 'gate' in their prompt go on."""
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    return tmp_path / "open"


async def test_acknowledgement_that_came_too_late_costs_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        sandbox.faults.hold(CALLBACK)
        asked = await ben.slash("imagine", prompt="a red heart")
        await sandbox.until(lambda: not sandbox.faults.armed)
        sandbox.clock.advance(3.5)
        sandbox.faults.release()
        await sandbox.until(lambda: any(request.status == 404 for request in sandbox.requests))
        assert asked.error == "The application did not respond"
        assert await bot.services.db.read(jobs_of_member, int(ben.id)) == []
        assert (await bot.statement(ben)).available == DAILY


async def test_press_on_a_message_that_goes_meanwhile_is_answered(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, asks_above=0):
        ben = sandbox.member("ben")
        await ben.slash("imagine", prompt="a red heart")
        await sandbox.until(lambda: any("Continue" in ben.buttons(one["id"]) for one in ben.messages()))
        question = next(one for one in ben.messages() if "Continue" in ben.buttons(one["id"]))
        sandbox.faults.hold(CALLBACK)
        pressed = await ben.press(question["id"], "Continue")
        await sandbox.until(lambda: not sandbox.faults.armed)
        await ben.do("dismiss", message_id=question["id"])
        sandbox.faults.release()
        await sandbox.until(lambda: any(len(ben.pictures(one["id"])) == 4 for one in ben.messages()))
        assert pressed.error is None
        assert [one for one in ben.messages() if one["flags"] & LOADING] == []


async def test_acknowledgement_whose_receipt_was_lost_counts(sandbox: Sandbox, tmp_path: Path, no_pauses: None) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        sandbox.faults.error(CALLBACK, status=504, when="after")
        card = await (await ben.slash("imagine", prompt="a red heart")).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)


async def test_edit_that_was_answered_with_504_shows_one_card(
    sandbox: Sandbox, tmp_path: Path, no_pauses: None
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        sandbox.faults.error(EDIT, status=504, when="after", times=3)
        await ben.slash("imagine", prompt="a red heart")
        await sandbox.until(lambda: ben.messages() and len(ben.pictures(ben.messages()[0]["id"])) == 4)
        await until_delivered(bot, ben)
        assert len(ben.messages()) == 1


@pytest.mark.parametrize("fault", ["504", "cut"])
async def test_result_that_was_posted_though_the_answer_was_lost_is_shown_once(
    sandbox: Sandbox, tmp_path: Path, gate: Path, no_pauses: None, fault: str
) -> None:
    async with bot_beside(sandbox, tmp_path / "data") as bot:
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        card = await half_done(sandbox, ben)
        sandbox.clock.advance(TOKEN_S + 60)
        await ada.do("delete", message_id=card)
        if fault == "504":
            sandbox.faults.error(POST, status=504, when="after")
        else:
            sandbox.faults.lose_reply(POST)
        gate.touch()
        await until_delivered(bot, ben)
        assert len(ben.messages()) == 1
        assert len(ben.pictures(ben.messages()[0]["id"])) == 4


async def test_rate_limit_on_one_card_does_not_delay_another(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        sandbox.faults.rate_limit(EDIT, retry_after_s=600)
        await ben.slash("imagine", prompt="a red heart")
        await sandbox.until(lambda: any(request.status == 429 for request in sandbox.requests))
        card = await (await cleo.slash("imagine", prompt="a blue cat")).message()
        await sandbox.until(lambda: len(cleo.pictures(card["id"])) == 4)


async def test_platform_that_is_down_for_a_while_gets_the_result_later(
    sandbox: Sandbox, tmp_path: Path, gate: Path, no_pauses: None
) -> None:
    async with bot_beside(sandbox, tmp_path / "data") as bot:
        ben = sandbox.member("ben")
        card = await half_done(sandbox, ben)
        sandbox.faults.error("*", status=503, times=12)
        gate.touch()
        await until_delivered(bot, ben)
        assert len(ben.pictures(card)) == 4


@pytest.mark.parametrize("storm", ["disconnect", "request_reconnect"])
async def test_gateway_that_goes_away_comes_back_without_doubles(sandbox: Sandbox, tmp_path: Path, storm: str) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        first = await (await ben.slash("imagine", prompt="a red heart")).message()
        outcome = getattr(sandbox.gateway, storm)()
        if outcome is not None:
            await outcome
        await sandbox.until(lambda: sandbox.gateway.resumes == 1)
        second = await (await ben.slash("imagine", prompt="a blue cat")).message()
        for card in (first, second):
            await sandbox.until(lambda card=card: len(ben.pictures(card["id"])) == 4)  # type: ignore[misc]
        jobs = await bot.services.db.read(jobs_of_member, int(ben.id))
        assert [job.state for job in jobs] == [State.DONE, State.DONE]


async def test_first_gateway_connection_that_fails_is_tried_again(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "RECONNECT_S", (0.0,))
    addresses = _Addresses(yarl.URL("ws://127.0.0.1:9/gateway"), gateway.DiscordWebSocket.DEFAULT_GATEWAY)
    monkeypatch.setattr(gateway.DiscordWebSocket, "DEFAULT_GATEWAY", addresses)
    async with bot_beside(sandbox, tmp_path):
        assert addresses.read >= 2


class _Addresses:
    """An attribute whose first value leads nowhere."""

    def __init__(self, first: yarl.URL, later: yarl.URL) -> None:
        self.first, self.later, self.read = first, later, 0

    def __get__(self, *_: object) -> yarl.URL:
        self.read += 1
        return self.first if self.read == 1 else self.later


async def test_commands_are_registered_once_and_again_only_when_they_are_gone(sandbox: Sandbox, tmp_path: Path) -> None:
    def registrations() -> int:
        return sum(request.method == "PUT" for request in sandbox.requests)

    async with bot_beside(sandbox, tmp_path):
        await sandbox.until(lambda: registrations() == 1)
    async with bot_beside(sandbox, tmp_path):
        pass
    assert registrations() == 1


async def test_no_log_line_at_debug_holds_a_token(sandbox: Sandbox, tmp_path: Path) -> None:
    logged = io.StringIO()
    root = logging.getLogger()
    before = (root.level, root.handlers[:])
    logs.set_up("DEBUG", [sandbox.token], logged)
    quieten("DEBUG")
    try:
        async with bot_beside(sandbox, tmp_path) as bot:
            ben = sandbox.member("ben")
            card = await (await ben.slash("imagine", prompt="a red heart")).message()
            await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
            token = (await bot.services.db.read(jobs_of_member, int(ben.id)))[0].interaction_token
    finally:
        root.setLevel(before[0])
        root.handlers[:] = before[1]
    lines = logged.getvalue().splitlines()
    assert any("/webhooks/" in line for line in lines)
    assert any("INTERACTION_CREATE" in line for line in lines)
    assert [line for line in lines if token in line or sandbox.token in line] == []
