"""A subject that was taught: drawn by its words, opened by its name, deleted with its files."""

from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from bot.shared.results import delete_subject
from db.files import FileStore
from db.people.subjects import subjects_of_member
from db.queue.finding import jobs_of_member
from db.wake import CHANGED
from tests.support.acceptance.bots import bot_beside
from tests.support.acceptance.training import photos, preflight, sees, trained


async def test_subject_is_drawn_with_its_words_and_for_its_owner_only(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        await trained(sandbox, ben)
        (subject,) = await bot.services.db.read(subjects_of_member, int(ben.id))
        card = await (await ben.slash("imagine", prompt="Blob on the beach", subject="blob:0.8", count=1)).message()
        await sandbox.until(lambda: len(ben.pictures(card["id"])) == 1)
        assert "Blob on the beach --subject blob:0.8" in ben.text(card["id"])
        drawn = (await bot.services.db.read(jobs_of_member, int(ben.id)))[0]
        assert drawn.request["prompt"] == f"{subject.phrase} on the beach"
        await cleo.slash("imagine", prompt="Blob", subject="Blob")
        await sandbox.until(lambda: sees(cleo, "no subject with that name"))


async def test_subject_is_opened_by_its_name_and_only_by_its_owner(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben, cleo = sandbox.member("ben"), sandbox.member("cleo")
        await trained(sandbox, ben)
        assert [choice["value"] for choice in await ben.autocomplete("subjects", "name", name="b")] == ["Blob"]
        assert await cleo.autocomplete("subjects", "name", name="b") == []
        opened = await (await ben.slash("subjects", name_="blob")).answer()
        assert "Rename" in ben.buttons(opened["id"])
        await cleo.slash("subjects", name_="Blob")
        await sandbox.until(lambda: sees(cleo, "no subject with that name"))


@pytest.mark.parametrize("name", ["Rex, the dog", "Rex:2", "   "])
async def test_name_that_could_not_be_typed_is_refused(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    async with bot_beside(sandbox, tmp_path):
        ben = sandbox.member("ben")
        await trained(sandbox, ben)
        await ben.slash("train", name_=name, kind="mascot")
        await sandbox.until(lambda: sees(ben, "subject's `name`" if name.strip() else "needs a `name`"))
        opened = await (await ben.slash("subjects", name_="Blob")).answer()
        form = await ben.press(opened["id"], "Rename")
        said = len(ben.messages())
        await form.submit(Name=name)
        await sandbox.until(lambda: len(ben.messages()) > said)
        assert [choice["value"] for choice in await ben.autocomplete("subjects", "name", name="")] == ["Blob"]


async def test_subject_deleted_leaves_no_file(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        await trained(sandbox, ben)
        overview = await (await ben.slash("subjects")).answer()
        opened = await (await ben.press(overview["id"], "Open")).answer()
        question = await (await ben.press(opened["id"], "Delete")).answer()
        await ben.press(question["id"], "Delete forever")
        await sandbox.until(lambda: "Deleted `Blob`" in ben.text(question["id"]))
        assert await bot.services.db.read(subjects_of_member, int(ben.id)) == []
        assert await bot.services.files.list("subjects") == []
        assert await bot.services.files.list("jobs") == []


async def test_subject_deleted_while_its_photos_are_put_aside_leaves_none(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = FileStore.put

    async def put(self: FileStore, key: str, content: bytes) -> None:
        if key.endswith("photo-0.png"):
            (subject,) = await bot.services.db.read(subjects_of_member, int(ben.id))
            await delete_subject(bot.services, subject)
        await real(self, key, content)

    monkeypatch.setattr(FileStore, "put", put)
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        card = await preflight(ben, photos(4), keep_photos=True)
        await ben.press(card, "I agree – start")
        changed = bot.services.db.wake.listen(CHANGED)
        while not any(job.delivered_at for job in await bot.services.db.read(jobs_of_member, int(ben.id))):
            await changed.wait(0.5)
        assert await bot.services.files.list("subjects") == []
        assert await bot.services.files.list("uploads") == []
