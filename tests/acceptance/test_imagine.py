"""/imagine, from the words to the pictures: an unmodified discord.py client against the local Discord."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.sandbox.errors import HumanError
from bot.sandbox.server import Sandbox
from bot.shared.files.pictures import read_parameters
from db.queue.finding import jobs_of_member
from tests.support.acceptance.bots import DAILY, bot_beside
from tests.support.acceptance.engines import GATE, SLOTS
from tests.support.acceptance.messages import alt_texts

EPHEMERAL = 64


async def test_imagine_brings_four_pictures_and_takes_their_price(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a red heart", seed=7)).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
        assert "seed 7 – 10" in ben.text(card["id"])
        assert "4 credits" in ben.text(card["id"])
        below = ["V1", "V2", "V3", "V4", "Re-roll", "Change a picture", "Remix", "Favourite", "More"]
        assert ben.buttons(card["id"]) == below
        assert alt_texts(ben.message(card["id"])) == [f"a red heart (seed {seed})" for seed in (7, 8, 9, 10)]
        statement = await bot.statement(ben)
        assert (statement.available, statement.held) == (DAILY - 4, 0)
        assert sandbox.unimplemented == []
        assert sandbox.notified == []


async def test_imagine_sends_pngs_that_carry_their_parameters(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a red heart", count=1, seed=7)).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 1)
        content = ben.read(ben.pictures(card["id"])[0])
        assert Image.open(io.BytesIO(content)).format == "PNG"
        assert read_parameters(content).startswith("a red heart\nSteps: 20")
        assert "Seed: 7" in read_parameters(content)


async def test_imagine_that_must_wait_shows_its_place(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLOTS, "0")
    async with bot_beside(sandbox, tmp_path):
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        first = await (await ben.slash("imagine", prompt="a red heart")).answer()
        second = await (await cleo.slash("imagine", prompt="a blue cat", count=1)).answer()
        assert "you're next" in ben.text(first["id"])
        assert "1 ahead of you" in cleo.text(second["id"])
        assert "1 credit reserved" in cleo.text(second["id"])


async def test_imagine_under_way_shows_a_bar_and_a_preview(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GATE, str(tmp_path / "open"))
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a garden gate")).message()
        await sandbox.until(lambda: "step 10 of 20" in ben.text(card["id"]))
        assert "▰▰▰▰▰▰▱▱▱▱▱▱ 50%" in ben.text(card["id"])
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 1)
        assert ben.buttons(card["id"]) == ["Cancel", "Info"]
        (tmp_path / "open").touch()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)


async def test_private_imagine_is_seen_by_nobody_else(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        card = await (await ben.slash("imagine", prompt="a red heart", private=True)).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
        assert ben.message(card["id"])["flags"] & EPHEMERAL
        assert ada.messages() == []


async def test_imagine_in_direct_messages_works(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", channel=await ben.dm(), prompt="a red heart")).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)


async def test_event_that_comes_twice_makes_one_job(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a red heart")).message()
        sandbox.gateway.replay()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
        assert len(await bot.services.db.read(jobs_of_member, int(ben.id))) == 1
        assert len(ben.messages()) == 1


NASTY = "`` ` @everyone <@120000000000000003> **x** [y](http://z) \u202e ```js"


async def test_prompt_full_of_tricks_mentions_nobody_and_breaks_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt=NASTY)).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 4)
        assert ben.text(card["id"]).count("```") == 2
        assert "\u202e" not in ben.text(card["id"])
        assert sandbox.notified == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"prompt": "x --sparkle 3"}, "There is no parameter"),
        ({"prompt": "x --ste 3"}, "could mean"),
        ({"prompt": "x --niji 6"}, "only works in Midjourney"),
        ({"prompt": "x", "model": "nonesuch"}, "no `model` with that name"),
        ({"prompt": "x", "steps": 99}, "from 1 to 50"),
        ({"prompt": "x", "aspect": "100:1"}, "ratio"),
        ({"prompt": "   "}, "what you want to see"),
        ({"prompt": "a (red:1e9) heart"}, "must be from 0 to 4"),
    ],
)
async def test_imagine_that_cannot_be_drawn_is_refused_privately_and_costs_nothing(
    sandbox: Sandbox, tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, ada = sandbox.member("ben"), sandbox.member("ada")
        await ben.slash("imagine", **options)
        await sandbox.until(lambda: [said in ben.text(message["id"]) for message in ben.messages()] == [True])
        assert ben.messages()[0]["flags"] & EPHEMERAL
        assert ada.messages() == []
        assert (await bot.statement(ben)).available == DAILY


async def test_imagine_beyond_the_credits_is_refused_with_the_price(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path, daily_credits=3) as bot:
        ben = sandbox.member("ben")
        await ben.slash("imagine", prompt="a red heart")
        await sandbox.until(lambda: any("costs 4 credits" in ben.text(message["id"]) for message in ben.messages()))
        assert (await bot.statement(ben)).available == 3


async def test_imagine_beyond_the_queues_limit_is_refused(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLOTS, "0")
    async with bot_beside(sandbox, tmp_path, max_queued=1):
        ben = sandbox.member("ben")
        await (await ben.slash("imagine", prompt="a red heart")).answer()
        await ben.slash("imagine", prompt="a blue cat")
        await sandbox.until(
            lambda: any("already have 1 of these in the queue" in ben.text(message["id"]) for message in ben.messages())
        )


@pytest.mark.parametrize("options", [{"count": 5}, {"seed": -1}, {"guidance": 31.0}, {"steps": 0}])
async def test_options_out_of_bounds_are_refused_by_the_platform_itself(
    sandbox: Sandbox, tmp_path: Path, options: dict[str, Any]
) -> None:
    async with bot_beside(sandbox, tmp_path):
        with pytest.raises(HumanError):
            await sandbox.member("ben").slash("imagine", prompt="x", **options)


async def test_models_and_ratios_are_offered_while_typing(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        assert [one["value"] for one in await ben.autocomplete("imagine", "model", model="LAR")] == ["large"]
        ratios = await ben.autocomplete("imagine", "aspect", model="large", aspect="3")
        assert ratios == [
            {"name": "3:2 · 640×448 px", "value": "3:2"},
            {"name": "3:4 · 448×576 px", "value": "3:4"},
        ]


@pytest.mark.parametrize(("prompt", "said"), [("nan", "came out broken"), ("oom@2", "memory"), ("raise@2", "broke")])
async def test_job_that_fails_says_why_and_gives_the_credits_back(
    sandbox: Sandbox, tmp_path: Path, prompt: str, said: str
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt=prompt)).message()
        await sandbox.until(lambda: said in ben.text(card["id"]))
        assert "4 credits refunded" in ben.text(card["id"])
        assert (await bot.statement(ben)).available == DAILY
