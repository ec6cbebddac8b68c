"""What a device has of memory, what its passes take of it, and how far the processor may run ahead of it."""

import os
from pathlib import Path
from typing import Any

import torch

CONTEXT_BYTES = 600 << 20  # that CUDA, its libraries and their workspaces take beside tensors
MEMINFO = Path("/proc/meminfo")
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def total_bytes(device: torch.device) -> int:
    """Return the memory that a device has for tensors; of a CPU, what the machine or its container has."""
    if device.type == "cuda":
        return max(0, torch.cuda.get_device_properties(device).total_memory - CONTEXT_BYTES)
    machine_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = CGROUP_LIMIT.read_text().strip() if CGROUP_LIMIT.exists() else ""
    return min(machine_bytes, int(limit)) if limit.isdigit() else machine_bytes


def free_bytes(device: torch.device) -> int:
    """Return the memory that a device has left for tensors now, with what torch holds there without using it."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    lines = MEMINFO.read_text().splitlines() if MEMINFO.exists() else []
    left = [int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")]
    return min([total_bytes(device), *left])


class DeviceMeter:
    """Measures passes on CUDA; on other devices there is nothing to measure."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._on = device.type == "cuda"
        self._free_bytes = 0
        self._last_pass: Any = None

    @property
    def measures(self) -> bool:
        """Whether there are figures to be had."""
        return self._on

    def begin(self) -> None:
        """Note what is free before a pass: on the device, or held by torch without being used."""
        torch.cuda.reset_peak_memory_stats(self._device)
        free_bytes, _ = torch.cuda.mem_get_info(self._device)
        unused_bytes = torch.cuda.memory_reserved(self._device) - torch.cuda.memory_allocated(self._device)
        self._free_bytes = free_bytes + unused_bytes

    def end(self) -> tuple[int, int]:
        """Return what the pass used at its peak, and what was free before it, in bytes."""
        peak_bytes = torch.cuda.max_memory_allocated(self._device)
        return max(0, peak_bytes - torch.cuda.memory_allocated(self._device)), self._free_bytes

    def fence(self) -> None:
        """Wait until the pass before the last is computed.

        Kernels are only queued by a pass. Running one pass ahead keeps the device busy; running further would let steps
        that cost nothing here be paid for by whichever engine waits for the device next.
        """
        if not self._on:
            return
        if self._last_pass is not None:
            self._last_pass.synchronize()
        self._last_pass = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._last_pass.record()

    def give_back(self) -> None:
        """Return what torch holds without using it, after running out of memory."""
        if self._on:
            torch.cuda.empty_cache()
