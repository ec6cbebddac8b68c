"""What somebody may have meant: a subject that their prompt names, or a noun that a small model knows."""

from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from db.queue.finding import jobs_of_member
from inference.catalogue import Catalogue
from inference.vocabulary import Vocabulary
from tests.support.acceptance.bots import RunningBot, bot_beside
from tests.support.acceptance.menus import press_more
from tests.support.acceptance.messages import alt_texts
from tests.support.acceptance.private import run_privately
from tests.support.acceptance.training import available, sees, trained
from tests.support.bot.catalogues import HEARS, TINY

SMALL = Catalogue(
    images=(TINY,), speech=(HEARS,), vocabularies={"tiny": Vocabulary(frozenset({"heart", "zebra", "boat"}))}
)
ASKED = "Your prompt names `Blob`."


async def asked(sandbox: Sandbox, who: HumanClient, said: str, **options: Any) -> str:
    """Run /imagine, and return the message with the question."""
    await who.slash("imagine", **options)
    await sandbox.until(lambda: sees(who, said))
    return next(str(one["id"]) for one in who.messages() if said in who.text(one["id"]))


async def requests(bot: RunningBot, who: HumanClient) -> list[dict[str, Any]]:
    """Return what a member's picture jobs are."""
    return [job.request for job in await bot.services.db.read(jobs_of_member, int(who.id)) if job.kind == "image"]


async def drawn(sandbox: Sandbox, who: HumanClient, count: int) -> str:
    """Wait for a card with so many pictures, and return it."""
    await sandbox.until(lambda: any(len(who.pictures(one["id"])) == count for one in who.messages()))
    return next(str(one["id"]) for one in who.messages() if len(who.pictures(one["id"])) == count)


async def test_subject_that_a_prompt_names_is_offered_and_its_trigger_never_shown(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        await trained(sandbox, ben)
        left = await available(bot, ben)
        card = await asked(sandbox, ben, ASKED, prompt="blob on a boat --ar 3:2", count=2)
        assert ben.buttons(card) == ["Use Blob", "As plain words", "Cancel"]
        assert not sees(ada, ASKED)
        assert (await requests(bot, ben), await available(bot, ben)) == ([], left)
        await ben.press(card, "Use Blob")
        shown = await drawn(sandbox, ada, 2)
        (request,) = await requests(bot, ben)
        trigger = request["subjects"][0]["trigger"]
        assert request["prompt"] == f"{trigger} on a boat"
        assert "blob on a boat --subject Blob --ar 3:2 --count 2\n" in ben.text(shown)
        await (await press_more(ben, shown, "Info")).done()
        await (await ben.slash("history")).done()
        await sandbox.until(lambda: sees(ben, "Subject: Blob") and sees(ben, "What you made"))
        assert not sees(ben, trigger.split()[0])
        assert alt_texts(ben.message(shown))[0].startswith("blob on a boat (")
        assert not sees(ben, ASKED)


async def test_subject_that_a_prompt_names_can_be_left_out_after_a_restart(sandbox: Sandbox, tmp_path: Path) -> None:
    ben = sandbox.member("ben")
    async with bot_beside(sandbox, tmp_path):
        await trained(sandbox, ben)
        card = await asked(sandbox, ben, ASKED, prompt="a blob", private=True, count=2)
    async with bot_beside(sandbox, tmp_path) as bot:
        await ben.press(card, "As plain words")
        await drawn(sandbox, ben, 2)
        (request,) = await requests(bot, ben)
        assert (request["prompt"], request["subjects"]) == ("a blob", [])


async def test_member_to_whom_a_name_is_a_plain_word_is_not_asked_again(sandbox: Sandbox, tmp_path: Path) -> None:
    ben = sandbox.member("ben")
    async with bot_beside(sandbox, tmp_path):
        await trained(sandbox, ben)
        card = await asked(sandbox, ben, ASKED, prompt="a blob")
        await ben.press(card, "Cancel")  # which answers nothing
        await sandbox.until(lambda: sees(ben, "Cancelled"))
        card = await asked(sandbox, ben, ASKED, prompt="a blob", count=1)
        await ben.press(card, "As plain words")
        await drawn(sandbox, ben, 1)
    async with bot_beside(sandbox, tmp_path) as bot:
        await ben.slash("imagine", prompt="two of a blob", count=2)
        await drawn(sandbox, ben, 2)
        await ben.slash("imagine", prompt="a blob", subject="Blob", count=3)
        await drawn(sandbox, ben, 3)
        assert [len(request["subjects"]) for request in await requests(bot, ben)] == [1, 0, 0]


async def test_suggestion_that_is_cancelled_costs_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=SMALL) as bot:
        ben = sandbox.member("ben")
        left = await available(bot, ben)
        card = await asked(sandbox, ben, "Did you mean `zebra`", prompt="a zebrra")
        await (await ben.press(card, "Cancel")).done()
        await sandbox.until(lambda: "Cancelled" in ben.text(card))
        assert "a zebrra" in ben.text(card)
        assert ben.buttons(card) == ["Edit prompt"]
        assert (await requests(bot, ben), await available(bot, ben)) == ([], left)


@pytest.mark.parametrize(("button", "prompt"), [("Draw zebra", "a zebra"), ("As typed", "a zebrra")])
async def test_misspelt_noun_is_corrected_if_it_is_wanted_and_then_priced(
    sandbox: Sandbox, tmp_path: Path, button: str, prompt: str
) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=SMALL, asks_above=3) as bot:
        ben = sandbox.member("ben")
        card = await asked(sandbox, ben, "Did you mean `zebra`", prompt="a zebrra")
        await ben.press(card, button)
        await sandbox.until(lambda: sees(ben, "This uses 4 of your"))
        price = next(one["id"] for one in ben.messages() if "This uses 4" in ben.text(one["id"]))
        await ben.press(price, "Continue")
        shown = await drawn(sandbox, ben, 4)
        assert prompt in ben.text(shown)
        assert [request["prompt"] for request in await requests(bot, ben)] == [prompt]


async def test_nothing_is_asked_where_something_known_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=SMALL):
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a haert on a boat")).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)


async def test_nouns_of_a_small_model_are_offered_and_can_be_leafed_through(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, catalogue=SMALL):
        ben = sandbox.member("ben")
        rows = await ben.autocomplete("imagine", "prompt", prompt="a red hea")
        assert [row["value"] for row in rows] == ["a red hea", "a red heart"]
        assert await ben.autocomplete("imagine", "prompt", prompt="a red heart --ar 3") == []
        assert await ben.autocomplete("imagine", "prompt", prompt="x" * 200) == []
        assert await ben.autocomplete("imagine", "prompt", prompt="a hea ") == []
        models = await (await ben.slash("models")).answer()
        assert "3 words" in ben.text(models["id"])
        await (await ben.press(models["id"], "Browse its words")).done()
        await sandbox.until(lambda: sees(ben, "boat, heart, zebra"))


async def test_blocked_word_that_is_to_be_left_out_is_not_shown(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await run_privately(sandbox.member("ada"), "atelier words add", word="gore")
        card = await (await ben.slash("imagine", prompt="a red heart --no gore --ar 3:2")).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
        assert "a red heart --ar 3:2" in ben.text(card["id"])
        assert "gore" not in ben.text(card["id"])
        assert [request["negative"] for request in await requests(bot, ben)] == ["gore"]
