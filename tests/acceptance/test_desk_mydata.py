"""/mydata: the export is complete and opens; after the deletion, no byte that is kept is the member's."""

import contextlib
import datetime as dt
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright

from bot.features.mydata.page import index_page
from bot.features.mydata.personal_data import delete_everything, export_parts
from bot.sandbox.server import Sandbox
from bot.shared.discord.limits import LIMITS
from db.credits.audit import audit
from db.engine import Database
from db.file_keys import photo_file
from db.people.erasure import StillLive, erase_member
from db.queue.finding import find_job, jobs_of_member
from db.queue.pending import NewOrder, Question, keep_order
from tests.support.acceptance.bots import bot_beside
from tests.support.acceptance.pictures import draw, settled
from tests.support.acceptance.voice import said as voiced
from tests.support.optional import chromium

CANARY = "zirpelnuss"  # a word that nothing else has


async def test_export_holds_everything_and_opens(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        await draw(sandbox, ben, f"{CANARY} <b>in gold</b>")
        await draw(sandbox, cleo, "a blue cat")
        await cleo.context_menu("Transcribe", message_id=await voiced(sandbox, ben, "I said that."))
        await sandbox.until(lambda: any("I said that." in ben.text(one["id"]) for one in ben.messages()))
        await settled(sandbox, bot, ben)
        said = await (await ben.slash("mydata export")).answer()
        await sandbox.until(lambda: "everything I keep about you" in ben.text(said["id"]))
        (sent,) = [one for one in ben.messages() if any(a["filename"].endswith(".zip") for a in one["attachments"])]
        assert sent["flags"] & 64
        with zipfile.ZipFile(io.BytesIO(ben.read(sent["attachments"][0]["url"]))) as archive:
            assert archive.testzip() is None
            data = json.loads(archive.read("data.json"))
            page = archive.read("index.html").decode()
            names = archive.namelist()
        (job,) = data["jobs"]
        assert job["request"]["prompt"] == f"{CANARY} <b>in gold</b>"
        assert {f"files/jobs/{job['id']}/{n}.png" for n in range(1, 5)} <= set(names)
        assert "&lt;b&gt;in gold" in page
        assert f'src="files/jobs/{job["id"]}/4.png">' in page
        assert "blue cat" not in page
        assert "<blockquote>I said that.</blockquote>" in page
        assert cleo.id not in json.dumps(data)
        assert sum(row["amount"] for row in data["credits"] if row["account"] == "spent") == 4
        assert await bot.services.db.read(find_job, job["id"]) is not None


@pytest.mark.browser
async def test_page_of_the_export_fits_a_phone(tmp_path: Path) -> None:
    id, now = "01m8fgdz4zegz7zgddmbt0sxfb", dt.datetime.now(dt.UTC)
    keys = [f"jobs/{id}/picture-{number}.png" for number in range(1, 5)]
    request = {"prompt": "a-prompt-without-a-space-" * 20}
    job = {"id": id, "kind": "image", "state": "done", "queued_at": now, "request": request, "outcome": {}}
    account = {
        "user_id": 120_000_000_000_000_002,
        "available": 100,
        "held": 0,
        "spent": 0,
        "allowance_day": "2026-11-27",
    }
    (tmp_path / "index.html").write_text(index_page({"jobs": [job], "account": [account]}, keys, now), encoding="utf-8")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        page = await browser.new_page(viewport={"width": 390, "height": 800})
        await page.goto((tmp_path / "index.html").as_uri())
        await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        assert await page.locator("section, article, table").first.evaluate("one => one.tagName") == "ARTICLE"
        await browser.close()


async def test_export_in_parts_keeps_the_limit_and_loses_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await draw(sandbox, ben, "noise, nothing but noise")
        await settled(sandbox, bot, ben)
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        limit = 20_000  # a picture is larger
        parts = [part async for part in export_parts(bot.services, int(ben.id), limit)]
        assert all(len(content) <= limit for _, content in parts)
        found: dict[str, bytes] = {}
        for _, content in parts:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                found |= {name: archive.read(name) for name in archive.namelist()}
        pieces = sorted(
            (name for name in found if name.startswith(f"files/jobs/{job.id}/1.png.piece-")),
            key=lambda name: int(name.rsplit("-", 1)[1]),
        )
        assert b"".join(found[name] for name in pieces) == await bot.services.files.get(f"jobs/{job.id}/1.png")


async def test_after_delete_no_byte_is_the_members(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        shown = await draw(sandbox, ben, f"a {CANARY}")
        other = await draw(sandbox, cleo, "a blue cat")
        await (await ben.slash("relax")).answer()
        await settled(sandbox, bot, ben)
        await settled(sandbox, bot, cleo)
        (job,) = await bot.services.db.read(jobs_of_member, int(ben.id))
        picture = await bot.services.files.get(f"jobs/{job.id}/1.png")
        order, _ = await bot.services.db.write(
            keep_order,  # photos that were sent and not paid for
            NewOrder(question=Question.PHOTOS, user_id=int(ben.id), interaction_id=1, version=1, request={}),
        )
        await bot.services.files.put(photo_file(order.id, 0), b"a photo of ben")
        before = everything_in(tmp_path)
        assert CANARY.encode() in before
        question = await (await ben.slash("mydata delete")).answer()
        await ben.press(question["id"], "Delete everything")
        await sandbox.until(lambda: "Deleted:" in ben.text(question["id"]))
        assert "1 job," in ben.text(question["id"])
        assert "until the end of the month" in ben.text(question["id"])
        await bot.services.db.scrub()  # as the bot does once an hour
        after = everything_in(tmp_path)
        traces = CANARY.encode(), ben.id.encode(), int(ben.id).to_bytes(8, "big"), picture, b"a photo of ben"
        for trace in (*traces, job.id.encode()):
            assert trace not in after
        assert b"blue cat" in after
        assert await bot.services.db.read(audit) == []
        await sandbox.until(lambda: shown not in [one["id"] for one in cleo.messages()])
        assert other in [one["id"] for one in cleo.messages()]
        assert (await bot.statement(ben)).available == 0  # the day was accounted for


async def test_delete_is_for_the_one_who_was_asked_and_stops_what_runs(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await (await ben.slash("imagine", prompt=f"a gate and a {CANARY}")).message()
        await sandbox.until(lambda: bot.client.is_ready())
        question = await (await ben.slash("mydata delete")).answer()
        assert await bot.services.db.read(jobs_of_member, int(ben.id)) != []  # nothing goes before the yes
        await ben.press(question["id"], "Delete everything")
        await sandbox.until(lambda: "Deleted:" in ben.text(question["id"]))
        await bot.services.db.scrub()
        assert CANARY.encode() not in everything_in(tmp_path)
        assert await bot.services.db.read(jobs_of_member, int(ben.id)) == []


async def test_job_that_ends_during_the_deletion_leaves_nothing(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was asked for after the others were stopped, and is over before the rows go."""
    write = Database.write

    async def late(self: Database, work: Any, *args: Any, **named: Any) -> Any:
        if work is erase_member:
            monkeypatch.setattr(Database, "write", write)
            await draw(sandbox, ben, f"a {CANARY}")
            await settled(sandbox, bot, ben)
        return await write(self, work, *args, **named)

    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await draw(sandbox, ben, "a red heart")
        await settled(sandbox, bot, ben)
        monkeypatch.setattr(Database, "write", late)
        with contextlib.suppress(StillLive):  # told to try again
            await delete_everything(bot.services, int(ben.id))
        await delete_everything(bot.services, int(ben.id))
        assert await bot.services.files.list("jobs") == []
        await bot.services.db.scrub()
        assert CANARY.encode() not in everything_in(tmp_path)


async def test_copies_and_deletions_in_a_row_have_to_wait(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        for command in ("mydata export", "mydata delete"):
            times = next(limit.times for limit in LIMITS if f"/{command}" in limit.entries)
            for _ in range(times):
                question = await (await ben.slash(command)).answer()
            refused = await (await ben.slash(command)).answer()
            assert "a lot in a short time" in ben.text(refused["id"])
        pressed = await (await ben.press(question["id"], "Delete everything")).answer()  # counted together
        assert "a lot in a short time" in ben.text(pressed["id"])


def everything_in(folder: Path) -> bytes:
    """Return all bytes of all files: database, log, pictures, caches."""
    return b"\n".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())
