"""Files by key: whole or not at all, and never outside their folder."""

import asyncio
import datetime as dt
import os
from pathlib import Path

import pytest

from db.errors import BadKey, FileMissing
from db.files import FileStore, check_key

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(params=["folder", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    """A folder, and an fsspec file system that is none."""
    return FileStore(str(tmp_path / "files") if request.param == "folder" else f"memory://{tmp_path.name}")


async def test_put_then_get_returns_the_bytes(files: FileStore) -> None:
    await files.put("jobs/abc/1.png", b"one")
    assert await files.get("jobs/abc/1.png") == b"one"
    assert await files.size_bytes("jobs/abc/1.png") == 3
    assert await files.exists("jobs/abc/1.png")


async def test_put_again_replaces(files: FileStore) -> None:
    await files.put("jobs/abc/preview.webp", b"old")
    await files.put("jobs/abc/preview.webp", b"new")
    assert await files.get("jobs/abc/preview.webp") == b"new"


async def test_get_missing_says_so(files: FileStore) -> None:
    with pytest.raises(FileMissing):
        await files.get("jobs/abc/1.png")
    with pytest.raises(FileMissing):
        await files.size_bytes("jobs/abc/1.png")
    assert not await files.exists("jobs/abc/1.png")
    assert not await files.delete("jobs/abc/1.png")


async def test_list_names_what_is_below(files: FileStore) -> None:
    for key in ("jobs/abc/2.png", "jobs/abc/1.png", "jobs/abcd/1.png"):
        await files.put(key, b"x")
    assert await files.list("jobs/abc") == ["jobs/abc/1.png", "jobs/abc/2.png"]
    assert await files.list("jobs/nothing") == []


async def test_delete_tree_counts_and_leaves_neighbours(files: FileStore) -> None:
    for key in ("jobs/abc/2.png", "jobs/abc/1.png", "jobs/abcd/1.png"):
        await files.put(key, b"x")
    assert await files.delete_tree("jobs/abc") == 2
    assert await files.list("jobs/abc") == []
    assert await files.exists("jobs/abcd/1.png")
    assert await files.delete_tree("jobs/abc") == 0


@pytest.mark.parametrize(
    "key",
    [
        "",
        "jobs",
        "/etc/passwd",
        "jobs/../x",
        "jobs/..",
        "jobs/.hidden",
        "jobs/a//b",
        "jobs/a/",
        "jobs/a\n",
        "jobs/a\\b",
        "jobs/ä",
        "jobs/a:b",
        "s3://x/y",
        "jobs/" + "a" * 200,
        "jobs/a.part~",
    ],
)
def test_key_with_surprises_is_refused(key: str) -> None:
    with pytest.raises(BadKey):
        check_key(key)


async def test_unfinished_write_is_not_seen(tmp_path: Path) -> None:
    files = FileStore(str(tmp_path))
    await files.put("jobs/abc/1.png", b"x")
    (tmp_path / "jobs/abc/2.png.0011.part~").write_bytes(b"half")
    assert await files.list("jobs/abc") == ["jobs/abc/1.png"]
    await files.delete_tree("jobs/abc")
    assert not (tmp_path / "jobs/abc").exists()


async def test_what_a_killed_write_left_is_deleted_once_it_is_old(tmp_path: Path) -> None:
    files = FileStore(str(tmp_path))
    await files.put("jobs/abc/1.png", b"x")
    for age_s, name in ((0, "young"), (3700, "old")):
        part = tmp_path / f"jobs/abc/{name}.png.00112233.part~"
        part.write_bytes(b"half")
        os.utime(part, (NOON.timestamp() - age_s,) * 2)
    os.utime(tmp_path / "jobs/abc/1.png", (0, 0))
    assert await files.delete_parts(NOON - dt.timedelta(hours=1)) == 1
    assert sorted(path.name for path in (tmp_path / "jobs/abc").iterdir()) == ["1.png", "young.png.00112233.part~"]


async def test_object_store_has_no_unfinished_writes() -> None:
    assert await FileStore("memory://parts").delete_parts(NOON) == 0


async def test_folders_are_those_right_below(files: FileStore) -> None:
    for key in ("jobs/b/2.png", "jobs/a/deep/1.png", "jobs/file", "uploads/c/1"):
        await files.put(key, b"x")
    assert await files.folders("jobs") == ["a", "b"]
    assert await files.folders("nothing") == []


async def test_failed_write_leaves_nothing(tmp_path: Path) -> None:
    files = FileStore(str(tmp_path))
    (tmp_path / "jobs/abc/1.png").mkdir(parents=True)  # a folder cannot be replaced by a file
    with pytest.raises(OSError, match="directory"):
        await files.put("jobs/abc/1.png", b"x")
    assert [path.name for path in (tmp_path / "jobs/abc").iterdir()] == ["1.png"]


async def test_readers_see_the_old_or_the_new_never_a_mixture(tmp_path: Path) -> None:
    files = FileStore(str(tmp_path))
    versions = [bytes([number]) * 100_000 for number in range(10)]
    await files.put("jobs/abc/1.png", versions[0])

    async def write() -> None:
        for version in versions:
            await files.put("jobs/abc/1.png", version)

    writing = asyncio.create_task(write())
    while not writing.done():
        assert await files.get("jobs/abc/1.png") in versions
    await writing


async def test_several_are_read_in_order_and_missing_ones_are_none(files: FileStore) -> None:
    await files.put("jobs/7/1.png", b"one")
    await files.put("jobs/7/2.png", b"two")
    assert await files.get_all(["jobs/7/2.png", "jobs/7/3.png", "jobs/7/1.png"]) == [b"two", None, b"one"]


async def test_tree_that_several_delete_at_once_is_gone_for_all(tmp_path: Path) -> None:
    store = FileStore(str(tmp_path))
    for number in range(100):
        await store.put(f"jobs/one/{number}.png", b"x")
    deleted = await asyncio.gather(*(store.delete_tree("jobs/one") for _ in range(8)))
    assert max(deleted) == 100
    assert await store.list("jobs/one") == []
