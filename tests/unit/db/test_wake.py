"""Wake-ups within one process."""

import asyncio

from db.wake import Wake


async def test_wait_ends_with_a_notification() -> None:
    wake = Wake(None)
    waiting = asyncio.create_task(wake.wait("queued", 60))
    await asyncio.sleep(0)
    wake.notify("queued")
    assert await waiting


async def test_wait_without_a_notification_times_out() -> None:
    assert not await Wake(None).wait("queued", 0)


async def test_notification_of_another_topic_does_not_wake() -> None:
    wake = Wake(None)
    wake.listen("queued")
    wake.notify("changed")
    assert not await wake.wait("queued", 0)


async def test_notification_while_busy_is_kept() -> None:
    wake = Wake(None)
    listener = wake.listen("queued")
    wake.notify("queued")
    wake.notify("queued")
    assert await listener.wait(60)
    assert not await listener.wait(0)


async def test_every_listener_hears() -> None:
    wake = Wake(None)
    listeners = [wake.listen("changed"), wake.listen("changed")]
    wake.notify("changed")
    assert [await listener.wait(60) for listener in listeners] == [True, True]
