"""The buttons of a card, and who may press them."""

from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from db.queue.finding import jobs_of_member
from db.queue.job import State
from tests.support.acceptance.bots import DAILY, bot_beside
from tests.support.acceptance.engines import GATE, SLOTS
from tests.support.acceptance.menus import press_more

EPHEMERAL = 64


async def drawn(sandbox: Sandbox, who: HumanClient, **options: Any) -> str:
    """Have pictures drawn and return the id of their card."""
    card = await (await who.slash("imagine", prompt="a red heart", **options)).message()
    await sandbox.until(lambda: "Re-roll" in who.buttons(card["id"]))
    return str(card["id"])


async def test_reroll_is_a_new_job_with_another_seed_and_a_link_to_the_first(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        first = await drawn(sandbox, ben, seed=7, count=2)
        second = await (await ben.press(first, "Re-roll")).message()
        await sandbox.until(lambda: len(ben.pictures(second["id"])) == 2)
        again, before = await bot.services.db.read(jobs_of_member, int(ben.id))
        assert again.source_job_id == before.id
        assert again.request["seed"] != 7
        assert before.request["parameters"] == ["--count 2", "--seed 7"]
        assert again.request["parameters"] == ["--count 2"]
        assert {**again.request, "seed": 7, "parameters": before.request["parameters"]} == before.request
        assert (await bot.statement(ben)).available == DAILY - 4


async def test_reroll_beyond_the_credits_is_refused_and_leaves_the_card_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, daily_credits=5):
        ben = sandbox.member("ben")
        first = await drawn(sandbox, ben)
        await ben.press(first, "Re-roll")
        await sandbox.until(lambda: any("costs 4 credits" in ben.text(one["id"]) for one in ben.messages()))
        assert len(ben.pictures(first)) == 4
        await sandbox.until(lambda: len(sandbox.member("ada").messages()) == 1)


async def test_info_tells_the_parameters_to_the_one_who_asks(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben, seed=7, negative="text")
        info = await (await press_more(ben, card, "Info")).answer()
        assert info["flags"] & EPHEMERAL
        assert "Seed: 7" in ben.text(info["id"])
        assert "Negative prompt: text" in ben.text(info["id"])


async def test_delete_removes_message_and_files(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben)
        job = (await bot.services.db.read(jobs_of_member, int(ben.id)))[0]
        assert await bot.services.files.list(f"jobs/{job.id}") != []
        await press_more(ben, card, "Delete")
        await sandbox.until(lambda: ben.messages() == [])
        assert await bot.services.files.list(f"jobs/{job.id}") == []


async def test_cancel_of_a_waiting_job_gives_everything_back(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLOTS, "0")
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a red heart")).answer()
        await ben.press(card["id"], "Cancel")
        await sandbox.until(lambda: "Cancelled" in ben.text(card["id"]))
        assert "4 credits refunded" in ben.text(card["id"])
        assert (await bot.statement(ben)).available == DAILY


async def test_cancel_of_a_running_job_stops_it_and_gives_everything_back(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a garden gate")).answer()
        await sandbox.until(lambda: "step" in ben.text(card["id"]))
        await ben.press(card["id"], "Cancel")
        await sandbox.until(lambda: "Cancelled" in ben.text(card["id"]))
        assert (await bot.statement(ben)).available == DAILY


async def test_cancel_of_somebody_elses_job_is_refused(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLOTS, "0")
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        card = await (await ben.slash("imagine", prompt="a red heart")).answer()
        await (await cleo.press(card["id"], "Cancel")).answer()
        assert (await bot.services.db.read(jobs_of_member, int(ben.id)))[0].state is State.QUEUED


async def test_operator_may_delete_what_a_member_made(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        card = await drawn(sandbox, ben)
        await press_more(ada, card, "Delete")
        await sandbox.until(lambda: ben.messages() == [])


async def test_buttons_work_after_a_restart(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben, count=1)
    async with bot_beside(sandbox, tmp_path):
        second = await (await ben.press(card, "Re-roll")).message()
        await sandbox.until(lambda: len(ben.pictures(second["id"])) == 1)


async def test_button_of_a_forgotten_job_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path / "one"):
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben, count=1)
    async with bot_beside(sandbox, tmp_path / "two"):
        said = await (await ben.press(card, "More")).answer()
        assert "no longer have" in ben.text(said["id"])
