"""Small building blocks: the clock, ids, file names, picture sizes, mentions, fault patterns, waiting for events."""

import asyncio
import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.sandbox.clock import SandboxClock
from bot.sandbox.events import EventBus
from bot.sandbox.faults import Faults
from bot.sandbox.state.attachments import clean_filename, image_size_px
from bot.sandbox.state.mentions import find_mentions
from bot.sandbox.state.seed import BEN, CLEO, GENERAL, PATRONS, new_world
from bot.sandbox.state.snowflakes import SnowflakeGenerator


async def test_timers_go_off_in_order_when_the_clock_is_moved() -> None:
    clock, rung = SandboxClock(), list[int]()
    start_s = clock.now()
    for delay_s in (30, 10, 20):
        clock.call_at(start_s + delay_s, lambda delay_s=delay_s: rung.append(delay_s))  # type: ignore[misc]
    clock.advance(25)
    assert rung == [10, 20]
    clock.advance(10)
    assert rung == [10, 20, 30]
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


async def test_timer_goes_off_by_itself() -> None:
    clock, rung = SandboxClock(), asyncio.Event()
    clock.call_at(clock.now() + 0.01, rung.set)
    await asyncio.wait_for(rung.wait(), 5)


async def test_snowflakes_grow_within_a_millisecond() -> None:
    snowflakes = SnowflakeGenerator(SandboxClock())
    made = [int(snowflakes.next()) for _ in range(5000)]
    assert made == sorted(set(made))
    snowflakes.skip_past(str(made[-1] * 2))
    assert int(snowflakes.next()) > made[-1] * 2


@given(st.text(max_size=300))
def test_any_file_name_becomes_a_plain_one(name: str) -> None:
    cleaned = clean_filename(name)
    assert 0 < len(cleaned) <= 120
    assert all(c.isascii() and (c.isalnum() or c in "_.-") for c in cleaned)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_size_of_a_picture(kind: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (33, 17)).save(buffer, kind)
    assert image_size_px(buffer.getvalue()) == (33, 17)


def test_size_of_a_decompression_bomb_is_none() -> None:
    header = struct.pack(">II", 60_000, 60_000) + b"\x08\x02\x00\x00\x00"
    chunk = b"IHDR" + header
    content = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    assert image_size_px(content) is None


@given(st.binary(max_size=60))
def test_size_of_rubbish_is_none_or_numbers(content: bytes) -> None:
    for start in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"GIF89a", b"RIFF0000WEBPVP8X"):
        size = image_size_px(start + content)
        assert size is None or (len(size) == 2 and min(size) >= 0)


@pytest.mark.parametrize(
    ("allowed", "users", "roles", "everyone"),
    [
        (None, [BEN, CLEO], [PATRONS], True),
        ({"parse": []}, [], [], False),
        ({"parse": ["everyone"]}, [], [], True),
        ({"parse": [], "users": [BEN]}, [BEN], [], False),
        ({"parse": ["roles"]}, [], [PATRONS], False),
    ],
)
def test_allowed_mentions_are_honoured(
    allowed: dict[str, object] | None, users: list[str], roles: list[str], everyone: bool
) -> None:
    world = new_world()
    text = f"@everyone <@{BEN}> <@!{CLEO}> <@&{PATRONS}> <@99>"
    found = find_mentions(text, world.channel(GENERAL), world, allowed=allowed, may_everyone=True)
    assert (found.users, found.roles, found.everyone) == (users, roles, everyone)


def test_nobody_can_notify_everyone_without_the_permission() -> None:
    world = new_world()
    found = find_mentions(f"@here <@&{PATRONS}>", world.channel(GENERAL), world, allowed=None, may_everyone=False)
    assert not found


async def test_fault_is_met_as_often_as_told() -> None:
    faults = Faults()
    faults.error("POST /channels/*", times=2)
    assert faults.take("GET /channels/1") is None
    assert [bool(faults.take("POST /channels/{channel_id}/messages")) for _ in range(3)] == [True, True, False]


async def test_until_gives_up() -> None:
    with pytest.raises(TimeoutError):
        await EventBus().until(lambda: False, timeout_s=0.06)
