"""What others can do on a public card; and what was typed can be edited from every card and refusal."""

from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.shared.discord.limits import RateLimit, RateLimits
from db.queue.finding import jobs_of_member
from db.queue.job import Job
from tests.support.acceptance.bots import DAILY, RunningBot, bot_beside
from tests.support.acceptance.engines import SLOTS
from tests.support.acceptance.menus import press_more

EPHEMERAL = 64
TYPED = "a red heart --ar 3:2 --no text --count 2 --seed 7"


async def drawn(sandbox: Sandbox, who: HumanClient, prompt: str = TYPED) -> str:
    """Have pictures drawn and return the id of their card."""
    card = await (await who.slash("imagine", prompt=prompt)).message()
    await sandbox.until(lambda: "Re-roll" in who.buttons(card["id"]))
    return str(card["id"])


async def newest(bot: RunningBot, who: HumanClient) -> Job:
    """Return what somebody asked for last."""
    return (await bot.services.db.read(jobs_of_member, int(who.id)))[0]


def last(who: HumanClient) -> str:
    """Return the newest message that somebody sees."""
    return str(who.messages()[-1]["id"])


async def test_edit_prompt_begins_with_what_was_typed_and_asks_as_imagine_does(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await drawn(sandbox, ben)
        form = await press_more(ben, card, "Edit prompt")
        field = (await form.modal())["components"][0]["component"]
        assert field["value"] == TYPED
        shown = await (await form.submit(Prompt=TYPED.replace("red", "blue"))).message()
        await sandbox.until(lambda: len(ben.pictures(shown["id"])) == 2)
        job = await newest(bot, ben)
        assert (job.request["prompt"], job.request["negative"], job.request["seed"]) == ("a blue heart", "text", 7)


async def test_edit_prompt_stays_on_what_was_cancelled(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLOTS, "0")
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt=TYPED)).answer()
        await ben.press(card["id"], "Cancel")
        await sandbox.until(lambda: "Edit prompt" in ben.buttons(card["id"]))
        form = await ben.press(card["id"], "Edit prompt")
        assert (await form.modal())["components"][0]["component"]["value"] == TYPED


