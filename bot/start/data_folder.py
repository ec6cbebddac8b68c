"""One bot on a data folder: two would deliver everything twice, each by its own account of what it has shown.

The lock is the kernel's, on an open file: whoever ends, however, has let go of it.
"""

import contextlib
import errno
import fcntl
import logging
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import ArgumentError

from bot.settings import Settings
from bot.start.refused import StartRefused
from db.database_url import normalised

log = logging.getLogger(__name__)

LOCK = "atelier.lock"
TRIES, PAUSE_S = 20, 0.1  # whoever is just ending, or a doctor that looks, is waited for
_NOT_HERE = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)  # file systems without locks


class DataFolderUnusable(StartRefused):
    """The data folder cannot be written."""


class DataFolderInUse(StartRefused):
    """Another bot runs on the same data."""


@contextlib.contextmanager
def hold_data(settings: Settings) -> Iterator[None]:
    """Keep other bots off the data folder, and off an SQLite file elsewhere, while the context lasts.

    Raises:
        DataFolderUnusable: it cannot be written.
        DataFolderInUse: another bot is there.
    """
    with contextlib.ExitStack() as held:
        for file in lock_files(settings):
            held.enter_context(_hold(file))
        yield


def lock_files(settings: Settings) -> list[Path]:
    """Return the files whose locks a bot holds while it runs; PostgreSQL has a lock of its own."""
    files = [settings.data_dir.resolve() / LOCK]
    with contextlib.suppress(ArgumentError, ValueError):  # a URL that makes no sense is told where it is opened
        url = normalised(settings.database)
        if url.get_backend_name() == "sqlite" and url.database:
            files.append(Path(f"{url.database}.lock"))
    return files


def holder(file: Path) -> str:
    """Say who holds the lock of a file, such as 'process 12 on mercury'; empty: nobody."""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError:
        return ""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return ""


def guarded(file: Path) -> str:
    """Say what a lock's file stands for."""
    return f"the data folder {file.parent}" if file.name == LOCK else f"the database {file.with_suffix('')}"


def in_use(file: Path, who: str) -> DataFolderInUse:
    """Return the refusal of a start beside a bot that holds this lock."""
    another = "DATA_DIR to another folder" if file.name == LOCK else "DATABASE_URL to another file"
    return DataFolderInUse(
        f"Another Atelier ({who}) runs on {guarded(file)}.", f"Stop it first, or set {another} for this one."
    )


def unusable(folder: Path, error: OSError, setting: str = "DATA_DIR") -> DataFolderUnusable:
    """Return the refusal of a folder that cannot be written."""
    reason = (error.strerror or str(error)).lower()
    return DataFolderUnusable(
        f"The folder {folder} can't be written: {reason}.",
        f"Set {setting} to a place that the user who runs Atelier may write to, or give them this one.",
    )


@contextlib.contextmanager
def _hold(file: Path) -> Iterator[None]:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise unusable(file.parent, error, "DATA_DIR" if file.name == LOCK else "DATABASE_URL") from error
    try:
        if not _locked(descriptor):
            raise in_use(file, holder(file) or "another process")
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    for _ in range(TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(PAUSE_S)
        except OSError as error:
            if error.errno not in _NOT_HERE:
                raise
            log.warning("this file system has no locks: nothing keeps a second bot off the data folder")
            return True
    return False
