"""Paying: asked before something dear, offered the free way when credits are gone, and what operators may change."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.errors import HumanError
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.sandbox.state.seed import ANNEX, LOBBY, PATRONS, STUDIO
from db.queue.finding import jobs_of_member
from db.queue.job import Pace
from tests.support.acceptance.bots import DAILY, bot_beside
from tests.support.acceptance.engines import SLOTS
from tests.support.acceptance.home import credits_offered, show_credits_commands
from tests.support.acceptance.private import EPHEMERAL, show_to_everybody
from tests.support.clock import NOON_ZONE


def seen(who: HumanClient, words: str) -> str | None:
    """Return the id of the message that says this, if there is one."""
    return next((str(one["id"]) for one in who.messages() if words in who.text(one["id"])), None)


async def told(sandbox: Sandbox, who: HumanClient, words: str) -> str:
    """Wait for a message that says this and return its id."""
    await sandbox.until(lambda: seen(who, words))
    return seen(who, words) or ""


def drawn(who: HumanClient) -> Callable[[], Any]:
    return lambda: any(len(who.pictures(one["id"])) == 4 for one in who.messages())


async def test_dear_pictures_are_paid_for_only_after_a_yes(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, asks_above=3) as bot:
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        await ben.slash("imagine", prompt="a red heart")
        question = await told(sandbox, ben, "This uses 4 of your")
        assert f"of your {DAILY} credits" in ben.text(question)
        await sandbox.until(lambda: ada.messages() == [])
        assert await bot.services.db.read(jobs_of_member, int(ben.id)) == []
        assert (await bot.statement(ben)).held == 0
        await asyncio.gather(*(ben.press(question, "Continue") for _ in range(2)))
        await sandbox.until(drawn(ada))
        await sandbox.until(lambda: len(ben.messages()) == len(ada.messages()) == 1)  # the question is gone
        assert (await bot.statement(ben)).available == DAILY - 4


async def test_question_is_answered_after_a_restart_and_twice_is_once(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, asks_above=3):
        ben = sandbox.member("ben")
        await ben.slash("imagine", prompt="a red heart")
        question = await told(sandbox, ben, "This uses 4 of your")
    async with bot_beside(sandbox, tmp_path, asks_above=3) as bot:
        await ben.press(question, "Continue")
        await sandbox.until(drawn(ben))
        offered = await bot.services.db.read(jobs_of_member, int(ben.id))
        assert [job.price for job in offered] == [4]


async def test_yes_whose_card_was_posted_twice_shows_one(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, asks_above=3):
        ben = sandbox.member("ben")
        await ben.slash("imagine", prompt="a red heart")
        question = await told(sandbox, ben, "This uses 4 of your")
        sandbox.faults.error("POST /webhooks/*", status=502, when="after")  # it is posted, and the library tries again
        await ben.press(question, "Continue")
        await sandbox.until(drawn(ben))
        await sandbox.until(lambda: len(ben.messages()) == 1)


async def test_question_left_alone_costs_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, asks_above=3) as bot:
        ben = sandbox.member("ben")
        await ben.slash("imagine", prompt="a red heart", private=True)
        question = await told(sandbox, ben, "This uses 4 of your")
        await ben.press(question, "Cancel")
        await sandbox.until(lambda: "Cancelled" in ben.text(question))
        assert ben.buttons(question) == ["Edit prompt"]
        assert await bot.services.db.read(jobs_of_member, int(ben.id)) == []


async def test_what_was_typed_outlives_a_cancelled_price_and_a_restart(sandbox: Sandbox, tmp_path: Path) -> None:
    ben = sandbox.member("ben")
    async with bot_beside(sandbox, tmp_path, asks_above=3):
        await ben.slash("imagine", prompt="a red heart --seed 7", negative="text", private=True, pace="fast")
        question = await told(sandbox, ben, "This uses 4 of your")
        await (await ben.press(question, "Cancel")).done()
        await sandbox.until(lambda: "Cancelled" in ben.text(question))
    async with bot_beside(sandbox, tmp_path) as bot:
        form = await ben.press(question, "Edit prompt")
        typed = (await form.modal())["components"][0]["component"]["value"]
        assert typed == "a red heart --no text --seed 7"
        await (await form.submit(Prompt="a blue heart --seed 8")).done()
        await sandbox.until(lambda: drawn(ben)())
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        assert (job.request["prompt"], job.private, job.pace) == ("a blue heart", True, Pace.FAST)


async def test_without_credits_one_may_draw_relaxed(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, daily_credits=3) as bot:
        ben = sandbox.member("ben")
        await ben.slash("imagine", prompt="a red heart")
        question = await told(sandbox, ben, "you have 3.")
        assert ben.buttons(question) == ["Run for free", "Cancel"]
        await ben.press(question, "Run for free")
        await sandbox.until(drawn(ben))
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        assert (job.pace, job.price, job.work) == (Pace.RELAXED, 0, 4)
        assert (await bot.statement(ben)).available == 3


@pytest.mark.parametrize("asks_above", [20, 2])
async def test_without_relaxed_one_is_told_when_credits_come(sandbox: Sandbox, tmp_path: Path, asks_above: int) -> None:
    async with bot_beside(sandbox, tmp_path, daily_credits=3, relaxed="", asks_above=asks_above):
        ben = sandbox.member("ben")
        await ben.slash("imagine", prompt="a red heart")
        said = await told(sandbox, ben, "More come")
        assert ben.buttons(said) == ["Edit prompt"]  # and nothing that runs it for free


async def test_relax_and_fast_are_remembered(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SLOTS, "0")
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await (await ben.slash("relax")).answer()
        card = await (await ben.slash("imagine", prompt="a red heart")).answer()
        assert "free (relaxed)" in ben.text(card["id"])
        await (await ben.slash("fast")).answer()
        await (await ben.slash("imagine", prompt="a green car")).answer()
        await (await ben.slash("imagine", prompt="a blue cat", pace="relaxed")).answer()
        paces = [job.pace for job in await bot.services.db.read(jobs_of_member, int(ben.id))]
        assert paces == [Pace.RELAXED, Pace.FAST, Pace.RELAXED]


async def test_operator_grants_and_sets_with_a_reason(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await credits_offered(sandbox, ada)
        grant: dict[str, Any] = {"member": ben.id, "amount": 50, "reason": "for the poster"}
        said = await (await ada.slash("atelier-credits grant", **grant)).answer()
        assert said["flags"] & EPHEMERAL
        assert f"now has {DAILY + 50} credits (+50)" in ada.text(said["id"])
        too_many = await (await ada.slash("atelier-credits grant", **grant | {"amount": -900})).answer()
        assert f"only {DAILY + 50} credits left" in ada.text(too_many["id"])
        assert f"The lowest `amount` is -{DAILY + 50}" in ada.text(too_many["id"])
        await (await ada.slash("atelier-credits set", member=ben.id, amount=7, reason="a fresh start")).answer()
        shown = await (await ada.slash("atelier-credits show", member=ben.id)).answer()
        assert "7 credits left" in ada.text(shown["id"])
        entries = (await bot.statement(ben)).entries
        assert [(one.amount, one.reason, one.by_user) for one in entries[:2]] == [
            (-(DAILY + 43), "a fresh start", int(ada.id)),
            (50, "for the poster", int(ada.id)),
        ]


QUOTA = [("show", {}), ("grant", {"amount": 5, "reason": "mine"}), ("set", {"amount": 5, "reason": "x"})]


@pytest.mark.parametrize(("verb", "options"), QUOTA)
async def test_members_may_not_touch_quotas(
    sandbox: Sandbox, tmp_path: Path, verb: str, options: dict[str, Any]
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await credits_offered(sandbox, ada)
        with pytest.raises(HumanError, match="not shown"):
            await ben.slash(f"atelier-credits {verb}", member=ben.id, **options)
        show_to_everybody(sandbox, ada)
        said = await (await ben.slash(f"atelier-credits {verb}", member=ben.id, **options)).answer()
        assert "Only operators can do that" in ben.text(said["id"])
        assert (await bot.statement(ben)).available == DAILY


@pytest.mark.parametrize("homes", ["", STUDIO])
@pytest.mark.parametrize(("verb", "options"), QUOTA)
async def test_operators_of_other_servers_may_not_touch_quotas_even_if_discord_shows_them(
    sandbox: Sandbox, tmp_path: Path, verb: str, options: dict[str, Any], homes: str
) -> None:
    async with bot_beside(sandbox, tmp_path, home_guilds=homes) as bot:
        ada, cleo = sandbox.member("ada"), sandbox.member("cleo")
        show_credits_commands(sandbox, bot, ANNEX)
        said = await (await ada.slash(f"atelier-credits {verb}", channel=LOBBY, member=cleo.id, **options)).answer()
        assert "my home servers" in ada.text(said["id"])
        assert (await bot.statement(cleo)).available == DAILY


async def test_operators_of_the_only_server_look_after_credits(sandbox: Sandbox, tmp_path: Path) -> None:
    del sandbox.container.world.guilds[ANNEX]
    async with bot_beside(sandbox, tmp_path, home_guilds="") as bot:
        ada, ben = sandbox.member("ada"), sandbox.member("ben")
        await credits_offered(sandbox, ada)
        await (await ada.slash("atelier-credits grant", member=ben.id, amount=5, reason="welcome")).answer()
        assert (await bot.statement(ben)).available == DAILY + 5


async def test_gift_moves_credits_where_gifts_are_allowed(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, gifts=True) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        said = await (await ben.slash("gift", member=cleo.id, amount=30)).answer()
        assert "30 credits" in ben.text(said["id"])
        too_many = await (await ben.slash("gift", member=cleo.id, amount=900)).answer()
        assert f"you have {DAILY - 30} left" in ben.text(too_many["id"])
        assert "a smaller `amount`" in ben.text(too_many["id"])
        assert "clip" not in ben.text(too_many["id"])
        balances = [(await bot.statement(who)).available for who in (ben, cleo)]
        assert balances == [DAILY - 30, DAILY + 30]


async def test_gift_is_no_command_where_gifts_are_not_allowed(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        assert "gift" not in sandbox.member("ben").commands()


async def test_role_opens_a_tier(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "tiers.toml"
    file.write_text(
        f"timezone = '{NOON_ZONE}'\n[[tier]]\nname = 'everybody'\ndaily_credits = 5\nlargest_px = 256\n"
        f"[[tier]]\nname = 'patrons'\nroles = [{PATRONS}]\ndaily_credits = 70\nlargest_px = 0\n",
        encoding="utf-8",
    )
    async with bot_beside(sandbox, tmp_path, tiers=file):
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        assert "70 credits left" in ben.text((await (await ben.slash("quota mine")).answer())["id"])
        assert "5 credits left" in cleo.text((await (await cleo.slash("quota mine")).answer())["id"])
        await cleo.slash("imagine", prompt="a red heart", count=1)
        await told(sandbox, cleo, "256 px")
