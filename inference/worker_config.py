"""What a worker is started with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """What a worker is started with; plain data, it crosses a process boundary."""

    engines: str  # 'package.module:function', called as function(device, **options) -> EngineBuilders
    device: str = "cpu"  # 'cpu' or 'cuda:N'
    options: Mapping[str, Any] = field(default_factory=dict)
    train_share: float = 0.25  # of the device's time, while pictures wait
    threads: int = 0  # for computing on the CPU; 0: as many as the machine has
    log_level: str = "INFO"
