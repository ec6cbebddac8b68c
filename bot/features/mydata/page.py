"""The page of an export: what is kept of a member, for a browser that has nothing but the unpacked files. Pure."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from db.file_keys import id_in, job_folder

TEMPLATE = "mydata_page.html"  # beside this file
TITLES = {
    "member": "You",
    "guilds": "Servers you were seen in",
    "account": "Your credits",
    "credits": "Your credits, transfer by transfer",
    "pictures": "Your pictures",
    "jobs": "Transcripts and other jobs",
    "heard": "What others transcribed of your voice",
    "subjects": "Subjects you trained",
    "shares": "Subjects shared by you, or with you",
    "consents": "What you agreed to",
    "questions": "Questions you haven't answered",
    "favourites": "Your favourites",
    "licences": "Licences you accepted",
    "allowance": "What I noted of your daily credits when you deleted everything",
    "bans": "Bans",
    "acts": "What operators did about you, and you did as an operator",
    "files": "Files",
}
PICTURES = (".png", ".webp", ".jpg")
Row = Mapping[str, Any]


def index_page(rows: Mapping[str, Sequence[Row]], keys: Sequence[str], now: dt.datetime) -> str:
    """Return the page: pictures, other jobs with what they made, a table for each other thing, links to all files.

    Args:
        rows: as `personal_data_of` returns them.
        keys: of all files; each lies at `files/<key>` beside the page.
        now: the time of the export.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    readable = partial(json.dumps, ensure_ascii=False, default=as_json, indent=1)
    environment.filters |= {"facts": _facts, "words": _words, "cell": _cell, "readable": readable}
    environment.tests["nested"] = lambda value: isinstance(value, dict | list) and bool(value)
    pictures = _pictures_by_job(keys)
    shown = {name: found for name, found in _in_order(rows, pictures).items() if found}
    counts = {name: len(found) for name, found in shown.items()}
    if "pictures" in counts:
        counts["pictures"] = sum(len(pictures[job["id"]]) for job in shown["pictures"])
    return environment.get_template(TEMPLATE).render(
        rows=shown,
        counts=counts,
        pictures=pictures,
        titles=TITLES,
        keys=keys,
        now=now.astimezone(dt.UTC),
    )


def as_json(value: Any) -> Any:
    """Return what JSON has no form for as text."""
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)


def _in_order(rows: Mapping[str, Sequence[Row]], pictures: Mapping[str, Sequence[str]]) -> dict[str, Sequence[Row]]:
    """Return what people look for first, newest first: jobs with pictures, then the other ones, then all else."""
    jobs = sorted(rows.get("jobs", ()), key=lambda job: job["queued_at"], reverse=True)
    shown = {
        "pictures": [job for job in jobs if job["id"] in pictures],
        "jobs": [job for job in jobs if job["id"] not in pictures],
        "heard": rows.get("heard", ()),
    }
    return shown | {name: found for name, found in rows.items() if name not in shown}


def _pictures_by_job(keys: Sequence[str]) -> dict[str, list[str]]:
    """Return the keys of pictures by the id of their job."""
    found: dict[str, list[str]] = {}
    for key in keys:
        if key.endswith(PICTURES) and key.startswith(job_folder(id_in(key))):
            found.setdefault(id_in(key), []).append(key)
    return found


def _facts(job: Row) -> list[str]:
    """Return when a job was asked for, what it is, how it ended and what it cost."""
    facts = [_cell(job["queued_at"]), job["kind"], job["state"]]
    return [*facts, f"{job['charged']} credit{'s' * (job['charged'] != 1)}"] if "charged" in job else facts


def _words(job: Row) -> str:
    request = job.get("request", {})
    typed = next((request[name] for name in ("typed", "prompt", "words", "name") if request.get(name)), "")
    return " ".join([typed, *request.get("parameters", ())])


def _cell(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "" if value is None or value in ({}, []) else str(value)