async def test_others_read_info_of_a_public_card_and_draw_it_on_their_own_credits(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        info = await (await press_more(cleo, await drawn(sandbox, ben), "Info")).answer()
        assert info["flags"] & EPHEMERAL
        assert "Negative prompt: text" in cleo.text(info["id"])
        assert cleo.buttons(info["id"]) == ["Draw it for me", "Edit prompt"]
        await (await cleo.press(info["id"], "Draw it for me")).answer()
        assert "Draw it for you?** This uses 2 of your" in cleo.text(last(cleo))
        assert "Continue" not in ben.buttons(last(ben))
        await cleo.press(last(cleo), "Continue")
        await sandbox.until(lambda: [len(ben.pictures(one["id"])) for one in ben.messages()] == [2, 2])
        job, before = await newest(bot, cleo), await newest(bot, ben)
        assert (job.source_job_id, job.private, job.request["prompt"]) == (before.id, False, "a red heart")
        assert job.request["seed"] != 7
        assert (await bot.statement(cleo)).available == (await bot.statement(ben)).available < DAILY


async def test_owner_is_offered_no_pictures_below_info(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        info = await (await press_more(ben, await drawn(sandbox, ben), "Info")).answer()
        assert ben.buttons(info["id"]) == []


async def test_reroll_of_somebody_elses_pictures_asks_before_it_costs_anything(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        await (await cleo.slash("relax")).answer()  # who prefers it free is asked all the same
        card = await drawn(sandbox, ben)
        question = await (await cleo.press(card, "Re-roll")).answer()
        assert question["flags"] & EPHEMERAL
        assert cleo.buttons(question["id"]) == ["Continue", "Run for free", "Cancel"]
        await cleo.press(question["id"], "Cancel")
        await sandbox.until(lambda: question["id"] not in [one["id"] for one in cleo.messages()])
        assert await bot.services.db.read(jobs_of_member, int(cleo.id)) == []
        assert (await bot.statement(cleo)).available == DAILY
        assert len(ben.messages()) == 1


async def test_banned_member_gets_nothing_drawn_from_anybodys_card(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
        card = await drawn(sandbox, ben)
        await (await ada.slash("atelier ban", member=cleo.id, reason="spam")).answer()
        refusal = await (await cleo.press(card, "Re-roll")).answer()
        assert "banned" in cleo.text(refusal["id"])
        form = await press_more(cleo, card, "Edit prompt")
        await form.submit(Prompt="a blue heart")
        await sandbox.until(lambda: "banned" in cleo.text(last(cleo)))
        assert await bot.services.db.read(jobs_of_member, int(cleo.id)) == []


async def test_others_do_not_read_what_a_card_was_not_to_show(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ada, ben, cleo = (sandbox.member(name) for name in ("ada", "ben", "cleo"))
        await (await ada.slash("atelier words add", word="ghastly")).answer()
        card = await drawn(sandbox, ben, "a red heart --no ghastly")
        info = await (await press_more(cleo, card, "Info")).answer()
        assert "ghastly" not in cleo.text(info["id"])
        form = await (await press_more(cleo, card, "Edit prompt")).modal()
        assert form["components"][0]["component"]["value"] == "a red heart"
        own = await (await press_more(ben, card, "Edit prompt")).modal()
        assert own["components"][0]["component"]["value"] == "a red heart --no ghastly"


@pytest.mark.parametrize("again", [False, True])
async def test_refusal_keeps_what_was_typed_also_after_a_restart(sandbox: Sandbox, tmp_path: Path, again: bool) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        typed: dict[str, Any] = {
            "prompt": "a red heart --ar 3x2",
            "count": 2,
            "negative": "text",
            "private": True,
            "pace": "relaxed",
        }
        refusal = await (await ben.slash("imagine", **typed)).answer()
        assert refusal["flags"] & EPHEMERAL
        assert "Did you mean `3:2`" in ben.text(refusal["id"])
        if again:
            form = await ben.press(refusal["id"], "Edit prompt")
            refusal = await (await form.submit(Prompt="a blue heart --ar 3x2 --no text --count 2")).answer()
    async with bot_beside(sandbox, tmp_path) as bot:
        form = await ben.press(refusal["id"], "Edit prompt")
        field = (await form.modal())["components"][0]["component"]
        assert field["value"] == f"a {'blue' if again else 'red'} heart --ar 3x2 --no text --count 2"
        shown = await (await form.submit(Prompt=field["value"].replace("3x2", "3:2"))).answer()
        assert shown["flags"] & EPHEMERAL
        await sandbox.until(lambda: len(ben.pictures(shown["id"])) == 2)
        job = await newest(bot, ben)
        assert (job.private, str(job.pace), job.request["negative"]) == (True, "relaxed", "text")


async def test_refusal_for_too_many_requests_keeps_what_was_typed(sandbox: Sandbox, tmp_path: Path) -> None:
    table = [RateLimit("few", 1, 60, ("/imagine",))]
    async with bot_beside(sandbox, tmp_path, limits=RateLimits(table)):
        ben = sandbox.member("ben")
        await drawn(sandbox, ben)
        await (await ben.slash("imagine", prompt=TYPED)).done()
        await sandbox.until(lambda: "a lot in a short time" in ben.text(last(ben)))
        form = await (await ben.press(last(ben), "Edit prompt")).modal()
        assert form["components"][0]["component"]["value"] == TYPED


async def test_form_of_before_a_restart_keeps_what_was_typed(sandbox: Sandbox, tmp_path: Path) -> None:
    ben = sandbox.member("ben")
    async with bot_beside(sandbox, tmp_path):
        form = await press_more(ben, await drawn(sandbox, ben), "Edit prompt")
        await form.modal()
    async with bot_beside(sandbox, tmp_path):
        refusal = await (await form.submit(Prompt="a blue heart --count 2")).answer()
        assert "open for too long" in ben.text(refusal["id"])
        form = await ben.press(refusal["id"], "Edit prompt")
        assert (await form.modal())["components"][0]["component"]["value"] == "a blue heart --count 2"
