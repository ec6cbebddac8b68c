"""Where things are kept: the data folder and its disk, the database, the files."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bot.doctor.finding import Finding, Mark
from bot.settings import Settings
from bot.start.data_folder import guarded, holder, lock_files, unusable
from db.bot_lock import bot_is_there
from db.database_url import normalised
from db.engine import Database
from db.errors import StoreError, TablesTooNew
from db.file_keys import job_file
from db.files import FileStore
from db.migrations.run import versions

PROBE_KEY = job_file("doctor", "probe")
LITTLE_BYTES, TOO_LITTLE_BYTES = 2 << 30, 100 << 20  # a training's photos and checkpoints are tens of megabytes


def check_data_folder(settings: Settings) -> Iterator[Finding]:
    """Report whether the data folder can be written, and whether there is room."""
    folder = settings.data_dir.resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"probe")
    except OSError as error:
        wrong = unusable(folder, error)
        yield Finding(Mark.BAD, "data folder", wrong.text, wrong.remedy)
        return
    yield Finding(Mark.GOOD, "data folder", f"{folder} can be written")
    yield from check_disk(settings)


def check_disk(
    settings: Settings, *, little_bytes: int = LITTLE_BYTES, too_little_bytes: int = TOO_LITTLE_BYTES
) -> Iterator[Finding]:
    """Report a disk that is almost full."""
    free_bytes = shutil.disk_usage(settings.data_dir).free
    if free_bytes < little_bytes:
        mark = Mark.BAD if free_bytes < too_little_bytes else Mark.NOTE
        text = f"only {free_bytes / 2**30:.1f} GiB are free where the data folder is"
        yield Finding(mark, "disk", text, "Make room, let RESULTS_KEPT_DAYS delete old pictures, or move DATA_DIR.")


def check_holders(settings: Settings) -> Iterator[Finding]:
    """Report a bot that runs on the same data: right while Atelier runs, and why a second one does not start."""
    for file in lock_files(settings):
        if who := holder(file):
            text = f"Atelier ({who}) runs on {guarded(file)}"
            yield Finding(Mark.NOTE, "running", text, "If you know of it, all is well. A second one is refused.")
            return


async def check_database(settings: Settings) -> Finding:
    """Connect, see whether tables can be made, and compare their version with ours; change nothing."""
    kind = settings.database.split(":", 1)[0]
    try:
        if _is_no_file_yet(settings.database):
            return Finding(Mark.GOOD, "database", "there is none yet; the first start makes it")
        async with Database.from_url(settings.database) as database:
            found, newest = await database.write(_look)
            other = not database.is_sqlite and await database.read(bot_is_there)
    except TablesTooNew as error:
        return Finding(Mark.BAD, "database", str(error))
    except (SQLAlchemyError, StoreError, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        return Finding(Mark.BAD, "database", f"{kind} can't be used ({reason})", "Check DATABASE_URL and DATA_DIR.")
    if other:
        return Finding(Mark.NOTE, "database", f"{kind} works, and a bot runs on it", "A second one is refused.")
    if found is None:
        return Finding(Mark.GOOD, "database", f"{kind} works, and is empty; the first start makes its tables")
    if found != newest:
        text = f"{kind} works; its tables are of version {found}, and the next start makes them {newest}"
        return Finding(Mark.NOTE, "database", text, "Keep a copy of it before that start: there is no way back.")
    return Finding(Mark.GOOD, "database", f"{kind} works, and its tables are up to date")


def _is_no_file_yet(url: str) -> bool:
    parsed = normalised(url)
    return parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists()


def _look(connection: sa.Connection) -> tuple[str | None, str]:
    """Return the tables' version and ours; where a start would change tables, see whether it may."""
    found, newest = versions(connection)
    if found != newest:
        connection.execute(sa.text("CREATE TABLE atelier_doctor (probe INTEGER)"))
        connection.execute(sa.text("DROP TABLE atelier_doctor"))
    return found, newest


async def check_files(settings: Settings) -> Finding:
    """Write, read and delete one small file."""
    try:
        store = FileStore(settings.files)
        await store.put(PROBE_KEY, b"probe")
        same = await store.get(PROBE_KEY) == b"probe"
        await store.delete(PROBE_KEY)
    except Exception as error:  # an fsspec file system may raise anything at all
        return Finding(Mark.BAD, "files", f"can't be written ({error})", "Check FILES_URL, and who owns the folder.")
    if not same:
        return Finding(Mark.BAD, "files", "come back different from what was written", "Choose another FILES_URL.")
    return Finding(Mark.GOOD, "files", "can be written and read")
