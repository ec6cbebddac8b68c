"""The catalogue that counts now: read anew when its file changes, unless what is there cannot be used."""

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from common.supervisor import supervise
from inference.catalogue import Catalogue, all_names, read_catalogue
from inference.errors import ModelUnusable

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
CHECKERS_LATER = "A change of a [[checker]] counts from the next start."
Signature = tuple[Path, int, int, int] | None  # of a file: what changes when it is written, or replaced


@dataclass(slots=True)
class LiveCatalogue:
    """The catalogue that new jobs are made with, and what became of the latest change of its file."""

    catalogue: Catalogue
    file: Path | None = None
    problem: str = ""  # why the latest change does not count, or not all of it; empty: it does
    read_at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))


class CatalogueWatcher:
    """Looks at the catalogue's file, and takes over what can be used."""

    def __init__(
        self, live: LiveCatalogue, file: Callable[[], Path], hand_on: Callable[[Catalogue], Awaitable[None]]
    ) -> None:
        """Begin with the file as it is now.

        Args:
            live: what is kept up to date.
            file: says which file counts; one of the operator's own may appear.
            hand_on: tells those who compute, before any job is made with it.
        """
        self._live, self._file, self._hand_on = live, file, hand_on
        self._seen = _signature(file())
        live.file = file()

    async def run(self) -> None:
        """Look every few seconds, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Look once."""
        file = self._file()
        signature = await asyncio.to_thread(_signature, file)
        if signature == self._seen:
            return
        self._live.file = file
        try:
            read = await asyncio.to_thread(read_catalogue, file)
        except ModelUnusable as error:
            self._seen, self._live.problem = signature, str(error)
            log.error("the catalogue was changed, and what was read before goes on counting: %s", error)
            return
        await self._use(read, file)
        self._seen = signature  # not before: where it could not be handed on, the next look tries again

    async def _use(self, read: Catalogue, file: Path) -> None:
        before = self._live.catalogue
        new = replace(read, checkers=before.checkers)  # pictures under way are shown to those that they began with
        await self._hand_on(new)
        self._live.catalogue, self._live.read_at = new, dt.datetime.now(dt.UTC)
        self._live.problem = CHECKERS_LATER if read.checkers != before.checkers else ""
        come, gone = set(all_names(new)) - set(all_names(before)), set(all_names(before)) - set(all_names(new))
        said = [f"{what} {', '.join(sorted(names))}" for what, names in (("new:", come), ("gone:", gone)) if names]
        log.info("the catalogue %s was read anew; %s", file, "; ".join(said) or "the same models")


@asynccontextmanager
async def watch_catalogue(
    live: LiveCatalogue, file: Callable[[], Path], hand_on: Callable[[Catalogue], Awaitable[None]]
) -> AsyncIterator[None]:
    """Keep a catalogue up to date while the context lasts; the arguments are as for `CatalogueWatcher`."""
    task = supervise("watch-catalogue", CatalogueWatcher(live, file, hand_on).run)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _signature(file: Path) -> Signature:
    try:
        found = file.stat()
    except OSError:
        return None
    return file, found.st_mtime_ns, found.st_size, found.st_ino
