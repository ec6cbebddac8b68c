"""`atelier models list`: what the catalogue has, whether it fits, under which licence, and when it was last used."""

import argparse
import asyncio
import contextlib
import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bot.models.checking import examine_models
from bot.models.entries import all_entries
from bot.settings import Settings
from db.database_url import normalised
from db.engine import Database
from db.errors import StoreError
from db.queue.figures import models_used
from inference.catalogue import read_catalogue
from inference.hub import HubModel, cached_folder

HEAD = ("name", "kind", "fits", "licence", "last used", "where")


def list_models(chosen: argparse.Namespace, settings: Settings) -> int:
    """Print a line for each model.

    Raises:
        ModelUnusable: the catalogue cannot be used, or the child that looks at models does not start.
    """
    catalogue = read_catalogue(settings.catalogue_file)
    reports = {report["name"]: report for report in examine_models(settings, [])}
    used = asyncio.run(_used(settings)) if _has_database(settings) else {}
    rows = [
        (
            spec.name,
            table,
            _fits(reports.get(spec.name, {})),
            spec.licence,
            _when(used.get(spec.name)),
            _where(spec),
        )
        for table, spec in all_entries(catalogue)
    ]
    print(f"{settings.catalogue_file}:\n")
    for line in _columns([HEAD, *rows]):
        print(line)
    return 0


def _has_database(settings: Settings) -> bool:
    parsed = normalised(settings.database)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").exists()


async def _used(settings: Settings) -> Mapping[str, dt.datetime]:
    """Return when each model was last used; nothing where the database is away, or of an older version."""
    with contextlib.suppress(SQLAlchemyError, StoreError, OSError):
        async with Database.from_url(settings.database) as database:
            return await database.read(models_used)
    return {}


def _fits(report: Mapping[str, object]) -> str:
    if not report.get("good", True):
        return "no" if report.get("fits") else "PROBLEM"
    return str(report.get("fits") or "-")


def _when(at: dt.datetime | None) -> str:
    return at.date().isoformat() if at else "never"


def _where(spec: HubModel) -> str:
    if spec.folder is not None:
        return "built in" if spec.source == "builtin" else str(spec.folder)
    return spec.source + ("" if cached_folder(spec) else " (not downloaded)")


def _columns(rows: Iterable[tuple[str, ...]]) -> list[str]:
    table = list(rows)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
