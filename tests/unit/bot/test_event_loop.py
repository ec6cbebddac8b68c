"""The bot's event loop."""

import asyncio
import sys

import pytest

from bot.start.event_loop import new_event_loop


def test_loop_is_uvloops_where_there_is_one() -> None:
    uvloop = pytest.importorskip("uvloop", reason="no uvloop, which is not made for Windows")
    loop = new_event_loop()
    loop.close()
    assert isinstance(loop, uvloop.Loop)


def test_loop_is_asyncios_where_there_is_no_uvloop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    loop = new_event_loop()
    loop.close()
    assert isinstance(loop, asyncio.SelectorEventLoop)
