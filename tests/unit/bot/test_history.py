"""What somebody made, to look through: the days that are typed, what a page was found by, thumbnails, limits."""

import datetime as dt
import io
from dataclasses import replace

import discord
import pytest
from PIL import Image

from bot.features.history.dates import parse_dates
from bot.features.history.gallery import history_card
from bot.features.history.relatives import Relatives, relation
from bot.features.history.search import HistorySearch, search_on
from bot.features.history.thumbnails import SIDE_PX, thumbnail
from bot.shared.errors import BadParameter, NotASubject
from db.queue.job import State
from inference.requests import PictureOrigin, to_json
from tests.support.bot.cards import all_components, history_page, labels, sent, subject
from tests.support.bot.jobs import REQUEST, make_job

NOW = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)
BERLIN = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("typed", "first", "after"),
    [
        ("today", "2026-03-02", "2026-03-03"),  # in Berlin it is past midnight
        ("Yesterday ", "2026-03-01", "2026-03-02"),
        ("last 7 days", "2026-02-24", "2026-03-03"),
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2026-2-28", "2026-02-28", "2026-03-01"),
        ("2026-01-30 to 2026-02", "2026-01-30", "2026-03-01"),
        ("2026-01..2026-02", "2026-01-01", "2026-03-01"),
    ],
)
def test_days_begin_where_the_operators_time_zone_says(typed: str, first: str, after: str) -> None:
    found = parse_dates(typed, NOW, "Europe/Berlin")
    assert [moment.replace(tzinfo=None).isoformat()[:10] for moment in found] == [first, after]
    assert [moment.utcoffset() for moment in found if moment.month < 3] == [BERLIN for one in found if one.month < 3]


@pytest.mark.parametrize(
    "typed", ["soon", "2026-13", "2026-02-30", "2026-02 to 2026-01", "last 0 weeks", "9999", "0000"]
)
def test_date_that_says_no_days_is_refused(typed: str) -> None:
    with pytest.raises(BadParameter, match="`date`"):
        parse_dates(typed, NOW, "UTC")


@pytest.mark.parametrize("number", [0, 3])
def test_page_says_what_it_was_found_by_so_that_its_buttons_read_it(number: int) -> None:
    search = HistorySearch(words="a `red` heart · model", model="tiny", subject="Rex 1", date="2026-03")
    page = history_page([make_job(state=State.DONE)], search, number=number)
    parts = [
        discord.components._component_factory(part, None)  # type: ignore[arg-type]
        for part in sent(history_card(page))
    ]
    assert search_on(parts) == replace(search, words="a ˋredˋ heart · model")
    assert labels(all_components(sent(history_card(page)))) == ["1", *(["Newer"] if number else []), "Older", "Search"]
    assert search_on([]) == HistorySearch()


def test_search_finds_all_words_in_what_was_typed_whatever_their_case() -> None:
    wanted = HistorySearch(words="HEART red").filter([], NOW, "UTC")
    assert wanted.matches is not None
    assert wanted.matches(to_json(replace(REQUEST, prompt="zkv dog, a red heart", typed="Rex, a red heart")))
    assert not wanted.matches(to_json(replace(REQUEST, prompt="a red dog")))
    hidden = HistorySearch(words="zkv").filter([], NOW, "UTC")
    assert hidden.matches is not None
    assert not hidden.matches(to_json(replace(REQUEST, prompt="zkv dog, a heart", typed="Rex, a heart")))
    assert HistorySearch().filter([], NOW, "UTC").matches is None


def test_search_for_a_subject_is_by_its_name_and_only_where_it_may_be_used() -> None:
    assert HistorySearch(subject="rex 2").filter([subject(1), subject(2)], NOW, "UTC").subject_ids == (subject(2).id,)
    with pytest.raises(NotASubject):
        HistorySearch(subject="Rex 2").filter([subject(1)], NOW, "UTC")


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_thumbnail_shows_up_to_four_pictures_and_is_small(count: int) -> None:
    colours = ["red", "lime", "blue", "white", "black"][:count]
    pictures = []
    for colour in colours:
        stream = io.BytesIO()
        Image.new("RGBA", (400, 200), colour).save(stream, "PNG")
        pictures.append(stream.getvalue())
    content = thumbnail(7, pictures)
    with Image.open(io.BytesIO(content)) as opened:
        assert (opened.format, opened.size) == ("WEBP", (SIDE_PX, SIDE_PX))
        seen = opened.convert("RGB")
    last, middle = SIDE_PX - 10, SIDE_PX // 2 - 20
    corners = [seen.getpixel(at) for at in ((middle, 10), (last, 10), (middle, last), (last, last))]
    red, lime, blue, white = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
    wanted = {1: [red] * 4, 2: [red, lime, red, lime], 3: [red, lime, blue, (43, 45, 49)]}.get(count)
    for corner, pixel in zip(corners, wanted or [red, lime, blue, white], strict=True):
        assert isinstance(corner, tuple)
        assert all(abs(one - other) < 12 for one, other in zip(corner, pixel, strict=True))
    assert len(content) < 20_000


def test_relatives_say_what_they_are_to_the_one_that_is_looked_at() -> None:
    origin = PictureOrigin(job_id="0" * 26, picture=2, change="Vary (Strong)")
    parent, child = make_job(id="a" * 26), make_job(id="c" * 26, request=to_json(replace(REQUEST, origin=origin)))
    relatives = Relatives(parent=parent, children=(child,))
    assert [relation(one, relatives) for one in relatives.members] == [
        "↑ a red heart", "↓ Vary (Strong) of picture 2: a red heart",
    ]  # fmt: skip
    many = Relatives(parent=parent, children=tuple(make_job(id=f"{i:026d}") for i in range(40)))
    assert (len(many.members), many.said()) == (25, "what it was made from · 40 jobs made from it")
