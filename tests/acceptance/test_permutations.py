"""One prompt that stands for several: one question with the price of all, and all or none of the jobs."""

from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from db.queue.finding import jobs_of_member
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.engines import SLOTS
from tests.support.acceptance.training import sees

CHOICES = "a {red, blue} {cat, dog}"
EPHEMERAL = 64


async def asked(sandbox: Sandbox, who: HumanClient, said: str, **options: Any) -> str:
    """Run /imagine, and return the message with the question."""
    await who.slash("imagine", **options)
    await sandbox.until(lambda: sees(who, said))
    return next(str(one["id"]) for one in who.messages() if said in who.text(one["id"]))


async def jobs_of(bot: RunningBot, who: HumanClient) -> int:
    return len(await bot.services.db.read(jobs_of_member, int(who.id)))


def cards(who: HumanClient, pictures: int) -> list[dict[str, Any]]:
    return [one for one in who.messages() if len(who.pictures(one["id"])) == pictures]


@pytest.mark.parametrize("private", [False, True])
async def test_choices_are_drawn_after_one_yes_however_often_it_is_pressed(
    sandbox: Sandbox, tmp_path: Path, *, private: bool
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        card = await asked(sandbox, ben, "Draw 4 jobs with 8 pictures?", prompt=f"{CHOICES} --count 2", private=private)
        assert "This uses 8 of your 100 credits" in ben.text(card)
        assert (await jobs_of(bot, ben), (await bot.statement(ben)).available) == (0, DAILY)
        for pressed in [await ben.press(card, "Continue") for _ in range(2)]:
            await pressed.done()
        await sandbox.until(lambda: len(cards(ben, 2)) == 4)
        shown = "\n".join(ben.text(one["id"]) for one in cards(ben, 2))
        assert all(f"a {words} --count 2" in shown for words in ("red cat", "red dog", "blue cat", "blue dog"))
        assert await jobs_of(bot, ben) == 4
        assert ((await bot.statement(ben)).available, (await bot.statement(ben)).held) == (DAILY - 8, 0)
        assert len(cards(ada, 2)) == (0 if private else 4)
        await sandbox.until(lambda: len(ben.messages()) == 4)  # what the second yes posted goes again
        assert sandbox.unimplemented == []


async def test_choices_that_are_declined_make_nothing_and_stay_typed(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await asked(sandbox, ben, "Draw 6 jobs with 24 pictures?", prompt="a {red, blue} cat --repeat 3")
        await ben.press(card, "Cancel")
        await sandbox.until(lambda: "a {red, blue} cat --repeat 3" in ben.text(card))
        assert await jobs_of(bot, ben) == 0
        assert (await bot.statement(ben)).available == DAILY


async def test_one_of_several_that_is_cancelled_is_refunded_alone(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLOTS, "0")
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await asked(sandbox, ben, "Draw 2 jobs with 8 pictures?", prompt="a {red, blue} cat")
        await ben.press(card, "Continue")
        await sandbox.until(lambda: sees(ben, "a red cat") and sees(ben, "a blue cat"))
        blue = next(str(one["id"]) for one in ben.messages() if "a blue cat" in ben.text(one["id"]))
        await ben.press(blue, "Cancel")
        await sandbox.until(lambda: "4 credits refunded" in ben.text(blue))
        assert ((await bot.statement(ben)).available, (await bot.statement(ben)).held) == (DAILY - 4, 4)


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("{a, b, c} cat --repeat 4", "That makes 12 jobs, and you can have 10 in the queue"),  # the tier's limit
        ("a {red, blue} cat --ar {1:1, 100:1}", "ratio"),
        ("a {red, blue cat", "without its"),
    ],
)
async def test_choices_that_cannot_all_be_drawn_are_refused_before_the_question(
    sandbox: Sandbox, tmp_path: Path, prompt: str, said: str
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await ben.slash("imagine", prompt=prompt)
        await sandbox.until(lambda: sees(ben, said))
        assert await jobs_of(bot, ben) == 0
