"""A member's habits: /settings with its buttons, /prefer suffix, and /info."""

from pathlib import Path

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from db.people.members import find_member
from db.queue.finding import jobs_of_member
from tests.support.acceptance.bots import bot_beside
from tests.support.acceptance.training import sees


async def prefer(sandbox: Sandbox, who: HumanClient, suffix: str) -> None:
    """Put parameters behind all prompts of somebody, and wait until that is so."""
    await who.slash("prefer suffix", parameters=suffix)
    await sandbox.until(lambda: sees(who, f"Suffix:** `{suffix}`"))


async def test_settings_are_changed_by_buttons_and_kept_over_a_restart(sandbox: Sandbox, tmp_path: Path) -> None:
    ben = sandbox.member("ben")
    async with bot_beside(sandbox, tmp_path):
        card = str((await (await ben.slash("settings")).message())["id"])
        await sandbox.until(lambda: ben.buttons(card) == ["Relaxed", "Change suffix"])
        await ben.press(card, "Relaxed")
        await sandbox.until(lambda: "your jobs are free" in ben.text(card))
        form = await ben.press(card, "Change suffix")
        await form.submit(Parameters="--ar 3:2 --count 2")
        await sandbox.until(lambda: "--ar 3:2 --count 2" in ben.text(card))
    async with bot_beside(sandbox, tmp_path) as bot:
        await ben.press(card, "Fast")
        await sandbox.until(lambda: "your jobs use credits" in ben.text(card))
        await ben.press(card, "Remove suffix")
        await sandbox.until(lambda: "No suffix" in ben.text(card))
        member = await bot.services.db.read(find_member, int(ben.id))
        assert member is not None
        assert member.preferences == {}


async def test_suffix_is_behind_all_prompts_that_do_not_say_otherwise(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        await prefer(sandbox, ben, "--count 2 --chaos 50")
        await ben.slash("prefer suffix", parameters="in oil")
        await sandbox.until(lambda: sees(ben, "A suffix has parameters alone"))
        await ben.slash("imagine", prompt="a {red, blue} heart --count 1")
        await sandbox.until(lambda: sees(ben, "Draw 2 jobs with 2 pictures?"))
        card = await (await ben.slash("imagine", prompt="a red heart")).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 2)
        assert "a red heart --count 2 --chaos 50" in ben.text(card["id"])
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        assert job.request["guidance"] == 2.8
        await prefer(sandbox, ben, "--model large --steps 55")
        await ben.slash("imagine", prompt="a red heart --model tiny")
        await sandbox.until(lambda: sees(ben, "from 1 to 50. Your suffix is part of that"))
        other = await (await ada.slash("imagine", prompt="a red heart")).message()
        await sandbox.until(lambda: len(ada.pictures(other["id"])) == 4)
        await ben.slash("info")
        await sandbox.until(lambda: sees(ben, "98 credits left") and sees(ben, "suffix: `--model large --steps 55`"))
        assert sandbox.unimplemented == []
