"""Questions that were open in 0.1 are open after the upgrade: each is what it was, in its own type."""

import datetime as dt
import json
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from alembic import command
from pydantic import TypeAdapter

from bot.features.imagine.order import ImagineOrderRequest
from bot.features.train.training import TrainingOptions, TrainingOrderRequest
from bot.features.voice.transcribe import ClipOrderRequest, RepeatedClipOrderRequest, TranscribeOptions
from bot.run import AnyOrderRequest
from bot.shared.files.downloads import RemoteFile
from bot.shared.orders.order_request import OrderRequest
from db import clock
from db.engine import Database
from db.ids import new_id
from db.migrations.run import configuration
from db.moderation.audit_log import latest_entries
from db.people.erasure import erase_member
from db.people.personal_data import personal_data_of
from db.queue.finding import jobs_of_subject, jobs_that_hear
from db.queue.job import Pace
from db.queue.pending import Question, find_order, orders_of_member, purge_orders
from inference.requests import ImageRequest, SubjectUse, from_json, to_json
from tests.support.bot.jobs import REQUEST
from tests.support.clock import open_database

BEN = 120000000000000001
IMAGE = to_json(REQUEST) | {"subjects": [asdict(SubjectUse("s" * 26, 0.8, "zkv dog"))]}
PICTURES = from_json(IMAGE)
assert isinstance(PICTURES, ImageRequest)
CLIP: dict[str, Any] = {
    "url": "https://cdn.discordapp.com/1", "name": "a.ogg", "size_bytes": 9, "content_type": "audio/ogg",
    "duration_s": 91.0,
}  # fmt: skip
OPTIONS: dict[str, Any] = {"language": "de", "translate": True, "timestamps": False}
LESSON: dict[str, Any] = {
    "name": "Rex", "class_noun": "dog", "model": "tiny", "steps": 40, "keep_photos": True, "private": False,
}  # fmt: skip
JOB = "j" * 26
# As 0.1 kept them: content; question, price and pace as they are kept now; what was asked for.
KEPT: list[tuple[dict[str, Any], Question, int | None, Pace | None, OrderRequest]] = [
    (
        {"request": IMAGE, "source_job_id": JOB, "price": 12, "private": True}, Question.PRICE, 12, None,
        ImagineOrderRequest(image=PICTURES, source_job_id=JOB),
    ),
    (
        {"request": IMAGE, "source_job_id": None, "pace": "relaxed", "private": False}, Question.LICENCE, None,
        Pace.RELAXED, ImagineOrderRequest(image=PICTURES),
    ),
    (
        {"clip": CLIP, "hearing": OPTIONS, "speaker_id": BEN, "price": 4, "private": False}, Question.PRICE, 4, None,
        ClipOrderRequest(attached=RemoteFile(**CLIP), options=TranscribeOptions(**OPTIONS), speaker_id=BEN),
    ),
    (
        {"again": JOB, "hearing": OPTIONS, "private": False}, Question.LICENCE, None, None,
        RepeatedClipOrderRequest(source_job_id=JOB, options=TranscribeOptions(**OPTIONS)),
    ),
    (
        {"lesson": LESSON, "private": True}, Question.LICENCE, None, None,
        TrainingOrderRequest(options=TrainingOptions(**LESSON)),
    ),
]  # fmt: skip


async def filled(database: Database, rows: list[dict[str, Any]], *, age: dt.timedelta = dt.timedelta()) -> list[str]:
    """Make a database of 0.1 with open questions; return their ids."""
    ids = []
    with database.begin() as connection:
        command.upgrade(configuration(connection), "0005")
        now = clock.now(connection) - age
        for number, content in enumerate(rows):
            ids.append(new_id(now))
            statement = sa.text("INSERT INTO offers VALUES (:id, :user_id, :interaction_id, :content, :at)")
            values = {"id": ids[-1], "user_id": BEN, "interaction_id": 500 + number, "at": now.timestamp()}
            connection.execute(statement, values | {"content": json.dumps(content)})
    return ids


async def test_questions_that_were_open_go_on(empty_database_url: str) -> None:
    async with open_database(empty_database_url) as database:
        ids = await filled(database, [content for content, *_ in KEPT])
        await database.migrate()
        for number, (order_id, (content, question, price, pace, asked)) in enumerate(zip(ids, KEPT, strict=True)):
            order = await database.read(find_order, order_id)
            assert (order.user_id, order.interaction_id) == (BEN, 500 + number)
            assert (order.question, order.price, order.pace, order.private) == (
                question, price, pace, content["private"],
            )  # fmt: skip
            found = TypeAdapter[OrderRequest](AnyOrderRequest).validate_python(order.request)
            assert found == asked


async def test_questions_that_were_too_old_or_say_nothing_are_closed(empty_database_url: str) -> None:
    async with open_database(empty_database_url) as database:
        content, *_ = KEPT[0]
        await filled(database, [content], age=dt.timedelta(days=3))
        await database.migrate()
        assert len(await database.write(purge_orders)) == 1
    async with open_database(empty_database_url) as database:
        assert await database.read(orders_of_member, BEN) == []


