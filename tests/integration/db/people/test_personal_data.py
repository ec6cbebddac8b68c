"""What is kept of a member: handed over whole, and taken out so that nothing names them and the books still balance."""

import datetime as dt
import random
from pathlib import Path

import pytest
import sqlalchemy as sa

from db.credits.allowance import Allowance
from db.credits.audit import audit
from db.credits.closing import LEFT
from db.credits.former_members import forget_former_members, hash_key_from
from db.engine import Database
from db.errors import StoreBusy
from db.moderation.audit_log import AuditEntry, latest_entries, log_entry
from db.moderation.decisions import Topic, decide, is_banned
from db.moderation.licences import accept_licence
from db.moderation.targets import Target, TargetKind
from db.people.erasure import StillLive, erase_member
from db.people.favourites import add_favourite
from db.people.members import note_member
from db.people.new_subject import NewSubject
from db.people.personal_data import personal_data_of
from db.people.shares import Scope, Share, share_subject
from db.queue.finding import jobs_of_member
from db.queue.retention import erase_jobs
from db.tables.columns import metadata
from tests.support.clock import START, open_database
from tests.support.db.ledger import LedgerHarness
from tests.support.db.store import StoreHarness, because
from tests.support.db.subjects import create
from tests.support.dispatcher import sqlite_only

LEAVER, STAYER, OPERATOR = 777_000_000_000_000_001, 2, 3
CANARY = "a canary in a coal mine"
DAY_S = 24 * 3600.0


async def lived(database: Database) -> StoreHarness:
    """Let a member and another do everything that leaves rows."""
    store = StoreHarness(database)
    for user_id in (LEAVER, STAYER):
        job = await store.submit(user_id, request={"kind": "image", "prompt": CANARY})
        (claimed,) = await store.claim()
        assert claimed.id == job.id
        await store.settle(claimed, charge=3)
        await database.write(note_member, user_id, 7)
        for keeper in (LEAVER, STAYER):
            await database.write(add_favourite, keeper, job.id)
        await database.write(accept_licence, user_id, "large", "OpenRAIL-M")
        await database.write(create,
            NewSubject(
                id=str(user_id).rjust(26, "0"), owner_id=user_id, guild_id=7, name="Rex", class_noun="dog",
                trigger="zwx", model="tiny", job_id=job.id, keeps_photos=False, statement="mine", photo_hashes=["ab"],
            )
        )  # fmt: skip
    await database.write(share_subject, str(STAYER).rjust(26, "0"), Share(Scope.MEMBER, LEAVER))
    await store.ledger.give(LEAVER, STAYER, 5, "gift:1")
    await store.ledger.give(STAYER, LEAVER, 2, "gift:2")
    await store.ledger.grant(STAYER, 9, "grant:1", because("kind", by_user=LEAVER))
    await database.write(log_entry, AuditEntry(guild_id=7, by_user=OPERATOR, what="find", target=Target.member(LEAVER)))
    await database.write(
        log_entry,
        AuditEntry(guild_id=7, by_user=OPERATOR, what="ban", target=Target.member(4), reason=f"a friend of {LEAVER}"),
    )
    await database.write(decide, AuditEntry(guild_id=7, by_user=LEAVER, what="words add"), Topic.WORD, "x", "x")
    return store


async def names(database: Database, user_id: int) -> list[str]:
    """Return which tables have a row that names a member, in whatever column."""
    found = []
    with database.engine.connect() as connection:
        for table in metadata.sorted_tables:
            rows = connection.execute(sa.select(table)).all()
            if any(str(user_id) in str(value) for row in rows for value in row):
                found.append(table.name)
    return found


async def test_all_rows_are_handed_over_without_secrets(database: Database) -> None:
    await lived(database)
    kept = await database.read(personal_data_of, LEAVER)
    some = {"jobs", "subjects", "consents", "credits", "licences", "favourites"}
    assert {name for name, rows in kept.items() if rows} >= some
    assert kept["jobs"][0]["request"]["prompt"] == CANARY
    assert "interaction_token" not in kept["jobs"][0]
    assert [row["amount"] for row in kept["credits"] if row["kind"] == "gift"] == [-5, 2]
    assert [(row["what"], bool(row["by_you"])) for row in kept["acts"]] == [
        ("quota grant", True), ("find", False), ("words add", True),
    ]  # fmt: skip
    assert [row["target"] for row in kept["acts"]] == ["", f"<@{LEAVER}>", ""]
    assert not {name for row in kept["acts"] for name in row if name.startswith("target_")}
    assert "speaker_id" not in kept["jobs"][0]
    assert all("by_user" not in row for row in kept["acts"])


