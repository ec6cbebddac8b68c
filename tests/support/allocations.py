"""What computing on a CPU allocates at most, by PyTorch's own allocator."""

import gc
from collections.abc import Callable
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile


def allocated_peak(compute: Callable[[], Any]) -> int:
    """Return by how many bytes a call exceeds at most what was allocated before it."""
    gc.collect()
    with torch.inference_mode(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        compute()
    assert recorded.profiler is not None
    now = peak = 0
    for event in recorded.profiler.kineto_results.events():
        if event.name() == "[memory]":
            now += event.nbytes()
            peak = max(peak, now)
    return peak
