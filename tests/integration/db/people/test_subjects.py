"""Subjects: made with consent, private unless shared, gone with everything when deleted."""

import pytest
import sqlalchemy as sa

from db.engine import Database
from db.errors import NameTaken, TooManySubjects, UnknownSubject
from db.people.new_subject import KEPT_MAX
from db.people.shares import Scope, Share, end_share, share_subject, shares_of, usable_subjects
from db.people.subjects import (
    Subject,
    consent_to,
    delete_subject,
    mark_ready,
    rename_subject,
    subject_of_job,
    subjects_of_member,
)
from db.queue.finding import jobs_of_member
from db.tables.people import consents, subject_shares
from tests.support.db.store import StoreHarness
from tests.support.db.subjects import ADA, ANNEX, BEN, CLEO, STUDIO, create, draft

PATRONS = 20


async def ready(database: Database, number: int = 1) -> Subject:
    subject = await database.write(create, draft(number))
    await database.write(mark_ready, subject.id, step=200)
    return subject


async def names(
    database: Database, user_id: int, guild_id: int | None = STUDIO, roles: tuple[int, ...] = ()
) -> list[str]:
    return [
        subject.name for subject in await database.read(usable_subjects, user_id, guild_id=guild_id, role_ids=roles)
    ]


async def test_create_records_the_consent_with_the_subject(database: Database) -> None:
    subject = await database.write(create, draft())
    consent = await database.read(consent_to, subject.id)
    assert consent is not None
    assert (consent.user_id, consent.statement, consent.photo_hashes) == (ADA, "They are mine.", ("aa", "bb", "cc"))
    assert (subject.ready, subject.photos, subject.phrase) == (False, 3, "zkv mascot")


async def test_create_again_for_the_same_job_is_the_same_subject(database: Database) -> None:
    first = await database.write(create, draft())
    assert await database.write(create, draft(id="subjectother00000000000000")) == first
    assert await database.read(subjects_of_member, ADA) == [first]


async def test_create_with_a_name_in_use_is_refused(database: Database) -> None:
    await database.write(create, draft(1, name="Blob"))
    with pytest.raises(NameTaken):
        await database.write(create, draft(2, name=" bLOB "))
    await database.write(create, draft(3, name="Blob", owner_id=BEN))


async def test_subject_in_training_cannot_be_used_yet(database: Database) -> None:
    await database.write(create, draft())
    assert await names(database, ADA) == []


async def test_subject_is_private_until_shared(database: Database) -> None:
    await ready(database)
    assert await names(database, ADA) == ["Blob 1"]
    assert await names(database, ADA, None) == ["Blob 1"]
    assert await names(database, BEN) == []


@pytest.mark.parametrize(
    ("share", "user_id", "guild_id", "roles", "allowed"),
    [
        (Share(Scope.MEMBER, BEN), BEN, STUDIO, (), True),
        (Share(Scope.MEMBER, BEN), BEN, None, (), True),
        (Share(Scope.MEMBER, BEN), CLEO, STUDIO, (), False),
        (Share(Scope.ROLE, PATRONS), CLEO, STUDIO, (PATRONS,), True),
        (Share(Scope.ROLE, PATRONS), CLEO, STUDIO, (), False),
        (Share(Scope.GUILD, STUDIO), CLEO, STUDIO, (), True),
        (Share(Scope.GUILD, STUDIO), CLEO, ANNEX, (), False),
        (Share(Scope.GUILD, STUDIO), CLEO, None, (), False),
        (Share(Scope.ROLE, BEN), BEN, STUDIO, (), False),  # a role's number that is somebody's own
    ],
)
async def test_share_reaches_those_it_names_and_no_others(
    database: Database, share: Share, user_id: int, guild_id: int | None, roles: tuple[int, ...], allowed: bool
) -> None:
    subject = await ready(database)
    await database.write(share_subject, subject.id, share)
    assert (await names(database, user_id, guild_id, roles) == ["Blob 1"]) is allowed
    await database.write(end_share, subject.id, share)
    assert await names(database, user_id, guild_id, roles) == []


