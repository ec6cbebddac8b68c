"""The page of an export: what is kept of a member, for a browser that has nothing but the unpacked files. Pure."""

import datetime as dt
import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>What Atelier keeps of you</title>
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
td, th {{ text-align: left; vertical-align: top; padding: .2rem .6rem; border-bottom: 1px solid #ccc }}
td, th {{ white-space: nowrap }}
table {{ border-collapse: collapse }} .wide {{ overflow-x: auto }}
article {{ border-top: 1px solid #ccc; padding: .6rem 0 }} h3 {{ margin: 0; font-size: 1rem }}
p, blockquote {{ margin: .3rem 0; overflow-wrap: anywhere }} img {{ width: 9rem; margin: .3rem .3rem 0 0 }}
summary {{ color: #666 }} pre {{ white-space: pre-wrap; overflow-wrap: anywhere; max-width: 40rem }}
</style>
<h1>What Atelier keeps of you</h1>
<p>As of {now}. The same is in <a href="data.json">data.json</a>, for programs. If there are several archives, unpack
them all into one folder.</p>
<ul>{contents}</ul>
{body}</html>"""
TITLES = {
    "member": "You",
    "guilds": "Where you were seen",
    "account": "Your credits",
    "credits": "Your credits, entry by entry",
    "jobs": "What you asked for",
    "heard": "What others had written down of your voice",
    "subjects": "What you taught",
    "shares": "Subjects shared by you and with you",
    "consents": "What you agreed to",
    "questions": "Questions that you have not answered",
    "licences": "Licences that you accepted",
    "allowance": "What is remembered of your allowance since you deleted everything",
    "bans": "Bans",
    "acts": "What operators did about you, and you as one",
    "files": "Files",
}
PICTURES = (".png", ".webp", ".jpg")
Row = Mapping[str, Any]


def index_page(rows: Mapping[str, Sequence[Row]], keys: Sequence[str], now: dt.datetime) -> str:
    """Return the page: jobs with what they made, a table for each other kind of thing, and links to all files.

    Args:
        rows: as `Belongings.of` returns them.
        keys: of all files; each lies at `files/<key>` beside the page.
    """
    sections: dict[str, tuple[int, str]] = {}
    pictures = _pictures_by_job(keys)
    for name, found in rows.items():
        if found:
            body = "".join(_job(row, pictures) for row in found) if name in ("jobs", "heard") else _table(found)
            sections[name] = (len(found), body)
    links = "".join(f"<li>{_link(key, html.escape(key))}" for key in keys)
    sections["files"] = (len(keys), f"<ul>{links}</ul>")
    headed = {name: f"{TITLES.get(name, name)} ({count})" for name, (count, _) in sections.items()}
    return PAGE.format(
        now=f"{now:%Y-%m-%d %H:%M} UTC",
        contents="".join(f'<li><a href="#{name}">{head}</a>' for name, head in headed.items()),
        body="".join(f'<h2 id="{name}">{headed[name]}</h2>{body}' for name, (_, body) in sections.items()),
    )


def as_json(value: Any) -> Any:
    """Return what JSON has no form for as text."""
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)


def _pictures_by_job(keys: Sequence[str]) -> dict[str, list[str]]:
    """Return the keys of pictures by the id of their job."""
    found: dict[str, list[str]] = {}
    for key in keys:
        if key.startswith("jobs/") and key.endswith(PICTURES):
            found.setdefault(key.split("/")[1], []).append(key)
    return found


def _job(row: Row, pictures: Mapping[str, Sequence[str]]) -> str:
    """Return one job: when, what, how it ended; the words, the pictures; and behind a click everything."""
    facts = [_cell(row["queued_at"]), row["kind"], row["state"]]
    facts += [f"{row['charged']} credits"] if "charged" in row else []
    request, outcome = row.get("request", {}), row["outcome"]
    asked = request.get("prompt") or request.get("name") or ""
    text = f"<blockquote>{html.escape(outcome['text'])}</blockquote>" if outcome.get("text") else ""
    own = pictures.get(row["id"], ())
    shown = "".join(_link(key, f'<img loading="lazy" alt="" src="files/{html.escape(key)}">') for key in own)
    return (
        f"<article><h3>{html.escape(' · '.join(facts))}</h3><p>{html.escape(asked)}</p>{text}{shown}"
        f"{_all_of(dict(row))}</article>"
    )


def _table(found: Sequence[Row]) -> str:
    head = "".join(f"<th>{html.escape(name)}" for name in found[0])
    lines = ("".join(f"<td>{_html(value)}" for value in row.values()) for row in found)
    return f'<div class="wide"><table><tr>{head}{"".join(f"<tr>{line}" for line in lines)}</table></div>'


def _html(value: Any) -> str:
    return _all_of(value) if isinstance(value, dict | list) and value else html.escape(_cell(value))


def _all_of(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=as_json, indent=1)
    return f"<details><summary>all of it</summary><pre>{html.escape(text)}</pre></details>"


def _cell(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "" if value is None or value in ({}, []) else str(value)


def _link(key: str, shown: str) -> str:
    return f'<a href="files/{html.escape(key)}">{shown}</a>'
