"""/styles, and pictures in a style: an unmodified discord.py client against the local Discord."""

import io
from pathlib import Path

from PIL import Image

from bot.sandbox.server import Sandbox
from db.queue.finding import jobs_of_member
from inference.catalogue import Catalogue
from tests.support.acceptance.bots import bot_beside
from tests.support.bot.catalogues import HEARS, INK, LARGE, STYLES, TINY


def example(folder: Path) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), "teal").save(buffer, "WEBP")
    file = folder / "ink.webp"
    file.write_bytes(buffer.getvalue())
    return str(file)


async def test_styles_are_shown_with_their_pictures_and_used_by_their_names(sandbox: Sandbox, tmp_path: Path) -> None:
    ink = INK.model_copy(update={"picture": example(tmp_path), "note": "Fine lines."})
    loras = (ink, *STYLES[1:], ink.model_copy(update={"name": "ink-2", "picture": ""}))
    catalogue = Catalogue(images=(TINY, LARGE), speech=(HEARS,), loras=loras)
    async with bot_beside(sandbox, tmp_path, catalogue=catalogue) as bot:
        ben = sandbox.member("ben")
        shown = await (await ben.slash("styles")).message()
        await sandbox.until(lambda: "6 styles" in ben.text(shown["id"]))
        text = ben.text(shown["id"])
        for told in ("`ink` · Ink drawing · usually 0.8 · CC0-1.0", "Fine lines.", "with `large`"):
            assert told in text
        assert [one["filename"] for one in ben.message(shown["id"])["attachments"]] == ["style-ink.webp"]
        await ben.press(shown["id"], "More")
        await sandbox.until(lambda: "`ink-2`" in ben.text(shown["id"]))
        assert ben.message(shown["id"])["attachments"] == []
        assert ben.buttons(shown["id"]) == ["Back"]

        assert [one["value"] for one in await ben.autocomplete("imagine", "style", style="draw")] == ["ink", "ink-2"]
        card = await (await ben.slash("imagine", prompt="a lighthouse --lora ink:0.6", count=1, seed=7)).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 1)
        assert "a lighthouse --style ink:0.6" in ben.text(card["id"])
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        assert job.request["loras"] == [{"name": "ink", "weight": 0.6}]
        assert job.request["prompt"] == "ink drawing, a lighthouse"
        await ben.slash("imagine", prompt="a lighthouse", style="inck")
        await sandbox.until(lambda: any("Did you mean `ink`?" in ben.text(one["id"]) for one in ben.messages()))
        assert sandbox.unimplemented == []


async def test_style_that_was_removed_is_named_when_a_picture_is_drawn_again(sandbox: Sandbox, tmp_path: Path) -> None:
    catalogue = Catalogue(images=(TINY, LARGE), speech=(HEARS,), loras=STYLES)
    async with bot_beside(sandbox, tmp_path, catalogue=catalogue) as bot:
        ben = sandbox.member("ben")
        card = await (await ben.slash("imagine", prompt="a cat", style="ink", count=1)).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 1)
        object.__setattr__(bot.services.catalogue, "loras", STYLES[1:])
        await ben.press(card["id"], "Re-roll")
        gone = "There is no style 'ink' here."
        await sandbox.until(lambda: any(gone in ben.text(one["id"]) for one in ben.messages()))
