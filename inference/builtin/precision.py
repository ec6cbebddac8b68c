"""The precision in which the recipe computes."""

from __future__ import annotations

import torch


def mixed_precision(device: str) -> torch.autocast:
    """Return autocast to bfloat16, disabled on CPUs without such instructions, where it takes ten times as long."""
    kind = torch.device(device).type
    able = torch.cpu.get_capabilities()
    fast = kind != "cpu" or able.get("avx512_bf16") or able.get("amx_bf16")
    return torch.autocast(kind, torch.bfloat16, enabled=bool(fast))