async def test_question_that_nobody_can_read_is_left_out(empty_database_url: str) -> None:
    async with open_database(empty_database_url) as database:
        await filled(database, [{"something": "else"}])
        await database.migrate()
        assert await database.read(orders_of_member, BEN) == []


SUBJECT, OTHER = "01m83842kz1b68hw7hqesfsask", "01m83842kz1b68hw7hqesfsas0"
LONGER = BEN * 10 + 7  # BEN's id is within it
# As 0.1 wrote acts: what, about what, why.
ACTS = [
    ("pause", "", "closed"),
    ("ban", f"<@{BEN}>", "spam"),
    ("find", f"<@{LONGER}>", f"as {LONGER} said"),
    ("quota grant", f"<@{BEN}> +50", f"a friend of {LONGER}"),
    ("quota set", f"<@{BEN}> = 7", ""),
    ("find", f"job {JOB}", ""),
    ("remove", f"subject {SUBJECT}", ""),
    ("channels allow", "<#42>", ""),
    ("words add", f"<@{BEN}>", ""),
    ("find", "a former member", ""),
]
REQUESTS: dict[str, dict[str, Any]] = {
    "a" * 26: {"kind": "train", "subject_id": SUBJECT, "trigger": "zwx"},
    "b" * 26: {"kind": "image", "subjects": [{"subject_id": SUBJECT}, {"subject_id": OTHER}, {"subject_id": OTHER}]},
    "c" * 26: {"kind": "image", "prompt": f"the word {SUBJECT}", "subjects": []},
    "d" * 26: {"kind": "transcribe", "speaker_id": LONGER},
    "e" * 26: {"kind": "transcribe", "speaker_id": None},
}


def lived(connection: sa.Connection) -> None:
    """Make a database of 0.1 with jobs and a log."""
    command.upgrade(configuration(connection), "0005")
    for number, (what, target, reason) in enumerate(ACTS, start=1):
        row = {"id": number, "guild_id": 7, "by_user": 9, "what": what, "target": target, "reason": reason, "at": 1.0}
        insert(connection, "acts", row)
    for number, (job_id, request) in enumerate(REQUESTS.items()):
        row = {
            "id": job_id, "interaction_id": number, "interaction_token": "t", "token_expires_at": 1.0,
            "kind": request["kind"], "pace": "fast", "state": "done", "user_id": 5, "guild_id": 7, "channel_id": 8,
            "request": json.dumps(request), "model": "tiny", "work": 1, "outcome": "{}", "queued_at": 1.0,
            "ended_at": 2.0, "changed_at": 2.0,
        }  # fmt: skip
        insert(connection, "jobs", row)


def insert(connection: sa.Connection, table: str, row: dict[str, Any]) -> None:
    names = ", ".join(row)
    connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(row)})"), row)


async def test_jobs_of_before_are_found_by_their_subjects_and_who_is_heard(empty_database_url: str) -> None:
    async with open_database(empty_database_url) as database:
        with database.begin() as connection:
            lived(connection)
        await database.migrate()
        assert [job.id[0] for job in await database.read(jobs_of_subject, SUBJECT)] == ["b", "a"]
        assert [job.id[0] for job in await database.read(jobs_of_subject, OTHER)] == ["b"]
        assert [job.id[0] for job in await database.read(jobs_that_hear, LONGER)] == ["d"]
        assert await database.read(jobs_that_hear, BEN) == []


async def test_log_of_before_reads_as_it_did_and_knows_whom_it_is_about(empty_database_url: str) -> None:
    async with open_database(empty_database_url) as database:
        with database.begin() as connection:
            lived(connection)
        await database.migrate()
        noted = [one.entry for one in reversed(await database.read(latest_entries, 7, 99))]
        assert [(act.what, str(act.target or ""), act.reason) for act in noted] == ACTS
        about = [row["target"] for row in (await database.read(personal_data_of, BEN))["acts"]]
        assert about == [f"<@{BEN}>", f"<@{BEN}> +50", f"<@{BEN}> = 7"]
        await database.write(erase_member, LONGER)
        left = [one.entry for one in reversed(await database.read(latest_entries, 7, 99))]
        changed = [number for number, (old, new) in enumerate(zip(noted, left, strict=True)) if old != new]
        assert changed == [2, 3]
        assert (str(left[2].target), left[2].reason, left[3].reason) == ("a former member", "", "")


async def test_log_reads_the_same_after_going_back(empty_database_url: str) -> None:
    async with open_database(empty_database_url) as database:
        with database.begin() as connection:
            lived(connection)
        await database.migrate()
        with database.begin() as connection:
            command.downgrade(configuration(connection), "0009")
            rows = connection.execute(sa.text("SELECT what, target, reason FROM acts ORDER BY id")).all()
    assert [tuple(row) for row in rows] == ACTS