async def test_taken_out_member_is_named_nowhere_and_the_books_balance(database: Database) -> None:
    store = await lived(database)
    before = await store.balances(STAYER)
    gone = await database.write(erase_member, LEAVER)
    assert (gone["jobs"], gone["subjects"], gone["acceptances"], gone["favourites"]) == (1, 1, 1, 2)
    assert len((await database.read(personal_data_of, STAYER))["favourites"]) == 1  # of what is gone, there is none
    assert await names(database, LEAVER) == []
    assert await store.db.read(audit) == []
    assert await store.balances(STAYER) == before
    with database.engine.connect() as connection:
        left = (
            connection.execute(sa.text(f"SELECT available, held, spent FROM accounts WHERE user_id = {LEFT}"))
        ).one()
    assert tuple(left) == (0, 0, 3)


async def test_member_whose_id_is_within_another_s_is_not_that_other(database: Database) -> None:
    longer = int(f"{LEAVER}9")
    await database.write(
        log_entry,
        AuditEntry(guild_id=7, by_user=OPERATOR, what="find", target=Target.member(longer), reason=f"as {longer} said"),
    )
    word = AuditEntry(guild_id=7, by_user=OPERATOR, what="words add", target=Target(TargetKind.WORD, f"not {longer}"))
    await database.write(log_entry, word)
    before = await database.read(latest_entries, 7, 9)
    assert (await database.read(personal_data_of, LEAVER))["acts"] == []
    await database.write(erase_member, LEAVER)
    assert await database.read(latest_entries, 7, 9) == before
    await database.write(erase_member, longer)
    assert await names(database, longer) == []
    assert [str(one.entry.target) for one in await database.read(latest_entries, 7, 9)] == ["a former member"] * 2


async def test_both_who_gave_each_other_credits_may_leave(database: Database) -> None:
    store = await lived(database)
    await database.write(erase_member, LEAVER)
    await database.write(erase_member, STAYER)
    assert await names(database, LEAVER) == []
    assert await store.db.read(audit) == []


async def test_member_with_a_live_job_is_asked_to_wait(database: Database) -> None:
    store = StoreHarness(database)
    job = await store.submit(LEAVER)
    with pytest.raises(StillLive):
        await database.write(erase_member, LEAVER)
    assert (await store.fresh(job)).price == 4


async def test_member_with_a_job_that_was_said_to_be_gone_is_asked_to_wait(database: Database) -> None:
    """It came or ended meanwhile, and its files are there yet."""
    store = await lived(database)
    (job,) = await store.db.read(jobs_of_member, LEAVER)
    with pytest.raises(StillLive):
        await database.write(erase_member, LEAVER, jobs_are_gone=True)
    assert await store.fresh(job) == job
    await database.write(erase_jobs, [job.id])
    await database.write(erase_member, LEAVER, jobs_are_gone=True)
    assert await names(database, LEAVER) == []


async def test_ban_stays_after_its_member_left(database: Database) -> None:
    await database.write(decide, AuditEntry(guild_id=7, by_user=OPERATOR, what="ban"), Topic.BAN, str(LEAVER), "spam")
    await database.write(erase_member, LEAVER)
    assert await database.read(is_banned, LEAVER)


async def test_taken_out_member_is_in_no_byte_of_the_files(database: Database, tmp_path: Path) -> None:
    if not database.is_sqlite:
        pytest.skip("of PostgreSQL the rows are promised; its vacuum sees to the pages")
    store = StoreHarness(database)
    order = [user for user in (LEAVER, STAYER) for _ in range(60)]
    random.Random(7).shuffle(order)
    for user in order:  # many pages, so that some are rebuilt
        words = f"{CANARY} {user} " + "x" * random.Random(user).randrange(900)
        await store.jobs.cancel((await store.submit(user, request={"prompt": words})).id, by_user=user)
    await database.write(erase_member, LEAVER)
    assert await database.scrub()
    content = b"".join(file.read_bytes() for file in tmp_path.glob("atelier.db*"))
    assert f"{CANARY} {STAYER}".encode() in content
    for trace in (f"{CANARY} {LEAVER}".encode(), str(LEAVER).encode(), LEAVER.to_bytes(8, "big")):
        assert trace not in content


async def test_deleting_and_coming_back_gives_no_allowance_twice(database: Database) -> None:
    ledger = LedgerHarness(database, Allowance(100, 1000, 50))
    moved = 0
    for number in range(5):
        rest = (await ledger.statement(LEAVER)).available
        moved += rest
        if rest:
            await ledger.give(LEAVER, STAYER, rest, f"gift:{number}")
        await database.write(erase_member, LEAVER)
        assert await names(database, LEAVER) == []
    assert moved == 150
    assert (await ledger.statement(STAYER)).available == 300
    assert await database.read(audit) == []
    assert (await ledger.statement(LEAVER, allowance=Allowance(120, 1000, 50))).available == 20  # a better tier
    database.advance(DAY_S)
    assert (await ledger.statement(LEAVER, allowance=Allowance(120, 1000))).available == 140


