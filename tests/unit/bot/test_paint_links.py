"""Addresses for painting: one member, one picture, some minutes, one mask."""

import pytest

from bot.shared.paint_links import LIFE_S, MEMBERS_MAX, LinkGone, LinkUsed, Painting, PaintLinks

JOB = "0123456789abcdefghjkmnpqrs"
OTHER = "0123456789abcdefghjkmnpqrt"


class Clock:
    """Seconds that a test moves."""

    now_s = 1000.0


def painting(user_id: int = 1, job_id: str = JOB, number: int = 2) -> Painting:
    async def read() -> bytes:
        return b""

    async def send(mask: bytes, words: str) -> None:
        pass

    return Painting(
        user_id=user_id, job_id=job_id, number=number, size_px=(768, 512), words="a heart", read=read, send=send
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def links(clock: Clock) -> PaintLinks:
    made = PaintLinks(now_s=lambda: clock.now_s)
    made.url = "https://example.org"
    return made


def token_of(links: PaintLinks, wanted: Painting) -> str:
    return links.make(wanted).removeprefix("https://example.org/paint/")


def test_link_finds_what_it_was_made_for(links: PaintLinks) -> None:
    first, second = painting(), painting(number=3)
    tokens = [token_of(links, one) for one in (first, second)]
    assert [links.find(token) for token in tokens] == [first, second]


def test_link_works_for_minutes(links: PaintLinks, clock: Clock) -> None:
    token = token_of(links, painting())
    clock.now_s += LIFE_S - 1
    links.find(token)
    clock.now_s += 1
    with pytest.raises(LinkGone):
        links.find(token)


@pytest.mark.parametrize(
    ("part", "other"),
    [(0, "x" * 22), (1, "2"), (2, OTHER), (3, "1"), (4, "99999999999"), (5, "0" * 64), (5, ""), (5, "é")],
)
def test_link_in_which_something_was_changed_is_refused(links: PaintLinks, part: int, other: str) -> None:
    parts = token_of(links, painting()).split(".")
    parts[part] = other
    with pytest.raises(LinkGone):
        links.find(".".join(parts))


@pytest.mark.parametrize("token", ["", ".", "a.b", "a.b.c.d.e.f", "\x00", "é" * 5000])
def test_nonsense_is_refused(links: PaintLinks, token: str) -> None:
    with pytest.raises(LinkGone):
        links.find(token)


def test_signature_of_one_picture_opens_no_other(links: PaintLinks) -> None:
    own, others = (token_of(links, one).split(".") for one in (painting(), painting(user_id=2, job_id=OTHER)))
    with pytest.raises(LinkGone):
        links.find(".".join([*others[:-1], own[-1]]))


def test_used_link_says_so(links: PaintLinks) -> None:
    token = token_of(links, painting())
    links.find(token).used = True
    with pytest.raises(LinkUsed):
        links.find(token)


def test_link_of_before_a_restart_is_refused(links: PaintLinks) -> None:
    with pytest.raises(LinkGone):
        PaintLinks(now_s=lambda: 1000.0).find(token_of(links, painting()))


def test_only_the_newest_links_of_a_member_work(links: PaintLinks) -> None:
    others = token_of(links, painting(user_id=2))
    oldest, *rest = (token_of(links, painting(number=number)) for number in range(1, MEMBERS_MAX + 2))
    with pytest.raises(LinkGone):
        links.find(oldest)
    assert [links.find(token).number for token in rest] == list(range(2, MEMBERS_MAX + 2))
    assert links.find(others).user_id == 2
