"""/atelier find and remove: what goes is counted and named first, and goes with all that was made of it."""

import re
from functools import partial
from pathlib import Path
from typing import Any

from bot.features.operator.admin import SearchResult
from bot.features.operator.finding import found_card
from bot.features.operator.shown import Shown
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from db.credits.audit import audit
from db.moderation.targets import Target
from db.people.new_subject import NewSubject
from db.people.shares import Scope, Share, share_subject
from db.people.subjects import find_subject, mark_ready
from db.queue.finding import find_job, jobs_of_member
from db.queue.job import Job
from tests.support.acceptance.bots import RunningBot, bot_beside
from tests.support.acceptance.pictures import draw, settled
from tests.support.acceptance.private import EPHEMERAL, run_privately
from tests.support.db.subjects import create

NO_JOB = "0" * 26


async def test_removed_job_leaves_no_message_no_file_and_no_row(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a red heart")).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        asked, said = await remove(ada, job=job.id, reason="asked to")
        assert f"the job `a red heart` of <@{ben.id}>" in asked
        assert "and the message that shows it. It can't be undone." in asked
        assert "1 job with files, and 1 message" in said
        assert card["id"] not in [one["id"] for one in ben.messages()]
        assert await bot.services.db.read(find_job, job.id) is None
        assert await bot.services.files.list(f"jobs/{job.id}") == []
        assert await bot.services.db.read(audit) == []
        assert "no `job` with that ID" in await run_privately(ada, "atelier find", job=job.id)


async def test_everything_of_a_member_is_counted_and_named_before_it_is_removed(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        for private in (False, False, True):
            card = await (await ben.slash("imagine", prompt="a red heart", private=private)).message()
            await sandbox.until(partial(pictured, ben, card["id"]))
        await settled(sandbox, bot, ben)
        asking = await ada.slash("atelier remove", member=ben.id)
        asked = form_text(await asking.modal())
        assert f"**all 3 jobs of <@{ben.id}>** in this server" in asked
        assert "and the 2 messages that show them" in asked
        assert len(await bot.services.db.read(jobs_of_member, int(ben.id))) == 3  # nothing yet
        done = await (await asking.submit(Reason="spam")).answer()
        assert "Removed 3 jobs with files, and 2 messages." in ada.text(done["id"])
        assert await bot.services.db.read(jobs_of_member, int(ben.id)) == []
        refusal = await run_privately(ada, "atelier remove", member=ben.id)
        assert refusal == f"<@{ben.id}> has no jobs in this server."


async def test_what_was_found_is_looked_at_and_removed_by_buttons(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        prompts = [f"heart {number}" for number in range(9)]
        for prompt in prompts:
            card = await (await ben.slash("imagine", prompt=prompt, count=1)).message()
            await sandbox.until(partial(pictured, ben, card["id"]))
        await settled(sandbox, bot, ben)
        found = await (await ada.slash("atelier find", member=ben.id)).answer()
        assert f"**9 jobs** of <@{ben.id}> in this server\n-# 1 to 6 of 9, newest first" in ada.text(found["id"])
        assert shown_prompts(ada, found) == prompts[:2:-1]
        assert ada.buttons(found["id"])[-2:] == ["Older", "Remove all 9"]
        await (await ada.press(found["id"], "Older")).done()
        await sandbox.until(lambda: shown_prompts(ada, found) == ["heart 2", "heart 1", "heart 0"])
        look = await (await ada.press(found["id"], "Show")).answer()
        assert len(ada.pictures(look["id"])) == 1
        asking = await ada.press(found["id"], "Remove")
        assert "the job `heart 2 --count 1`" in form_text(await asking.modal())
        await asking.submit(Reason="ugly")
        await sandbox.until(lambda: shown_prompts(ada, found) == ["heart 1", "heart 0"])
        assert "Removed 1 job with files, and 1 message." in ada.text(found["id"])
        await ada.press(found["id"], "Newer")
        await sandbox.until(lambda: shown_prompts(ada, found) == prompts[:2:-1])
        assert [job.request["prompt"] for job in await bot.services.db.read(jobs_of_member, int(ben.id))] == [
            *prompts[:2:-1],
            "heart 1",
            "heart 0",
        ]
        log = await run_privately(ada, "atelier log")
        assert re.search(r"\*\*remove\*\* `job \w{26}`: ugly", log)


async def test_buttons_of_what_was_found_are_for_operators(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await draw(sandbox, ben, "a red heart")
        view = found_card(Shown(Target.member(int(ben.id))), SearchResult(await of(bot, ben)))
        posted = await bot.client.get_partial_messageable(int(ada.channel())).send(view=view)
        for button in ("Remove", "Remove all 1"):
            refusal = await (await ben.press(str(posted.id), button)).answer()
            assert "Only operators can do that" in ben.text(refusal["id"])
        assert len(await of(bot, ben)) == 1


async def test_removed_subject_goes_with_everything_made_from_it(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
        subject = await bot.services.db.write(create, rex(int(ben.id), int(ben.state()["guilds"][0]["id"])))
        await bot.services.db.write(mark_ready, subject.id, step=50)
        await bot.services.db.write(share_subject, subject.id, Share(Scope.MEMBER, int(cleo.id)))
        await bot.services.files.put(f"subjects/{subject.id}/adapter.safetensors", b"weights")
        card = await (await cleo.slash("imagine", prompt="Rex asleep", subject="Rex")).message()
        await sandbox.until(lambda: len(cleo.pictures(card["id"])) == 4)
        await settled(sandbox, bot, cleo)
        found = await (await ada.slash("atelier find", member=ben.id)).answer()  # who has no jobs
        opened = await (await ada.select(found["id"], "Their subjects …", subject.id)).answer()
        assert f"**Subject `Rex`** of <@{ben.id}> · 1 job with it" in ada.text(opened["id"])
        assert shown_prompts(ada, opened) == ["Rex asleep"]
        assert ada.buttons(opened["id"])[-1] == "Remove the subject and 1 job"
        asked, said = await remove(ada, subject=subject.id, reason="no consent")
        assert f"**the subject `Rex`** of <@{ben.id}> and **the 1 job made with it**, by whomever" in asked
        assert "1 job with files, and 1 message. The subject `Rex` is deleted." in said
        assert card["id"] not in [one["id"] for one in cleo.messages()]
        assert await bot.services.db.read(find_subject, subject.id) is None
        assert await bot.services.files.list("subjects") == []
        assert await bot.services.db.read(jobs_of_member, int(cleo.id)) == []


def pictured(who: HumanClient, card_id: str) -> bool:
    """Tell whether a card has its pictures."""
    return bool(who.pictures(card_id)) and "Re-roll" in who.buttons(card_id)


async def remove(who: HumanClient, *, reason: str, **target: str) -> tuple[str, str]:
    """Remove something; return what the form asked, and what was said at the end."""
    asking = await who.slash("atelier remove", **target)
    asked = form_text(await asking.modal())
    done = await (await asking.submit(Reason=reason)).answer()
    assert done["flags"] & EPHEMERAL
    return asked, who.text(done["id"])


def form_text(modal: dict[str, Any]) -> str:
    """Return what a form says above its fields."""
    return "\n".join(one["content"] for one in modal["components"] if "content" in one)


def shown_prompts(who: HumanClient, card: dict[str, Any]) -> list[str]:
    """Return the prompts of the jobs on a list of what was found, without their options."""
    return re.findall(r"^✅ `(.*?)(?: --.*)?`$", who.text(card["id"]), re.MULTILINE)


async def of(bot: RunningBot, who: HumanClient) -> list[Job]:
    """Return somebody's jobs."""
    return await bot.services.db.read(jobs_of_member, int(who.id))


def rex(owner_id: int, guild_id: int) -> NewSubject:
    return NewSubject(
        id="01m83842kz1b68hw7hqesfsask",
        owner_id=owner_id,
        guild_id=guild_id,
        name="Rex",
        class_noun="dog",
        trigger="zwxk",
        model="tiny",
        job_id=NO_JOB,
        keeps_photos=False,
        statement="mine",
        photo_hashes=["ab"],
    )
