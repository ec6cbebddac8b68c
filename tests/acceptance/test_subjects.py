"""/subjects with many of them: how many one may keep, and what is read to show them."""

from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from db.files import FileStore
from db.people.new_subject import KEPT_MAX
from db.people.subjects import mark_ready
from tests.support.acceptance.bots import bot_beside
from tests.support.db.subjects import create, draft
from tests.support.engines.creature import photo


async def test_overview_reads_only_the_pictures_that_it_shows(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = FileStore.get

    async def get(store: FileStore, key: str) -> bytes:
        read.append(key)
        return await real(store, key)

    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        for number in range(20):
            made = draft(number, owner_id=int(ben.id))
            await bot.services.db.write(create, made)
            await bot.services.db.write(mark_ready, made.id, step=200)
            await bot.services.files.put(f"subjects/{made.id}/picture.png", photo(number))
        monkeypatch.setattr(FileStore, "get", get)
        overview = await (await ben.slash("subjects")).answer()
        assert "and 13 more" in ben.text(overview["id"])
        assert len([key for key in read if key.endswith("picture.png")]) == 7


async def test_teaching_one_more_than_may_be_kept_is_refused_before_photos_are_sent(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        ben = sandbox.member("ben")
        for number in range(KEPT_MAX):
            await bot.services.db.write(create, draft(number, owner_id=int(ben.id)))
        asked = await ben.slash("train", name="Rex", kind="dog")
        refusal = ben.text((await asked.answer())["id"])
        assert "You have 25 subjects" in refusal
        assert "`/subjects`" in refusal