async def test_credits_given_to_somebody_who_left_do_not_make_them_a_newcomer(database: Database) -> None:
    ledger = LedgerHarness(database, Allowance(100, 1000))
    await ledger.statement(LEAVER)
    await database.write(erase_member, LEAVER)
    await ledger.give(STAYER, LEAVER, 1, "gift:1")
    assert (await ledger.statement(LEAVER)).available == 1


async def test_what_is_remembered_of_a_former_member_is_theirs_to_see_until_the_month_is_over(
    database: Database,
) -> None:
    ledger = LedgerHarness(database, Allowance(100, 1000))
    await ledger.statement(LEAVER)
    await database.write(erase_member, LEAVER)
    (kept,) = (await database.read(personal_data_of, LEAVER))["allowance"]
    assert kept["forget_at"] == dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)  # when it is over everywhere
    assert await database.write(forget_former_members) == 0
    database.advance((kept["forget_at"] - START).total_seconds())
    assert await database.write(forget_former_members) == 1
    assert (await database.read(personal_data_of, LEAVER))["allowance"] == []
    assert (await ledger.statement(LEAVER)).available == 100


async def test_former_member_is_recognised_by_whoever_has_the_key_alone(database_url: str) -> None:
    key, other = hash_key_from("a token"), hash_key_from("another token")
    async with open_database(database_url, hash_key=key) as before:
        await LedgerHarness(before, Allowance(100, 1000)).statement(LEAVER)
        await before.write(erase_member, LEAVER)
    async with open_database(database_url, hash_key=other) as stranger:
        assert (await stranger.read(personal_data_of, LEAVER))["allowance"] == []
    async with open_database(database_url, hash_key=key) as after:
        assert (await LedgerHarness(after, Allowance(100, 1000)).statement(LEAVER)).available == 0


def statements(database: Database) -> list[tuple[str, bool]]:
    """Return a list that fills with the statements to come, each with whether writers wait for it."""
    seen: list[tuple[str, bool]] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        seen.append((statement, database._backend.turn is not None and database._backend.turn.locked()))

    sa.event.listen(database.engine, "before_cursor_execute", note)
    return seen


@sqlite_only
async def test_however_many_leave_their_traces_are_scrubbed_once(database: Database) -> None:
    seen = statements(database)
    for user_id in range(5):
        await LedgerHarness(database, Allowance(1, 1)).statement(user_id + 1)
        await database.write(erase_member, user_id + 1)
    assert ("VACUUM", True) not in seen
    assert [await database.scrub(), await database.scrub()] == [True, False]
    assert seen.count(("VACUUM", True)) == 1
    assert ("PRAGMA wal_checkpoint(PASSIVE)", False) in seen


@sqlite_only
async def test_traces_that_a_restart_left_are_scrubbed_after_it(database_url: str, tmp_path: Path) -> None:
    async with open_database(database_url) as before:
        await LedgerHarness(before, Allowance(1, 1)).statement(LEAVER)
        await before.write(erase_member, LEAVER)
    async with open_database(database_url) as after:
        assert await after.scrub()
        assert not await after.scrub()


@sqlite_only
async def test_scrub_that_a_reader_holds_up_is_done_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.sqlite.CUT_WITHIN_MS", 10)
    await LedgerHarness(database, Allowance(1, 1)).statement(LEAVER)
    await database.write(erase_member, LEAVER)
    with database.engine.connect() as reader:
        reader.execute(sa.text("BEGIN"))
        reader.execute(sa.text("SELECT * FROM accounts"))
        with pytest.raises(StoreBusy):
            await database.scrub()
    assert await database.scrub()


@sqlite_only
async def test_name_is_taken_off_jobs_and_transfers_without_reading_all_of_them(database: Database) -> None:
    with database.engine.connect() as connection:
        for table, column in (("jobs", "cancelled_by"), ("transfers", "by_user")):
            plan = sa.text(f"EXPLAIN QUERY PLAN UPDATE {table} SET {column} = NULL WHERE {column} = 1")
            (step,) = connection.execute(plan).all()
            assert f"USING INDEX ix_{table}_{column}" in step.detail


@sqlite_only
async def test_jobs_and_acts_are_found_by_indexes(database: Database) -> None:
    """By subject, by who is heard, by what an act is about, by whom its words mention."""
    queries = {
        "SELECT job_id FROM job_subjects WHERE subject_id = 'x'": "sqlite_autoindex_job_subjects_1",
        "SELECT id FROM jobs WHERE speaker_id = 1": "ix_jobs_speaker_id",
        "SELECT id FROM acts WHERE target_kind = 'member' AND target_id = '1'": "ix_acts_target",
        "SELECT id FROM acts WHERE by_user = 1": "ix_acts_by_user",
        "SELECT act_id FROM act_mentions WHERE user_id = 1": "sqlite_autoindex_act_mentions_1",
    }
    with database.engine.connect() as connection:
        for query, index in queries.items():
            (step,) = connection.execute(sa.text(f"EXPLAIN QUERY PLAN {query}")).all()
            assert step.detail.startswith("SEARCH")
            assert index in step.detail
