"""A family of pictures by three members outlives the one in the middle, of whom nothing is left."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.features.imagine.comparing import IDENTICAL
from bot.sandbox.human.client import HumanClient
from bot.sandbox.server import Sandbox
from bot.shared.results import picture_names, uploads_of
from db.engine import Database
from db.file_keys import UPLOADS, job_file
from db.people.favourites import add_favourite, count_favourites
from db.queue.finding import find_job, jobs_of_member
from db.queue.job import Job
from db.tables.columns import metadata
from tests.support.acceptance.bots import RunningBot, bot_beside
from tests.support.acceptance.pictures import settled
from tests.support.acceptance.upscaling import drawn
from tests.support.acceptance.varying import newest

CANARY = "canary in a coal mine"


async def varied_by(sandbox: Sandbox, bot: RunningBot, who: HumanClient, card: str, button: str) -> Job:
    """Have a picture of a card varied for somebody, who is asked first where it is another's; return the job."""
    before = len(await bot.services.db.read(jobs_of_member, int(who.id)))
    await (await who.press(card, button)).done()
    if before == 0:  # the card is somebody else's
        await sandbox.until(lambda: "Draw it for you?" in who.text(newest(who)))
        await who.press(newest(who), "Continue")
        await sandbox.until(lambda: len(who.pictures(newest(who))) == 4)
    else:
        await sandbox.until(lambda: len(who.pictures(newest(who))) == 4)
    await settled(sandbox, bot, who)
    return (await bot.services.db.read(jobs_of_member, int(who.id), limit=1))[0]


def rows_with(database: Database, trace: object) -> list[str]:
    """Return in which columns of all tables something stands, in whatever value."""
    found = set()
    with database.engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(sa.select(table)).mappings():
                found |= {f"{table.name}.{name}" for name, value in row.items() if str(trace) in str(value)}
    return sorted(found)


def files_with(folder: Path, trace: Any) -> list[str]:
    """Return the files in which something stands as text, or as a number the way that the database writes it."""
    sought = [str(trace).encode(), *([trace.to_bytes(8, "big")] if isinstance(trace, int) else [])]
    files = [file for file in folder.rglob("*") if file.is_file()]
    return sorted(file.name for file in files if any(one in file.read_bytes() for one in sought))


async def test_family_outlives_the_deletion_of_the_member_in_its_middle(sandbox: Sandbox, tmp_path: Path) -> None:
    async with bot_beside(sandbox, tmp_path) as bot:
        services = bot.services
        ben, cleo, ada = (sandbox.member(name) for name in ("ben", "cleo", "ada"))
        root_card = await drawn(sandbox, ben)
        await settled(sandbox, bot, ben)
        (root,) = await services.db.read(jobs_of_member, int(ben.id))
        middle = await varied_by(sandbox, bot, cleo, root_card, "V1")
        await (await cleo.slash("imagine", prompt=f"a {CANARY}", count=1, private=True)).answer()
        await settled(sandbox, bot, cleo)
        child = await varied_by(sandbox, bot, ada, str(middle.message_id), "V2")
        grandchild = await varied_by(sandbox, bot, ada, str(child.message_id), "V3")
        await services.db.write(add_favourite, int(ada.id), middle.id)
        gone = await services.db.read(jobs_of_member, int(cleo.id))
        ids = {one for job in gone for one in (job.interaction_id, job.message_id) if one is not None}
        traces: list[int | str] = [int(cleo.id), CANARY, *ids]
        assert all(rows_with(services.db, trace) for trace in traces)

        question = await (await cleo.slash("mydata delete")).answer()
        await (await cleo.press(question["id"], "Delete everything")).done()
        await sandbox.until(lambda: "**Deleted:**" in cleo.text(question["id"]))
        await sandbox.until(lambda: str(middle.message_id) not in [one["id"] for one in ada.messages()])

        assert [await services.db.read(find_job, job.id) for job in (root, child, grandchild)] == [
            root, child, grandchild,
        ]  # fmt: skip
        assert (child.source_job_id, grandchild.source_job_id) == (middle.id, child.id)
        for job in (root, child, grandchild):
            for name in picture_names(job):
                assert await services.files.exists(job_file(job.id, name))
        kept = {key for job in (child, grandchild) for key in uploads_of(job.request)}
        assert set(await services.files.list(UPLOADS)) == kept  # their copies of what they began from
        assert await services.db.read(count_favourites, int(ada.id)) == 0

        assert await services.db.scrub()
        assert [found for trace in traces for found in rows_with(services.db, trace)] == []
        assert [found for trace in traces for found in files_with(tmp_path, trace)] == []
        assert rows_with(services.db, middle.id) == ["jobs.request", "jobs.source_job_id"]  # it leads nowhere now
        assert [key for key in await services.files.list("jobs") if any(job.id in key for job in gone)] == []

        page = await (await ada.slash("history")).answer()
        shown = await (await ada.press(page["id"], "2")).answer()
        await (await ada.select(shown["id"], "Family: 1 job made from it", grandchild.id)).done()
        await sandbox.until(lambda: "Family: what it was made from" in str(ada.message(shown["id"])))
        again = await (await ada.press(shown["id"], "Draw again exactly")).answer()
        await settled(sandbox, bot, ada)
        assert IDENTICAL in ada.text(again["id"])
