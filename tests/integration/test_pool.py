"""Real children with an engine that needs no model."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped,unused-ignore]
import pytest

from inference.messages import Failed, Finished, Output, Progress, Task
from inference.pool import CapacityFreed, PoolEvent, WorkerGone, WorkerLost
from inference.pool.local import LocalPool, Timeouts, back_off_s
from inference.worker_config import WorkerConfig
from tests.support.fakes.requests import image_request

QUICK = Timeouts(hang_s=30.0, back_off_s=0.05, look_every_s=0.05)


class Listener:
    """Read a pool's events until a certain one."""

    def __init__(self, pool: LocalPool) -> None:
        self._events: AsyncIterator[PoolEvent] = pool.events()
        self.heard: list[PoolEvent] = []

    async def until(self, kind: type[Any], job_id: str | None = None) -> Any:
        async for event in self._events:
            self.heard.append(event)
            if isinstance(event, kind) and (job_id is None or getattr(event, "job_id", None) == job_id):
                return event
        raise AssertionError("the pool ended")


def config(device: str = "cpu", **options: object) -> WorkerConfig:
    return WorkerConfig(engines="tests.support.fakes.engine:build", device=device, options=options, log_level="ERROR")


async def test_submit_a_picture_comes_back() -> None:
    async with LocalPool([config()]) as pool:
        listener = Listener(pool)
        await listener.until(CapacityFreed)
        await pool.submit("cpu", Task("a", 1, image_request(seed=5)))
        assert pool.loads()["cpu"].free["image"] == 3
        await listener.until(Finished)
        assert [event.content for event in listener.heard if isinstance(event, Output)] == [b"a red heart:5"]
        await listener.until(CapacityFreed)
        assert pool.loads()["cpu"].free["image"] == 4


async def test_submit_to_two_devices_both_draw() -> None:
    async with LocalPool([config("cpu"), config("cuda:0")]) as pool:
        listener = Listener(pool)
        while len(pool.loads()) < 2:
            await listener.until(CapacityFreed)
        await pool.submit("cpu", Task("a", 1, image_request()))
        await pool.submit("cuda:0", Task("b", 1, image_request()))
        ended = {(await listener.until(Finished)).job_id for _ in range(2)}
        assert ended == {"a", "b"}
        assert len(set(pool.pids().values())) == 2


async def test_submit_megabytes_both_ways_does_not_stall() -> None:
    async with LocalPool([config()]) as pool:
        listener = Listener(pool)
        await listener.until(CapacityFreed)
        big = {"photo-0": bytes(20_000_000)}
        prompt = "x" * 5_000_000
        await asyncio.gather(
            *(pool.submit("cpu", Task(f"{i}", 1, image_request(prompt, count=4), big)) for i in range(4)),
            *(listener.until(Finished, f"{i}") for i in [3]),
        )
        assert sum(len(event.content) for event in listener.heard if isinstance(event, Output)) > 80_000_000


async def test_submit_to_nobody() -> None:
    async with LocalPool([config()]) as pool:
        with pytest.raises(WorkerGone):
            await pool.submit("cuda:7", Task("a", 1, image_request()))


async def test_worker_killed_names_its_jobs_and_a_new_one_draws() -> None:
    async with LocalPool([config()], timeouts=QUICK) as pool:
        listener = Listener(pool)
        await listener.until(CapacityFreed)
        await pool.submit("cpu", Task("a", 3, image_request("hold")))
        await listener.until(Progress)
        old = pool.pids()["cpu"]
        os.kill(old, signal.SIGKILL)
        async with asyncio.timeout(10.0):  # and not only after `hang_s`
            lost = await listener.until(WorkerLost)
        assert lost == WorkerLost("cpu", {"a": 3})
        await listener.until(CapacityFreed)
        assert pool.pids()["cpu"] != old
        await pool.submit("cpu", Task("b", 1, image_request()))
        assert (await listener.until(Finished)).job_id == "b"


async def test_worker_crashing_on_a_prompt_is_lost_with_all_its_jobs() -> None:
    async with LocalPool([config()], timeouts=QUICK) as pool:
        listener = Listener(pool)
        await listener.until(CapacityFreed)
        await pool.submit("cpu", Task("a", 1, image_request("hold")))
        await pool.submit("cpu", Task("b", 1, image_request("crash@2")))
        assert (await listener.until(WorkerLost)).jobs == {"a": 1, "b": 1}


