"""The page of an export: everything is on it, and nothing that a member typed is markup."""

import datetime as dt
from html.parser import HTMLParser
from typing import Any

from bot.features.mydata.page import index_page

NOW = dt.datetime(2026, 11, 27, 12, 30, tzinfo=dt.UTC)
EVIL = """</pre><script>alert('1')</script><img src=x onerror="alert(2)">"""
PICTURE = "jobs/01J/1.png"


class Elements(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def rows() -> dict[str, list[dict[str, Any]]]:
    job = {
        "id": "01J",
        "kind": "image",
        "state": "done",
        "queued_at": NOW,
        "charged": 3,
        "request": {"prompt": EVIL, "seed": 7},
        "outcome": {"text": EVIL},
    }
    return {
        "member": [{"name": EVIL, "settings": {"voice": EVIL}, "nothing": None, "empty": {}, "at": NOW}],
        "jobs": [job],
        "heard": [{name: job[name] for name in ("id", "kind", "state", "queued_at", "outcome")} | {"outcome": {}}],
        "bans": [],
    }


def test_page_shows_what_a_member_typed_as_text() -> None:
    page = Elements(index_page(rows(), [PICTURE], NOW))
    assert page.text.count(EVIL) == 3  # a name, a prompt, what was said
    assert page.text.count("alert(2)") == 3 + 3  # and escaped as JSON behind 'all of it'
    assert "script" not in [tag for tag, _ in page.elements]
    assert all("onerror" not in attributes for _, attributes in page.elements)


def test_page_shows_pictures_tables_and_links() -> None:
    page = Elements(index_page(rows(), [PICTURE, "uploads/02K/clip"], NOW))
    images = [attributes for tag, attributes in page.elements if tag == "img"]
    asked, heard = ({"loading": "lazy", "alt": alt, "src": f"files/{PICTURE}"} for alt in (EVIL, "picture"))
    assert images == [asked, heard]
    linked = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert linked.count("files/uploads/02K/clip") == 1
    assert linked.count(f"files/{PICTURE}") == 3
    contents = {attributes["id"] for tag, attributes in page.elements if tag == "h2"}
    assert contents == {"member", "pictures", "heard", "files"}
    assert contents == {str(href).removeprefix("#") for href in linked if str(href).startswith("#")}
    assert "2026-11-27 12:30:00 · image · done · 3 credits" in page.text
    assert "You (1)" in page.text


def test_page_begins_with_pictures_newest_first() -> None:
    jobs = [
        {"id": id, "kind": "image", "state": "done", "queued_at": NOW + dt.timedelta(hours=hours), "outcome": {}}
        for hours, id in enumerate(("01A", "01B", "01C"))
    ]
    keys = ["jobs/01A/1.png", "jobs/01C/1.png", "jobs/01C/2.png"]
    page = Elements(index_page({"member": [{"at": NOW}], "jobs": jobs}, keys, NOW))
    assert [attributes["id"] for tag, attributes in page.elements if tag == "h2"] == [
        "pictures",
        "jobs",
        "member",
        "files",
    ]
    images = [attributes["src"] for tag, attributes in page.elements if tag == "img"]
    assert images == [f"files/{key}" for key in ("jobs/01C/1.png", "jobs/01C/2.png", "jobs/01A/1.png")]
    assert "Your pictures (3)" in page.text


def test_page_shows_what_was_typed_and_no_trigger() -> None:
    request = {"prompt": "zkv dog asleep", "typed": "Rex asleep", "parameters": ["--ar 3:2"]}
    job = {"id": "01A", "kind": "image", "state": "done", "queued_at": NOW, "request": request, "outcome": {}}
    page = index_page({"jobs": [job]}, [], NOW)
    assert "<p>Rex asleep --ar 3:2</p>" in page


def test_page_of_nobody() -> None:
    page = Elements(index_page({"jobs": []}, [], NOW))
    assert "As of 2026-11-27 12:30 UTC" in page.text
    assert "Files (0)" in page.text


def test_page_says_what_an_upscaled_picture_shows() -> None:
    data = rows()
    data["jobs"][0] |= {"kind": "upscale", "request": {"words": "a red heart", "of_picture": 2}}
    page = Elements(index_page(data, [PICTURE], NOW))
    assert "a red heart" in [attributes["alt"] for tag, attributes in page.elements if tag == "img"]
