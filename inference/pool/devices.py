"""Which devices this machine has, found without importing torch here."""

import asyncio
import os
import re
import sys
from pathlib import Path

from inference.pool.environment import worker_environment

AUTO = "auto"  # every GPU, else the CPU
_COUNT = "import torch; print(torch.cuda.device_count())"
_PROBE_S = 120.0  # importing torch from a cold disk takes its time
DEV = Path("/dev")
_DEVICE = re.compile(r"cpu|cuda:\d+")


class UnknownDevice(ValueError):
    """A setting names devices that cannot be."""


def parse_devices(setting: str) -> tuple[str, ...]:
    """Read a setting that names devices: 'cpu', 'cuda:0,cuda:1'.

    Raises:
        UnknownDevice: it names none, one twice, or something else.
    """
    devices = tuple(part.strip() for part in setting.split(",") if part.strip())
    if not devices or len(set(devices)) != len(devices) or not all(map(_DEVICE.fullmatch, devices)):
        raise UnknownDevice(f"DEVICES is 'auto', 'cpu', or GPUs such as 'cuda:0,cuda:1', but not {setting!r}.")
    return devices


async def find_devices(setting: str = AUTO, *, dev: Path = DEV) -> tuple[str, ...]:
    """Return the devices that the setting names; for 'auto' every GPU that torch can use, else the CPU.

    A child is asked only where the machine looks as if it had a GPU, so that a machine without one starts at once.

    Raises:
        UnknownDevice: the setting makes no sense.
    """
    if setting.strip() != AUTO:
        return parse_devices(setting)
    if not _looks_like_gpu(dev):
        return ("cpu",)
    count = await _count_gpus()
    return tuple(f"cuda:{index}" for index in range(count)) or ("cpu",)


def _looks_like_gpu(dev: Path) -> bool:
    return any(dev.glob("nvidia[0-9]*")) or (dev / "kfd").exists()  # NVIDIA's and AMD's device nodes


async def _count_gpus() -> int:
    probe = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _COUNT),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=worker_environment(os.environ),
    )
    try:
        async with asyncio.timeout(_PROBE_S):
            said, _ = await probe.communicate()
    except TimeoutError:
        probe.kill()
        await probe.wait()
        return 0
    return int(said) if said.strip().isdigit() else 0