async def test_worker_that_hangs_is_replaced() -> None:
    timeouts = Timeouts(hang_s=1.5, look_every_s=0.05)
    async with LocalPool([config()], timeouts=timeouts) as pool:
        listener = Listener(pool)
        await listener.until(CapacityFreed)
        await pool.submit("cpu", Task("a", 1, image_request("hang@2")))
        assert (await listener.until(WorkerLost)).jobs == {"a": 1}


async def test_cancel_drops_a_job_and_frees_its_slot() -> None:
    async with LocalPool([config(slots=1)]) as pool:
        listener = Listener(pool)
        await listener.until(CapacityFreed)
        await pool.submit("cpu", Task("a", 1, image_request("hold")))
        await listener.until(Progress)
        await pool.cancel("a")
        await pool.cancel("unknown")
        while pool.loads()["cpu"].free["image"] == 0:
            await listener.until(CapacityFreed)
        await pool.submit("cpu", Task("b", 1, image_request()))
        assert (await listener.until(Finished)).job_id == "b"


async def test_engine_raising_keeps_the_process() -> None:
    async with LocalPool([config()]) as pool:
        listener = Listener(pool)
        await listener.until(CapacityFreed)
        before = pool.pids()
        await pool.submit("cpu", Task("a", 1, image_request("raise@1")))
        assert (await listener.until(Failed)).retry
        assert pool.pids() == before


async def test_close_leaves_no_child_behind() -> None:
    async with LocalPool([config()]) as pool:
        listener = Listener(pool)
        await listener.until(CapacityFreed)
        await pool.submit("cpu", Task("a", 1, image_request("hold")))
        pid = pool.pids()["cpu"]
    assert not psutil.pid_exists(pid)


PARENT = """
import asyncio
from inference.pool import CapacityFreed
from inference.pool.local import LocalPool
from inference.worker_config import WorkerConfig
from inference.messages import Task
from tests.support.fakes.requests import image_request

async def main():
    async with LocalPool([WorkerConfig(engines="tests.support.fakes.engine:build")]) as pool:
        async for event in pool.events():
            if isinstance(event, CapacityFreed) and pool.loads()["cpu"].free["image"] == 4:
                await pool.submit("cpu", Task("a", 1, image_request("hang@1")))
                print(pool.pids()["cpu"], flush=True)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_parent_killed_takes_a_hanging_child_along() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    child.wait(timeout=60)
    assert not child.is_running()


async def test_worker_that_never_starts_sends_the_operator_to_the_doctor_once(caplog: pytest.LogCaptureFixture) -> None:
    broken = WorkerConfig(engines="tests.support.fakes.engine:none_of_that_name", log_level="CRITICAL")
    async with LocalPool([broken], timeouts=QUICK) as pool:
        listener = Listener(pool)
        for _ in range(4):
            await listener.until(WorkerLost)
    assert sum("`atelier doctor`" in record.getMessage() for record in caplog.records) == 1


def test_back_off_grows_and_is_bounded() -> None:
    timeouts = Timeouts(back_off_s=1.0, back_off_max_s=60.0)
    assert [back_off_s(deaths, timeouts) for deaths in (1, 2, 3, 4, 100)] == [0.0, 1.0, 2.0, 4.0, 60.0]


def test_event_loop_side_imports_no_torch() -> None:
    code = "import sys, inference.pool.local, inference.pool.devices; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


SECRETS = {
    "DISCORD_TOKEN": "MTEw.canary-1.abcdef",
    "DATABASE_URL": "postgresql://atelier:canary-2@database/atelier",
    "DESK_TOKEN": "canary-3",
    "FILES_URL": "s3://key:canary-4@bucket",
    "AWS_SECRET_ACCESS_KEY": "canary-5",
    "PGPASSWORD": "canary-6",
    "SOMETHING_OF_THE_OPERATORS": "canary-7",
}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_worker_inherits_no_secret_and_what_computing_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    monkeypatch.setenv("HF_HOME", "/models")
    async with LocalPool([config()]) as pool:
        await Listener(pool).until(CapacityFreed)
        processes = [pool.pids()["cpu"], *(child.pid for child in psutil.Process().children(recursive=True))]
        said = b"".join(Path(f"/proc/{pid}/environ").read_bytes() for pid in processes).decode()
    assert "canary" not in said
    assert {"OMP_WAIT_POLICY=PASSIVE", "HF_HOME=/models", f"HOME={os.environ['HOME']}"} <= set(said.split("\0"))
