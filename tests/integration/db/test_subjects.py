"""Subjects: made with consent, private unless shared, gone with everything when deleted."""

import pytest
import sqlalchemy as sa

from db.engine import Database
from db.errors import NameTaken, TooManySubjects, UnknownSubject
from db.subjects import KEPT_MAX, Scope, Share, Subject, Subjects
from db.tables import consents, subject_shares
from tests.support.db.store import StoreHarness
from tests.support.db.subjects import ADA, ANNEX, BEN, CLEO, STUDIO, draft

PATRONS = 20


async def ready(subjects: Subjects, number: int = 1) -> Subject:
    subject = await subjects.create(draft(number))
    await subjects.ready(subject.id, step=200)
    return subject


async def names(
    subjects: Subjects, user_id: int, guild_id: int | None = STUDIO, roles: tuple[int, ...] = ()
) -> list[str]:
    return [subject.name for subject in await subjects.usable(user_id, guild_id=guild_id, role_ids=roles)]


async def test_create_records_the_consent_with_the_subject(database: Database) -> None:
    subjects = Subjects(database)
    subject = await subjects.create(draft())
    consent = await subjects.consent(subject.id)
    assert consent is not None
    assert (consent.user_id, consent.statement, consent.photo_hashes) == (ADA, "They are mine.", ("aa", "bb", "cc"))
    assert (subject.ready, subject.photos, subject.phrase) == (False, 3, "zkv mascot")


async def test_create_again_for_the_same_job_is_the_same_subject(database: Database) -> None:
    subjects = Subjects(database)
    first = await subjects.create(draft())
    assert await subjects.create(draft(id="subjectother00000000000000")) == first
    assert await subjects.mine(ADA) == [first]


async def test_create_with_a_name_in_use_is_refused(database: Database) -> None:
    subjects = Subjects(database)
    await subjects.create(draft(1, name="Blob"))
    with pytest.raises(NameTaken):
        await subjects.create(draft(2, name=" bLOB "))
    await subjects.create(draft(3, name="Blob", owner_id=BEN))


async def test_subject_in_training_cannot_be_used_yet(database: Database) -> None:
    subjects = Subjects(database)
    await subjects.create(draft())
    assert await names(subjects, ADA) == []


async def test_subject_is_private_until_shared(database: Database) -> None:
    subjects = Subjects(database)
    await ready(subjects)
    assert await names(subjects, ADA) == ["Blob 1"]
    assert await names(subjects, ADA, None) == ["Blob 1"]
    assert await names(subjects, BEN) == []


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
    subjects = Subjects(database)
    subject = await ready(subjects)
    await subjects.share(subject.id, share)
    assert (await names(subjects, user_id, guild_id, roles) == ["Blob 1"]) is allowed
    await subjects.take_back(subject.id, share)
    assert await names(subjects, user_id, guild_id, roles) == []


async def test_share_twice_is_one_share(database: Database) -> None:
    subjects = Subjects(database)
    subject = await ready(subjects)
    await subjects.share(subject.id, Share(Scope.GUILD, STUDIO))
    await subjects.share(subject.id, Share(Scope.GUILD, STUDIO))
    assert await subjects.shares(subject.id) == [Share(Scope.GUILD, STUDIO)]


async def test_usable_of_one_subject_finds_that_one_only(database: Database) -> None:
    subjects = Subjects(database)
    first, second = await ready(subjects, 1), await ready(subjects, 2)
    found = await subjects.usable(ADA, guild_id=None, role_ids=(), subject_id=second.id)
    assert [subject.id for subject in found] == [second.id]
    assert await subjects.usable(BEN, guild_id=None, role_ids=(), subject_id=first.id) == []


async def test_rename_refuses_a_name_in_use_and_a_subject_that_is_gone(database: Database) -> None:
    subjects = Subjects(database)
    first, second = await ready(subjects, 1), await ready(subjects, 2)
    with pytest.raises(NameTaken):
        await subjects.rename(first.id, second.name.upper())
    await subjects.rename(first.id, "BLOB 1")
    assert [subject.name for subject in await subjects.mine(ADA)] == ["BLOB 1", "Blob 2"]
    with pytest.raises(UnknownSubject):
        await subjects.rename("nobody", "x")


async def test_delete_leaves_no_share_and_no_consent(database: Database) -> None:
    subjects = Subjects(database)
    subject = await ready(subjects)
    await subjects.share(subject.id, Share(Scope.GUILD, STUDIO))
    assert await subjects.delete(subject.id) is True
    assert await subjects.delete(subject.id) is False
    with database.engine.connect() as connection:
        for table in (subject_shares, consents):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0
    with pytest.raises(UnknownSubject):
        await subjects.share(subject.id, Share(Scope.MEMBER, BEN))


async def test_ready_is_refused_where_another_step_was_chosen_meanwhile(store: StoreHarness) -> None:
    subjects = Subjects(store.db)
    job = await store.submit()
    subject = await subjects.create(draft(job_id=job.id))
    await store.jobs.stop_at(job.id, by_user=ADA, step=40)
    assert not await subjects.ready(subject.id, step=200)
    assert await names(subjects, ADA) == []
    assert await subjects.ready(subject.id, step=40, chosen=40)
    assert [subject.step for subject in await subjects.mine(ADA)] == [40]


async def test_ready_of_a_subject_that_is_gone_changes_nothing(database: Database) -> None:
    assert not await Subjects(database).ready("nothing", step=200)


async def test_submit_makes_the_subject_with_the_job(store: StoreHarness) -> None:
    job = await store.submit(ADA, subject=draft())
    subject = await Subjects(store.db).by_job(job.id)
    assert subject is not None
    assert await Subjects(store.db).consent(subject.id)


async def test_submit_with_a_name_in_use_changes_nothing(store: StoreHarness) -> None:
    await store.submit(ADA, subject=draft(1, name="Blob"))
    before = await store.balances(ADA)
    with pytest.raises(NameTaken):
        await store.submit(ADA, subject=draft(2, name="blob"))
    assert await store.balances(ADA) == before
    assert len(await store.jobs.mine(ADA)) == 1


async def test_member_keeps_only_so_many_subjects(database: Database) -> None:
    subjects = Subjects(database)
    for number in range(KEPT_MAX):
        await subjects.create(draft(number))
    with pytest.raises(TooManySubjects, match="You have 25 subjects"):
        await subjects.create(draft(KEPT_MAX))
    assert len(await subjects.mine(ADA)) == KEPT_MAX
    assert await subjects.create(draft(3)) in await subjects.mine(ADA)  # the same job again
    await subjects.create(draft(KEPT_MAX, owner_id=BEN))
    await subjects.delete(draft(0).id)
    await subjects.create(draft(KEPT_MAX + 1))
