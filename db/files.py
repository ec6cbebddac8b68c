"""Files under keys, in a folder or at any fsspec URL (`s3://bucket/prefix`, …).

A key is made by us from ids and fixed names (`jobs/<job id>/1.png`), never from what a member typed, and says
nothing about where it is kept. A file appears whole or not at all: in a folder it is written beside its place,
synced and renamed; object stores do the same by nature. Work is done in threads, so the event loop never waits for
a disk.
"""

import asyncio
import contextlib
import datetime as dt
import errno
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fsspec

from db.errors import BadKey, FileMissing

KEY = re.compile(r"[a-z]+(/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){1,4}")
PART = ".part~"  # the end of a file that is being written; no key can have it


def check_key(key: str) -> str:
    """Return the key.

    Raises:
        BadKey: it is not one: no dots at the front, no way up, no surprises.
    """
    if not KEY.fullmatch(key):
        raise BadKey(f"This is not a file key: {key[:80]!r}")
    return key


class FileStore:
    """Put, get and delete bytes by key. `url`: a folder's path, or an fsspec URL with its own credentials."""

    def __init__(self, url: str) -> None:
        self._fs: Any
        self._fs, root = fsspec.core.url_to_fs(url)
        self._root = str(root).rstrip("/")
        self._is_folder = "file" in _protocols(self._fs)

    async def put(self, key: str, content: bytes) -> None:
        """Store the bytes, whole or not at all, in place of what was there."""
        await asyncio.to_thread(self._put, self._path(key), content)

    async def get(self, key: str) -> bytes:
        """Return the bytes.

        Raises:
            FileMissing: there is no such file.
        """
        try:
            content: bytes = await asyncio.to_thread(self._fs.cat_file, self._path(key))
        except (FileNotFoundError, IsADirectoryError) as error:
            raise FileMissing(f"There is no file {key}.") from error
        return content

    async def get_all(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Return the bytes of each key's file, in order and read in one go; None where there is no file."""
        return await asyncio.to_thread(self._get_all, [self._path(key) for key in keys])

    async def exists(self, key: str) -> bool:
        """Return whether a file has this key."""
        return bool(await asyncio.to_thread(self._fs.isfile, self._path(key)))

    async def size_bytes(self, key: str) -> int:
        """Return how large a file is.

        Raises:
            FileMissing: there is no such file.
        """
        try:
            return int(await asyncio.to_thread(self._fs.size, self._path(key)))
        except FileNotFoundError as error:
            raise FileMissing(f"There is no file {key}.") from error

    async def folders(self, prefix: str) -> list[str]:
        """Return the names of the folders right below `prefix` (such as `jobs`), sorted."""
        return sorted(await asyncio.to_thread(_folders, self._fs, self._tree(prefix)))

    async def list(self, prefix: str) -> list[str]:
        """Return the keys below `prefix` (such as `jobs/<job id>`), sorted."""
        paths = await asyncio.to_thread(_find, self._fs, self._tree(prefix))
        keys = (path[len(self._root) + 1 :] for path in paths)
        return sorted(key for key in keys if not key.endswith(PART))

    async def delete(self, key: str) -> bool:
        """Delete one file; return whether there was one."""
        try:
            await asyncio.to_thread(self._fs.rm_file, self._path(key))
        except FileNotFoundError:
            return False
        return True

    async def delete_tree(self, prefix: str) -> int:
        """Delete everything below `prefix`, unfinished writes too; return how many files that were."""
        return await asyncio.to_thread(self._delete_tree, self._tree(prefix))

    async def delete_parts(self, before: dt.datetime) -> int:
        """Delete what is left of writes that were killed, if they began before then; return how many those were.

        Object stores have none: they do not show a file before it is whole.
        """
        return await asyncio.to_thread(self._delete_parts, before) if self._is_folder else 0

    def _path(self, key: str) -> str:
        return f"{self._root}/{check_key(key)}"

    def _tree(self, prefix: str) -> str:
        check_key(f"{prefix.rstrip('/')}/x")  # a prefix is what a key may begin with
        return f"{self._root}/{prefix.rstrip('/')}"

    def _put(self, path: str, content: bytes) -> None:
        if not self._is_folder:
            self._fs.pipe_file(path, content)
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        part = f"{path}.{secrets.token_hex(4)}{PART}"
        try:
            with open(part, "xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            Path(part).unlink(missing_ok=True)
            raise

    def _get_all(self, paths: Sequence[str]) -> Sequence[bytes | None]:
        contents = []
        for path in paths:
            try:
                contents.append(self._fs.cat_file(path))
            except (FileNotFoundError, IsADirectoryError):
                contents.append(None)
        return contents

    def _delete_tree(self, tree: str) -> int:
        found = _find(self._fs, tree)
        while self._fs.exists(tree):
            try:
                self._fs.rm(tree, recursive=True)
            except FileNotFoundError:  # somebody else deletes it as well
                continue
            except OSError as error:
                if error.errno != errno.ENOTEMPTY:  # something was put there meanwhile
                    raise
        return len(found)

    def _delete_parts(self, before: dt.datetime) -> int:
        gone = 0
        for part in Path(self._root).rglob(f"*{PART}"):
            with contextlib.suppress(FileNotFoundError):  # it was finished, or deleted with its folder
                if part.stat().st_mtime < before.timestamp():
                    part.unlink()
                    gone += 1
        return gone


def _folders(fs: Any, tree: str) -> list[str]:
    try:
        return [
            str(found["name"]).rsplit("/", 1)[-1] for found in fs.ls(tree, detail=True) if found["type"] == "directory"
        ]
    except FileNotFoundError:
        return []


def _find(fs: Any, tree: str) -> list[str]:
    try:
        return [str(path) for path in fs.find(tree)]
    except FileNotFoundError:
        return []


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