async def test_share_twice_is_one_share(database: Database) -> None:
    subject = await ready(database)
    await database.write(share_subject, subject.id, Share(Scope.GUILD, STUDIO))
    await database.write(share_subject, subject.id, Share(Scope.GUILD, STUDIO))
    assert await database.read(shares_of, subject.id) == [Share(Scope.GUILD, STUDIO)]


async def test_usable_of_one_subject_finds_that_one_only(database: Database) -> None:
    first, second = await ready(database, 1), await ready(database, 2)
    found = await database.read(usable_subjects, ADA, guild_id=None, role_ids=(), subject_id=second.id)
    assert [subject.id for subject in found] == [second.id]
    assert await database.read(usable_subjects, BEN, guild_id=None, role_ids=(), subject_id=first.id) == []


async def test_rename_refuses_a_name_in_use_and_a_subject_that_is_gone(database: Database) -> None:
    first, second = await ready(database, 1), await ready(database, 2)
    with pytest.raises(NameTaken):
        await database.write(rename_subject, first.id, second.name.upper())
    await database.write(rename_subject, first.id, "BLOB 1")
    assert [subject.name for subject in await database.read(subjects_of_member, ADA)] == ["BLOB 1", "Blob 2"]
    with pytest.raises(UnknownSubject):
        await database.write(rename_subject, "nobody", "x")


async def test_delete_leaves_no_share_and_no_consent(database: Database) -> None:
    subject = await ready(database)
    await database.write(share_subject, subject.id, Share(Scope.GUILD, STUDIO))
    assert await database.write(delete_subject, subject.id) is True
    assert await database.write(delete_subject, subject.id) is False
    with database.engine.connect() as connection:
        for table in (subject_shares, consents):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0
    with pytest.raises(UnknownSubject):
        await database.write(share_subject, subject.id, Share(Scope.MEMBER, BEN))


async def test_ready_is_refused_where_another_step_was_chosen_meanwhile(store: StoreHarness) -> None:
    job = await store.submit()
    subject = await store.db.write(create, draft(job_id=job.id))
    await store.jobs.stop_at(job.id, by_user=ADA, step=40)
    assert not await store.db.write(mark_ready, subject.id, step=200)
    assert await names(store.db, ADA) == []
    assert await store.db.write(mark_ready, subject.id, step=40, chosen=40)
    assert [subject.step for subject in await store.db.read(subjects_of_member, ADA)] == [40]


async def test_ready_of_a_subject_that_is_gone_changes_nothing(database: Database) -> None:
    assert not await database.write(mark_ready, "nothing", step=200)


async def test_submit_makes_the_subject_with_the_job(store: StoreHarness) -> None:
    job = await store.submit(ADA, subject=draft())
    subject = await store.db.read(subject_of_job, job.id)
    assert subject is not None
    assert await store.db.read(consent_to, subject.id)


async def test_submit_with_a_name_in_use_changes_nothing(store: StoreHarness) -> None:
    await store.submit(ADA, subject=draft(1, name="Blob"))
    before = await store.balances(ADA)
    with pytest.raises(NameTaken):
        await store.submit(ADA, subject=draft(2, name="blob"))
    assert await store.balances(ADA) == before
    assert len(await store.db.read(jobs_of_member, ADA)) == 1


async def test_member_keeps_only_so_many_subjects(database: Database) -> None:
    for number in range(KEPT_MAX):
        await database.write(create, draft(number))
    with pytest.raises(TooManySubjects, match="You have 25 subjects"):
        await database.write(create, draft(KEPT_MAX))
    assert len(await database.read(subjects_of_member, ADA)) == KEPT_MAX
    assert await database.write(create, draft(3)) in await database.read(subjects_of_member, ADA)  # the same job again
    await database.write(create, draft(KEPT_MAX, owner_id=BEN))
    await database.write(delete_subject, draft(0).id)
    await database.write(create, draft(KEPT_MAX + 1))
